"""``netgiro-terminal office settings ...``: what groups of counters run, on the office's machine."""

from __future__ import annotations

import argparse
import getpass
import sys
from pathlib import Path

from terminal.commands.office import in_database, office_config
from terminal.errors import TerminalError

# Every command imports what it needs itself, so that none waits for what another one needs.
# ruff: noqa: PLC0415


def add_settings_commands(
    verbs: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser
) -> None:
    settings = verbs.add_parser(
        "settings", parents=[common], help="the settings that groups of counters get from the office"
    )
    does = settings.add_subparsers(required=True, metavar="list|show|set|move")
    show_all = does.add_parser(
        "list", parents=[common], help="list the groups: how many counters run the settings, wait, or have refused them"
    )
    show_all.set_defaults(command=_list)
    show = does.add_parser("show", parents=[common], help="show a group's document")
    show.add_argument("group", metavar="GROUP", help="as list shows it")
    show.set_defaults(command=_show)
    setting = does.add_parser(
        "set", parents=[common], help="give a group a new document; an empty one withdraws all settings"
    )
    setting.add_argument("group", metavar="GROUP", help="an existing group, or a new one")
    setting.add_argument("file", metavar="FILE", type=Path, help='TOML; "-": standard input')
    setting.set_defaults(command=_set)
    move = does.add_parser("move", parents=[common], help="put a counter into a group")
    move.add_argument("terminal", metavar="TERMINAL", help="its terminal.id")
    move.add_argument("group", metavar="GROUP", help='"": out of all groups; the counter keeps its settings')
    move.set_defaults(command=_move)


def by() -> str:
    """Who stands in the log for a command."""
    return f"{getpass.getuser()} (command)"


def _list(options: argparse.Namespace) -> None:
    from terminal.office.server import settings

    config = office_config(options)
    for group in in_database(config, settings.groups):
        waiting = group.counters - group.running - group.refused
        print(
            f"{group.name}: revision {group.revision}, {group.sha256[:12]}, by {group.set_by}: {group.counters}"
            f" counters, {group.running} run it, {waiting} not yet, {group.refused} refused"
        )
    for line in in_database(config, settings.refusals):
        print(f"  {line.terminal}: {line.why}")


def _show(options: argparse.Namespace) -> None:
    from terminal.office.server import settings

    for group in in_database(office_config(options), settings.groups):
        if group.name == options.group:
            sys.stdout.write(group.text)
            return
    raise TerminalError(f"no group is called {options.group}")


def _set(options: argparse.Namespace) -> None:
    from terminal.config.from_office import LONGEST_BYTES
    from terminal.office.server import settings

    config = office_config(options)
    try:
        if str(options.file) == "-":
            data = sys.stdin.buffer.read(LONGEST_BYTES + 1)
        else:
            with options.file.open("rb") as file:
                data = file.read(LONGEST_BYTES + 1)
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise TerminalError(f"{options.file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise TerminalError(f"{options.file} is not UTF-8; save the file in that encoding") from error
    revision = in_database(config, lambda connection: settings.set_document(connection, options.group, text, by()))
    print(f"group {options.group}: revision {revision}; office settings list shows who runs it")


def _move(options: argparse.Namespace) -> None:
    from terminal.office.server import settings

    config = office_config(options)
    in_database(config, lambda connection: settings.move(connection, options.terminal, options.group, by()))
    print(f"terminal {options.terminal}: {options.group or 'in no group'}")
