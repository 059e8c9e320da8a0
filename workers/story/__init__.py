"""Today's story: one elder's order from her daughter's phone to a carer's door and into the time bank."""
