"""``netgiro-terminal office release ...``: a release that goes out in waves, on the office's machine."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from terminal.commands.office import in_database, office_config
from terminal.commands.office_settings import by
from terminal.errors import TerminalError

if TYPE_CHECKING:
    from terminal.office.server.database import Connection

# Every command imports what it needs itself, so that none waits for what another one needs.
# ruff: noqa: PLC0415


def add_release_commands(
    verbs: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser
) -> None:
    release = verbs.add_parser("release", parents=[common], help="upgrade the counters to a release, in waves")
    does = release.add_subparsers(required=True, metavar="add|start|list|show|pause|resume|stop|forgive")
    add = does.add_parser("add", parents=[common], help="let terminals load an archive; its .sig must lie beside it")
    add.add_argument("file", metavar="FILE", type=Path, help="the release's archive")
    add.set_defaults(command=_add)
    start = does.add_parser("start", parents=[common], help="begin the first wave; the next ones follow by themselves")
    start.add_argument("version", metavar="VERSION", help="such as 1.1.0")
    start.add_argument(
        "--waves",
        default="10,50,100",
        metavar="N,N,...",
        help="counters in each wave; the last number repeats; default: 10,50,100",
    )
    start.add_argument(
        "--stop-percent", type=int, default=5, metavar="N", help="stop when more percent have failed; default: 5"
    )
    start.add_argument(
        "--silent-hours",
        type=int,
        default=24,
        metavar="N",
        help="a counter that is silent for longer has failed; default: 24",
    )
    start.set_defaults(command=_start)
    does.add_parser("list", parents=[common], help="list all releases").set_defaults(command=_list)
    show = does.add_parser("show", parents=[common], help="list the counters to upgrade now, not yet well, or failed")
    show.add_argument("version", metavar="VERSION", help="such as 1.1.0")
    show.set_defaults(command=_show)
    for verb, state, text in (
        ("pause", "paused", "hold the next wave back"),
        ("resume", "running", "continue a release that is paused or stopped"),
        ("stop", "stopped", "end a release: no counter is to be upgraded any more"),
    ):
        turn = does.add_parser(verb, parents=[common], help=text)
        turn.add_argument("version", metavar="VERSION", help="such as 1.1.0")
        turn.set_defaults(command=partial(_turn, state=state))
    forgive = does.add_parser("forgive", parents=[common], help="ignore a failure that had another cause; then: resume")
    forgive.add_argument("terminal", metavar="TERMINAL", help="the counter's terminal.id")
    forgive.add_argument("version", metavar="VERSION", help="such as 1.1.0")
    forgive.set_defaults(command=_forgive)


def _add(options: argparse.Namespace) -> None:
    from terminal.install.release import contents_of
    from terminal.office.server import archives
    from terminal.office.wire import LONGEST_SIGNATURE, ArchiveOffer, is_machine

    config = office_config(options)
    contents = contents_of(options.file)
    if not is_machine(contents.machine):
        raise TerminalError(f"{options.file}: {contents.machine[:60]!r} is no kind of machine")
    beside = options.file.with_name(f"{options.file.name}.sig")
    try:
        signature = beside.read_text("ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise TerminalError(f"{beside} cannot be read; no terminal takes an archive that is not signed") from error
    if len(signature) > LONGEST_SIGNATURE:
        raise TerminalError(f"{beside} is no signature of ssh-keygen")

    async def add(connection: Connection) -> ArchiveOffer:
        archive = archives.Archive(contents.version, contents.machine, signature)
        with options.file.open("rb") as content:
            return await archives.add(connection, archive, content, by())

    offer = in_database(config, add)
    print(f"version {offer.version} for {contents.machine}: {offer.size} bytes, SHA-256 {offer.sha256}")


def _start(options: argparse.Namespace) -> None:
    from datetime import timedelta

    from terminal.install.versions import parse_version
    from terminal.office.server import releases
    from terminal.office.server.waves import Plan, read_sizes

    config = office_config(options)
    parse_version(options.version)
    try:
        sizes = read_sizes(options.waves)
    except ValueError as error:
        raise TerminalError("--waves: numbers of counters, such as 10,50,100") from error
    if not 1 <= options.silent_hours <= releases.MOST_HOURS:
        raise TerminalError(f"--silent-hours: 1 to {releases.MOST_HOURS}")
    plan = Plan(options.version, sizes, options.stop_percent, timedelta(hours=options.silent_hours))

    async def begin(connection: Connection) -> str:
        await releases.start(connection, plan, by())
        return await releases.advance(connection)

    print(in_database(config, begin) or "it begins within a minute")


def _list(options: argparse.Namespace) -> None:
    from terminal.office.server import releases

    for one in in_database(office_config(options), releases.rollouts):
        counts = ", ".join(f"{count} {state}" for state, count in sorted(one.counts.items())) or "no counter yet"
        print(f"{one.version}: {one.state}{f' ({one.why})' if one.why else ''}, wave {one.wave or 0}: {counts}")


def _show(options: argparse.Namespace) -> None:
    from terminal.office.server import releases

    config = office_config(options)
    for line in in_database(config, lambda connection: releases.lines(connection, options.version)):
        print(f"{line.state:8}  wave {line.wave}  {line.terminal}  {line.shop}  {line.why}".rstrip())


def _turn(options: argparse.Namespace, state: str) -> None:
    from terminal.office.server import releases

    config = office_config(options)
    in_database(config, lambda connection: releases.turn(connection, options.version, state, by()))
    print(f"release {options.version}: {state}")


def _forgive(options: argparse.Namespace) -> None:
    from terminal.office.server import releases

    config = office_config(options)
    in_database(config, lambda connection: releases.forgive(connection, options.terminal, options.version, by()))
    print(f"terminal {options.terminal}: counts as well")
