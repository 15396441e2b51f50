"""Whether the clock was set, by what systemd-timesyncd leaves in /run and by the kernel."""

from __future__ import annotations

import sys
from pathlib import Path
from unittest.mock import patch

import pytest

from terminal.system import clock


@pytest.mark.parametrize(
    ("timesyncd", "kernel", "is_set"),
    [
        ("synchronized", False, True),  # it was set once; the kernel forgets after hours without a network
        ("running", None, False),  # the service: the kernel may not be asked
        ("running", False, False),
        ("running", True, True),
        ("", None, True),  # nobody can tell, so nothing is claimed
        ("", False, False),
        ("", True, True),
    ],
)
def test_the_clock_is_set_unless_it_is_known_not_to_be(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, timesyncd: str, kernel: bool | None, is_set: bool
) -> None:
    folder = tmp_path / "timesync"
    if timesyncd:
        folder.mkdir()
    if timesyncd == "synchronized":
        (folder / "synchronized").touch()
    monkeypatch.setattr(clock, "TIMESYNCD", folder)
    monkeypatch.setattr(clock, "kernel_clock_is_synchronised", lambda: kernel)
    assert clock.clock_is_set() is is_set


@pytest.mark.parametrize("known", [None, False, True])
def test_where_nobody_says_a_clock_behind_what_was_written_is_not_set(known: bool | None) -> None:
    """Network time may be right and the journal's last row wrong: a clock that stood in the future wrote it."""
    written_s = clock.EARLIEST_CREDIBLE_S + 7 * 30 * 86_400.0
    at = {now_s: clock.is_set(known, now_s, written_s) for now_s in (0.0, written_s - 86_400, written_s - 1, written_s)}
    assert list(at.values()) == ([False, False, True, True] if known is None else [known] * 4)
    assert clock.is_set(None, 0.0) is False, "1970, and an empty journal"


def test_the_kernel_is_asked_without_changing_anything() -> None:
    assert clock.kernel_clock_is_synchronised() in (True, False, None)


def test_who_may_not_read_pythons_library_does_not_know() -> None:
    """A command of root's works on the journal as its owner, who may not be able to."""
    with patch.dict(sys.modules, {"ctypes": None}):
        assert clock.kernel_clock_is_synchronised() is None
