"""The office's side: takes the journals in."""
