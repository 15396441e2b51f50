"""``refund``: gives money back on a paid sale, by the running terminal."""

from __future__ import annotations

import argparse

from terminal.commands.configured import control_socket

# Every command imports what it needs itself, so that none waits for what another one needs.
# ruff: noqa: PLC0415

NOT_KNOWN_YET = 3
"""Exit status: the terminal goes on by itself, under the same key."""
PATIENCE_S = 40.0


def add_refund_command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser
) -> None:
    refund = commands.add_parser(
        "refund", parents=[common], help="refund a paid sale: 0 refunded, 1 refused, 3 not known yet"
    )
    refund.add_argument("sale", metavar="NUMBER", type=int, help="the sale's number, as journal list shows it")
    refund.add_argument("--amount", metavar="KRONUR", type=int, help="default: all that is left of the payment")
    refund.add_argument("--reason", metavar="TEXT", default="", help="for the shop's own records at Netgíró")
    refund.add_argument("--json", action="store_true", help="the answer as JSON")
    refund.set_defaults(command=_refund)


def _refund(options: argparse.Namespace) -> int:
    import json

    from terminal.sale.money import format_kr
    from terminal.system.ask import ask_daemon
    from terminal.system.shown import shown

    answer = ask_daemon(
        control_socket(options),
        "refund",
        patience_s=PATIENCE_S,
        sale=options.sale,
        amount=options.amount,
        reason=options.reason,
    )
    if options.json:
        print(json.dumps(answer, ensure_ascii=False))
    else:
        amount = format_kr(answer["amount"])
        print(shown(f"refund {answer['refund_id']} of sale {answer['sale_id']}, {amount}: {answer['text']}"))
    return {"refunded": 0, "refused": 1}.get(answer["outcome"], NOT_KNOWN_YET)
