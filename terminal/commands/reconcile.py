"""``reconcile``: the journal held against Netgíró's own records."""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from terminal.commands.configured import control_socket, whole_config

if TYPE_CHECKING:
    from terminal.reconciliation.report import Report

# Every command imports what it needs itself, so that none waits for what another one needs.
# ruff: noqa: PLC0415

DIFFERS, WRONG_USE, NOT_ASKED = 1, 2, 3
"""Exit statuses."""


def add_reconcile_command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser
) -> None:
    reconcile = commands.add_parser(
        "reconcile",
        parents=[common],
        help="compare the journal with Netgíró's own records: 0 agree, 1 differ, 3 could not ask",
    )
    reconcile.add_argument(
        "--from", dest="first", metavar="DATE", type=day, help="the first day; default: seven days before the last one"
    )
    reconcile.add_argument("--to", dest="last", metavar="DATE", type=day, help="the last day; default: today")
    reconcile.add_argument("--json", action="store_true", help="the result as one JSON object")
    reconcile.add_argument("--csv", metavar="FILE", type=Path, help="write a line for each sale, refund and settlement")
    reconcile.add_argument(
        "--print", dest="on_paper", action="store_true", help="also print a slip, by the running terminal"
    )
    reconcile.set_defaults(command=_reconcile)


def day(text: str) -> date:
    """A date of the command line, such as 2026-11-23. Raises ArgumentTypeError."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date: write for example 2026-11-23") from error


def _reconcile(options: argparse.Namespace) -> int:
    """1 is kept for books that differ, so whatever kept it from asking is 3."""
    from terminal.errors import ConfigError, TerminalError

    if options.first and options.first > (options.last or date.today()):
        print(f"--from {options.first} is after the last day", file=sys.stderr)
        return WRONG_USE
    try:
        return _ask_and_tell(options)
    except ConfigError as error:
        print("\n".join(error.problems), file=sys.stderr)
    except TerminalError as error:
        print(error, file=sys.stderr)
    return NOT_ASKED


def _ask_and_tell(options: argparse.Namespace) -> int:
    from terminal.reconciliation.findings import Ending
    from terminal.reconciliation.report import as_json, csv_lines, text_lines

    sheet = _opened(options.csv) if options.csv else None  # before root is given up
    report = _run(options)
    if sheet is not None:
        with sheet:
            sheet.writelines(f"{line}\r\n" for line in csv_lines(report))
    for line in [as_json(report)] if options.json else text_lines(report):
        print(line)
    if options.on_paper:
        _print_slip(options)
    return {Ending.DIFFERS: DIFFERS, Ending.NOT_ASKED: NOT_ASKED}.get(report.ending, 0)


def _print_slip(options: argparse.Namespace) -> None:
    """The result is there, whatever becomes of the paper."""
    from terminal.errors import TerminalError
    from terminal.system.ask import ask_daemon

    try:
        ask_daemon(control_socket(options), "reconciliation-slip")
    except TerminalError as error:
        print(f"no slip: {error}", file=sys.stderr)


def _opened(path: Path) -> TextIO:
    from terminal.errors import TerminalError

    try:
        return path.open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise TerminalError(f"--csv {path}: {error.strerror}") from error


def _run(options: argparse.Namespace) -> Report:
    import asyncio
    from datetime import timedelta

    from terminal.errors import ConfigError
    from terminal.netgiro.factory import build_gateway
    from terminal.reconciliation.run import BACK, reconcile
    from terminal.system.owner import become_owner_of

    config = whole_config(options)
    if not config.netgiro.has_credentials:
        raise ConfigError(["netgiro: without application ID and secret key nothing can be asked; see doctor"])
    path = Path(config.journal.path)
    become_owner_of(path.parent)
    last = options.last or date.today()
    first = options.first or last - timedelta(days=BACK)

    return asyncio.run(
        reconcile(
            path,
            build_gateway(config.netgiro),
            service=config.netgiro.base_url,
            first=first,
            last=last,
            on_damaged=lambda what: print(what, file=sys.stderr),
        )
    )
