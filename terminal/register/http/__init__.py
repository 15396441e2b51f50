"""A register program on the network that speaks JSON over HTTP."""
