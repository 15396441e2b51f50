"""``netgiro-terminal fault``, ``scenario`` and ``panel-password``: the front panel without a browser."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from terminal.errors import TerminalError

if TYPE_CHECKING:
    from terminal.demo.scenario import Scenario

# Every command imports what it needs itself, so that none waits for what another one needs.
# ruff: noqa: PLC0415

PANEL_VARIABLE = "NETGIRO_TERMINAL_PANEL"
DEFAULT_PANEL = "http://127.0.0.1:8023"
LONGEST_SCENARIO_S = 900.0


def add_panel_commands(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser
) -> None:
    fault = commands.add_parser("fault", parents=[common], help="switch on a fault at a running demo")
    fault.add_argument(
        "name", nargs="?", metavar="NAME", help="the fault; without it: list all faults, and the active ones"
    )
    fault.add_argument(
        "--panel",
        metavar="URL",
        default=os.environ.get(PANEL_VARIABLE, DEFAULT_PANEL),
        help=f"the demo's address; default: {DEFAULT_PANEL}, or the variable {PANEL_VARIABLE}",
    )
    fault.add_argument("--off", action="store_true", help="switch it off; without NAME: switch all off")
    fault.add_argument("--call", help="only this call: InsertCart, CheckCart, ConfirmCart, CancelCart, any")
    fault.add_argument("--times", type=int, help="the number of calls")
    fault.add_argument("--seconds", type=float, help="the delay")
    fault.add_argument("--code", type=int, help="for server-result-code: the ResultCode")
    fault.add_argument("--key", help="for keypad-stuck: the key")
    fault.set_defaults(command=_fault)

    scenario = commands.add_parser(
        "scenario", parents=[common], help="play a scenario, on a demo of its own or on a running one"
    )
    scenario.add_argument(
        "scenario", nargs="?", metavar="FILE|NAME", help="the scenario; without it: list the included ones"
    )
    scenario.add_argument("--panel", metavar="URL", help="play it at this demo, where you can watch it")
    scenario.add_argument(
        "--pace", type=float, default=0.0, metavar="SECONDS", help="pause after each step; default: none"
    )
    scenario.set_defaults(command=_scenario)

    password = commands.add_parser(
        "panel-password", parents=[common], help="ask for a password, and print the value of panel.password_hash"
    )
    password.set_defaults(command=_password)


def _fault(options: argparse.Namespace) -> None:
    if options.name is None:
        answer = _ask(options.panel, "DELETE" if options.off else "GET", "/api/faults")
        for fault in answer["faults"]:
            print(f"{'on ' if fault['on'] else '   '} {fault['name']:<28} {fault['title']['en']}")
        return
    given = {name: getattr(options, name) for name in ("call", "times", "seconds", "code", "key")}
    request = {"fault": options.name, "on": not options.off} | {k: v for k, v in given.items() if v is not None}
    _ask(options.panel, "PUT", "/api/faults", request)


def _scenario(options: argparse.Namespace) -> None:
    from terminal.demo.lab import library

    shipped = library()
    if options.scenario is None:
        for name, scenario in shipped.items():
            print(f"{name:<26} {scenario.about.english}")
        return
    name, chosen = _chosen(options.scenario, shipped)
    if options.panel:
        from terminal.demo.scenario import write_scenario

        play = {"toml": write_scenario(chosen), "pace_s": options.pace}
        _ask(options.panel, "POST", "/api/scenarios/play?wait=1", play)
    else:
        asyncio.run(_play_here(chosen, name, options))
    print(f"{name}: went well")


def _chosen(name: str, shipped: dict[str, Scenario]) -> tuple[str, Scenario]:
    from terminal.demo.scenario import MAX_BYTES, read_scenario

    if name in shipped:
        return name, shipped[name]
    path = Path(name)
    try:
        with path.open("rb") as file:
            return path.stem, read_scenario(file.read(MAX_BYTES + 1).decode())
    except OSError as error:
        raise TerminalError(f"{name}: {error.strerror}; scenario without a name lists those that ship") from error
    except ValueError as error:
        raise TerminalError(f"{name}: {error}") from error


async def _play_here(scenario: Scenario, name: str, options: argparse.Namespace) -> None:
    from terminal.config.schema import Config, load_config
    from terminal.demo.demo import running_counter
    from terminal.demo.player import Progress, ScenarioFailed
    from terminal.system.logs import setup_logging

    def say(progress: Progress) -> None:
        if progress.running:
            print(f"{progress.step:>3}/{progress.steps}  {progress.doing}", flush=True)

    setup_logging("error")
    config = load_config(options.config) if options.config else Config()
    async with running_counter(config) as (panel, _):
        panel.player.on_progress = say
        try:
            await panel.player.play(scenario, name, options.pace)
        except ScenarioFailed as failed:
            raise TerminalError(f"{name}: {failed}") from failed


def _password(_options: argparse.Namespace) -> None:
    from terminal.system.password import SHORTEST, hash_password

    if sys.stdin.isatty():
        password = getpass.getpass("New password: ")
        if getpass.getpass("Once more: ") != password:
            raise TerminalError("the two are not the same: try again")
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    if len(password) < SHORTEST:
        raise TerminalError(f"too short: use at least {SHORTEST} characters")
    print(f'[panel]\npassword_hash = "{hash_password(password)}"')


def _ask(base_url: str, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """An HTTP call to a running panel. Raises TerminalError with its reason."""
    import httpx

    try:
        answer = httpx.request(
            method, base_url.rstrip("/") + path, json=body, timeout=LONGEST_SCENARIO_S, trust_env=False
        )
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise TerminalError(
            f"no panel at {base_url} ({error}): start one with netgiro-terminal demo, or name it with --panel"
        ) from error
    if answer.is_success:
        return answer.json()
    try:
        reason = answer.json()["error"]
    except (ValueError, KeyError, TypeError):
        reason = f"HTTP {answer.status_code}"
    if answer.status_code == 404 and path.startswith(("/api/faults", "/api/scenarios/play")) and "nothing at" in reason:
        reason = f"{base_url} is not a demo: faults and scenarios are for simulated devices"
    raise TerminalError(reason)
