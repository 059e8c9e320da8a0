"""Taking a city's lists in: any file into rows, every row understood, or set aside until somebody mends it."""
