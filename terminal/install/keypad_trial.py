"""The keypad tried from a command line, key by key: for the installer, before a terminal runs.

Only one program can have the keypad. While a terminal runs the same test is on its own screen: key D.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NamedTuple

from hardware import factory
from hardware.interfaces import DeviceError, Jam, Keypad
from hardware.settings import KeypadSettings
from terminal.config.control_path import control_path
from terminal.config.schema import Config
from terminal.counter.keypad_test import KeypadTest, dead_lines
from terminal.errors import TerminalError
from terminal.system.ask import NotRunning, ask_daemon

QUIET_S = 20.0
"""Without a key for so long it is over."""


class Trial(NamedTuple):
    """How it ended."""

    is_well: bool
    verdict: str
    """What came in and what did not, and what to do."""


def try_keypad(config: Config, say: Callable[[str], None] = print, quiet_s: float = QUIET_S) -> Trial:
    """Tell each key as it comes in, until all have, ``*`` comes twice in a row, or none for a while."""
    try:
        keypad = factory.build_keypad(config.keypad)
    except ValueError as error:
        return Trial(False, f"not tried: {error}")
    try:
        test = asyncio.run(_watch(keypad, KeypadTest(config.menu_rules().keypad_layout), say, quiet_s))
    except DeviceError as error:
        return Trial(False, str(error))
    return Trial(not test.missing, verdict(test, config.keypad))


def try_keypad_alone(config: Config, say: Callable[[str], None] = print) -> Trial:
    """As :func:`try_keypad`. Raises TerminalError, saying what to do, while a terminal has the keypad."""
    try:
        ask_daemon(control_path(config), "status")
    except NotRunning:
        return try_keypad(config, say)
    raise TerminalError(
        "the terminal runs and has the keypad: press its key D and choose the keypad test;"
        " or stop it first: sudo systemctl stop netgiro-terminal"
    )


async def _watch(keypad: Keypad, test: KeypadTest, say: Callable[[str], None], quiet_s: float) -> KeypadTest:
    """Raises DeviceError if the keypad is not there or gets lost."""
    stirred: asyncio.Queue[str | Jam | DeviceError] = asyncio.Queue()
    await keypad.open(stirred.put_nowait, stirred.put_nowait, stirred.put_nowait)
    say(f"press every key; * twice in a row ends it, and so do {quiet_s:g} s without a key")
    try:
        while test.missing:
            what = await asyncio.wait_for(stirred.get(), quiet_s)
            if isinstance(what, DeviceError):
                raise what
            if isinstance(what, Jam):
                _say_jam(what, say)
            elif (pressed := test.pressed(what)) is None:
                break
            else:
                test = pressed
                say(f"{what}   {len(test.seen)}/{test.total}")
    except TimeoutError:
        pass
    finally:
        await keypad.close()
    return test


def _say_jam(jam: Jam, say: Callable[[str], None]) -> None:
    if jam.stuck:
        say(f"stuck: {' '.join(jam.stuck)}; if nothing holds it down, pad or plug has a short")
    if jam.together:
        say(f"down together: {' '.join(jam.together)}; if that was one key, wires touch each other")


def verdict(test: KeypadTest, settings: KeypadSettings) -> str:
    """What is missing, and the wire that it would be."""
    if not test.missing:
        return f"all {test.total} keys came in"
    if not test.seen:
        return "no key came in: check the keypad's cable and [keypad] in the configuration"
    found = f"never came in: {' '.join(test.missing)}"
    if settings.driver != "matrix":
        return found
    pins = {"row": settings.row_pins, "column": settings.column_pins}
    lines = [
        f"{kind} {number + 1} (GPIO {pins[kind][number]})" for kind, number in dead_lines(test.layout, test.missing)
    ]
    return f"{found}; nothing came from {' and '.join(lines)}: check that wire" if lines else found
