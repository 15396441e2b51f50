"""Archives that were made to do more than be unpacked."""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path

import pytest

from terminal.errors import TerminalError
from terminal.install import release
from terminal.install.release import unpack


def entry(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


def archive_of(path: Path, *entries: tarfile.TarInfo, size: int = 0) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for one in entries:
            one.size = size if one.type == tarfile.REGTYPE else 0
            tar.addfile(one, io.BytesIO(b"x" * one.size))
    return path


ESCAPES = [
    [entry("r", tarfile.DIRTYPE), entry("r/../../evil")],
    [entry("/etc/evil")],
    [entry("r/link", tarfile.SYMTYPE, "/etc"), entry("r/link/evil")],
    [entry("r/link", tarfile.SYMTYPE, ".."), entry("r/link/evil")],
    [entry("r/hard", tarfile.LNKTYPE, "../../../etc/passwd")],
    [entry("r/pipe", tarfile.FIFOTYPE)],
    [entry("r/disk", tarfile.BLKTYPE)],
    [entry("r/zero", tarfile.CHRTYPE)],
    [entry("r/file"), entry("r/file")],
    [entry("r/file"), entry("r/file/below")],
    [entry("one/file"), entry("two/file")],
    [entry("file")],
    [],
]


@pytest.mark.parametrize("entries", ESCAPES, ids=range(len(ESCAPES)))
def test_nothing_gets_out_of_the_folder(tmp_path: Path, entries: list[tarfile.TarInfo]) -> None:
    inside = tmp_path / "inside"
    with pytest.raises(TerminalError):
        unpack(archive_of(tmp_path / "a.tar.gz", *entries), inside)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tar.gz", "inside"]
    assert not any(path.is_symlink() for path in inside.rglob("*"))


def test_a_small_archive_with_much_in_it_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release, "LARGEST_CONTENT_BYTES", 1_000_000)
    bomb = archive_of(tmp_path / "bomb.tar.gz", entry("r/a"), entry("r/b"), size=600_000)
    assert bomb.stat().st_size < 10_000
    with pytest.raises(TerminalError, match="more than any release"):
        unpack(bomb, tmp_path / "inside")


def test_an_archive_of_countless_files_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release, "MOST_FILES", 50)
    many = archive_of(tmp_path / "many.tar.gz", *(entry(f"r/{number}") for number in range(60)))
    with pytest.raises(TerminalError, match="more than any release"):
        unpack(many, tmp_path / "inside")


def test_an_archive_that_ends_too_early_is_refused(tmp_path: Path) -> None:
    whole = archive_of(tmp_path / "whole.tar.gz", entry("r/file"), size=5000).read_bytes()
    for number, cut in enumerate((0, 1, 10, len(whole) // 2)):
        path = tmp_path / f"cut{number}.tar.gz"
        path.write_bytes(whole[:cut])
        with pytest.raises(TerminalError):
            unpack(path, tmp_path / f"inside{number}")


def test_what_says_it_is_longer_than_it_is_is_refused(tmp_path: Path) -> None:
    info = entry("r/file")
    info.size = 10**12
    path = tmp_path / "long.tar.gz"
    path.write_bytes(gzip.compress(info.tobuf() + b"x" * 1024))
    with pytest.raises(TerminalError):
        unpack(path, tmp_path / "inside")
