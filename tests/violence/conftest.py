"""These tests stay on the real disk: they damage files and take away the right to write."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

REAL_DISK = "/var/tmp"
"""Kept over a reboot, so never a RAM disk."""


@pytest.fixture(scope="session")
def make_folder(request: pytest.FixtureRequest) -> Iterator[FolderMaker]:
    """Makes folders on the real disk; they are kept if a test failed."""
    maker = FolderMaker()
    yield maker
    if request.session.testsfailed == 0:
        maker.clean_up()


class FolderMaker:
    def __init__(self) -> None:
        self._root = tempfile.mkdtemp(prefix="violence-", dir=REAL_DISK)

    def __call__(self, name: str) -> Path:
        return Path(tempfile.mkdtemp(prefix=f"{re.sub('[^a-z0-9]+', '-', name)}-", dir=self._root))

    def clean_up(self) -> None:
        shutil.rmtree(self._root, ignore_errors=True)


@pytest.fixture
def tmp_path(make_folder: FolderMaker, request: pytest.FixtureRequest) -> Path:
    return make_folder(request.node.name)
