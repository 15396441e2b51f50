"""The keypad tried from the command line: a USB pad played by a FIFO, and what is made of what came in."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hardware.input_device import EV_KEY, EV_SYN, EVENT
from hardware.settings import KeypadSettings
from terminal.commands.main import main
from terminal.config.control_path import control_path
from terminal.config.schema import Config, read_config
from terminal.counter.keypad_test import NUMBER_PAD, STANDARD_LAYOUT, KeypadTest
from terminal.install.keypad_trial import try_keypad, verdict
from terminal.system.control import ControlServer
from tests.each import each_of

CODES = {"1": 79, "2": 80, "3": 81, "4": 75, "5": 76, "6": 77, "7": 71, "8": 72, "9": 73, "0": 82, "*": 55, "#": 96}


@contextmanager
def usb_pad(path: Path, keys: str) -> Iterator[None]:
    """A number pad on which these keys are pressed once somebody listens; it stays plugged in."""
    os.mkfifo(path)
    done = threading.Event()

    def press() -> None:
        cable = os.open(path, os.O_WRONLY)
        os.write(
            cable, b"".join(EVENT.pack(1, 2, EV_KEY, CODES[key], 1) + EVENT.pack(1, 2, EV_SYN, 0, 0) for key in keys)
        )
        done.wait(10)
        os.close(cable)

    finger = threading.Thread(target=press)
    finger.start()
    try:
        yield
    finally:
        done.set()
        finger.join()


def config_with(tmp_path: Path, keypad: str) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(f'[keypad]\n{keypad}\n[journal]\npath = "{tmp_path}/journal.db"\n')
    return path


def test_every_key_is_told_and_the_last_one_ends_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = config_with(tmp_path, f'driver = "evdev"\ndevice = "{tmp_path}/pad"')
    with usb_pad(tmp_path / "pad", "5512346789*0#"):
        assert main(["keypad-test", "--config", str(config)]) == 0
    _, *keys, end = capsys.readouterr().out.splitlines()
    assert keys[:3] == ["5   1/12", "5   1/12", "1   2/12"]
    assert end == "all 12 keys came in"


def test_the_star_twice_ends_it_and_what_is_missing_is_a_failure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = config_with(tmp_path, f'driver = "evdev"\ndevice = "{tmp_path}/pad"')
    with usb_pad(tmp_path / "pad", "123456#**7890"):
        assert main(["keypad-test", "--config", str(config)]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "never came in: 7 8 9 0"


def test_a_pad_that_is_not_there_is_told(tmp_path: Path) -> None:
    config, _ = read_config(config_with(tmp_path, f'driver = "evdev"\ndevice = "{tmp_path}/none"'), {})
    trial = try_keypad(config)
    assert not trial.is_well
    assert "plug the keypad in" in trial.verdict


def test_a_keypad_that_nobody_presses_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    config, _ = read_config(config_with(tmp_path, 'driver = "simulated"'), {})
    assert "no key came in" in try_keypad(config, quiet_s=0.01).verdict


def test_a_running_terminal_keeps_its_keypad(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = config_with(tmp_path, 'driver = "simulated"')

    async def status(_request: object) -> dict[str, object]:
        return {}

    async def beside_a_terminal() -> int:
        server = ControlServer(control_path(read_config(path, {})[0]), {"status": status})
        await server.start()
        try:
            return await asyncio.to_thread(main, ["keypad-test", "--config", str(path)])
        finally:
            await server.stop()

    assert asyncio.run(beside_a_terminal()) == 1
    assert "press its key D" in capsys.readouterr().err


def test_settings_that_are_wrong_are_told_instead_of_guessed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["keypad-test", "--config", str(config_with(tmp_path, 'driver = "morse"'))]) == 1
    assert "keypad.driver" in capsys.readouterr().err


@each_of(
    ("missing", "said"),
    [
        ("", "all 16 keys came in"),
        ("5", "never came in: 5"),
        ("456B", "never came in: 4 5 6 B; nothing came from row 2 (GPIO 6): check that wire"),
        ("ABCD", "never came in: A B C D; nothing came from column 4 (GPIO 21): check that wire"),
        ("".join(STANDARD_LAYOUT), "no key came in: check the keypad's cable and [keypad] in the configuration"),
    ],
)
def test_a_dead_row_or_column_is_named_by_its_pin(missing: str, said: str) -> None:
    seen = "".join(key for key in "".join(STANDARD_LAYOUT) if key not in missing)
    assert verdict(KeypadTest(seen=seen), KeypadSettings()) == said


def test_a_usb_pad_has_no_wires_to_check() -> None:
    seen = KeypadTest(NUMBER_PAD, seen="456123*0#")
    assert verdict(seen, KeypadSettings(driver="evdev", device="/dev/input/x")) == "never came in: 7 8 9"


def test_the_menu_knows_the_pad_as_it_is_configured() -> None:
    layout = ("123", "456", "789", "*0#")
    small = KeypadSettings(layout=layout, column_pins=(12, 16, 20))
    assert Config(keypad=small).menu_rules().keypad_layout == layout
    usb = KeypadSettings(driver="evdev", device="/dev/input/x")
    assert Config(keypad=usb).menu_rules().keypad_layout == NUMBER_PAD
