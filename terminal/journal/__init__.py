"""The append-only record on disk. Start at file.py."""
