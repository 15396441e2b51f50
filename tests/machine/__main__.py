"""``python -m tests.machine``: the short form where this machine can do it, else a line that says what is missing."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from tests.machine.conftest import ASKED_FOR, ROOTS, SHORT, SUITE
from tests.machine.image import missing


def main() -> int:
    if lacks := missing(SUITE, ROOTS):
        print(f"tests/machine: not run here, it needs {', '.join(lacks)}")
        return 0
    started_s = time.monotonic()
    command = [sys.executable, "-m", "pytest", "-x", str(Path(__file__).parent)]
    exit_code = subprocess.run(command, env=os.environ | {ASKED_FOR: SHORT}, check=False).returncode
    print(f"tests/machine: {time.monotonic() - started_s:.0f} s")
    return exit_code


if __name__ == "__main__":
    sys.exit(main())
