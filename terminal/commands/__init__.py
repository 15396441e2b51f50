"""The command line."""

from terminal.system.lean_imports import left_out

with left_out("typing_extensions"):  # typing reads annotations as well, and half a MiB is not kept for it
    import msgspec as msgspec
