from __future__ import annotations

from pathlib import Path

import pytest

from terminal.system.board import own_serial


@pytest.mark.parametrize(
    ("content", "serial"),
    [(b"10000000a3b1c2d4\0", "10000000a3b1c2d4"), (b"", ""), (b"x" * 1000, "x" * 16), (b"\xff\x1b\0", "\\x1b")],
)
def test_the_boards_serial_number_is_told_if_it_has_one(tmp_path: Path, content: bytes, serial: str) -> None:
    path = tmp_path / "serial-number"
    assert own_serial(path) == ""
    path.write_bytes(content)
    assert own_serial(path).endswith(serial)
    assert own_serial(path).isprintable()
