"""A lock that one process holds, and never through a link."""

from __future__ import annotations

from pathlib import Path

import pytest

from terminal.system.files import FileLock, sync_folder


def test_a_lock_is_held_once_and_can_be_had_again(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "x.lock")
    with lock:
        assert lock.is_held
        with pytest.raises(BlockingIOError):
            FileLock(tmp_path / "x.lock").acquire()
    assert not lock.is_held
    with FileLock(tmp_path / "x.lock"):
        pass


def test_a_lock_is_not_made_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "x.lock").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(OSError, match="symbolic link"):
        FileLock(tmp_path / "x.lock").acquire()

    assert not (tmp_path / "elsewhere").exists()


def test_a_folder_that_is_not_there_cannot_be_synced(tmp_path: Path) -> None:
    sync_folder(tmp_path)
    with pytest.raises(FileNotFoundError):
        sync_folder(tmp_path / "none")
