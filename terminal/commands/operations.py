"""Commands for whoever operates a terminal: how it is, what it is told, how it is set up and brought up to date."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from terminal.commands.configured import config_for, control_socket

# Every command imports what it needs itself, so that none waits for what another one needs.
# ruff: noqa: PLC0415


SETTLE_PATIENCE_S = 90.0
"""The word of staff may wait for a call that is on its way to the service."""


def add_operation_commands(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser
) -> None:
    status = commands.add_parser("status", parents=[common], help="show the state of the running terminal")
    status.add_argument("--json", action="store_true", help="as JSON")
    status.set_defaults(command=_status)

    restart = commands.add_parser("restart", parents=[common], help="restart the service, but not while a sale is open")
    restart.set_defaults(command=_restart)

    settle = commands.add_parser("settle", parents=[common], help="end a sale or a refund that waits for staff")
    settle.add_argument("sale", metavar="NUMBER", type=int, help="the sale's number, as journal list shows it")
    settle.add_argument(
        "verdict",
        choices=["paid", "unpaid", "refunded"],
        help="what Netgíró's own records say; unpaid also means: a refund was not carried out",
    )
    settle.add_argument(
        "--correct",
        action="store_true",
        help="correct a wrong settlement by a further entry; the old one remains in the journal",
    )
    settle.set_defaults(command=_settle)

    keypad = commands.add_parser(
        "keypad-test",
        parents=[common],
        help="show which keys arrive, while the terminal is stopped; else: key D, keypad test",
    )
    keypad.set_defaults(command=_keypad_test)

    scanner = commands.add_parser(
        "scanner-test",
        parents=[common],
        help="say what a scanned code would do, while the terminal is stopped; else: doctor",
    )
    scanner.set_defaults(command=_scanner_test)

    end = commands.add_parser(
        "end-of-day", parents=[common], help="end the day: count it, print it, begin the next one"
    )
    end.add_argument("--json", action="store_true", help="the figures as JSON")
    end.set_defaults(command=_end_of_day)

    x_report = commands.add_parser(
        "x-report", parents=[common], help="count the day so far and print it, without ending it"
    )
    x_report.add_argument("--json", action="store_true", help="the figures as JSON, and nothing on paper")
    x_report.set_defaults(command=_x_report)

    code = commands.add_parser(
        "code", parents=[common], help="the staff code and the refund code, which staff change at the keypad"
    )
    code_verbs = code.add_subparsers(required=True, metavar="reset")
    reset = code_verbs.add_parser(
        "reset", parents=[common], help="for a forgotten code: the one in config.toml is valid again"
    )
    reset.add_argument("kind", choices=["staff", "refund"], help="which code")
    reset.set_defaults(command=_code_reset)

    setup = commands.add_parser("setup", parents=[common], help="make the configuration, question by question")
    setup.set_defaults(command=_setup)

    bundle = commands.add_parser(
        "support-bundle", parents=[common], help="collect everything that a helper needs, without secrets"
    )
    bundle.add_argument("file", metavar="FILE", type=Path, nargs="?", help="default: a new file in this folder")
    bundle.set_defaults(command=_support_bundle)

    upgrade = commands.add_parser(
        "upgrade", parents=[common], help="install a signed release, and return to the old one if it is not well"
    )
    what = upgrade.add_mutually_exclusive_group(required=True)
    what.add_argument("file", metavar="FILE", type=Path, nargs="?", help="the release's archive")
    what.add_argument("--back", action="store_true", help="return to the version before")
    what.add_argument(
        "--from-office",
        action="store_true",
        help="install the release that the head office has sent; systemd calls this",
    )
    upgrade.add_argument("--signature", metavar="FILE", type=Path, help="default: FILE.sig")
    upgrade.add_argument("--allow-older", action="store_true", help="also install an older version")
    upgrade.add_argument(
        "--patience", metavar="S", type=float, default=600.0, help="seconds to wait for an open sale; default: 600"
    )
    upgrade.add_argument(
        "--health", metavar="S", type=float, default=90.0, help="seconds in which it must be well; default: 90"
    )
    upgrade.set_defaults(command=_upgrade)

    secret = commands.add_parser(
        "secret", parents=[common], help="keep Netgíró's secret key in systemd's credential store, or remove it"
    )
    verbs = secret.add_subparsers(required=True, metavar="set|remove")
    set_it = verbs.add_parser("set", parents=[common], help="read the key from the keyboard or a pipe and keep it")
    set_it.set_defaults(command=_secret_set)
    verbs.add_parser("remove", parents=[common], help="remove the key").set_defaults(command=_secret_remove)


def _status(options: argparse.Namespace) -> None:
    import msgspec

    from terminal.doctor.status import read_status, status_lines
    from terminal.system.ask import ask_daemon

    status = read_status(ask_daemon(control_socket(options), "status"))
    if options.json:
        print(msgspec.json.encode(status).decode())
    else:
        print("\n".join(status_lines(status, datetime.now().astimezone())))


def _restart(options: argparse.Namespace) -> None:
    from terminal.system.ask import ask_daemon

    ended = ask_daemon(control_socket(options), "restart")
    print(f"process {ended['pid']} ends; systemd starts the next one within seconds: netgiro-terminal status")


def _settle(options: argparse.Namespace) -> None:
    from terminal.system.ask import ask_daemon

    word = {"sale": options.sale, "verdict": options.verdict, **({"correct": True} if options.correct else {})}
    settled = ask_daemon(control_socket(options), "settle", patience_s=SETTLE_PATIENCE_S, **word)
    print(f"sale {options.sale}: {settled['outcome']}")


def _keypad_test(options: argparse.Namespace) -> int:
    from terminal.install.keypad_trial import try_keypad_alone

    trial = try_keypad_alone(config_for(options, "keypad"), lambda line: print(line, flush=True))
    print(trial.verdict)
    return 0 if trial.is_well else 1


def _scanner_test(options: argparse.Namespace) -> int:
    from terminal.install.scanner_trial import try_scanner_alone

    trial = try_scanner_alone(config_for(options, "scanner"), lambda line: print(line, flush=True))
    print(trial.verdict)
    return 0 if trial.is_well else 1


def _end_of_day(options: argparse.Namespace) -> None:
    from terminal.system.ask import ask_daemon

    day = ask_daemon(control_socket(options), "end-of-day")
    _tell_figures(f"end of day {day['period']}", day, as_json=options.json)


def _x_report(options: argparse.Namespace) -> int:
    from terminal.system.ask import ask_daemon
    from terminal.system.shown import shown

    day = dict(ask_daemon(control_socket(options), "x-report", print=not options.json))
    not_printed = day.pop("not_printed")
    _tell_figures(f"since end of day {day['period'] - 1}", day, as_json=options.json)
    if not_printed:
        print(shown(f"not on paper: {not_printed}"), file=sys.stderr)
    return 1 if not_printed else 0


def _tell_figures(title: str, day: Mapping[str, Any], *, as_json: bool) -> None:
    import json

    from terminal.sale.money import format_kr

    if as_json:
        print(json.dumps(day, ensure_ascii=False))
        return
    sales, refunds = day["sales"], day["refunds"]
    print(f"{title}: {sales['count']} approved, {format_kr(sales['amount'])}")
    if refunds["count"]:
        print(f"refunds: {refunds['count']}, {format_kr(-refunds['amount'])}")
    print(f"charged by Netgíró: {format_kr(day['charged'])}")
    if day["left_to_staff"]:
        print(f"left to staff: {', '.join(day['left_to_staff'])}: netgiro-terminal status")


def _code_reset(options: argparse.Namespace) -> None:
    from terminal.app.code_keeper import reset
    from terminal.config.places import find_config_path
    from terminal.config.schema import read_journal_path
    from terminal.counter.menu import CodeKind
    from terminal.system.audit import audited
    from terminal.system.owner import become_owner_of

    folder = read_journal_path(find_config_path(options.config)).parent
    with audited(f"code reset {options.kind}"):
        become_owner_of(folder)
        had_another = reset(folder, CodeKind(options.kind))
    print(f"terminal.{options.kind}_code of config.toml {'is valid again' if had_another else 'was valid already'}")


def _secret_set(_options: argparse.Namespace) -> None:
    from terminal.install.secret_store import read_secret, reload_units, store_secret
    from terminal.system.audit import audited

    secret = read_secret()
    with audited("secret set"):
        stored = store_secret(secret)
        reload_units()
    print(f"kept in {stored.path}, {'encrypted for this machine' if stored.encrypted else 'readable by root only'}")
    print("the running terminal takes it with its next start: sudo netgiro-terminal restart")


def _secret_remove(_options: argparse.Namespace) -> None:
    from terminal.install.secret_store import reload_units, remove_secret
    from terminal.system.audit import audited

    with audited("secret remove"):
        removed = remove_secret()
        reload_units()
    print("\n".join(f"removed {path}" for path in removed) or "there was none")


def _setup(options: argparse.Namespace) -> int:
    from terminal.config.places import CONFIG_PATHS, find_config_path
    from terminal.errors import ConfigError
    from terminal.install.setup import run_setup
    from terminal.system.shipped import shipped_file

    try:
        path = find_config_path(options.config)
    except ConfigError:  # there is none yet
        path = CONFIG_PATHS[0]
    return run_setup(path, shipped_file("config.toml"))


def _support_bundle(options: argparse.Namespace) -> None:
    from terminal.config.places import find_config_path
    from terminal.install.support_bundle import write_bundle

    target = options.file or Path(f"netgiro-terminal-support-{datetime.now():%Y%m%d-%H%M%S}.tar.gz")
    names = write_bundle(find_config_path(options.config), target)
    print(f"{target}: {', '.join(names)}. No key and no customer is in it; look for yourself: tar -xzOf {target}")


def _upgrade(options: argparse.Namespace) -> None:
    from terminal.commands.configured import whole_config
    from terminal.config.places import find_config_path
    from terminal.config.schema import read_journal_path
    from terminal.install.slots import Slots, SystemdMachine
    from terminal.install.upgrade import Upgrade
    from terminal.system.audit import audited

    config_path = find_config_path(options.config)
    machine = SystemdMachine(config_path, control_socket(options))
    upgrade = Upgrade(
        Slots(), machine, read_journal_path(config_path), patience_s=options.patience, health_s=options.health
    )
    if options.from_office:
        from terminal.install.from_office import install_from_office

        with audited("upgrade --from-office"):
            outcome = install_from_office(upgrade, lambda: whole_config(options).office.takes_releases)
        print(f"{outcome.result} {outcome.why}".rstrip() if outcome else "nothing to install")
        return
    with audited("upgrade --back" if options.back else f"upgrade {options.file}"):
        if options.back:
            upgrade.back()
        else:
            signature = options.signature or options.file.with_name(options.file.name + ".sig")
            upgrade.to_release(options.file, signature, allow_older=options.allow_older)
