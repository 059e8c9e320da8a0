"""The programs' entrances under /api/v1."""
