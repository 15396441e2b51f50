"""Registers that cannot ask: their display or printer is read."""
