"""What happens on the counter and what follows: pure functions of view and input. Start at decide.py."""
