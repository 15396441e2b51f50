"""Commands about paper: ``reprint``, by the running terminal, and ``printer-test``, also without one."""

from __future__ import annotations

import argparse

from terminal.commands.configured import config_for, control_socket

# Every command imports what it needs itself, so that none waits for what another one needs.
# ruff: noqa: PLC0415


def add_printer_commands(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser
) -> None:
    again = commands.add_parser("reprint", parents=[common], help="print a receipt once more, marked as a copy")
    again.add_argument(
        "sale",
        metavar="ID",
        nargs="?",
        default="",
        help="the sale's number, its Reference or the register's id; default: the last sale",
    )
    again.add_argument(
        "--copy",
        choices=["customer", "merchant", "both"],
        help="whose copy; default: the customer's, or the staff's slip while the sale waits for them",
    )
    again.add_argument("--end-of-day", action="store_true", help="the slip of an end of day; ID is its number")
    again.set_defaults(command=_reprint)

    test = commands.add_parser(
        "printer-test", parents=[common], help="print every Icelandic letter in every code page, to find the right one"
    )
    test.set_defaults(command=_printer_test)


def _reprint(options: argparse.Namespace) -> None:
    """Queue the receipt of a sale, or the slip of an end of day, once more; the terminal prints it."""
    from terminal.sale.effects import ReceiptKind
    from terminal.system.ask import ask_daemon

    names = ("customer", "merchant") if options.copy == "both" else (options.copy,)
    kinds = [ReceiptKind.END_OF_DAY] if options.end_of_day else [ReceiptKind(name) for name in names if name]
    answer = ask_daemon(control_socket(options), "reprint", sale=options.sale, kinds=kinds)
    print(f"queued: {', '.join(answer['receipts'])}; the terminal prints it when its printer is ready")


def _printer_test(options: argparse.Namespace) -> None:
    """The slip with every code page."""
    import asyncio

    from terminal.doctor.by_hand import PATIENCE_S, print_alone
    from terminal.paper.jobs import slip_for
    from terminal.system.ask import NotRunning, ask_daemon

    config = config_for(options, "printer", "receipt", "shop", "journal", "terminal")
    try:
        ask_daemon(control_socket(options), "printer-test", patience_s=PATIENCE_S)
    except NotRunning:
        asyncio.run(print_alone(config, slip_for(config.printer)))
    print("printed; set printer.codepage to the name above the letters that are all right")
