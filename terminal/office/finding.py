"""What ``office check`` says of one thing."""

from __future__ import annotations

from typing import NamedTuple


class Finding(NamedTuple):
    """``advice`` is empty if it is well."""

    level: str
    what: str
    found: str
    advice: str = ""

    @property
    def is_well(self) -> bool:
        return self.level != "failed"

    @property
    def line(self) -> str:
        tail = f"; {self.advice}" if self.advice else ""
        return f"{self.level:8} {self.what:11} {self.found}{tail}"


def ok(what: str, found: str) -> Finding:
    return Finding("ok", what, found)


def warning(what: str, found: str, advice: str) -> Finding:
    return Finding("warning", what, found, advice)


def failed(what: str, found: str, advice: str) -> Finding:
    return Finding("failed", what, found, advice)
