"""Where the daemon's control socket is."""

from __future__ import annotations

from pathlib import Path

from terminal.config.schema import CONFIG_PATHS, Config

RUNTIME_SOCKET = Path("/run/netgiro-terminal/control.sock")
"""In the unit's RuntimeDirectory=."""


def control_path(config: Config) -> Path:
    """Where the daemon with this configuration listens: installed, in its runtime folder; else beside its journal."""
    return RUNTIME_SOCKET if config.path == CONFIG_PATHS[0] else Path(f"{config.journal.path}.control")
