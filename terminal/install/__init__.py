"""Set up, brought up to date, handed on."""
