"""The page on which a head office sees its shops."""
