"""Configuration files of a test's own."""

from __future__ import annotations

from pathlib import Path

from terminal.config.schema import (
    read_config,
)

SECRET = "aGVtbGlnaGVtbGlnaGVtbGln"


def problems_of(tmp_path: Path, text: str, **environ: str) -> list[str]:
    return read_config(written(tmp_path, text), environ)[1]


def written(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "config.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path
