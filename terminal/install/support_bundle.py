"""``netgiro-terminal support-bundle``: one file for whoever helps from afar, with nothing in it that is secret.

Everything in it was written to be seen: the configuration masked, the doctor's report, the log (masked line by line as
it was written), the sales without customers. The whole is masked once more on its way into the file, and the secret key
is looked for by its own text, because a mask that knows shapes does not know a key of an unusual shape.
"""

from __future__ import annotations

import io
import json
import os
import platform
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import msgspec

from terminal import __version__
from terminal.config.control_path import control_path
from terminal.config.schema import Config, read_config, show_config
from terminal.doctor.run import report_lines, run_doctor
from terminal.errors import JournalError, TerminalError
from terminal.journal.listing import change_json
from terminal.journal.thread import JournalFile
from terminal.sale.sensitive import Sensitive
from terminal.system.ask import ask_daemon
from terminal.system.owner import as_owner_of
from terminal.system.personal import MASK, mask_personal_data

LOG_LINES = 2000
SALES = 200
COMMAND_DEADLINE_S = 30
LARGEST_PART_BYTES = 4 * 1024 * 1024


class Part(NamedTuple):
    """A file of the bundle and how its text is come by."""

    name: str
    collect: Callable[[Config, list[str]], str]


def write_bundle(config_path: Path, target: Path) -> list[str]:
    """Collect everything into a new tar.gz that only its owner may read; returns the names of its files.

    A part that cannot be had says why in its place. Raises TerminalError if the file cannot be written.
    """
    config, problems = read_config(config_path)
    try:
        fd = os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise TerminalError(f"{target}: {error.strerror}; name a new file in a folder of yours") from error
    with os.fdopen(fd, "wb") as file, tarfile.open(fileobj=file, mode="w:gz") as archive:
        for part in PARTS:
            data = masked(_collect(part, config, problems), config.netgiro.secret_key).encode()
            entry = tarfile.TarInfo(f"{target.name.removesuffix('.tar.gz')}/{part.name}")
            entry.size, entry.mtime, entry.mode = len(data), int(time.time()), 0o600
            archive.addfile(entry, io.BytesIO(data))
    return [part.name for part in PARTS]


def masked(text: str, secret: Sensitive) -> str:
    """Without the key, and without whatever looks like a customer's identifier or a key."""
    if secret:
        text = text.replace(secret.reveal(), MASK)
    return "\n".join(mask_personal_data(text).splitlines()) + "\n"


def _collect(part: Part, config: Config, problems: list[str]) -> str:
    try:
        return part.collect(config, problems)[-LARGEST_PART_BYTES:]
    except Exception as error:  # one part must not cost the others
        return f"not available: {type(error).__name__}: {error}"


def _configuration(config: Config, problems: list[str]) -> str:
    return show_config(config) + "".join(f"# problem: {problem}\n" for problem in problems)


def _doctor(config: Config, problems: list[str]) -> str:
    return "\n".join(report_lines(run_doctor(config, problems)))


def _status(config: Config, _problems: list[str]) -> str:
    return json.dumps(ask_daemon(control_path(config), "status"), indent=1)


def _journal(config: Config, _problems: list[str]) -> str:
    path = Path(config.journal.path)
    return as_owner_of(path.parent, lambda: _latest_sales(path), str)


def _latest_sales(path: Path) -> str:
    with JournalFile(path, lambda: "", read_only=True) as journal:
        try:
            journal.open()
        except JournalError as error:
            return str(error)
        latest = journal.latest_entries()
        return "\n".join(change_json(entry) for entry, _ in zip(latest, range(SALES), strict=False))


def _log(_config: Config, _problems: list[str]) -> str:
    return _output("journalctl", "--unit=netgiro-terminal", f"--lines={LOG_LINES}", "--output=short-iso", "--no-pager")


def _unit(_config: Config, _problems: list[str]) -> str:
    properties = "ActiveState,SubState,Result,NRestarts,ExecMainStatus,ActiveEnterTimestamp,MemoryPeak,DropInPaths"
    return _output("systemctl", "show", "netgiro-terminal", f"--property={properties}")


def _versions(_config: Config, _problems: list[str]) -> str:
    facts = {"netgiro-terminal": __version__, "python": sys.version.split()[0], "machine": platform.machine()}
    facts |= {"kernel": platform.release(), "system": platform.freedesktop_os_release().get("PRETTY_NAME", "")}
    facts |= {found.metadata["Name"]: found.version for found in metadata.distributions()}
    return msgspec.json.format(msgspec.json.encode(facts)).decode()


def _machine(_config: Config, _problems: list[str]) -> str:
    ports = sorted(str(path) for path in Path("/dev/serial").glob("by-*/*"))
    return "\n".join([_output("uptime"), _output("df", "-h"), _output("free", "-m"), _output("lsusb"), *ports])


def _output(*command: str) -> str:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=COMMAND_DEADLINE_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{command[0]}: {error}"
    return done.stdout + done.stderr


PARTS = (
    Part("versions.json", _versions),
    Part("config.toml", _configuration),
    Part("doctor.txt", _doctor),
    Part("status.json", _status),
    Part("journal.jsonl", _journal),
    Part("log.txt", _log),
    Part("unit.txt", _unit),
    Part("machine.txt", _machine),
)
