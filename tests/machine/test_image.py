"""Whether a machine can be made here is known before anything is begun."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from tests.machine import image


def test_it_names_the_tools_and_rights_that_lack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image, "NEEDED", ("mke2fs-of-nobody", "sh"))
    monkeypatch.setattr("os.geteuid", lambda: 1000)

    assert image.missing("bookworm", tmp_path) == ["mke2fs-of-nobody", "root"]


def test_it_names_what_a_container_does_not_let_it_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image, "NEEDED", ("sh",))
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr(image, "mounts_overlays", lambda: False)
    monkeypatch.setattr(image, "answers", lambda address: address == image.PYPI)
    monkeypatch.setattr(image, "LEAST_FREE_BYTES", 1 << 60)

    lacks = image.missing("bookworm", tmp_path / "not/made/yet")

    assert len(lacks) == 4
    assert lacks[0] == f"1073741824 GB free in {tmp_path}"
    assert lacks[2:] == ["the right to mount", f"{image.MIRROR}/dists/bookworm/Release (packages)"]


@pytest.mark.parametrize(
    "before", [b"", b"070701\x1f\x8b of a module TRAILER!!!\0\0\0", b"1TRAILER!!!\0\02TRAILER!!!\0"]
)
def test_what_the_kernel_starts_with_is_unpacked_where_it_is_packed(before: bytes) -> None:
    assert image.unpacked_initrd(before + gzip.compress(b"070701 the rest")) == before + b"070701 the rest"
