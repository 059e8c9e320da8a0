"""A city: its areas, and the dated, versioned rules it runs under."""
