"""Bytes cut into pieces anywhere, as a line or a network hands them over."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise


def chopped(data: bytes, at: Sequence[int]) -> list[bytes]:
    """``data`` cut before each of these places; one that lies behind its end cuts nothing."""
    edges = [0, *sorted(cut for cut in at if cut < len(data)), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]
