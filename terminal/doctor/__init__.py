"""``netgiro-terminal doctor``: is everything there that a sale needs, and if not, what to do.

A check is a function of the configuration and the machine and returns one finding. All run at once, each in a thread of
its own and within one deadline, because a dead bus or a silent network must not hold up the rest.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from terminal.config import Config, read_config
from terminal.doctor import devices, machine, service, settings
from terminal.doctor.system import Finding, Status, System, failed

__all__ = ["CHECKS", "Check", "Status", "System", "examine", "report_json", "report_lines", "run_doctor"]

DEADLINE_S = 30.0

CheckFunction = Callable[[Config, System], Finding]

CHECKS: Mapping[str, CheckFunction] = {
    "user": settings.check_user,
    "configuration": settings.check_configuration,
    "secret key": settings.check_secret_key,
    "disk": machine.check_disk,
    "journal": machine.check_journal,
    "clock": machine.check_clock,
    "power": machine.check_power,
    "register port": devices.check_register_port,
    "login console": devices.check_login_console,
    "keypad": devices.check_keypad,
    "display": devices.check_display,
    "printer": devices.check_printer,
    "network": service.check_network,
    "credentials": service.check_credentials,
}


class Check(msgspec.Struct, frozen=True):
    """One line of the report."""

    name: str
    status: Status
    found: str
    advice: str
    """What to do; empty only if there is nothing to do."""


def run_doctor(
    config: Config,
    problems: Sequence[str] = (),
    *,
    system: System | None = None,
    checks: Mapping[str, CheckFunction] = CHECKS,
    deadline_s: float = DEADLINE_S,
) -> list[Check]:
    """Every check's result, in the order of ``checks``; ``problems`` are those that read_config() told.

    Blocks for ``deadline_s`` at most. Never raises for what a check finds or fails at.
    """
    system = system or System()
    done: queue.SimpleQueue[tuple[str, Finding]] = queue.SimpleQueue()
    for name, check in checks.items():
        threading.Thread(target=_run, args=(done, name, check, config, system), name=name, daemon=True).start()
    findings = _collect(done, len(checks), deadline_s)
    late = failed(f"no answer within {deadline_s:g} s", "something below it hangs: unplug the device, or see dmesg")
    if problems:
        advice = f"edit {config.path}; the other checks use the default for each of these keys"
        findings["configuration"] = failed("; ".join(problems), advice)
    return [
        Check(name, finding.status, finding.found, finding.advice)
        for name in checks
        for finding in [findings.get(name, late)]
    ]


def _run(
    done: queue.SimpleQueue[tuple[str, Finding]], name: str, check: CheckFunction, config: Config, system: System
) -> None:
    try:
        finding = check(config, system)
    except Exception as error:  # one broken check must not hide what the others found
        finding = failed(f"the check itself failed: {type(error).__name__}: {error}", "please report this")
    done.put((name, finding))


def _collect(done: queue.SimpleQueue[tuple[str, Finding]], count: int, deadline_s: float) -> dict[str, Finding]:
    end_s = time.monotonic() + deadline_s
    findings: dict[str, Finding] = {}
    try:
        while len(findings) < count:
            name, finding = done.get(timeout=max(0.0, end_s - time.monotonic()))
            findings[name] = finding
    except queue.Empty:
        pass
    return findings


def examine(path: Path, *, as_json: bool = False) -> int:
    """Check the machine against a configuration file, print the report; the command's exit status.

    A broken file is one of the findings.
    """
    checks = run_doctor(*read_config(path))
    print(report_json(checks) if as_json else "\n".join(report_lines(checks)))
    return 1 if has_failed(checks) else 0


def has_failed(checks: Iterable[Check]) -> bool:
    """Whether the terminal cannot do its work."""
    return any(check.status is Status.FAILED for check in checks)


def report_lines(checks: Iterable[Check]) -> list[str]:
    """A line each: status, name, what was found, what to do."""
    return [
        f"{check.status:<8} {check.name}: {check.found}" + (f" -> {check.advice}" if check.advice else "")
        for check in checks
    ]


def report_json(checks: Iterable[Check]) -> str:
    """A JSON list of ``{"name", "status", "found", "advice"}``, an object a line."""
    return "[\n" + ",\n".join(msgspec.json.encode(check).decode() for check in checks) + "\n]"
