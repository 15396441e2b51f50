"""The simulated world: the real sale logic in virtual time, with everything that can go wrong. See README.md.

Production code may not import it.
"""
