"""For every test: the same cases each run, a RAM disk where there is one, bytecode, and an order that keeps cores busy.

Hypothesis draws the same cases each run, so that a red test stays red until it is mended; ``make test`` draws fewer of
them ("quick"). ``slow`` marks what only ``make test-all`` runs; plain ``pytest`` runs everything it is given.
"""

from __future__ import annotations

import gc
import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "repeatable",
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],  # by the clock: a busy machine would turn it red
)
settings.register_profile("quick", parent=settings.get_profile("repeatable"), max_examples=25)
settings.load_profile("repeatable")

HERE = Path(__file__).parent
RAM_DISK = Path("/dev/shm")
LEAST_FREE_BYTES = 2 * 1024**3
WAITING = ("fleet", "integration", "tools", "browser", "attacks", "violence", "scenarios")
"""Folders whose tests wait for processes most of their time, the longest first. Whole files are handed out, these among
those that compute, so that the cores have something to do meanwhile; none late, where nothing is left beside them."""
WAITING_UNTIL = 0.4


def use_ram_disk() -> None:
    """Journals are synced thousands of times; ``violence/`` stays on the real disk on purpose. TMPDIR=... overrides."""
    if "TMPDIR" in os.environ or os.environ.get("NETGIRO_TEST_INSTALL") or not os.access(RAM_DISK, os.W_OK):
        return
    runs_programs = not os.statvfs(RAM_DISK).f_flag & os.ST_NOEXEC
    if runs_programs and shutil.disk_usage(RAM_DISK).free >= LEAST_FREE_BYTES:
        os.environ["TMPDIR"] = str(RAM_DISK)
        tempfile.tempdir = None


def keep_bytecode() -> None:
    """Tests start the program some hundred times: compiled anew each time, it would cost more than the tests do."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False


def speak_english() -> None:
    """Argparse looks for the file of a translation for each of its words: half of what a command costs."""
    os.environ["LANGUAGE"] = "C"


use_ram_disk()
keep_bytecode()
speak_english()
gc.disable()
"""Collecting makes a million objects that stay; looking through them again and again takes half of its time."""


SELDOM = (20_000, 50, 100)
"""Tests make many objects that stay (parsed sources, drawn pictures, journals); the usual 700 looks for garbage among
them all the time, which is a tenth of a run."""


def pytest_collection_finish() -> None:
    gc.enable()
    gc.set_threshold(*SELDOM)
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The order within a file stays."""
    files = dict.fromkeys(item.path for item in items)
    folders = {path: path.relative_to(HERE).parts[0] for path in files}
    waiting = sorted(
        (path for path in files if folders[path] in WAITING), key=lambda path: WAITING.index(folders[path])
    )
    computing = [path for path in files if folders[path] not in WAITING]
    places = {path: (WAITING_UNTIL * number / len(waiting), 0) for number, path in enumerate(waiting)}
    places |= {path: (number / len(computing), 1) for number, path in enumerate(computing)}
    items.sort(key=lambda item: places[item.path])
