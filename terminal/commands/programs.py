"""``pair`` and ``openapi``: register programs on the network."""

from __future__ import annotations

import argparse
import sys

from terminal.commands.configured import control_socket

# Every command imports what it needs itself, so that none waits for what another one needs.
# ruff: noqa: PLC0415


def add_program_commands(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser
) -> None:
    pair = commands.add_parser(
        "pair", parents=[common], help="show a code that lets a register program on the network in"
    )
    what = pair.add_mutually_exclusive_group()
    what.add_argument("--list", action="store_true", help="list the programs that may call")
    what.add_argument("--revoke", metavar="NAME", help="this program may no longer call")
    pair.add_argument("--json", action="store_true", help="the code and the address as JSON")
    pair.set_defaults(command=_pair)

    openapi = commands.add_parser(
        "openapi", parents=[common], help="print the requests of register programs, as OpenAPI"
    )
    openapi.set_defaults(command=_openapi)


def _pair(options: argparse.Namespace) -> None:
    import json

    from terminal.system.ask import ask_daemon
    from terminal.system.shown import shown

    socket = control_socket(options)
    if options.revoke is not None:
        ask_daemon(socket, "revoke-program", name=options.revoke)
        print(shown(f"{options.revoke} may call no more"))
        return
    if options.list:
        programs = ask_daemon(socket, "status").get("programs") or {}
        for name in programs.get("paired", ()):
            print(shown(name))
        return
    answer = ask_daemon(socket, "pair")
    if options.json:
        print(json.dumps(answer, ensure_ascii=False))
        return
    print(answer["code"])
    print(f"good for {answer['good_for_s'] / 60:.0f} minutes, once; the program calls {answer['url']}", file=sys.stderr)
    if answer["certificate_sha256"]:
        print(f"certificate SHA-256 {answer['certificate_sha256']}", file=sys.stderr)


def _openapi(_options: argparse.Namespace) -> None:
    import json

    from terminal import __version__
    from terminal.register.http.openapi import document

    print(json.dumps(document(__version__), ensure_ascii=False, indent=2))
