"""Cash registers, one for every protocol, that share no line with the terminal's codecs. See README.md above."""
