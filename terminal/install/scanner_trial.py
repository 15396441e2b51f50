"""The scanner tried from a command line, code by code: for the installer, before a terminal runs.

Only one program can have the scanner. While a terminal runs, its keypad test tells that a code came, and ``doctor``
what it was. Codes are described and never shown: one may be a customer's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NamedTuple

from hardware import factory
from hardware.interfaces import DeviceError, Scanner
from terminal.config.control_path import control_path
from terminal.config.schema import Config
from terminal.counter.scanning import describe
from terminal.errors import TerminalError
from terminal.sale.customer import IdentifierRules
from terminal.sale.sensitive import Sensitive
from terminal.system.ask import NotRunning, ask_daemon

QUIET_S = 20.0
"""Without a code for so long it is over."""
NONE = 'there is no scanner: set scanner.driver in config.toml to "evdev" or "serial"'
NOTHING_CAME = "no code came in: check the cable and scanner.device, and set the scanner to a US keyboard"
NO_END = "it comes without an end: set the scanner to send Enter after each code, and each counts at once"


class Trial(NamedTuple):
    """How it ended."""

    is_well: bool
    verdict: str


def try_scanner(config: Config, say: Callable[[str], None] = print, quiet_s: float = QUIET_S) -> Trial:
    """Tell of each code as it comes in, until none has for a while."""
    try:
        scanner = factory.build_scanner(config.scanner)
    except ValueError as error:
        return Trial(False, f"not tried: {error}")
    if scanner is None:
        return Trial(False, NONE)
    try:
        count = asyncio.run(_watch(scanner, config.identifier_rules(), say, quiet_s))
    except DeviceError as error:
        return Trial(False, str(error))
    if not count:
        return Trial(False, NOTHING_CAME)
    return Trial(True, NO_END if not scanner.sends_end else f"{count} codes came in, each with its end")


def try_scanner_alone(config: Config, say: Callable[[str], None] = print) -> Trial:
    """As :func:`try_scanner`. Raises TerminalError, saying what to do, while a terminal has the scanner."""
    try:
        ask_daemon(control_path(config), "status")
    except NotRunning:
        return try_scanner(config, say)
    raise TerminalError(
        "the terminal runs and has the scanner: scan a code, then netgiro-terminal doctor tells of it;"
        " or stop it first: sudo systemctl stop netgiro-terminal"
    )


async def _watch(scanner: Scanner, rules: IdentifierRules, say: Callable[[str], None], quiet_s: float) -> int:
    """How many codes came. Raises DeviceError if the scanner is not there or gets lost."""
    came: asyncio.Queue[str | DeviceError] = asyncio.Queue()
    await scanner.open(came.put_nowait, came.put_nowait)
    say(f"scan codes, the one in the app too; {quiet_s:g} s without one end it")
    count = 0
    try:
        while True:
            what = await asyncio.wait_for(came.get(), quiet_s)
            if isinstance(what, DeviceError):
                raise what
            count += 1
            say(describe(Sensitive(what), rules))
    except TimeoutError:
        return count
    finally:
        await scanner.close()
