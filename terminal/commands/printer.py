"""Commands about paper: ``reprint`` and ``printer-test``. They work beside a running daemon and without one."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from terminal.config.schema import Config

# Every command imports what it needs itself, so that none waits for what another one needs.
# ruff: noqa: PLC0415


def add_printer_commands(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser
) -> None:
    again = commands.add_parser("reprint", parents=[common], help="a receipt once more, marked as a copy")
    again.add_argument(
        "sale", metavar="ID", nargs="?", default="", help="number, Reference or register's id; default: the last"
    )
    again.add_argument(
        "--copy",
        choices=["customer", "merchant", "both"],
        help="whose; default: customer's, or the slip for staff while the sale is left to them",
    )
    again.add_argument("--end-of-day", action="store_true", help="the slip of an end of day; ID is its number")
    again.set_defaults(command=_reprint)

    test = commands.add_parser(
        "printer-test", parents=[common], help="print every Icelandic letter in every code page: which one reads right?"
    )
    test.set_defaults(command=_printer_test)


def _load(options: argparse.Namespace) -> Config:
    """What concerns the printer, also while something else in the file is wrong."""
    from terminal.config.schema import find_config_path, read_config
    from terminal.errors import ConfigError

    config, problems = read_config(find_config_path(options.config))
    concerned = ("printer", "receipt", "shop", "journal", "terminal", str(config.path))
    if mine := [problem for problem in problems if problem.startswith(concerned)]:
        raise ConfigError(mine)
    return config


def _reprint(options: argparse.Namespace) -> None:
    from terminal.paper.jobs import reprint
    from terminal.sale.effects import ReceiptKind

    if options.end_of_day:
        print(reprint(_load(options), options.sale, (ReceiptKind.END_OF_DAY,)))
        return
    names = ("customer", "merchant") if options.copy == "both" else (options.copy,)
    print(reprint(_load(options), options.sale, [ReceiptKind(name) for name in names if name]))


def _printer_test(options: argparse.Namespace) -> None:
    from terminal.paper.jobs import print_test

    print(print_test(_load(options)))
