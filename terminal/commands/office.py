"""``netgiro-terminal office ...``: a chain's head office, and a terminal that joins it."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from terminal.commands.configured import whole_config
from terminal.commands.reconcile import NOT_ASKED, day
from terminal.errors import ConfigError, TerminalError

if TYPE_CHECKING:
    from terminal.config.schema import Config
    from terminal.office.server.database import Connection

T = TypeVar("T")
VERBS = "serve|check|migrate|enrol|revoke|person|settings|release|reconcile|join"

# Every command imports what it needs itself, so that none waits for what another one needs.
# ruff: noqa: PLC0415


def add_office_commands(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser
) -> None:
    office = commands.add_parser("office", parents=[common], help="a chain's head office, and a terminal that joins it")
    verbs = office.add_subparsers(required=True, metavar=VERBS)

    serve = verbs.add_parser("serve", parents=[common], help="collect the terminals' journals, and serve the page")
    serve.set_defaults(command=_serve)
    check = verbs.add_parser(
        "check", parents=[common], help="check the office's database; on a terminal: the way to the office"
    )
    check.set_defaults(command=_check)
    migrate = verbs.add_parser("migrate", parents=[common], help="prepare the database, as its owner")
    migrate.set_defaults(command=_migrate)

    enrol = verbs.add_parser("enrol", parents=[common], help="make a code with which one terminal can join, once")
    enrol.add_argument("terminal", metavar="TERMINAL", help="its terminal.id, unique in the chain")
    enrol.add_argument("--shop", metavar="NAME", help="the shop in which it is")
    enrol.set_defaults(command=_enrol)
    revoke = verbs.add_parser("revoke", parents=[common], help="accept nothing more in this terminal's name")
    revoke.add_argument("terminal", metavar="TERMINAL", help="its terminal.id")
    revoke.set_defaults(command=_revoke)

    person = verbs.add_parser("person", parents=[common], help="let somebody log in at the page; asks for the password")
    person.add_argument("name", metavar="NAME", help="the name to log in with")
    person.add_argument("--role", choices=["look", "operate"], default="look", help="default: look")
    person.add_argument("--remove", action="store_true", help="this person may no longer log in")
    person.set_defaults(command=_person)

    from terminal.commands.office_releases import add_release_commands
    from terminal.commands.office_settings import add_settings_commands

    add_settings_commands(verbs, common)
    add_release_commands(verbs, common)

    reconcile = verbs.add_parser(
        "reconcile",
        parents=[common],
        help="compare Netgíró's payouts with all counters' sales: 0 agree, 1 differ, 3 could not ask",
    )
    reconcile.add_argument("--from", dest="first", metavar="DATE", type=day, required=True, help="the first day")
    reconcile.add_argument("--to", dest="last", metavar="DATE", type=day, required=True, help="the last day")
    reconcile.add_argument("--json", action="store_true", help="the result as one JSON object")
    reconcile.set_defaults(command=_reconcile)

    join = verbs.add_parser("join", parents=[common], help="on a terminal: get its token with the office's code")
    join.add_argument("code", metavar="CODE", help="as office enrol has printed it")
    join.set_defaults(command=_join)


def office_config(options: argparse.Namespace) -> Config:
    """For what needs the database and what talks to it. Raises ConfigError."""
    config = whole_config(options)
    if not config.office.database:
        raise ConfigError(["office.database: empty; name the database, e.g. postgresql://office@localhost/office"])
    try:
        import psycopg  # noqa: F401
    except ImportError as error:
        raise TerminalError("this needs an office's installation, not a terminal's: systemd/README.md") from error
    return config


def _serve(options: argparse.Namespace) -> None:
    from terminal.commands.main import _signalled
    from terminal.system.logs import setup_logging

    config = office_config(options)
    setup_logging(config.log.level)
    from terminal.office.server.serve import serve

    asyncio.run(serve(config, lambda line: print(line, flush=True), _signalled))


def _check(options: argparse.Namespace) -> int:
    config = whole_config(options)
    if config.office.database:
        from terminal.office.server.check import examine

        findings = asyncio.run(examine(office_config(options).office.database))
    elif config.office.url:
        from terminal.office.uplink.check import examine as examine_way

        findings = asyncio.run(examine_way(config))
    else:
        raise ConfigError(["office.url: empty, and office.database too: this machine has nothing to do with an office"])
    for finding in findings:
        print(finding.line)
    return 0 if all(finding.is_well for finding in findings) else 1


def _migrate(options: argparse.Namespace) -> None:
    from terminal.system.logs import setup_logging

    config = office_config(options)
    setup_logging(config.log.level)
    from terminal.office.server.database import migrate

    for name in asyncio.run(migrate(config.office.database)) or ["nothing to do"]:
        print(name)


def _enrol(options: argparse.Namespace) -> None:
    from terminal.office.wire import is_terminal_id

    config = office_config(options)
    if not is_terminal_id(options.terminal):
        raise TerminalError(f"{options.terminal!r} is no terminal.id: letters a-z, digits, - and _ only")
    from terminal.office.server import access

    code = in_database(config, lambda connection: access.make_code(connection, options.terminal, options.shop))
    print(f"On the terminal, within an hour: sudo netgiro-terminal office join {code}")


def _revoke(options: argparse.Namespace) -> None:
    config = office_config(options)
    from terminal.office.server import access

    if not in_database(config, lambda connection: access.revoke(connection, options.terminal)):
        raise TerminalError(f"terminal {options.terminal} is not known here")
    print(f"terminal {options.terminal}: refused from now on; its rows stay")


def _person(options: argparse.Namespace) -> None:
    config = office_config(options)
    from terminal.office.page import logins

    if options.remove:
        if not in_database(config, lambda connection: logins.remove_person(connection, options.name)):
            raise TerminalError(f"nobody is called {options.name} here")
        print(f"{options.name}: gone; what they did stays in the log")
        return
    is_typed = sys.stdin.isatty()
    password = getpass.getpass("Password: ") if is_typed else sys.stdin.readline().rstrip("\r\n")
    if is_typed and getpass.getpass("Again: ") != password:
        raise TerminalError("the two are not the same: try again")
    try:
        in_database(config, lambda connection: logins.keep_person(connection, options.name, password, options.role))
    except ValueError as error:
        raise TerminalError(str(error)) from error
    print(f"{options.name} may now {options.role}")


def _reconcile(options: argparse.Namespace) -> int:
    from datetime import UTC, datetime, time, timedelta

    import msgspec

    from terminal.reconciliation.asking import paid_out_of
    from terminal.sale.gateway import GatewayError
    from terminal.sale.money import format_kr

    config = office_config(options)
    if options.first > options.last:
        print(f"--from {options.first} is after the last day", file=sys.stderr)
        return 2
    if config.netgiro.api != "v2" or not config.netgiro.has_credentials:
        raise ConfigError(['netgiro: only api = "v2" tells of settlements, with the application ID of the chain'])
    from terminal.commands.office_settings import by
    from terminal.netgiro.factory import build_gateway
    from terminal.office.server import payout_runs
    from terminal.office.server.payouts import HeldAgainst, hold_against

    try:
        paid_out = asyncio.run(paid_out_of(build_gateway(config.netgiro), options.first, options.last))
    except GatewayError as error:
        print(f"Netgíró could not be asked: {error}", file=sys.stderr)
        return NOT_ASKED
    since = datetime.combine(options.first, time(), UTC)
    until = datetime.combine(options.last, time(), UTC) + timedelta(days=1)

    async def hold(connection: Connection) -> HeldAgainst:
        result = await hold_against(connection, paid_out, since, until)
        await payout_runs.keep(connection, result, options.first, options.last, by())
        return result

    sums, lines = in_database(config, hold)
    if options.json:
        told = {"sums": [one._asdict() for one in sums], "lines": [one._asdict() for one in lines]}
        print(msgspec.json.encode(told).decode())
        return int(not all(one.agrees for one in sums))
    for line in lines:
        what = line.reference or f"settlement {line.settlement}"
        where = f"{line.terminal or 'no counter'}  {what}  {line.created or '?'}"
        print(f"{line.found.replace('_', ' '):<12}  {where}  {format_kr(line.amount_kr)}")
    for one in sums:
        amounts = f"{one.lines}, {format_kr(one.sum_kr)}, fee {format_kr(one.fee_kr)}"
        print(f"{one.found.replace('_', ' '):<12}  {one.shop or 'of no one shop'}: {amounts}")
    return int(not all(one.agrees for one in sums))


def in_database(config: Config, work: Callable[[Connection], Awaitable[T]]) -> T:
    """Raises TerminalError, also for whatever the database says no to."""
    import psycopg

    from terminal.office.server.database import connect

    async def run() -> T:
        async with await connect(config.office.database) as connection:
            return await work(connection)

    try:
        return asyncio.run(run())
    except psycopg.errors.UndefinedTable as error:
        raise TerminalError("the database is not prepared: run netgiro-terminal office migrate") from error
    except psycopg.Error as error:
        raise TerminalError(f"the database said no: {' '.join(str(error).split())[:200]}") from error


def _join(options: argparse.Namespace) -> None:
    from terminal.office.uplink.check import join

    config = whole_config(options)
    print(asyncio.run(join(config, options.code)))
