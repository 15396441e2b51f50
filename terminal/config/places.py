"""Which configuration file is read."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from terminal.config.secret_key import may_be_there
from terminal.errors import ConfigError

CONFIG_VARIABLE = "NETGIRO_TERMINAL_CONFIG"
CONFIG_PATHS = (Path("/etc/netgiro-terminal/config.toml"), Path("config.toml"))


def find_config_path(given: str | Path | None, environ: Mapping[str, str] = os.environ) -> Path:
    """The file to read: as given, or $NETGIRO_TERMINAL_CONFIG, or the first of CONFIG_PATHS that exists.

    Raises ConfigError if there is none.
    """
    if chosen := given or environ.get(CONFIG_VARIABLE):
        return Path(chosen)
    for path in CONFIG_PATHS:
        if may_be_there(path):
            return path
    places = " or ".join(str(path) for path in CONFIG_PATHS)
    raise ConfigError([f"no configuration: name a file with --config or {CONFIG_VARIABLE}, or put one at {places}"])
