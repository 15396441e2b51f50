"""A reconciliation as text, JSON and CSV; and its result, kept for whoever asks later."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec

from terminal.errors import TerminalError
from terminal.reconciliation.findings import Ending, Finding, Kind, MatchedBy
from terminal.sale.money import format_kr
from terminal.system.files import write_whole

NAME = "reconciliation.json"
MOST_KEPT = 50
"""Findings to look at that are kept; all of them are counted."""
MOST_SETTLEMENTS = 12
"""The newest ones, with their sums."""
MOST_BYTES = 256 * 1024
_WORDS = {Ending.AGREES: "agree", Ending.DIFFERS: "differ", Ending.NOT_ASKED: "could not be asked"}


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it."""

    first: str
    """Local dates, both included."""
    last: str
    at: str
    """When it ended: RFC 3339, UTC."""
    service: str
    findings: tuple[Finding, ...]
    other_items: int = 0
    """Items of settlements that are of no sale here."""

    @property
    def ending(self) -> Ending:
        endings = {finding.ending for finding in self.findings}
        return next((one for one in (Ending.DIFFERS, Ending.NOT_ASKED) if one in endings), Ending.AGREES)


class SettlementSum(msgspec.Struct, frozen=True, kw_only=True):
    """One payment to the shop's account."""

    number: str
    date: str
    """Of the transfer; before it, when the settlement was made. Empty: not known."""
    total_kr: int
    fee_kr: int | None = None
    net_kr: int | None = None
    ending: Ending = Ending.AGREES


class ReconciliationResult(msgspec.Struct, frozen=True, kw_only=True):
    """The last one, for status, metrics and paper."""

    first: str
    last: str
    at: str
    service: str
    ending: Ending
    agree: int
    differ: int
    not_asked: int
    lines: tuple[str, ...] = ()
    """What to look at."""
    cases: tuple[Finding, ...] = ()
    """The same, for paper."""
    settlements: tuple[SettlementSum, ...] = ()
    """The newest first."""
    day_only: int = 0
    """Payments of which only the day is known on which they were paid out: V1 tells neither settlement nor fee."""


_result_decoder = msgspec.json.Decoder(ReconciliationResult)


def result_of(report: Report) -> ReconciliationResult:
    """What is kept of a report: counts, and at most MOST_KEPT of the findings to look at."""
    counts = Counter(finding.ending for finding in report.findings)
    to_look_at = [finding for finding in report.findings if finding.ending is not Ending.AGREES]
    return ReconciliationResult(
        first=report.first,
        last=report.last,
        at=report.at,
        service=report.service,
        ending=report.ending,
        agree=counts[Ending.AGREES],
        differ=counts[Ending.DIFFERS],
        not_asked=counts[Ending.NOT_ASKED],
        lines=tuple(line_of(finding) for finding in to_look_at[:MOST_KEPT]),
        cases=tuple(to_look_at[:MOST_KEPT]),
        settlements=_settlements(report),
        day_only=_day_only(report),
    )


def _settlements(report: Report) -> tuple[SettlementSum, ...]:
    sums = [
        SettlementSum(
            number=one.settlement,
            date=(one.settled or one.created)[:10],
            total_kr=one.amount_kr,
            fee_kr=one.fee_kr,
            net_kr=one.net_kr,
            ending=one.ending,
        )
        for one in report.findings
        if one.kind is Kind.SETTLEMENT and one.settlement
    ]
    return tuple(sorted(sums, key=lambda one: (one.date, one.number), reverse=True)[:MOST_SETTLEMENTS])


def _day_only(report: Report) -> int:
    return sum(one.settled is not None and one.settlement is None for one in report.findings)


def keep(folder: Path, result: ReconciliationResult) -> None:
    """Raises TerminalError."""
    path = folder / NAME
    try:
        write_whole(path, msgspec.json.encode(result))
    except OSError as error:
        raise TerminalError(f"{path}: {error.strerror}; run this with sudo") from error


def kept(folder: Path) -> ReconciliationResult | None:
    """The last result; None if there is none that can be read."""
    try:
        with (folder / NAME).open("rb") as file:
            return _result_decoder.decode(file.read(MOST_BYTES))
    except (OSError, msgspec.MsgspecError, ValueError):
        return None


def text_lines(report: Report) -> Iterator[str]:
    """Each difference, each settlement, then the sum of it."""
    for finding in report.findings:
        if finding.ending is not Ending.AGREES:
            yield line_of(finding)
        elif finding.kind is Kind.SETTLEMENT:
            yield _settlement_line(finding)
    if report.other_items:
        yield f"{report.other_items} items of these settlements are of no sale here: of another till, or of other days"
    if unsure := sum(finding.matched_by is MatchedBy.NOT_UNIQUE for finding in report.findings):
        yield f"{unsure} items fit several sales by amount and time; the nearest was taken"
    if day_only := _day_only(report):
        yield f"payments paid out: {day_only}; settlement number, fee and net are not known (V1 tells only the day)"
    yield summary(result_of(report))


def summary(result: ReconciliationResult) -> str:
    """One line."""
    counts = {Ending.AGREES: result.agree, Ending.DIFFERS: result.differ, Ending.NOT_ASKED: result.not_asked}
    said = ", ".join(
        f"{count} {_WORDS[ending]}" for ending, count in counts.items() if count or ending is Ending.AGREES
    )
    return f"{result.first} to {result.last} against {result.service}: {said}"


def line_of(finding: Finding) -> str:
    """One line: what it is about, what was found, what to do."""
    if finding.kind is Kind.SETTLEMENT:
        name = f"settlement {finding.settlement}" if finding.settlement else "settlements"
    else:
        name = f"{finding.kind} {finding.number} ({finding.reference}), {format_kr(finding.amount_kr)}"
    advice = f" -> {finding.advice}" if finding.advice else ""
    return f"{finding.ending.replace('_', ' '):<9}  {name}: {finding.what}{advice}"


def _settlement_line(finding: Finding) -> str:
    amounts = (
        f"{format_kr(finding.amount_kr)}, fee {format_kr(finding.fee_kr or 0)}, net {format_kr(finding.net_kr or 0)}"
    )
    return f"{'paid out':<9}  settlement {finding.settlement} of {(finding.created or '?')[:10]}: {amounts}"


def as_json(report: Report) -> str:
    """One object."""
    result = msgspec.to_builtins(result_of(report))
    for name in ("lines", "cases", "settlements", "day_only"):  # each finding says it
        del result[name]
    findings = [_row(finding) for finding in report.findings]
    return msgspec.json.encode(result | {"other_items": report.other_items, "findings": findings}).decode()


COLUMNS = (
    "kind",
    "ending",
    "number",
    "reference",
    "transaction_id",
    "amount_kr",
    "created",
    "outcome",
    "what",
    "advice",
    "settlement",
    "settled",
    "fee_kr",
    "net_kr",
    "matched_by",
)


def csv_lines(report: Report) -> Iterator[str]:
    """RFC 4180, the header first; every sale, refund and settlement has a line."""
    from terminal.journal.export import csv_line, harmless  # noqa: PLC0415  a status needs none of it

    yield csv_line(COLUMNS)
    for finding in report.findings:
        yield csv_line(harmless(value) for value in _row(finding).values())


def _row(finding: Finding) -> dict[str, str | int | None]:
    fields = msgspec.to_builtins(finding) | {"transaction_id": finding.authorization_id}
    return {name: fields[name] for name in COLUMNS}
