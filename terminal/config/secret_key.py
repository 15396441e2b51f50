"""Where a secret may be kept, best place first: systemd credential, environment, file of its own, config.toml."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from terminal.errors import ConfigError
from terminal.sale.sensitive import Sensitive

CREDENTIAL = "netgiro-secret-key"
VARIABLE = "NETGIRO_SECRET_KEY"
LONGEST_KEY_BYTES = 4096

MASK = "********"
"""Stands for the key wherever a configuration is shown."""


class Secret(NamedTuple):
    """The names of one secret in all its places."""

    credential: str
    variable: str
    file_key: str
    """The configuration's key that names a file of its own."""


SECRET_KEY = Secret(CREDENTIAL, VARIABLE, "netgiro.secret_key_file")
OFFICE_TOKEN = Secret("netgiro-office-token", "NETGIRO_OFFICE_TOKEN", "office.token_file")


def find_secret_key(in_config: Sensitive, key_file: str, environ: Mapping[str, str]) -> tuple[Sensitive, str]:
    """The key and where it was, in words; both empty if it is nowhere.

    Raises ConfigError if the place that counts cannot be used: a worse place never steps in for it.
    """
    found, where = find_secret(SECRET_KEY, key_file, environ)
    if found:
        return found, where
    if in_config.reveal() == MASK:
        raise ConfigError([f"netgiro.secret_key: {MASK} is how show-config hides the key; put in the key itself"])
    return in_config, "netgiro.secret_key in the configuration file" if in_config else ""


def find_secret(secret: Secret, file: str, environ: Mapping[str, str]) -> tuple[Sensitive, str]:
    """The same for a secret that never stands in config.toml itself."""
    folder = environ.get("CREDENTIALS_DIRECTORY", "")
    credential = Path(folder, secret.credential)
    if folder and may_be_there(credential):
        name = f"systemd credential {secret.credential}"
        return _read(credential, name), f"the {name}"
    if from_environment := environ.get(secret.variable, "").strip():
        return Sensitive(from_environment), f"the environment variable {secret.variable}"
    if file:
        return _read_private(Path(file), secret.file_key), f"the file {file}"
    return Sensitive(""), ""


def _read_private(path: Path, key: str) -> Sensitive:
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise ConfigError([f"{key}: cannot read {path}: {_why(error)}"]) from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigError([f"{key}: others on this machine may use {path}; run: chmod 600 {path}"])
    return _read(path, key)


def _read(path: Path, key: str) -> Sensitive:
    try:
        with path.open("rb") as file:
            data = file.read(LONGEST_KEY_BYTES + 1)
        text = data.decode("utf-8-sig").strip()
    except OSError as error:
        raise ConfigError([f"{key}: cannot read {path}: {_why(error)}"]) from error
    except UnicodeDecodeError as error:
        raise ConfigError([f"{key}: {path} is not UTF-8 text; it must hold the key and nothing else"]) from error
    if not text or len(data) > LONGEST_KEY_BYTES or len(text.split()) > 1:
        raise ConfigError([f"{key}: {path} must hold the key on one line and nothing else"])
    return Sensitive(text)


def may_be_there(path: Path) -> bool:
    """False only if it is known not to be there: what this user may not look at must not be passed over."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def _why(error: OSError) -> str:
    return os.strerror(error.errno).lower() if error.errno else type(error).__name__
