"""Every device without its hardware, for the front panel, the demo and the tests. They behave; they are not scripted.

Contacts bounce and make ghosts, paper runs out, cables come off. What comes after the physics is the code that runs on
real devices: the keypad's contacts go through :class:`KeypadScanner`, the printer is driven by :class:`EscposPrinter`,
and the register's cable ends in a pseudo-terminal which the real serial driver opens.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Iterable, Sequence

from PIL import Image

from hardware.interfaces import LONG_PRESS_S, NO_JAM, DeviceError, Jam, check_picture
from hardware.keypad_scanner import STUCK_AFTER_S, TOGETHER_AFTER_S, Contact, Frame, KeypadScanner
from hardware.printer.simulated import Receipt, SimulatedPrinter
from hardware.register_cable import RegisterCable, Traffic

__all__ = ["Receipt", "RegisterCable", "SimulatedDisplay", "SimulatedKeypad", "SimulatedPrinter", "Traffic"]

LAYOUT_4X4 = ("123A", "456B", "789C", "*0#D")

SCAN_INTERVAL_S = 0.002
BOUNCES = 2
"""How often a contact in good order flickers after each touch and release."""
MAX_KEYS_AT_ONCE = 200


def seen_frame(closed: Iterable[Contact]) -> Frame:
    """What a scan sees when these contacts are closed, ghosts included.

    Current finds every way through closed contacts: all rows and columns that are joined look joined pairwise.
    """
    groups: list[tuple[set[int], set[int]]] = []
    for row, column in closed:
        joined = [group for group in groups if row in group[0] or column in group[1]]
        groups = [group for group in groups if group not in joined]
        rows = {row}.union(*(group[0] for group in joined))
        columns = {column}.union(*(group[1] for group in joined))
        groups.append((rows, columns))
    return frozenset((row, column) for rows, columns in groups for row in rows for column in columns)


class SimulatedKeypad:
    """A matrix keypad under simulated fingers."""

    def __init__(self, layout: Sequence[str] = LAYOUT_4X4, debounce_s: float = 0.020) -> None:
        self._layout = tuple(layout)
        self._debounce_s = debounce_s
        self._scanner = KeypadScanner(layout, debounce_s)
        self._contacts: dict[str, Contact] = {
            key: (row, column) for row, keys in enumerate(layout) for column, key in enumerate(keys)
        }
        self._on_key: Callable[[str], None] | None = None
        self._on_lost: Callable[[DeviceError], None] = lambda _error: None
        self._on_jam: Callable[[Jam], None] = lambda _jam: None
        self._on_long_press: Callable[[str], None] = lambda _key: None
        self._on_missed: Callable[[], None] = lambda: None
        self._jam = NO_JAM
        self._timers: list[asyncio.TimerHandle] = []
        self._held: set[Contact] = set()
        self._stuck: set[Contact] = set()
        self._fingers = asyncio.Lock()
        self._plugged = True
        self.bounces = True
        """Whether contacts flicker when touched and released, as real ones do."""
        self.flickers = BOUNCES
        """How often they do; a worn contact flickers for longer than debouncing lasts."""

    @property
    def description(self) -> str:
        return f"simulated keypad, {len(self._layout)} x {len(self._layout[0])}"

    async def open(
        self,
        on_key: Callable[[str], None],
        on_lost: Callable[[DeviceError], None],
        on_jam: Callable[[Jam], None] = lambda _jam: None,
        on_long_press: Callable[[str], None] = lambda _key: None,
        on_missed: Callable[[], None] = lambda: None,
    ) -> None:
        """Begin anew with no key down. Raises DeviceError while it is unplugged."""
        await self.close()
        if not self._plugged:
            raise DeviceError("simulated keypad: the cable is unplugged, plug it in")
        self._on_key, self._on_lost, self._on_jam, self._on_long_press = on_key, on_lost, on_jam, on_long_press
        self._on_missed = on_missed
        self._scanner, self._jam = KeypadScanner(self._layout, self._debounce_s), NO_JAM

    async def close(self) -> None:
        self._let_go()

    def _let_go(self) -> None:
        self._on_key = None
        self._stop_timers()

    async def press(self, keys: str) -> None:
        """Press and release one key after another; returns when the last is up again and all have been reported.

        Raises ValueError for a key the pad does not have, DeviceError if the keypad is not open.
        """
        if len(keys) > MAX_KEYS_AT_ONCE:
            raise ValueError(f"{len(keys)} keys at once; press at most {MAX_KEYS_AT_ONCE}")
        contacts = [self._contact(key) for key in keys]
        async with self._fingers:
            for contact in contacts:
                await self._move({contact})
                await self._move(set())

    def press_unread(self) -> None:
        """A key goes down and up while the processor has no time for the keypad."""
        self._on_missed()

    async def press_long(self, key: str) -> None:
        """Press it, and release it when it has been reported as a long press, too."""
        await self.press_together(key, LONG_PRESS_S + SCAN_INTERVAL_S)

    async def press_together(self, keys: str, hold_s: float = 0.0) -> None:
        """Hold these keys at the same time, then let all go: what a mash or a sleeve does. Ghosts included."""
        contacts = {self._contact(key) for key in keys}
        async with self._fingers:
            await self._move(contacts)
            await asyncio.sleep(hold_s)
            await self._move(set())

    async def stick(self, key: str) -> None:
        """The key goes down and stays down until :meth:`release`."""
        async with self._fingers:
            self._stuck.add(self._contact(key))
            await self._move(self._held)

    async def release(self, key: str) -> None:
        """A stuck key comes up again."""
        async with self._fingers:
            self._stuck.discard(self._contact(key))
            await self._move(self._held)

    async def release_all(self) -> None:
        """Whatever stuck comes up."""
        async with self._fingers:
            self._stuck.clear()
            await self._move(self._held)

    def unplug(self) -> None:
        """Pull the ribbon cable; a keypad in use is lost."""
        self._plugged = False
        if self._on_key is not None:
            self._let_go()
            self._on_lost(DeviceError("simulated keypad: the cable is unplugged, plug it in"))

    def plug_in(self) -> None:
        self._plugged = True

    @property
    def plugged(self) -> bool:
        return self._plugged

    @property
    def stuck(self) -> bool:
        """Whether a key does not come up."""
        return bool(self._stuck)

    def _contact(self, key: str) -> Contact:
        if key not in self._contacts:
            raise ValueError(f"this keypad has no key {key!r}; it has {''.join(self._contacts)}")
        return self._contacts[key]

    async def _move(self, held: set[Contact]) -> None:
        """Fingers move to ``held``; scan until the scanner has made up its mind."""
        before, self._held = seen_frame(self._held | self._stuck), set(held)
        await self._scan_until_settled(before, seen_frame(self._held | self._stuck))

    async def _scan_until_settled(self, before: Frame, after: Frame) -> None:
        flicker = [after, before] * self.flickers if self.bounces and before != after else []
        loop = asyncio.get_running_loop()
        while True:
            if self._on_key is None:
                raise DeviceError("simulated keypad: it is not open, or its cable is unplugged")
            key = self._scanner.feed(flicker.pop(0) if flicker else after, loop.time())
            if key is not None:
                self._on_key(key)
            if not flicker and self._scanner.settled == after:
                self._watch_what_is_down()
                return
            await asyncio.sleep(SCAN_INTERVAL_S)

    def _watch_what_is_down(self) -> None:
        """Now, and when the keys that are down will have been down for long: nothing is scanned in between."""
        self._stop_timers()
        self._tell()
        if self._scanner.settled:
            loop = asyncio.get_running_loop()
            self._timers = [
                loop.call_later(duration_s, self._tell)
                for duration_s in (TOGETHER_AFTER_S, LONG_PRESS_S, STUCK_AFTER_S)
            ]

    def _tell(self) -> None:
        now_s = asyncio.get_running_loop().time()
        if (jam := self._scanner.jam(now_s)) != self._jam:
            self._jam = jam
            self._on_jam(jam)
        if (key := self._scanner.long_press(now_s)) is not None:
            self._on_long_press(key)

    def _stop_timers(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()


class SimulatedDisplay:
    """A one-bit OLED. ``on_change`` is called on the event loop after every new picture and plugging."""

    def __init__(self, size_px: tuple[int, int] = (128, 64)) -> None:
        self._size_px = size_px
        self._picture = Image.new("1", size_px)
        self._is_open = False
        self._is_set_up = True
        self._is_resting = False
        self._plugged = True
        self.contrast = 127
        self.on_change: Callable[[], None] = lambda: None

    @property
    def description(self) -> str:
        return f"simulated display, {self._size_px[0]} x {self._size_px[1]}"

    @property
    def size_px(self) -> tuple[int, int]:
        return self._size_px

    @property
    def plugged(self) -> bool:
        return self._plugged

    @property
    def picture(self) -> Image.Image:
        """What is lit now: mode "1", a copy. Dark while unplugged."""
        return self._picture.copy()

    def png(self, scale: int = 1) -> bytes:
        """The pixels as PNG, each ``scale`` x ``scale``. Raises ValueError for a scale other than 1 to 16."""
        if not 1 <= scale <= 16:
            raise ValueError(f"scale is {scale}; it can be 1 to 16")
        size = (self._size_px[0] * scale, self._size_px[1] * scale)
        buffer = io.BytesIO()
        self._picture.resize(size, Image.Resampling.NEAREST).save(buffer, "PNG")
        return buffer.getvalue()

    async def open(self) -> None:
        """Set it up, dark. Raises DeviceError while it is unplugged."""
        if not self._plugged:
            raise DeviceError("simulated display: its cable is unplugged, plug it in")
        self._is_open = self._is_set_up = True
        self._is_resting = False
        self._light(Image.new("1", self._size_px))

    async def show(self, picture: Image.Image, *, anew: bool = False) -> None:
        check_picture(picture, self._size_px)
        self._require_open()
        self._is_set_up = self._is_set_up or anew or self._is_resting
        self._is_resting = False
        if self._is_set_up:
            self._light(picture.copy())

    async def set_contrast(self, contrast: int) -> None:
        self._require_open()
        self.contrast = contrast

    async def rest(self) -> None:
        self._require_open()
        self._is_resting = True
        self._light(Image.new("1", self._size_px))

    async def close(self) -> None:
        if self._is_open:
            self._is_open = False
            self._light(Image.new("1", self._size_px))

    def unplug(self) -> None:
        """Pull the cable: the picture is gone and the next ``show`` fails."""
        self._plugged = self._is_open = False
        self._light(Image.new("1", self._size_px))

    def plug_in(self) -> None:
        """Power is back; like a real controller it shows nothing until it is opened again."""
        self._plugged = True
        self.on_change()

    def loosen(self) -> None:
        """A wire comes off for a moment: it answers as before, but is dark until it is set up anew."""
        self._is_set_up = False
        self._light(Image.new("1", self._size_px))

    @property
    def is_set_up(self) -> bool:
        """Nothing has made it forget how it was started."""
        return self._is_set_up

    def _require_open(self) -> None:
        if not self._is_open:
            raise DeviceError("simulated display: it does not answer: plug it in, then open it again")

    def _light(self, picture: Image.Image) -> None:
        self._picture = picture
        self.on_change()
