"""Work in somebody else's folder is done as its owner; what is opened is a regular file, and new if it is written."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from terminal.errors import TerminalError
from terminal.system.owner import as_owner_of, create_new, open_regular

NOBODY = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


def test_in_a_folder_of_ones_own_work_is_done_in_this_process(tmp_path: Path) -> None:
    assert as_owner_of(tmp_path, os.getpid) == os.getpid()


@contextlib.contextmanager
def in_group(number: int) -> Iterator[None]:
    """As root after a login: a container's root often has no groups to lose."""
    before = os.getgroups()
    os.setgroups([number])
    try:
        yield
    finally:
        os.setgroups(before)


@as_root
def test_root_becomes_the_owner_in_another_process() -> None:
    with tempfile.TemporaryDirectory() as name:
        os.chown(name, NOBODY, NOBODY)
        folder = Path(name)

        with in_group(0):
            ids = as_owner_of(folder, lambda: [os.geteuid(), os.getegid(), *os.getgroups()], list[int])
            assert ids == [NOBODY, NOBODY]
        assert as_owner_of(folder / "not/yet", os.geteuid, int) == NOBODY
        assert os.geteuid() == 0


@as_root
@pytest.mark.parametrize(
    ("error", "comes_as"), [(TerminalError("no"), TerminalError), (KeyError("no"), OSError), (OSError("no"), OSError)]
)
def test_an_error_of_the_other_process_is_raised_in_this_one(error: Exception, comes_as: type[Exception]) -> None:
    def work() -> None:
        raise error

    with tempfile.TemporaryDirectory() as name:
        os.chown(name, NOBODY, NOBODY)
        with pytest.raises(comes_as, match="no"):
            as_owner_of(Path(name), work)


@as_root
def test_a_process_that_dies_is_an_error() -> None:
    with tempfile.TemporaryDirectory() as name:
        os.chown(name, NOBODY, NOBODY)
        with pytest.raises(TerminalError, match="cut short"):
            as_owner_of(Path(name), lambda: os.kill(os.getpid(), 9))


def test_only_regular_files_are_read_and_only_new_ones_written(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    link = tmp_path / "link"
    link.symlink_to(file)
    os.mkfifo(tmp_path / "fifo")

    with open_regular(file) as opened:
        assert opened.read() == b"x"
    for other in (link, tmp_path / "fifo", tmp_path):
        with pytest.raises(OSError, match=r"no regular file|symbolic links"):
            open_regular(other)
    for taken in (file, link):
        with pytest.raises(FileExistsError):
            create_new(taken)
    with create_new(tmp_path / "new") as made:
        made.write(b"y")
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o600
