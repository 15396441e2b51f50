"""The secret key where the service gets it from: systemd's credential store. Only root can look into it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from terminal.config.secret_key import CREDENTIAL
from terminal.doctor.system import System
from terminal.sale.sensitive import Sensitive

STORES = (Path("/etc/credstore.encrypted"), Path("/etc/credstore"))
"""systemd.exec(5)."""
DECRYPT_DEADLINE_S = 20.0


def closed_store(system: System) -> Path | None:
    """A store into which this user may not look."""
    for store in STORES:
        inside = system.path(store)
        if not system.may_use(inside, os.X_OK) and inside.is_dir():
            return store
    return None


def stored_key_path(system: System) -> Path | None:
    """Where the key is, if it is seen."""
    return next((store / CREDENTIAL for store in STORES if _exists(system.path(store / CREDENTIAL))), None)


def read_stored_key(system: System) -> Sensitive:
    """Empty if there is none, or this user may not read it."""
    path = stored_key_path(system)
    if path is None:
        return Sensitive("")
    inside = system.path(path)
    try:
        if path.parent == STORES[0]:
            command = ["systemd-creds", "decrypt", f"--name={CREDENTIAL}", str(inside), "-"]
            done = subprocess.run(command, capture_output=True, timeout=DECRYPT_DEADLINE_S, check=True)
            return Sensitive(done.stdout.decode().strip())
        return Sensitive(inside.read_text("utf-8").strip())
    except (OSError, ValueError, subprocess.SubprocessError):
        return Sensitive("")


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False
