"""Device files: there, ours to use, and not somebody else's."""

from __future__ import annotations

import os
import stat
import termios
from pathlib import Path

from terminal.doctor.system import Finding, System, failed, ok, warning


def check_serial(port: str, system: System, group: str) -> Finding:
    """A serial port of this path: it is there, is a serial line, may be used, and nobody else holds it."""
    finding = check_node(port, system, os.R_OK | os.W_OK, group)
    if finding.advice:
        return failed(finding.found, finding.advice + seen_ports(system))
    path = system.path(port)
    if (holder := _lock_holder(path, system)) == os.getpid():
        return ok(f"{port} is in use by this terminal")
    if holder and _is_terminal(holder, system):
        return ok(f"{port} is in use by the terminal, process {holder}")
    if holder:
        return warning(
            f"{port} is in use by process {holder}",
            f"stop it: the terminal needs the port for itself; see: ps {holder}",
        )
    try:
        fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        return failed(
            f"{port} does not open: {os.strerror(error.errno or 0).lower()}", f"see who uses it: fuser -v {port}"
        )
    try:
        termios.tcgetattr(fd)
    except termios.error:
        return failed(f"{port} is no serial line", "name the port of the adapter" + seen_ports(system))
    finally:
        os.close(fd)
    return ok(f"{port} opens and is free")


def check_node(device: str, system: System, access: int, group: str) -> Finding:
    """A device file that is there and ours to use."""
    path = system.path(device)
    try:
        mode = path.stat().st_mode
    except OSError as error:
        reason = "does not exist" if isinstance(error, FileNotFoundError) else os.strerror(error.errno or 0).lower()
        return failed(f"{device} {reason}", "plug it in and compare the name with: ls -l /dev")
    if stat.S_ISDIR(mode):
        return failed(f"{device} is a folder", "name the device in it")
    if not system.may_use(path, access):
        return failed(f"{device}: no permission", join_group(group))
    return ok(f"{device} is there")


def _is_terminal(pid: int, system: System) -> bool:
    words = system.read(f"/proc/{pid}/cmdline").split("\0")
    return "run" in words and any(word == "terminal" or word.endswith("/netgiro-terminal") for word in words)


def _lock_holder(path: Path, system: System) -> int | None:
    """The process that has locked the file, as pyserial does. Read, not tried, so that nobody is disturbed."""
    status = path.stat()
    ours = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
    for line in system.read("/proc/locks").splitlines():
        words = line.split()
        if len(words) > 5 and words[1] == "FLOCK" and words[5] == ours and words[4].isdigit():
            return int(words[4])
    return None


def seen_ports(system: System) -> str:
    """By serial number; by socket those that have none, or the same as another."""
    names: dict[Path, str] = {}
    for folder in ("by-id", "by-path"):
        for port in sorted(system.path(f"/dev/serial/{folder}").glob("*")):
            names.setdefault(port.resolve(), f"/{port.relative_to(system.root)}")
    return "; plugged in now: " + ", ".join(list(names.values())[:4]) if names else ""


def join_group(group: str) -> str:
    return f"add the terminal's user to the group: sudo usermod -aG {group} USER, then restart the service"
