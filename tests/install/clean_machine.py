"""A blank Debian that boots: debootstrap's root under an overlay, with a real systemd as process 1 (systemd-nspawn).

What is written stays in the overlay, through power cuts too, and goes with it at the end.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

from tests.integration.process import wait_until
from tests.patience import at_most

PACKAGES = "systemd,systemd-sysv,udev,dbus,python3,python3-venv,openssh-client,ca-certificates,procps,strace,tmux"
MIRROR = os.environ.get("DEBIAN_MIRROR", "http://deb.debian.org/debian")
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
BOOT_DEADLINE_S = 60.0
NEEDED = ("debootstrap", "systemd-nspawn", "nsenter", "ssh-keygen")


def missing_tools() -> list[str]:
    """What this machine lacks to run one in itself."""
    return [tool for tool in NEEDED if shutil.which(tool) is None] + (["root"] if os.geteuid() else [])


def base_root(suite: str, cache: Path) -> Path:
    """A minimal Debian, fetched once."""
    root = cache / suite
    if not (root / "usr/bin/tmux").exists():  # one that was fetched before setup was walked through in it lacks that
        shutil.rmtree(root, ignore_errors=True)
        cache.mkdir(parents=True, exist_ok=True)
        part = cache / f"{suite}.part"
        shutil.rmtree(part, ignore_errors=True)
        subprocess.run(["debootstrap", "--variant=minbase", f"--include={PACKAGES}", suite, part, MIRROR], check=True)
        part.rename(root)
    return root


class CleanMachine:
    """Power on, run commands, pull the plug. ``root`` is its file system seen from outside."""

    def __init__(self, base: Path, folder: Path) -> None:
        self.root = folder / "root"
        self._nspawn: subprocess.Popen[bytes] | None = None
        self._leader = 0
        self._console = folder / "console.log"
        for name in ("root", "written", "work"):
            (folder / name).mkdir()
        layers = f"lowerdir={base},upperdir={folder / 'written'},workdir={folder / 'work'}"
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o", layers, self.root], check=True)

    def power_on(self) -> float:
        """Boot; how long it took until its services are started, in seconds."""
        started_s = time.monotonic()
        with self._console.open("ab") as console:
            self._nspawn = subprocess.Popen(
                ["systemd-nspawn", "--quiet", "--boot", "--register=no", "--keep-unit", f"--directory={self.root}"],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
            )
        self._leader = wait_until("process 1 of the machine", self._find_leader, BOOT_DEADLINE_S)
        wait_until("the machine's services", self._has_booted, BOOT_DEADLINE_S)
        return time.monotonic() - started_s

    def _find_leader(self) -> int:
        assert self._nspawn is not None
        assert self._nspawn.poll() is None, self._console.read_text(errors="replace")[-2000:]
        for child in Path(f"/proc/{self._nspawn.pid}/task/{self._nspawn.pid}/children").read_text().split():
            with contextlib.suppress(OSError):  # nspawn's first child only prepares, and goes
                facts = Path(f"/proc/{child}/status").read_text()
                if re.search(r"(?m)^NSpid:\s\d+\s1$", facts):
                    return int(child)
        return 0

    def _has_booted(self) -> bool:
        state = self.run("systemctl", "is-system-running", check=False)
        return state.strip() in ("running", "degraded")

    def pull_the_plug(self) -> None:
        """SIGKILL to process 1, and so to everything in there at once."""
        if self._nspawn is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._leader, signal.SIGKILL)
            self._nspawn.wait(BOOT_DEADLINE_S)
            self._nspawn = None

    def throw_away(self) -> None:
        self.pull_the_plug()
        subprocess.run(["umount", self.root], check=True)

    def run(self, *command: str, stdin: str = "", check: bool = True, deadline_s: float = 300.0) -> str:
        """A command of root's in the running machine; what it said, errors included."""
        enter = [
            "nsenter",
            f"--target={self._leader}",
            "--mount",
            "--uts",
            "--ipc",
            "--pid",
            "--cgroup",
            "--root",
            "--wd",
        ]
        return _run([*enter, *command], stdin=stdin, check=check, deadline_s=deadline_s)

    def run_offline(self, *command: str, deadline_s: float = 900.0) -> str:
        """A command in the machine while it is switched off, with our network: how bundles are made."""
        certificates = self.root / "root/certificates.crt"
        shutil.copyfile(CERTIFICATES, certificates)
        enter = ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--pipe", "--resolv-conf=copy-host"]
        return _run(
            [*enter, "--setenv=PIP_CERT=/root/certificates.crt", f"--directory={self.root}", *command],
            stdin="",
            check=True,
            deadline_s=deadline_s,
        )

    @property
    def main_pid(self) -> int:
        """The daemon's, as the machine itself counts."""
        return int(self.run("systemctl", "show", "--property=MainPID", "--value", "netgiro-terminal"))

    def read(self, path: str) -> str:
        return self.run("cat", path)


def _run(command: list[str], *, stdin: str, check: bool, deadline_s: float) -> str:
    environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
    done = subprocess.run(
        command,
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=at_most(deadline_s),
        check=False,
        env=environment,
    )
    assert done.returncode == 0 or not check, f"{command[-3:]} ended with {done.returncode}:\n{done.stdout[-4000:]}"
    return done.stdout
