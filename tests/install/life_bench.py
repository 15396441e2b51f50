"""What an operator and a cashier do at a clean machine: plug in, press, pay, bundle, sign."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
from pathlib import Path

import httpx

from tests.install.clean_machine import CleanMachine
from tests.integration.counter import free_port
from tests.integration.netgiro import QUICK_PHONE
from tests.integration.register import Register

CHECKOUT = Path(__file__).parents[2]
PANEL = f"127.0.0.1:{free_port()}"
PARTS = ("pyproject.toml", "README.md", "LICENSE", "config.toml", "terminal", "hardware", "systemd")
COMMAND = "netgiro-terminal"


class WireRegister(Register):
    """The register at the end of the machine's wire."""

    def __init__(self, machine: CleanMachine) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(machine.root / "run-register"))
        super().__init__(self._socket.fileno())

    def close(self) -> None:
        self._socket.close()


def plug_in(machine: CleanMachine) -> WireRegister:
    return WireRegister(machine)


def press(keys: str) -> None:
    httpx.post(f"http://{PANEL}/api/keypad", json={"keys": keys}, trust_env=False).raise_for_status()


def state() -> str:
    return str(httpx.get(f"http://{PANEL}/api/state", trust_env=False).json()["state"])


def pay(machine: CleanMachine, register_id: str) -> str:
    """A whole sale; what the register is told in the end."""
    register = plug_in(machine)
    try:
        register.ask(f"PAY 1990 ID={register_id}", f"WAIT ID={register_id}")
        press(f"{QUICK_PHONE}#")
        return register.result(register_id)
    finally:
        register.close()


def make_bundle(machine: CleanMachine, version: str, **changed: str) -> Path:
    """A release of this checkout under another number; ``changed`` replaces whole files by their path."""
    source = machine.root / "root/source"
    shutil.rmtree(source, ignore_errors=True)
    source.mkdir(parents=True)
    for part in PARTS:
        if (CHECKOUT / part).is_dir():
            shutil.copytree(CHECKOUT / part, source / part, ignore=shutil.ignore_patterns("__pycache__"))
        elif (CHECKOUT / part).exists():
            shutil.copy(CHECKOUT / part, source / part)
    init = source / "terminal/__init__.py"
    own = next(line for line in init.read_text("utf-8").splitlines() if line.startswith("__version__"))
    init.write_text(init.read_text("utf-8").replace(own, f'__version__ = "{version}"'), "utf-8")
    for path, text in changed.items():
        (source / path).write_text(text, "utf-8")
    said = machine.run_offline("sh", "/root/source/systemd/bundle.sh", "/root/bundles")
    made = re.search(r"(?m)^/(root/bundles/\S+\.tar\.gz)$", said)
    assert made is not None, said
    return machine.root / made[1]


def status(machine: CleanMachine) -> dict[str, object]:
    answer: dict[str, object] = json.loads(machine.run(COMMAND, "status", "--json"))
    return answer


def sign(archive: Path, machine: CleanMachine) -> None:
    """By a publisher whose key the administrator trusts."""
    key = archive.parent / "publisher"
    if not key.exists():
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", key], check=True)
        public = key.with_suffix(".pub").read_text().strip()
        with (machine.root / "etc/netgiro-terminal/release-keys").open("a") as keys:
            keys.write(f'release@example.is namespaces="netgiro-terminal-release" {public}\n')
    subprocess.run(
        ["ssh-keygen", "-q", "-Y", "sign", "-f", key, "-n", "netgiro-terminal-release", archive],
        check=True,
        stderr=subprocess.DEVNULL,
    )
