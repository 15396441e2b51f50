"""Finding out what a register speaks."""
