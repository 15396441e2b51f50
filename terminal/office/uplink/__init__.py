"""A terminal's side: carries its journal to the head office."""
