"""Libraries without those of their parts that nothing here calls: what is loaded once takes memory for good."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast


@contextmanager
def left_out(*modules: str, stand_in: object = None) -> Iterator[None]:
    """Whoever imports these meanwhile gets ``stand_in``, or with None an ImportError. Afterwards they can be had."""
    loaded = cast("dict[str, object]", sys.modules)
    left = [module for module in modules if module not in loaded]
    loaded.update(dict.fromkeys(left, stand_in))
    try:
        yield
    finally:
        for module in left:
            del loaded[module]


def leave_out_command_line() -> None:
    """httpx loads its own with itself, and what that is made of: 2 MiB that nothing here calls. It minds none.

    Call it before anything imports httpx.
    """
    cast("dict[str, object]", sys.modules).setdefault("httpx._main", None)
