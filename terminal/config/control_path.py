"""Where the daemon's control socket is."""

from __future__ import annotations

from pathlib import Path

from terminal.config.places import CONFIG_PATHS
from terminal.config.schema import Config, read_journal_path

RUNTIME_SOCKET = Path("/run/netgiro-terminal/control.sock")
"""In the unit's RuntimeDirectory=."""


def control_path(config: Config) -> Path:
    """Where the daemon with this configuration listens: installed, in its runtime folder; else beside its journal."""
    return _socket(config.path, config.journal.path)


def find_control_path(config_path: Path) -> Path:
    """The same for whoever only asks: of an installed terminal nothing is read, of another one ``journal.path``.

    Raises ConfigError if that cannot be read.
    """
    is_installed = config_path == CONFIG_PATHS[0]
    return _socket(config_path, "" if is_installed else str(read_journal_path(config_path)))


def _socket(config_path: Path | None, journal_path: str) -> Path:
    return RUNTIME_SOCKET if config_path == CONFIG_PATHS[0] else Path(f"{journal_path}.control")
