"""What settings say by themselves."""

from __future__ import annotations

from hardware.settings import names_a_device
from tests.each import each_of


@each_of(
    ("path", "is_device"),
    [("/dev/usb/lp0", True), ("/dev/usb/lp*", True), ("/dev/shm/paper.bin", False), ("/var/lib/paper.bin", False)],
)
def test_only_a_path_that_the_kernel_makes_names_a_device(path: str, is_device: bool) -> None:
    assert names_a_device(path) is is_device
