"""The head office of a chain: every terminal's journal in one PostgreSQL."""
