"""Where elders walk: coordinates, the walking network, circles and tiles. Knows no persons and no orders."""
