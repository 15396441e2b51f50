"""The terminal under test, in a process of its own: the daemon's parts, with a stopwatch in keypad, screen and paper.

Reads lines of keys on stdin and presses them. With ``[office]`` it sends its journal there, as the daemon does. Writes
a line for each thing that happened, with the monotonic clock, which all processes of a machine share: ``key 7 123.4``,
``screen 123.4 1.990 kr.``, ``paper 123.4``, ``call 123.4`` to the office, ``call-in-sale 123.4`` if one was open.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL.Image import Image

from hardware.interfaces import DeviceError, Jam
from hardware.simulated import SimulatedDisplay, SimulatedKeypad, SimulatedPrinter
from terminal.app.app import TerminalApp
from terminal.app.devices import build_devices
from terminal.app.seams import NO_SEAMS
from terminal.config.schema import load_config
from terminal.daemon.late_uplink import LateUplink
from terminal.daemon.operations import Desk
from terminal.system.timestamps import timestamp_now


def note(what: str) -> None:
    print(what, flush=True)


class TimedKeypad(SimulatedKeypad):
    """Notes each key when it is recognised: what comes before is contact bounce, not the terminal."""

    async def open(
        self,
        on_key: Callable[[str], None],
        on_lost: Callable[[DeviceError], None],
        on_jam: Callable[[Jam], None] = lambda _jam: None,
        on_long_press: Callable[[str], None] = lambda _key: None,
        on_missed: Callable[[], None] = lambda: None,
    ) -> None:
        def noted(key: str) -> None:
            at_s = time.monotonic()
            on_key(key)
            note(f"key {key} {at_s}")

        await super().open(noted, on_lost, on_jam, on_long_press, on_missed)


class TimedDisplay(SimulatedDisplay):
    """Notes each picture once it is shown, with the large text on it."""

    def __init__(self) -> None:
        super().__init__()
        self.headline: Callable[[], str] = lambda: ""

    async def show(self, picture: Image, *, anew: bool = False) -> None:
        headline = self.headline()
        await super().show(picture, anew=anew)
        note(f"screen {time.monotonic()} {headline}")


class TimedPrinter(SimulatedPrinter):
    """Notes each receipt once it is cut off."""

    def __init__(self) -> None:
        super().__init__()
        self._last_id = 0
        self.on_change = self._note_receipts

    def _note_receipts(self) -> None:
        for receipt in self.receipts:
            if receipt.cut and receipt.id > self._last_id:
                self._last_id = receipt.id
                note(f"paper {time.monotonic()}")


def ask_each_second() -> None:
    """The way to an office that fails pauses for minutes: then nearly no sale would meet it."""
    from terminal.office.uplink import core  # noqa: PLC0415  as late as the daemon does

    core.START_SPREAD_S = core.FIRST_PAUSE_S = core.LONGEST_PAUSE_S = core.SHORTEST_PAUSE_S


def note_calls(is_sale_open: Callable[[], bool]) -> None:
    """When each call to the office begins."""
    from terminal.office.uplink.client import OfficeClient  # noqa: PLC0415  as late as the daemon does

    exchange = OfficeClient._exchange

    async def noted(client: OfficeClient, *words: Any, **more: Any) -> bytes:
        note(f"call{'-in-sale' if is_sale_open() else ''} {time.monotonic()}")
        return await exchange(client, *words, **more)

    OfficeClient._exchange = noted  # type: ignore[method-assign]


async def main(config_path: Path) -> None:
    config = load_config(config_path)
    keypad, display = TimedKeypad(config.keypad.layout, config.keypad.debounce_ms / 1000), TimedDisplay()
    devices = build_devices(config)._replace(keypad=keypad, display=display, printer=TimedPrinter())
    uplink = LateUplink(config)
    app = TerminalApp(config, devices, seams=NO_SEAMS._replace(on_decided=uplink.decided))
    await app.start()
    app.warm_up()
    if config.office.url:
        ask_each_second()
        note_calls(lambda: app.handles.view.sale is not None)
    await uplink.start(Desk(config, app.handles, timestamp_now(), asyncio.Event()))
    display.headline = lambda: app.handles.screen.headline
    if devices.programs is not None:
        note(f"token {devices.programs.programs.admit('bench')}")
    note("ready")
    try:
        while keys := (await asyncio.to_thread(sys.stdin.readline)).strip():
            await keypad.press(keys)
    finally:
        await uplink.stop()
        await app.stop()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
