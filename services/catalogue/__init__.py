"""The services an elder can order, with the standard each must meet."""
