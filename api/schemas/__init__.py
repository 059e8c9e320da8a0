"""What goes in and out over HTTP; tables never do."""
