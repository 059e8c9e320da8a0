"""An elder's order (点单) from wish to rating."""
