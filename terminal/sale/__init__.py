"""The sale: one pure function decides about it. Start at step.py."""
