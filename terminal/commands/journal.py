"""``netgiro-terminal journal ...``: looking at the sales on disk, and looking after them."""

from __future__ import annotations

import argparse
import sys
from datetime import datetime
from pathlib import Path

from terminal.commands.books import add_books_commands
from terminal.commands.configured import become_reader, journal_path, open_journal

# Every command imports what it needs itself, so that none waits for what another one needs.
# ruff: noqa: PLC0415


def add_journal_commands(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser
) -> None:
    journal = commands.add_parser(
        "journal", parents=[common], help="the sales on disk: list, show, export, back up, verify"
    )
    verbs = journal.add_subparsers(
        required=True, metavar="list|show|days|verify|mend|acknowledge|backup|restore|export"
    )

    add_books_commands(verbs, common)

    show = verbs.add_parser("show", parents=[common], help="show one sale, step by step")
    show.add_argument("sale_id", metavar="ID", help="the sale's number or its Reference")
    show.add_argument("--json", action="store_true", help="one JSON object a line")
    show.set_defaults(command=_show)

    days = verbs.add_parser(
        "days", parents=[common], help="list the ends of day, newest first; reprint --end-of-day prints one"
    )
    days.add_argument(
        "--format", choices=["lines", "csv", "json"], default="lines", help="default: lines; csv and json: oldest first"
    )
    days.add_argument("--separator", choices=[",", ";"], default=",", help="for csv; Icelandic spreadsheets need ';'")
    days.set_defaults(command=_days)

    verify = verbs.add_parser("verify", parents=[common], help="look through the whole journal for damage")
    verify.add_argument(
        "--head",
        metavar="DIGITS",
        default="",
        help="the digits on the slip of an end of day: do they belong to this journal?",
    )
    verify.set_defaults(command=_verify)

    mend = verbs.add_parser(
        "mend", parents=[common], help="repair the damage that verify finds, while the terminal is stopped"
    )
    mend.set_defaults(command=_mend)

    acknowledge = verbs.add_parser(
        "acknowledge",
        parents=[common],
        help="confirm that you know of missing entries, or that the card has moved to this board",
    )
    acknowledge.set_defaults(command=_acknowledge)

    backup = verbs.add_parser("backup", parents=[common], help="copy the whole journal, at any time")
    backup.add_argument("file", metavar="FILE", type=Path, help="a new file, for example on a USB stick")
    backup.set_defaults(command=_backup)

    restore = verbs.add_parser(
        "restore", parents=[common], help="bring a lost journal back from a backup, while the terminal is stopped"
    )
    restore.add_argument("file", metavar="FILE", type=Path, help="the backup")
    restore.set_defaults(command=_restore)


def _show(options: argparse.Namespace) -> int:
    from terminal.journal.listing import change_json, change_story, refund_json, refund_story

    with open_journal(options) as journal:
        entries, refunds = journal.entries_of(options.sale_id), journal.refund_entries_of(options.sale_id)
    if not entries and not refunds:
        print(f"no sale {options.sale_id}: see journal list", file=sys.stderr)
        return 1
    for entry in entries:
        print(change_json(entry) if options.json else change_story(entry))
    for refund in refunds:
        print(refund_json(refund) if options.json else refund_story(refund))
    return 0


def _days(options: argparse.Namespace) -> None:
    from terminal.journal.days import day_lines, days_csv, days_json

    with open_journal(options) as journal:
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

    done = verify(become_reader(options), options.head)
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
        for done in mend(journal_path(options), timestamp_now):
            print(done)


def _acknowledge(options: argparse.Namespace) -> None:
    from terminal.journal.backup import acknowledge, move_here
    from terminal.journal.rebuild import tell
    from terminal.system.audit import audited

    with audited("journal acknowledge"):
        if board := move_here(journal_path(options)):
            print(f"acknowledged: the journal of the board {board} belongs to this one now")
            return
        repair = acknowledge(journal_path(options))
    print(f"acknowledged: {tell(repair)}" if repair else "nothing is missing")


def _backup(options: argparse.Namespace) -> None:
    from terminal.journal.backup import back_up
    from terminal.system.audit import audited

    with audited(f"journal backup {options.file}"):
        size = back_up(journal_path(options), options.file)
    print(f"{options.file}: {size / 1024:.0f} KiB")


def _restore(options: argparse.Namespace) -> None:
    from terminal.journal.rebuild import tell
    from terminal.journal.restore import restore
    from terminal.system.audit import audited

    journal = journal_path(options)
    with audited(f"journal restore {options.file}"):
        restored = restore(options.file, journal, datetime.now().astimezone())
    for old in restored.replaced:
        print(f"kept: {old}")
    print(tell(restored.repair))
    if not restored.repair.is_complete:
        print("compare the sales with Netgíró's list, then: netgiro-terminal journal acknowledge")
