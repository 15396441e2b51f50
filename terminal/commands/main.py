"""The command line. Commands only: each parses its words, calls one function and turns what is raised into a sentence.

Exit codes: 0 done, 1 failed, 2 wrong use, 3 not known (``refund``) or not asked (``reconcile``).
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TextIO, TypeAlias, cast

from terminal import __version__
from terminal.commands.configured import whole_config
from terminal.errors import ConfigError, TerminalError
from terminal.system.shown import ShownStream

# Every command imports what it needs itself, so that none waits for what another one needs.
# ruff: noqa: PLC0415

if TYPE_CHECKING:
    import argparse

    _Commands: TypeAlias = argparse._SubParsersAction[argparse.ArgumentParser]

log = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code. Whatever it prints comes out printable."""
    with contextlib.redirect_stdout(_shown(sys.stdout)), contextlib.redirect_stderr(_shown(sys.stderr)):
        return _main(arguments)


def _shown(stream: TextIO) -> TextIO:
    return cast("TextIO", ShownStream(stream))


def _main(arguments: Sequence[str] | None) -> int:
    words = sys.argv[1:] if arguments is None else arguments
    options: Any = _options_of_run(words) or _parser().parse_args(words, SimpleNamespace(config=None))
    try:
        code = int(options.command(options) or 0)
        sys.stdout.flush()  # here a reader that has gone can still be dealt with
        return code
    except ConfigError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
    except TerminalError as error:
        print(error, file=sys.stderr)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader has seen enough
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
    return 1


def _options_of_run(words: Sequence[str]) -> SimpleNamespace | None:
    """Of the words that a service is started with; None for any others. A parser costs a start some of its time."""
    match words:
        case ["run"]:
            return SimpleNamespace(command=_run, config=None)
        case ["run", "--config", path] if not path.startswith("-"):
            return SimpleNamespace(command=_run, config=Path(path))
    return None


def _bare_parser() -> tuple[argparse.ArgumentParser, _Commands, argparse.ArgumentParser]:
    """With ``run`` alone; where to add others, and what they all have."""
    import argparse

    common = argparse.ArgumentParser(add_help=False)
    # No default here: a sub-command's default would hide what was given before the sub-command.
    common.add_argument(
        "--config",
        metavar="FILE",
        type=Path,
        default=argparse.SUPPRESS,
        help="the configuration; default: the installed one, or config.toml of this folder",
    )
    parser = argparse.ArgumentParser(prog="netgiro-terminal", description="Netgíró payment terminal", parents=[common])
    parser.add_argument("--version", action="version", version=f"netgiro-terminal {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser("run", parents=[common], help="run the terminal, in the foreground")
    run.set_defaults(command=_run)
    return parser, commands, common


def _parser() -> argparse.ArgumentParser:
    from terminal.commands.journal import add_journal_commands
    from terminal.commands.office import add_office_commands
    from terminal.commands.operations import add_operation_commands
    from terminal.commands.panel import add_panel_commands
    from terminal.commands.printer import add_printer_commands
    from terminal.commands.programs import add_program_commands
    from terminal.commands.reconcile import add_reconcile_command
    from terminal.commands.refund import add_refund_command

    parser, commands, common = _bare_parser()
    demo = commands.add_parser("demo", parents=[common], help="run everything on a desktop, with simulated devices")
    demo.add_argument("--port", type=_port, default=8023, help="the front panel's port; 0: any free one")
    demo.add_argument("--headless", action="store_true", help="open no browser")
    demo.add_argument("--api", choices=("v1", "v2"), help="Netgíró's API; default: the configured one, or v1")
    demo.add_argument("--state", metavar="DIR", type=Path, help="keep the journal here; default: a temporary folder")
    demo.set_defaults(command=_demo)

    sandbox = commands.add_parser("sandbox", parents=[common], help="run a simulated Netgíró, for any integration")
    sandbox.add_argument("--port", type=_port, default=8025, help="the port to listen on; 0: any free one")
    sandbox.add_argument("--application-id", help="default: the one that it prints")
    sandbox.add_argument("--secret-key", help="default: the one that it prints")
    sandbox.set_defaults(command=_sandbox)

    listening = commands.add_parser(
        "listen", parents=[common], help="record an unknown register, and suggest its settings"
    )
    listening.add_argument("--port", metavar="PATH", required=True, help="the serial port; stop the terminal first")
    listening.add_argument("--baudrate", type=int, default=9600, help="default: 9600")
    listening.add_argument("--bytesize", type=int, choices=[7, 8], default=8, help="default: 8")
    listening.add_argument("--parity", choices=["N", "E", "O"], default="N", help="none, even or odd; default: N")
    listening.add_argument("--out", metavar="FILE", type=Path, help="keep the capture here")
    listening.set_defaults(command=_listen)

    check = commands.add_parser(
        "check-config", parents=[common], help="list every problem of the configuration, with its key"
    )
    check.set_defaults(command=_check_config)
    show = commands.add_parser(
        "show-config", parents=[common], help="show the effective configuration, with masked secrets"
    )
    show.set_defaults(command=_show_config)
    doctor = commands.add_parser(
        "doctor", parents=[common], help="check everything, and say what to do about each fault"
    )
    doctor.add_argument("--json", action="store_true", help="the findings as JSON")
    doctor.add_argument("--print", dest="on_paper", action="store_true", help="also on the receipt printer")
    doctor.set_defaults(command=_doctor)
    groups = (
        add_panel_commands,
        add_journal_commands,
        add_operation_commands,
        add_printer_commands,
        add_refund_command,
        add_reconcile_command,
        add_office_commands,
        add_program_commands,
    )
    for add_group in groups:
        add_group(commands, common)
    simulate = commands.add_parser(
        "simulate", parents=[common], help="run the sale logic in virtual time, with every kind of fault"
    )
    simulate.add_argument("--seed", type=int, help="the seed of the one world; with --count, of the first one")
    simulate.add_argument("--count", type=_count, metavar="SALES", help="run worlds until there were this many sales")
    simulate.add_argument("--story", action="store_true", help="print every event of the one world")
    simulate.add_argument("--json", action="store_true", help="the one world and its story as JSON")
    simulate.add_argument(
        "--protocol",
        choices=["line", "http", "zvt", "zvt-tcp", "concert", "display", "receipt", "display-of-two", "receipt-of-two"],
        help="the register's protocol; default: by chance",
    )
    simulate.add_argument("--coverage", action="store_true", help="with --count: also list the cells that no sale met")
    simulate.add_argument("--jobs", type=_count, help="number of processes; default: one for each core")
    simulate.set_defaults(command=_simulate)
    _describe(parser)
    return parser


def _describe(parser: argparse.ArgumentParser) -> None:
    """Let the help of each command begin with its line in the list of commands."""
    import argparse

    for actions in parser._actions:
        if isinstance(actions, argparse._SubParsersAction):
            for line in actions._choices_actions:
                command = actions.choices[line.dest]
                command.description = line.help
                _describe(command)


def _port(text: str) -> int:
    return _number(text, range(65536))


def _count(text: str) -> int:
    return _number(text, range(1, 1 << 31))


def _number(text: str, allowed: range) -> int:
    """Raises ArgumentTypeError."""
    import argparse

    if not (text.isascii() and text.isdecimal() and len(text) <= 20 and int(text) in allowed):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from {allowed[0]} to {allowed[-1]}")
    return int(text)


# --- running ----------------------------------------------------------------------------------------------------------


async def _signalled() -> None:
    """Until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await stop.wait()


def _run(options: argparse.Namespace) -> None:
    gc.disable()  # nothing that a start makes is garbage; the daemon turns it on again
    from terminal.config.schema import missing_for_run
    from terminal.daemon.daemon import run_daemon
    from terminal.system.logs import setup_logging
    from terminal.system.private_memory import keep_memory_private

    config = whole_config(options)
    if config.office.takes_settings:
        from terminal.daemon.from_office import begin

        config = begin(config)
    if missing := missing_for_run(config):
        raise ConfigError(missing)
    setup_logging(config.log.level)
    keep_memory_private()
    asyncio.run(run_daemon(config, _signalled))


def _demo(options: argparse.Namespace) -> None:
    from msgspec.structs import replace

    from terminal.config.schema import Config, load_config
    from terminal.demo.demo import run_demo
    from terminal.system.logs import setup_logging

    config = load_config(options.config) if options.config else Config()
    if options.api:
        config = replace(config, netgiro=replace(config.netgiro, api=options.api))
    setup_logging("warning")
    asyncio.run(
        run_demo(
            config,
            port=options.port,
            state_folder=options.state,
            headless=options.headless,
            say=lambda line: print(line, flush=True),
            wait_for_stop=_signalled,
        )
    )


def _sandbox(options: argparse.Namespace) -> None:
    from terminal.netgiro.sandbox import build_sandbox
    from terminal.netgiro.sandbox.web import create_app
    from terminal.system.web import WebServer

    given = {"application_id": options.application_id, "secret_key": options.secret_key}

    async def serve() -> None:
        sandbox = build_sandbox(**{key: value for key, value in given.items() if value})
        server = WebServer(create_app(sandbox), "127.0.0.1", options.port)
        await server.start()
        url = server.base_url
        print(f"Simulated Netgíró   {url}/v1   its page: {url}/", flush=True)
        print(f"V2                  {url}/v2   refunds of V1: {url}/partner/", flush=True)
        print(f"It expects          application_id = {sandbox.application_id}", flush=True)
        print(f"                    secret_key = {sandbox.secret_key}", flush=True)
        print("These work nowhere else. For Netgíró's own sandbox register at", flush=True)
        print("https://partner.test.netgiro.is/Account/Register; the keys stand in its portal under Stillingar,")
        print('Grunnupplýsingar, "Listi yfir öll vörumerki".', flush=True)
        await _signalled()
        await server.stop()

    asyncio.run(serve())


def _simulate(options: argparse.Namespace) -> int:
    from terminal.commands.simulate import default_jobs, run_many, run_one

    if options.count is None:
        return run_one(options.seed or 0, story=options.story, as_json=options.json, protocol=options.protocol)
    jobs = options.jobs or default_jobs()
    return run_many(options.seed or 0, options.count, jobs, options.protocol, coverage=options.coverage)


def _listen(options: argparse.Namespace) -> None:
    from hardware.settings import SerialSettings
    from terminal.register.unknown.listen import listen

    settings = SerialSettings(
        port=options.port, baudrate=options.baudrate, bytesize=options.bytesize, parity=options.parity
    )
    asyncio.run(listen(settings, options.out, lambda line: print(line, flush=True), _signalled))


# --- looking ----------------------------------------------------------------------------------------------------------


def _check_config(options: argparse.Namespace) -> int:
    from terminal.config.places import find_config_path
    from terminal.config.schema import doubts_about, read_config
    from terminal.doctor.printer import printer_faults
    from terminal.doctor.settings import missing_here
    from terminal.doctor.system import System

    path = find_config_path(options.config)
    config, problems = read_config(path)
    problems += printer_faults(config)
    named = {problem.split(": ")[0] for problem in problems}
    problems += [one for one in missing_here(config, System()) if one.split(": ")[0] not in named]
    for problem in problems:
        print(problem, file=sys.stderr)
    for doubt in doubts_about(config):
        print(f"warning: {doubt}", file=sys.stderr)
    if problems:
        return 1
    print(f"{path}: ok")
    return 0


def _show_config(options: argparse.Namespace) -> None:
    from terminal.config.schema import show_config

    print(show_config(whole_config(options)), end="")


def _doctor(options: argparse.Namespace) -> int:
    from terminal.config.places import find_config_path
    from terminal.doctor.run import examine

    return examine(find_config_path(options.config), as_json=options.json, on_paper=options.on_paper)
