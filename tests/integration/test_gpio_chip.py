"""The matrix keypad on gpiozero and the kernel's interface to a GPIO chip; only the chip is not real.

tests/gpio_chip.c is that chip. It is loaded into a Python of its own, which this module is when it is run.
"""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hardware.keypad import MatrixKeypad
from hardware.settings import KeypadSettings
from tests.patience import at_most

CHIP = Path(__file__).parents[1] / "gpio_chip.c"
A_PI_4 = 0xC03111
KEYS = "147*2580369#ABCD"
IDLE_S = 0.2


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> dict[str, Any]:
    """What happened in the other Python."""
    compiler = shutil.which("cc")
    if compiler is None or not Path("/usr/include/linux/gpio.h").exists():
        pytest.skip("needs a C compiler and the kernel's headers")
    folder = tmp_path_factory.mktemp("chip")
    library = folder / "gpio_chip.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, CHIP, "-ldl", "-lpthread"], check=True)
    environment = os.environ | {"LD_PRELOAD": str(library), "PYTHONPATH": os.pathsep.join(sys.path)}
    child = subprocess.run(
        [sys.executable, __file__],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=at_most(60),
        check=False,
    )
    assert child.returncode == 0, child.stderr
    result: dict[str, Any] = json.loads(child.stdout)
    return result


def test_every_key_comes_in(run):
    assert run["keys"] == KEYS


def test_while_nobody_touches_it_no_thread_wakes(run):
    assert run["wakeups_at_rest"] <= 2  # the loop's own timer, with which the test waits


def test_scanning_asks_the_kernel_for_no_line_anew(run):
    assert run["requests_while_typing"] == 0


def test_no_row_is_ever_driven_high(run):
    assert run["driven_high"] == 0


def test_closed_it_lets_go_of_the_lines_and_opened_again_it_works(run):
    assert run["keys_after_opening_again"] == "5"


def test_a_line_that_somebody_else_holds_is_told(run):
    assert "busy" in run["error_while_in_use"].lower()


class _Chip:
    """The chip that was loaded into this Python."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(None)

    def count(self, name: str) -> int:
        return ctypes.c_ulong.in_dll(self._library, f"gpio_chip_{name}").value

    def touch(self, settings: KeypadSettings, key: str, *, closed: bool) -> None:
        ((row, column),) = [(row, keys.index(key)) for row, keys in enumerate(settings.layout) if key in keys]
        self._library.gpio_chip_touch(settings.row_pins[row], settings.column_pins[column], closed)


async def _use_keypad() -> dict[str, Any]:
    chip, settings = _Chip(), KeypadSettings()
    keypad = MatrixKeypad(settings)
    keys: asyncio.Queue[str] = asyncio.Queue()

    async def until_at_rest() -> None:
        while keypad.scanning:  # noqa: ASYNC110
            await asyncio.sleep(0.001)

    async def typed(wanted: str) -> str:
        reported = ""
        for key in wanted:
            chip.touch(settings, key, closed=True)
            reported += await asyncio.wait_for(keys.get(), at_most(5))
            chip.touch(settings, key, closed=False)
            await until_at_rest()
        return reported

    await keypad.open(keys.put_nowait, print)
    await until_at_rest()
    wakeups = _wakeups()
    await asyncio.sleep(IDLE_S)
    result: dict[str, Any] = {"wakeups_at_rest": _wakeups() - wakeups}
    requests = chip.count("requests")
    result["keys"] = await typed(KEYS)
    result["requests_while_typing"] = chip.count("requests") - requests
    result["error_while_in_use"] = await _error_while_in_use(settings.column_pins[0])
    await keypad.close()
    await keypad.open(keys.put_nowait, print)
    result["keys_after_opening_again"] = await typed("5")
    await keypad.close()
    return result | {"driven_high": chip.count("driven_high")}


def _wakeups() -> int:
    """Each time a thread of this process went to sleep of its own accord it had been woken."""
    texts = [(task / "status").read_text() for task in Path("/proc/self/task").iterdir()]
    return sum(int(text.partition("\nvoluntary_ctxt_switches:")[2].split()[0]) for text in texts)


async def _error_while_in_use(number: int) -> str:
    from hardware.gpio_pins import request_line  # noqa: PLC0415  gpiozero is needed in the other Python only

    try:
        os.close(request_line(0, number, 1 << 2))
    except OSError as error:
        return str(error)
    return ""


if __name__ == "__main__":
    from gpiozero.pins.local import LocalPiFactory

    LocalPiFactory._get_revision = lambda _self: A_PI_4
    print(json.dumps(asyncio.run(_use_keypad())))
