"""Is everything there that a sale needs, and if not, what to do: start reading at run.py."""
