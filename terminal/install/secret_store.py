"""Puts the secret key where only the service gets it: systemd's credential store, encrypted if this machine can.

The key comes from a terminal or a pipe and goes on through pipes and files that only root may read; it is never an
argument, because arguments stand in ``ps``. systemd-creds(1) encrypts with the machine's own key, and with a TPM if
there is one; the unit's drop-in then says that the credential is an encrypted one.
"""

from __future__ import annotations

import contextlib
import getpass
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from terminal.config.secret_key import CREDENTIAL, LONGEST_KEY_BYTES, MASK
from terminal.errors import TerminalError
from terminal.sale.sensitive import Sensitive
from terminal.system.files import write_whole

UNIT = "netgiro-terminal.service"
PLAIN = f"etc/credstore/{CREDENTIAL}"
ENCRYPTED = f"etc/credstore.encrypted/{CREDENTIAL}"
DROP_IN = f"etc/systemd/system/{UNIT}.d/secret-key.conf"
DROP_IN_TEXT = f"# Written by: netgiro-terminal secret set\n[Service]\nLoadCredentialEncrypted={CREDENTIAL}\n"
COMMAND_DEADLINE_S = 60


class Stored(NamedTuple):
    """Where the key is now."""

    path: Path
    encrypted: bool


def read_secret() -> Sensitive:
    """From the keyboard, unseen, or from a pipe. Raises TerminalError if it is not one word of text."""
    if sys.stdin.isatty():
        text = getpass.getpass("Secret key (it is not shown): ")
    else:
        try:
            text = sys.stdin.buffer.read(LONGEST_KEY_BYTES + 1).decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise TerminalError("the secret key must be text") from error
    return check_secret(text)


def check_secret(text: str) -> Sensitive:
    """The key without what surrounds it. Raises TerminalError if it cannot be one."""
    text = text.strip()
    if not text:
        raise TerminalError("no secret key was given; nothing is changed")
    if len(text.split()) > 1 or len(text.encode()) > LONGEST_KEY_BYTES or not text.isprintable():
        raise TerminalError("the secret key must be one word, as Netgíró gave it; nothing is changed")
    if text == MASK:
        raise TerminalError(f"{MASK} is how show-config hides the key; give the key itself")
    return Sensitive(text)


def store_secret(
    secret: Sensitive, root: Path = Path("/"), encrypt: Callable[[Sensitive], bytes | None] | None = None
) -> Stored:
    """Keep the key for the service, in place of any other. Raises TerminalError if that cannot be."""
    encrypted = (encrypt or encrypt_credential)(secret)
    try:
        if encrypted is None:
            path = _write(root / PLAIN, secret.reveal().encode())
            _remove(root, ENCRYPTED, DROP_IN)
        else:
            path = _write(root / ENCRYPTED, encrypted)
            _write(root / DROP_IN, DROP_IN_TEXT.encode(), mode=0o644, folder_mode=0o755)
            _remove(root, PLAIN)
    except PermissionError as error:
        raise TerminalError("only root may change the secret key: sudo netgiro-terminal secret set") from error
    except OSError as error:
        raise TerminalError(f"the secret key cannot be kept: {error}") from error
    return Stored(path, encrypted is not None)


def remove_secret(root: Path = Path("/")) -> list[Path]:
    """Take the key away; returns where it was. Raises TerminalError if this user may not."""
    try:
        return _remove(root, PLAIN, ENCRYPTED, DROP_IN)
    except OSError as error:
        raise TerminalError(f"the secret key cannot be removed: {error}; try with sudo") from error


def encrypt_credential(secret: Sensitive) -> bytes | None:
    """As systemd-creds does it; None if this machine has it not or it has no key to work with."""
    if shutil.which("systemd-creds") is None:
        return None
    try:
        done = subprocess.run(
            ["systemd-creds", "encrypt", f"--name={CREDENTIAL}", "-", "-"],
            input=secret.reveal().encode(),
            capture_output=True,
            timeout=COMMAND_DEADLINE_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 and done.stdout else None


def reload_units() -> None:
    """Let systemd know of the drop-in; it may not run, as in a chroot."""
    if Path("/run/systemd/system").is_dir():
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            subprocess.run(["systemctl", "daemon-reload"], timeout=COMMAND_DEADLINE_S, check=False)


def _write(path: Path, data: bytes, *, mode: int = 0o600, folder_mode: int = 0o700) -> Path:
    if not path.parent.is_dir():
        path.parent.mkdir(parents=True, mode=folder_mode)
    write_whole(path, data, mode=mode)
    return path


def _remove(root: Path, *names: str) -> list[Path]:
    removed = []
    for name in names:
        with contextlib.suppress(FileNotFoundError):
            (root / name).unlink()
            removed.append(root / name)
    return removed
