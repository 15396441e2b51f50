"""The doctor's report on paper, for whoever stands at the counter without a keyboard."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from datetime import datetime

from hardware.interfaces import Columns, Cut, Document, PaperItem, TextLine
from terminal.doctor import Result
from terminal.doctor.system import Grade

TITLE = "netgiro-terminal doctor"
ALWAYS_TOLD = frozenset({"version"})
"""Found to be well and worth its paper all the same."""


def doctor_slip(results: Sequence[Result], *, terminal_id: str, printed_at: datetime, columns: Columns) -> Document:
    """A line for what is well; what was found and what to do for everything else. Names nobody, as the report does."""
    items: list[PaperItem] = [
        TextLine(TITLE, align="center", bold=True),
        TextLine(f"{terminal_id} {printed_at:%d.%m.%Y %H:%M}", align="center"),
        TextLine(),
    ]
    for result in results:
        items += _lines(result, columns)
    wrong = sum(result.status is not Grade.OK for result in results)
    verdict = f"{wrong} of {len(results)} to look at" if wrong else f"all {len(results)} are well"
    return (*items, TextLine(), TextLine(verdict, align="center", bold=True), Cut())


def _lines(result: Result, columns: int) -> Iterator[TextLine]:
    is_well = result.status is Grade.OK
    yield TextLine(f"{result.status:<8}{result.name}"[:columns], bold=not is_well)
    if not is_well or result.name in ALWAYS_TOLD:
        yield from _indented(result.found, "  ", columns)
    if result.advice:
        yield from _indented(f"-> {result.advice}", "  ", columns)


def _indented(text: str, indent: str, columns: int) -> Iterator[TextLine]:
    printable = "".join(char if char.isprintable() else " " for char in text)
    for line in textwrap.wrap(printable, columns, initial_indent=indent, subsequent_indent=indent):
        yield TextLine(line)
