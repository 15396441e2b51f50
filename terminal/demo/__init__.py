"""A simulated counter to play with."""
