"""What a start costs: every module that is loaded before READY is a moment in which no register is heard."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.integration.counter import SIMULATED, merged, write_config
from tests.integration.process import environment

ONLY_A_SALE_NEEDS = {"anyio", "certifi", "click", "escpos", "h11", "httpcore", "httpx", "idna", "qrcode"}
ONLY_SOME_SHOPS_NEED = {"gpiozero", "luma", "prometheus_client", "starlette", "uvicorn", "terminal.netgiro.v2"}
SELDOM_NEEDED = {"difflib", "pickle", "secrets", "terminal.doctor.run", "terminal.journal.backup", "terminal.panel"}

UNTIL_READY = """
import os, sys
from terminal.system.notify import Notifier

def tell_and_end(_self):
    print(*sys.modules, flush=True)
    os._exit(0)

Notifier.ready = tell_and_end
from terminal.commands.main import main
main(["run", "--config", sys.argv[1]])
"""


def test_until_ready_nothing_is_loaded_that_only_a_sale_needs(tmp_path: Path) -> None:
    changes = {
        "netgiro": {"base_url": "https://127.0.0.1:9/v1", "application_id": "x", "secret_key": "x"},
        "register": {"port": "/dev/serial/by-id/none"},
        "journal": {"path": str(tmp_path / "journal.db")},
    }
    write_config(tmp_path / "config.toml", merged(SIMULATED, changes))
    done = subprocess.run(
        [sys.executable, "-c", UNTIL_READY, str(tmp_path / "config.toml")],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    loaded = set(done.stdout.split())
    assert "terminal.journal.file" in loaded, done.stderr
    assert loaded & (ONLY_A_SALE_NEEDS | ONLY_SOME_SHOPS_NEED | SELDOM_NEEDED) == set()
