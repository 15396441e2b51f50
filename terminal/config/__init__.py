"""The configuration: read, checked, edited."""
