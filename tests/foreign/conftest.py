"""Where foreign programs are: what cannot be installed here is skipped, but where CI=true it must be there."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.patience import at_most

FOLDER = Path(__file__).parent
collect_ignore = ["checkouts"]
PYTHON = FOLDER / ".venv" / "bin" / "python"


def not_there(what: str) -> None:
    """Ends the test that needs it."""
    sentence = f"{what}: make test-all installs it, which needs the network"
    if os.environ.get("CI") == "true":
        pytest.fail(sentence)
    pytest.skip(sentence)


def foreign_register(*words: str) -> str:
    """The last line that one of registers.py says."""
    if not (FOLDER / ".venv" / ".ready").is_file():
        not_there("the drivers of tests/foreign/requirements.lock are not installed")
    command = [str(PYTHON), str(FOLDER / "registers.py"), *words]
    run = subprocess.run(command, capture_output=True, text=True, timeout=at_most(60), check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout.splitlines()[-1]
