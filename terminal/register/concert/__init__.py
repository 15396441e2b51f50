"""Concert E and E+."""
