"""Which release is newer, and which is too old for ever. Pure.

Versions are those of PEP 440 as far as releases need them: ``1.2.0rc1`` comes before ``1.2.0``, and ``1.2.0.post1``
after it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from terminal.errors import TerminalError

OLDEST_RELEASE = "0.1.0"
"""No release below this is installed beside this one or after it, not even on purpose: raise it when an older one has a
hole that an attacker would want back. It goes into the manifest, and a machine remembers the highest it has seen."""

_LONGEST = 40
_FORM = re.compile(
    r"(?P<numbers>[0-9]{1,6}(?:\.[0-9]{1,6}){0,4})"
    r"(?:(?P<stage>a|b|rc)(?P<stage_number>[0-9]{1,6}))?"
    r"(?:\.post(?P<post>[0-9]{1,6}))?"
    r"(?:\.dev(?P<dev>[0-9]{1,6}))?",
    re.ASCII,
)
_STAGES = {"a": 0, "b": 1, "rc": 2, None: 3}
_NO_STAGE_BUT_DEV = -1


class Version(NamedTuple):
    """Compares as releases follow each other."""

    numbers: tuple[int, ...]
    stage: tuple[int, int]
    post: int
    dev: float


def parse_version(text: str) -> Version:
    """Raises TerminalError if it is none."""
    match = _FORM.fullmatch(text) if len(text) <= _LONGEST else None
    if match is None:
        raise TerminalError(f"{text[:_LONGEST]!r} is no version of a release, such as 1.2.0 or 1.2.0rc1")
    numbers = [int(number) for number in match["numbers"].split(".")]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()  # 1.2 is 1.2.0
    stage = _STAGES[match["stage"]]
    if match["dev"] and match["stage"] is None and match["post"] is None:
        stage = _NO_STAGE_BUT_DEV  # 1.2.0.dev1 comes before 1.2.0a1
    return Version(
        tuple(numbers),
        (stage, int(match["stage_number"] or 0)),
        -1 if match["post"] is None else int(match["post"]),
        float("inf") if match["dev"] is None else int(match["dev"]),
    )


def is_older(version: str, than: str) -> bool:
    """Raises TerminalError if either is no version."""
    return parse_version(version) < parse_version(than)


def newest(*versions: str) -> str:
    """Raises TerminalError if one is no version."""
    return max(versions, key=parse_version)
