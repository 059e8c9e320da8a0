"""Server-rendered pages, one module per person."""
