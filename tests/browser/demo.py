"""The whole product on a free port, as ``netgiro-terminal demo`` starts it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.integration.process import Process

CONFIG = """
[terminal]
language = "{language}"
[receipt]
language = "{language}"
[shop]
name = "Kaffihúsið við höfnina"
kennitala = "550101-2340"
"""


@contextmanager
def demo(folder: Path, language: str = "en") -> Iterator[str]:
    """Gives the panel's address; everything ends with the block."""
    config = folder / "config.toml"
    config.write_text(CONFIG.format(language=language), encoding="utf-8")
    process = Process(
        *("demo", "--port", "0", "--headless", "--state", str(folder), "--config", str(config)),
        log_path=folder / "terminal.log",
    )
    try:
        yield process.wait_for_output(r"Front panel +(http://127\.0\.0\.1:\d+)/\n(?s:.*)\nCustomers ")[1]
    finally:
        process.stop()
