"""A lock that one process holds, and files that are written whole; neither through a link."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from terminal.system.files import FileLock, sync_folder, write_whole


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


def test_a_file_is_written_whole_for_its_owner_alone_or_as_is_asked(tmp_path: Path) -> None:
    path = tmp_path / "kept"
    for mode in (None, 0o640, 0o600):
        write_whole(path, b"new", mode=mode, owner=(os.getuid(), os.getgid()))
        assert path.read_bytes() == b"new"
        assert path.stat().st_mode & 0o777 == (mode or 0o600)
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_in_the_place_of_a_file_is_replaced_and_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"theirs")
    for name in ("kept", "kept.new"):
        (tmp_path / name).symlink_to(victim)
    write_whole(tmp_path / "kept", b"ours")
    assert victim.read_bytes() == b"theirs"
    assert not (tmp_path / "kept").is_symlink()


def test_what_cannot_take_its_place_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    with pytest.raises(IsADirectoryError):
        write_whole(tmp_path / "kept", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
