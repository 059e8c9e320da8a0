"""One module of the command line per room."""
