"""An installed terminal as systemd/install.sh lays it out: two slots, the link that names one, and the service.

What an upgrade does to the machine is behind :class:`Machine`, so that its order of steps can be tested without one.
"""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from terminal.errors import TerminalError
from terminal.install.release import Release
from terminal.system.ask import ask_daemon
from terminal.system.files import sync_folder

OPT = Path("/opt/netgiro-terminal")
UNIT = "netgiro-terminal.service"
INSTALL_DEADLINE_S = 1800.0
"""A Pi Zero unpacks and compiles for a while."""
COMMAND_DEADLINE_S = 120.0


class Slots:
    """The two folders and the link that names the one in use."""

    def __init__(self, opt: Path = OPT) -> None:
        self.opt = opt

    @property
    def current(self) -> str:
        """Raises TerminalError if this is no installation with slots."""
        try:
            name = os.readlink(self.opt / "current")
        except OSError as error:
            raise TerminalError(f"{self.opt} holds no installed terminal; install one: sudo make install") from error
        if name not in ("a", "b"):
            raise TerminalError(f"{self.opt}/current names {name}, not a or b; install the terminal again")
        return name

    @property
    def spare(self) -> str:
        return "b" if self.current == "a" else "a"

    def folder(self, slot: str) -> Path:
        return self.opt / slot

    def switch(self, slot: str) -> None:
        """One rename, on disk when this returns: a power cut finds the old slot or the new one."""
        fresh = self.opt / "current.new"
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(slot)
        fresh.rename(self.opt / "current")
        sync_folder(self.opt)


class Machine(Protocol):
    """What an upgrade does to the machine."""

    def install(self, release: Release, slot: Path) -> None:
        """Raises TerminalError if it cannot be installed."""

    def version(self, slot: Path) -> str: ...

    def check_config(self, slot: Path) -> None:
        """Raises TerminalError with what that version has against the configuration."""

    def put_files(self, slot: Path) -> None:
        """Unit, rules and folders as that version wants them."""

    def failed_checks(self, slot: Path) -> set[str]:
        """What that version's doctor calls failed."""

    def power_trouble(self) -> str:
        """Why the machine is not fit for hard work now; empty if it is."""

    def is_running(self) -> bool: ...

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def ask(self, command: str) -> dict[str, Any]:
        """The daemon's answer; raises TerminalError, or NotRunning."""


@dataclass(frozen=True)
class SystemdMachine:
    """The machine itself."""

    config: Path
    control: Path

    def install(self, release: Release, slot: Path) -> None:
        """Install this release into that slot, at most INSTALL_DEADLINE_S. Raises TerminalError."""
        script = release.folder / "systemd/install.sh"
        self._run("sh", str(script), "slot", str(slot), deadline_s=INSTALL_DEADLINE_S)

    def version(self, slot: Path) -> str:
        return self._run(str(slot / "bin/netgiro-terminal"), "--version").split()[-1]

    def check_config(self, slot: Path) -> None:
        self._run(str(slot / "bin/netgiro-terminal"), "show-config", "--config", str(self.config))

    def put_files(self, slot: Path) -> None:
        self._run("sh", str(slot / "share/netgiro-terminal/install.sh"), "files")

    def failed_checks(self, slot: Path) -> set[str]:
        """Names of the checks that the doctor of that slot's version reports as failed. Raises TerminalError."""
        program = str(slot / "bin/netgiro-terminal")
        done = _run(program, "doctor", "--json", "--config", str(self.config), deadline_s=COMMAND_DEADLINE_S)
        try:
            return {check["name"] for check in json.loads(done.stdout) if check["status"] == "failed"}
        except (ValueError, KeyError, TypeError) as error:
            raise TerminalError(f"the doctor of {slot} gives no report: {done.stderr.strip()[-300:]}") from error

    def power_trouble(self) -> str:
        from terminal.doctor.machine import power_trouble_now  # noqa: PLC0415  for an upgrade only
        from terminal.doctor.system import System  # noqa: PLC0415

        return power_trouble_now(System())

    def is_running(self) -> bool:
        return _run("systemctl", "is-active", "--quiet", UNIT, deadline_s=COMMAND_DEADLINE_S).returncode == 0

    def start(self) -> None:
        """Without waiting for it: whether it is well is asked of itself."""
        self._run("systemctl", "start", "--no-block", UNIT)

    def stop(self) -> None:
        self._run("systemctl", "stop", UNIT)

    def ask(self, command: str) -> dict[str, Any]:
        return ask_daemon(self.control, command)

    def _run(self, *command: str, deadline_s: float = COMMAND_DEADLINE_S) -> str:
        done = _run(*command, deadline_s=deadline_s)
        if done.returncode != 0:
            raise TerminalError(f"{' '.join(command)}: {(done.stderr or done.stdout).strip()[-500:]}")
        return done.stdout


def _run(*command: str, deadline_s: float) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=deadline_s, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise TerminalError(f"{command[0]}: {error}") from error
