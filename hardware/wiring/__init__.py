"""The wiring diagram of the README, and the program that draws it."""
