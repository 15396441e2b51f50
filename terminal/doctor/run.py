"""``netgiro-terminal doctor``: is everything there that a sale needs, and if not, what to do.

A check is a function of the configuration and the machine and returns one finding. All run at once, each in a thread of
its own and within one deadline, because a dead bus or a silent network must not hold up the rest.
"""

from __future__ import annotations

import contextlib
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

import msgspec

from terminal.config.schema import Config, read_config
from terminal.doctor import devices, link, machine, printer, register, service, settings
from terminal.doctor.system import Finding, Grade, System, failed, warning

DEADLINE_S = 30.0


class Check(NamedTuple):
    """Something to look at. ``section`` of the configuration says how; a check is not tried while that is broken."""

    name: str
    section: str | None
    run: Callable[[Config, System], Finding]


CHECKS = (
    Check("version", None, settings.check_version),
    Check("user", None, settings.check_user),
    Check("configuration", None, settings.check_configuration),
    Check("secret key", "netgiro", settings.check_secret_key),
    Check("disk", "journal", machine.check_disk),
    Check("disk wear", None, machine.check_wear),
    Check("journal", "journal", machine.check_journal),
    Check("clock", None, machine.check_clock),
    Check("power", None, machine.check_power),
    Check("register port", "register", devices.check_register_port),
    Check("register", "register", register.check_register),
    Check("register programs", "http", register.check_programs),
    Check("login console", "register", devices.check_login_console),
    Check("keypad", "keypad", devices.check_keypad),
    Check("scanner", "scanner", devices.check_scanner),
    Check("display", "display", devices.check_display),
    Check("lamp and buzzer", "signals", devices.check_signals),
    Check("printer", "printer", printer.check_printer),
    Check("network link", None, link.check_link),
    Check("network", "netgiro", service.check_network),
    Check("credentials", "netgiro", service.check_credentials),
    Check("look-up", "netgiro", service.check_look_up),
)


class Result(msgspec.Struct, frozen=True):
    """One line of the report."""

    name: str
    status: Grade
    found: str
    advice: str
    """What to do; empty only if there is nothing to do."""


_Done: TypeAlias = "queue.SimpleQueue[tuple[str, Finding]]"


def examine(path: Path, *, as_json: bool = False, on_paper: bool = False) -> int:
    """Check the machine against a configuration file and print the report; returns the command's exit status.

    A broken file is one of the findings. Raises TerminalError if the report is wanted on paper and cannot be had there.
    """
    config, problems = read_config(path)
    results = run_doctor(config, problems)
    print(report_json(results) if as_json else "\n".join(report_lines(results)))
    if on_paper:
        from terminal.doctor.by_hand import print_doctor  # noqa: PLC0415  only where it is wanted

        print(print_doctor(config, results), file=sys.stderr)
    return 1 if any(result.status is Grade.FAILED for result in results) else 0


def run_doctor(
    config: Config,
    problems: Sequence[str] = (),
    *,
    system: System | None = None,
    checks: Sequence[Check] = CHECKS,
    deadline_s: float = DEADLINE_S,
) -> list[Result]:
    """Every check's result, in the order of ``checks``; ``config`` and ``problems`` are what read_config() returned.

    Blocks for ``deadline_s`` at most. Never raises for what a check finds or fails at.
    """
    findings: dict[str, Finding] = {}
    if problems:
        findings["configuration"] = failed("; ".join(problems), f"edit {config.path}")
    for check in checks:
        if _is_broken(check.section, config, problems):
            findings[check.name] = warning("not tried", f"mend [{check.section}] in the configuration first")
    waiting = [check for check in checks if check.name not in findings]
    findings |= _run_all(waiting, config, system or System(), deadline_s)
    late = failed(f"no answer within {deadline_s:g} s", "something below it hangs: unplug the device, or see dmesg")
    return [_result(check.name, findings.get(check.name, late)) for check in checks]


def _is_broken(section: str | None, config: Config, problems: Sequence[str]) -> bool:
    prefixes = (f"{section}.", f"{section}:", f"{config.path}:")  # the last: the file could not be read at all
    return section is not None and any(problem.startswith(prefixes) for problem in problems)


def _run_all(checks: Sequence[Check], config: Config, system: System, deadline_s: float) -> dict[str, Finding]:
    end_s = time.monotonic() + deadline_s
    done: _Done = queue.SimpleQueue()
    for check in checks:
        threading.Thread(target=_run, args=(done, check, config, system), name=check.name, daemon=True).start()
    findings: dict[str, Finding] = {}
    with contextlib.suppress(queue.Empty):
        while len(findings) < len(checks):
            name, finding = done.get(timeout=max(0.0, end_s - time.monotonic()))
            findings[name] = finding
    return findings


def _run(done: _Done, check: Check, config: Config, system: System) -> None:
    try:
        finding = check.run(config, system)
    except Exception as error:  # one broken check must not hide what the others found
        finding = failed(f"the check itself failed: {type(error).__name__}: {error}", "please report this")
    done.put((check.name, finding))


def _result(name: str, finding: Finding) -> Result:
    return Result(name, finding.status, finding.found, finding.advice)


def report_lines(results: Iterable[Result]) -> list[str]:
    """A line each: status, name, what was found, what to do."""
    return [
        f"{result.status:<8} {result.name}: {result.found}" + (f" -> {result.advice}" if result.advice else "")
        for result in results
    ]


def report_json(results: Iterable[Result]) -> str:
    """A JSON list of ``{"name", "status", "found", "advice"}``, an object a line."""
    return "[\n" + ",\n".join(msgspec.json.encode(result).decode() for result in results) + "\n]"
