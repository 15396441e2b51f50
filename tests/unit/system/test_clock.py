"""Whether the clock was set, by what systemd-timesyncd leaves in /run and by the kernel."""

from __future__ import annotations

from pathlib import Path

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


def test_the_kernel_is_asked_without_changing_anything() -> None:
    assert clock.kernel_clock_is_synchronised() in (True, False, None)
