"""``netgiro-terminal journal ...``: looking at the sales on disk, and looking after them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from terminal.commands.configured import whole_config

if TYPE_CHECKING:
    from terminal.journal.thread import Change, JournalFile

# Every command imports what it needs itself, so that none waits for what another one needs.
# ruff: noqa: PLC0415


def add_journal_commands(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser
) -> None:
    journal = commands.add_parser("journal", parents=[common], help="the sales on disk")
    verbs = journal.add_subparsers(
        required=True, metavar="list|show|days|verify|mend|acknowledge|backup|restore|export"
    )

    listing = verbs.add_parser("list", parents=[common], help="sales, newest first")
    listing.add_argument("--json", action="store_true", help="one JSON object a line")
    _add_choice(listing)
    listing.set_defaults(command=_list)

    show = verbs.add_parser("show", parents=[common], help="one sale, step by step")
    show.add_argument("sale_id", metavar="ID", help="the sale's id or its Reference")
    show.add_argument("--json", action="store_true", help="one JSON object a line")
    show.set_defaults(command=_show)

    days = verbs.add_parser(
        "days", parents=[common], help="the ends of day, newest first; reprint --end-of-day prints one"
    )
    days.add_argument("--format", choices=["lines", "csv", "json"], default="lines", help="csv, json: oldest first")
    days.add_argument("--separator", choices=[",", ";"], default=",", help="csv: Icelandic spreadsheets want ';'")
    days.set_defaults(command=_days)

    verify = verbs.add_parser("verify", parents=[common], help="looks through the whole journal for damage")
    verify.add_argument("--head", metavar="DIGITS", default="", help="as on the slip of an end of day: is it of this?")
    verify.set_defaults(command=_verify)

    mend = verbs.add_parser(
        "mend", parents=[common], help="make anew what verify finds damaged, while the terminal is stopped"
    )
    mend.set_defaults(command=_mend)

    acknowledge = verbs.add_parser(
        "acknowledge", parents=[common], help="you know what is missing: the screen says 'Records lost' no longer"
    )
    acknowledge.set_defaults(command=_acknowledge)

    backup = verbs.add_parser("backup", parents=[common], help="a copy of the whole journal, while the terminal runs")
    backup.add_argument("file", metavar="FILE", type=Path, help="a new file, for example on a USB stick")
    backup.set_defaults(command=_backup)

    restore = verbs.add_parser("restore", parents=[common], help="put a backup in the journal's place")
    restore.add_argument("file", metavar="FILE", type=Path)
    restore.set_defaults(command=_restore)

    export = verbs.add_parser("export", parents=[common], help="sales for the accountant, oldest first, to the output")
    export.add_argument("--format", choices=["csv", "json"], default="csv")
    export.add_argument("--separator", choices=[",", ";"], default=",", help="csv: Icelandic spreadsheets want ';'")
    _add_choice(export)
    export.set_defaults(command=_export)


def _add_choice(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--since", metavar="TIME", help="created at or after this ISO 8601 time")
    parser.add_argument("--until", metavar="TIME", help="created before this ISO 8601 time")
    parser.add_argument(
        "--outcome",
        choices=["approved", "declined", "cancelled", "failed", "unknown", "refund_due", "refunded"],
        help="only these",
    )
    parser.add_argument("--amount", metavar="KRONUR", type=int, help="only sales of exactly so much")


def _list(options: argparse.Namespace) -> int:
    from terminal.journal.listing import change_json, change_line

    damaged = _Damaged()
    with _open_journal(options) as journal:
        for entry in _chosen(journal, options, damaged):
            print(change_json(entry) if options.json else change_line(entry))
    return damaged.exit_code()


def _show(options: argparse.Namespace) -> int:
    from terminal.journal.listing import change_json, change_story

    with _open_journal(options) as journal:
        entries = journal.entries_of(options.sale_id)
    if not entries:
        print(f"no sale {options.sale_id}: see journal list", file=sys.stderr)
        return 1
    for entry in entries:
        print(change_json(entry) if options.json else change_story(entry))
    return 0


def _days(options: argparse.Namespace) -> None:
    from terminal.journal.days import day_lines, days_csv, days_json

    with _open_journal(options) as journal:
        newest_first = list(journal.closed_periods())
    match options.format:
        case "csv":
            lines = days_csv(reversed(newest_first), options.separator)
        case "json":
            lines = days_json(reversed(newest_first))
        case _:
            lines = day_lines(newest_first)
    for line in lines:
        print(line)


def _verify(options: argparse.Namespace) -> int:
    from terminal.journal.verify import verify

    done = verify(_become_reader(options), options.head)
    for note in done.notes:
        print(note)
    for problem in done.problems:
        print(problem, file=sys.stderr)
    print(f"{done.entries} entries of {done.sales} sales: {'not ' if done.problems else ''}all well")
    if done.problems:
        print("to make good what can be: stop the terminal, then: sudo netgiro-terminal journal mend", file=sys.stderr)
    return 1 if done.problems else 0


def _mend(options: argparse.Namespace) -> None:
    from terminal.journal.backup import mend
    from terminal.system.audit import audited
    from terminal.system.timestamps import timestamp_now

    with audited("journal mend"):
        for done in mend(_journal_path(options), timestamp_now):
            print(done)


def _acknowledge(options: argparse.Namespace) -> None:
    from terminal.journal.backup import acknowledge
    from terminal.journal.rebuild import tell
    from terminal.system.audit import audited

    with audited("journal acknowledge"):
        repair = acknowledge(_journal_path(options))
    print(f"acknowledged: {tell(repair)}" if repair else "nothing is missing")


def _backup(options: argparse.Namespace) -> None:
    from terminal.journal.backup import back_up
    from terminal.system.audit import audited

    with audited(f"journal backup {options.file}"):
        size = back_up(_journal_path(options), options.file)
    print(f"{options.file}: {size / 1024:.0f} KiB")


def _restore(options: argparse.Namespace) -> None:
    from terminal.journal.rebuild import tell
    from terminal.journal.restore import restore
    from terminal.system.audit import audited

    journal = _journal_path(options)
    with audited(f"journal restore {options.file}"):
        restored = restore(options.file, journal, datetime.now().astimezone())
    for old in restored.replaced:
        print(f"kept: {old}")
    print(tell(restored.repair))
    if not restored.repair.is_complete:
        print("compare the sales with Netgíró's list, then: netgiro-terminal journal acknowledge")


def _export(options: argparse.Namespace) -> int:
    from terminal.journal.export import export_csv, export_json

    damaged = _Damaged()
    with _open_journal(options) as journal:
        entries = _chosen(journal, options, damaged, oldest_first=True)
        for line in export_csv(entries, options.separator) if options.format == "csv" else export_json(entries):
            print(line)
    return damaged.exit_code()


class _Damaged:
    """Names the sales that cannot be read, and goes on."""

    def __init__(self) -> None:
        self._count = 0

    def __call__(self, what: str) -> None:
        self._count += 1
        print(what, file=sys.stderr)

    def exit_code(self) -> int:
        if self._count:
            print(
                f"{self._count} damaged: stop the terminal, then: sudo netgiro-terminal journal mend", file=sys.stderr
            )
        return 1 if self._count else 0


def _chosen(
    journal: JournalFile, options: argparse.Namespace, damaged: _Damaged, *, oldest_first: bool = False
) -> Iterator[Change]:
    from terminal.journal.listing import parse_time
    from terminal.sale.sale import Outcome

    entries = journal.latest_entries(
        since=parse_time(options.since),
        until=parse_time(options.until),
        outcome=Outcome(options.outcome) if options.outcome else None,
        oldest_first=oldest_first,
        on_damaged=damaged,
    )
    return (entry for entry in entries if options.amount in (None, entry.sale.amount_kr))


def _journal_path(options: argparse.Namespace) -> Path:
    return Path(whole_config(options).journal.path)


def _become_reader(options: argparse.Namespace) -> Path:
    """Where the journal is, for whoever only reads: root gives up being root for good."""
    from terminal.system.owner import become_owner_of

    path = _journal_path(options)
    become_owner_of(path.parent)
    return path


def _open_journal(options: argparse.Namespace) -> JournalFile:
    from terminal.journal.thread import JournalFile
    from terminal.system.timestamps import timestamp_now

    journal = JournalFile(_become_reader(options), timestamp_now, read_only=True)
    journal.open()
    return journal
