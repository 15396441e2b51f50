"""Bytes, keys, pixels and paper. Knows nothing of money and never imports ``terminal``."""
