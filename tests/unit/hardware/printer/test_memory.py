"""What is known of a printer, on disk: survives a restart, any bytes, a full disk, and does not grow."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.printer.memory import MOST_PRINTERS, Known, MemoryFile

ANSWERS = Known(answers=True, confirms=True, reports=False)


def test_it_is_found_again_by_the_address(tmp_path: Path) -> None:
    MemoryFile(tmp_path / "printer.json").keep("10.0.0.9 port 9100", ANSWERS)
    again = MemoryFile(tmp_path / "printer.json")
    assert again.recall("10.0.0.9 port 9100") == ANSWERS
    assert again.recall("10.0.0.8 port 9100") == Known()
    assert [path.name for path in tmp_path.iterdir()] == ["printer.json"]
    assert (tmp_path / "printer.json").stat().st_mode & 0o077 == 0


def test_only_the_printers_used_last_are_kept(tmp_path: Path) -> None:
    memory = MemoryFile(tmp_path / "printer.json")
    for number in range(MOST_PRINTERS + 3):
        memory.keep(f"printer {number}", ANSWERS)
    assert memory.recall("printer 2") == Known()
    assert memory.recall(f"printer {MOST_PRINTERS + 2}") == ANSWERS


@given(data=st.binary(max_size=300))
def test_any_bytes_are_read_as_something(data: bytes) -> None:
    path = Path(os.environ.get("TMPDIR", "/tmp")) / f"printer-{os.getpid()}.json"
    path.write_bytes(data)
    try:
        assert isinstance(MemoryFile(path).recall("x"), Known)
        MemoryFile(path).keep("x", ANSWERS)
        assert MemoryFile(path).recall("x") == ANSWERS
    finally:
        path.unlink()


@pytest.mark.parametrize("data", [b"[" * 60_000, b'{"x": {"answers": 1}}', b'{"x": null}'])
def test_what_is_no_memory_is_none(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "printer.json").write_bytes(data)
    assert MemoryFile(tmp_path / "printer.json").recall("x") == Known()


def test_a_disk_that_takes_nothing_hinders_no_printing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    MemoryFile(tmp_path / "nowhere" / "printer.json").keep("x", ANSWERS)
    assert "cannot be written" in caplog.text


def test_no_link_is_followed(tmp_path: Path) -> None:
    """Whoever may write into the folder gets nothing written elsewhere."""
    victim = tmp_path / "victim"
    victim.write_text("x")
    (tmp_path / "printer.json.new").symlink_to(victim)
    MemoryFile(tmp_path / "printer.json").keep("x", ANSWERS)
    assert victim.read_text() == "x"
    assert not (tmp_path / "printer.json").is_symlink()
