"""Tasks that turn what devices do into events for the inbox."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from hardware.interfaces import NO_JAM, DeviceError, Jam, Keypad, Scanner
from terminal.counter.inputs import CodeScanned, ConditionsChanged, Input, KeyPressed, KeysMissed
from terminal.sale.sensitive import Sensitive
from terminal.system.retrying import SHORTEST_PAUSE_S, open_until_found

log = logging.getLogger(__name__)


async def watch_keypad(keypad: Keypad, put: Callable[[Input], None]) -> None:
    """Keys go to the inbox, which of them are jammed, and that some may be missing.

    A keypad that is missing or gets lost is told, and looked for until it is there again.
    """
    lost = asyncio.Event()

    def on_lost(error: DeviceError) -> None:
        log.error("%s", error)
        lost.set()

    def on_jam(jam: Jam) -> None:
        put(ConditionsChanged({"jam": jam}))

    async def open_keypad() -> None:
        try:
            await keypad.open(
                lambda key: put(KeyPressed(key)),
                on_lost,
                on_jam,
                lambda key: put(KeyPressed(key, is_long=True)),
                lambda: put(KeysMissed()),
            )
        except DeviceError:
            put(ConditionsChanged({"keypad_ok": False, "keypad_opening": False}))
            raise

    put(ConditionsChanged({"keypad_opening": True}))
    try:
        while True:
            await open_until_found(keypad.description, open_keypad)
            put(ConditionsChanged({"keypad_ok": True, "keypad_opening": False}))
            await lost.wait()
            lost.clear()
            put(ConditionsChanged({"keypad_ok": False, "jam": NO_JAM}))
            await keypad.close()
            await asyncio.sleep(SHORTEST_PAUSE_S)  # a loose plug must not keep the processor busy
    finally:
        await keypad.close()


async def watch_scanner(
    scanner: Scanner, put: Callable[[Input], None], note: Callable[[Sensitive], None] = lambda _code: None
) -> None:
    """Codes go to the inbox. Without its scanner a terminal works as before, so a missing one is only logged."""
    lost = asyncio.Event()

    def on_lost(error: DeviceError) -> None:
        log.error("%s", error)
        lost.set()

    def on_code(code: str) -> None:
        note(Sensitive(code))
        put(CodeScanned(Sensitive(code)))

    async def open_scanner() -> None:
        await scanner.open(on_code, on_lost)

    try:
        while True:
            await open_until_found(scanner.description, open_scanner)
            await lost.wait()
            lost.clear()
            await scanner.close()
            await asyncio.sleep(SHORTEST_PAUSE_S)
    finally:
        await scanner.close()
