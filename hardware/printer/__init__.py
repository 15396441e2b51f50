"""The receipt printer: documents in, ESC/POS out, and what a printer says of itself."""
