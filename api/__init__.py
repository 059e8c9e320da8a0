"""HTTP: programs under /api/v1, people on server-rendered pages."""
