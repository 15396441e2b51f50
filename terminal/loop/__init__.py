"""One inbox, one loop: decide, commit, act."""
