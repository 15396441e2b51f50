"""The doctor's report on paper, for whoever stands at the counter without a keyboard."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from datetime import datetime

from hardware.interfaces import Columns, Cut, Document, PaperItem, TextLine
from terminal.doctor.register import NO_PROGRAMS
from terminal.doctor.run import Result
from terminal.doctor.system import Grade
from terminal.texts.doctor import DoctorWords

ALWAYS_TOLD = frozenset({"version", "register programs"})
"""Found to be well and worth its paper all the same."""


def doctor_slip(
    results: Sequence[Result],
    words: DoctorWords,
    *,
    terminal_id: str,
    printed_at: datetime,
    columns: Columns,
    training: str = "",
) -> Document:
    """A line for what is well; for everything else what staff can do, and below it all what exactly was found.

    Names nobody, as the report does. ``training``: the word that stands on everything that training prints.
    """
    items: list[PaperItem] = [
        *([TextLine(training, align="center", bold=True, double=True), TextLine()] if training else ()),
        TextLine(words.title, align="center", bold=True),
        TextLine(f"{terminal_id} {printed_at:%d.%m.%Y %H:%M}", align="center"),
        TextLine(),
    ]
    for result in results:
        items += _for_staff(result, words, columns)
    wrong = [result for result in results if result.status is not Grade.OK]
    verdict = (words.some_wrong if wrong else words.all_well).format(wrong=len(wrong), count=len(results))
    items += [TextLine(), TextLine(verdict, align="center", bold=True), TextLine(), TextLine(words.for_service)]
    for result in results:
        is_worth_it = result.name in ALWAYS_TOLD and result.found != NO_PROGRAMS
        if result.status is not Grade.OK or is_worth_it:
            items += _indented(f"{result.name}: {result.found}", "  ", columns)
            items += _indented(f"-> {result.advice}", "  ", columns) if result.advice else ()
    return (*items, Cut())


def _for_staff(result: Result, words: DoctorWords, columns: int) -> Iterator[TextLine]:
    is_well, check = result.status is Grade.OK, words.of(result.name)
    yield TextLine(f"{words.grades[result.status]:<8}{check.name}"[:columns], bold=not is_well)
    if not is_well:
        yield from _indented(f"{check.wrong} {check.next}", "  ", columns)


def _indented(text: str, indent: str, columns: int) -> Iterator[TextLine]:
    printable = "".join(char if char.isprintable() else " " for char in text)
    for line in textwrap.wrap(printable, columns, initial_indent=indent, subsequent_indent=indent):
        yield TextLine(line)
