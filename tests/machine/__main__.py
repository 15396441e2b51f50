"""``python -m tests.machine [--arch aarch64]``: the short form where this machine can do it, else a line that says
what is missing."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

from tests.machine import aarch64
from tests.machine.conftest import AARCH64, ASKED_FOR, ROOTS, SHORT, SUITE
from tests.machine.image import missing


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.machine")
    parser.add_argument("--arch", choices=("x86-64", AARCH64), default="x86-64")
    is_foreign = parser.parse_args().arch == AARCH64
    if lacks := aarch64.missing(SUITE) if is_foreign else missing(SUITE, ROOTS):
        print(f"tests/machine: not run here, it needs {', '.join(lacks)}")
        return 0
    started_s = time.monotonic()
    command = [sys.executable, "-m", "pytest", "-x", str(Path(__file__).parent)]
    form = os.environ | {ASKED_FOR: AARCH64 if is_foreign else SHORT}
    exit_code = subprocess.run(command, env=form, check=False).returncode
    print(f"tests/machine: {time.monotonic() - started_s:.0f} s")
    return exit_code


if __name__ == "__main__":
    sys.exit(main())
