"""The matrix driver on gpiozero's mock pins, joined by simulated contacts so that rows pull columns as wires do."""

from __future__ import annotations

import asyncio
import os
import threading
import time
import weakref
from collections.abc import Awaitable, Callable

import pytest
from gpiozero.pins.mock import MockFactory, MockPin

from hardware import keypad_scanner, keypad_watch
from hardware.interfaces import NO_JAM, DeviceError, Jam
from hardware.keypad import MatrixKeypad
from hardware.keypad_scanner import Contact, KeypadScanner
from hardware.keypad_watch import KeypadWatch, Pins, Report
from hardware.settings import KeypadSettings
from hardware.simulated import seen_frame
from tests.patience import at_most

SETTINGS = KeypadSettings(debounce_ms=5)


class WiredPin(MockPin):
    """Tells the board when its level may have changed; with open drains and edges, as hardware.gpio_pins has them."""

    is_open_drain = False
    edges_fd = -1

    def claim_edges(self):
        if self.edges_fd < 0:
            self.edges_fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
            weakref.finalize(self.factory, os.close, self.edges_fd)
        return self.edges_fd

    def drive_low(self):
        if self.state and self.edges_fd >= 0:
            os.eventfd_write(self.edges_fd, 1)
        super().drive_low()

    def claim_open_drain(self):
        self.is_open_drain = True
        self.output_with_state(0)

    def _set_function(self, value):
        super()._set_function(value)
        self.is_open_drain &= value == "output"
        self.factory.rewire()

    def _change_state(self, value):
        changed = super()._change_state(value)
        if changed and self._function == "output":
            self.factory.rewire()
        return changed


class Board(MockFactory):
    """A Pi with a keypad: a column is low if current finds a way from it to a row that is driven low."""

    def __init__(self, settings: KeypadSettings = SETTINGS) -> None:
        super().__init__(pin_class=WiredPin)
        self.closed: set[Contact] = set()
        self.broken = False
        self.scans = 0
        self.shorts = 0
        """How often a row was driven high: with two keys down it would have worked against a low one."""
        self._settings = settings
        self._wiring = False
        self._lock = threading.RLock()
        """Fingers are on one thread, the driver on another."""

    def touch(self, *contacts: Contact) -> None:
        with self._lock:
            self.closed = set(contacts)
            self.rewire()

    def rewire(self) -> None:
        if self.broken:
            raise OSError(5, "the chip is gone")
        with self._lock:
            self._rewire()

    def _rewire(self) -> None:
        numbers = (*self._settings.row_pins, *self._settings.column_pins)
        pins = {int(info.name[4:]): pin for info, pin in self.pins.items()}
        if self._wiring or not all(number in pins for number in numbers):
            return
        self._wiring = True
        rows = [pins[number] for number in self._settings.row_pins]
        low = {row for row, pin in enumerate(rows) if pin.function == "output" and not pin.state}
        self.scans += len(low) == 1
        self.shorts += any(pin.function == "output" and pin.state and not pin.is_open_drain for pin in rows)
        seen = seen_frame(self.closed)
        for column, number in enumerate(self._settings.column_pins):
            is_low = any((row, column) in seen for row in low)
            (pins[number].drive_low if is_low else pins[number].drive_high)()
        self._wiring = False


class Desk:
    """A keypad in use, and what it reported."""

    def __init__(self) -> None:
        self.board = Board()
        self.keypad = MatrixKeypad(SETTINGS, pin_factory=self.board)
        self.keys: asyncio.Queue[str] = asyncio.Queue()
        self.lost: asyncio.Queue[DeviceError] = asyncio.Queue()
        self.jams: asyncio.Queue[Jam] = asyncio.Queue()
        self.long_presses: asyncio.Queue[str] = asyncio.Queue()
        self.missed = asyncio.Event()

    async def open(self) -> None:
        await self.keypad.open(
            self.keys.put_nowait,
            self.lost.put_nowait,
            self.jams.put_nowait,
            self.long_presses.put_nowait,
            self.missed.set,
        )

    async def until_idle(self) -> None:
        while self.keypad.scanning:  # noqa: ASYNC110  coming to rest is no event for anybody but a test
            await asyncio.sleep(0.001)


def use(scenario: Callable[[Desk], Awaitable[None]]) -> None:
    async def main() -> None:
        desk = Desk()
        await desk.open()
        await desk.until_idle()
        async with asyncio.timeout(at_most(5)):
            await scenario(desk)
        await desk.keypad.close()

    asyncio.run(main())


def test_keys_are_reported_one_after_another():
    async def scenario(desk: Desk) -> None:
        for contact, key in (((0, 0), "1"), ((1, 1), "5"), ((3, 2), "#")):
            desk.board.touch(contact)
            assert await desk.keys.get() == key
            desk.board.touch()
            await desk.until_idle()

    use(scenario)


def test_nothing_runs_while_nobody_touches_it_and_again_after_a_release():
    async def scenario(desk: Desk) -> None:
        desk.board.touch((2, 2))
        assert await desk.keys.get() == "9"
        desk.board.touch()
        await desk.until_idle()
        scans = desk.board.scans
        await asyncio.sleep(0.05)
        assert desk.board.scans == scans

    use(scenario)


def test_keys_typed_while_the_loop_is_held_up_come_in_whole_and_in_order():
    """By whatever it is: drawing, a library that is imported, a handshake."""
    typed = "8223281#"
    settings = KeypadSettings()

    def type_blindly(desk: Desk) -> None:
        for key in typed:
            ((row, column),) = [(row, keys.index(key)) for row, keys in enumerate(settings.layout) if key in keys]
            desk.board.touch((row, column))
            enough, end_s = desk.board.scans + 4 * 20, time.monotonic() + 1
            while desk.board.scans < enough and time.monotonic() < end_s:
                time.sleep(0.001)
            desk.board.touch()
            while desk.keypad.scanning and time.monotonic() < end_s:
                time.sleep(0.001)

    async def scenario(desk: Desk) -> None:
        type_blindly(desk)  # on the loop, which turns only when all is typed
        assert [await desk.keys.get() for _ in typed] == list(typed)

    use(scenario)


def test_a_key_down_since_before_opening_is_reported():
    async def main() -> None:
        desk = Desk()
        desk.board.closed = {(0, 3)}
        await desk.open()
        async with asyncio.timeout(at_most(5)):
            assert await desk.keys.get() == "A"
        await desk.keypad.close()

    asyncio.run(main())


def test_three_corners_of_a_rectangle_give_no_key():
    async def scenario(desk: Desk) -> None:
        desk.board.touch((0, 0), (0, 1), (1, 0))
        enough = desk.board.scans + 100
        while desk.board.scans < enough:  # noqa: ASYNC110  far longer than debouncing takes
            await asyncio.sleep(0.001)
        desk.board.touch()
        await desk.until_idle()
        assert desk.keys.empty()

    use(scenario)


def test_a_stuck_key_is_told_and_the_others_go_on_working(monkeypatch, caplog):
    monkeypatch.setattr(keypad_scanner, "STUCK_AFTER_S", 0.05)

    async def scenario(desk: Desk) -> None:
        desk.board.touch((1, 1))
        assert await desk.keys.get() == "5"
        assert await desk.jams.get() == Jam(stuck="5")
        desk.board.touch((1, 1), (2, 0))
        assert await desk.keys.get() == "7"
        desk.board.touch()
        while await desk.jams.get() != NO_JAM:  # on a busy machine 7 was down for long enough, too
            pass

    use(scenario)
    assert "key 5 has been down" in caplog.text


def test_wires_that_touch_are_told_and_no_key_of_theirs_stands_in_the_log(caplog):
    async def scenario(desk: Desk) -> None:
        desk.board.touch((0, 0), (0, 1))
        assert await desk.jams.get() == Jam(together="12")
        desk.board.touch()
        assert await desk.jams.get() == NO_JAM
        assert desk.keys.empty()

    use(scenario)
    assert caplog.text == ""


def test_two_rows_are_never_driven_against_each_other():
    async def scenario(desk: Desk) -> None:
        desk.board.touch((0, 0), (1, 0))
        while not desk.board.scans:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        desk.board.touch()
        await desk.until_idle()
        assert desk.board.shorts == 0

    use(scenario)


def test_a_tap_that_is_over_as_soon_as_it_was_reported_may_come_again():
    async def scenario(desk: Desk) -> None:
        for _ in range(3):
            desk.board.touch((1, 1))
            assert await desk.keys.get() == "5"
            desk.board.touch()
            await desk.until_idle()

    use(scenario)


def test_a_key_that_stays_down_is_told_as_a_long_press_and_that_once(monkeypatch):
    monkeypatch.setattr(keypad_scanner, "LONG_PRESS_S", 0.03)

    async def scenario(desk: Desk) -> None:
        desk.board.touch((3, 0))
        assert await desk.keys.get() == "*"
        assert await desk.long_presses.get() == "*"
        enough = desk.board.scans + 4 * 50
        while desk.board.scans < enough:  # noqa: ASYNC110  several times as long as a long press
            await asyncio.sleep(0.001)
        assert desk.long_presses.empty()
        assert desk.keys.empty()

    use(scenario)


def test_a_chip_that_fails_ends_the_reporting_with_an_error():
    async def scenario(desk: Desk) -> None:
        desk.board.touch((0, 0))
        assert await desk.keys.get() == "1"
        desk.board.broken = True
        error = await desk.lost.get()
        assert "the chip is gone" in str(error)
        assert not desk.keypad.scanning

    use(scenario)


def test_without_a_gpio_chip_it_says_so_and_does_not_fall_back():
    async def main() -> None:
        with pytest.raises(DeviceError, match="Raspberry Pi"):
            await MatrixKeypad(SETTINGS).open(print, print)

    asyncio.run(main())


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        (KeypadSettings(row_pins=(5, 6, 13, 12)), "used twice"),
        (KeypadSettings(row_pins=(5, 6, 13)), "4 rows for 3 row pins"),
    ],
)
def test_pins_that_do_not_fit_are_refused_at_once(settings, complaint):
    with pytest.raises(ValueError, match=complaint):
        MatrixKeypad(settings)


def test_a_processor_with_no_time_for_the_keypad_is_told():
    """A key that was down in between was seen by nobody."""
    board, now_s = Board(), iter([0.0, 0.003, 0.2, 0.203])
    pins = Pins.claim(board, SETTINGS.row_pins, SETTINGS.column_pins)
    reports: list[Report] = []
    watch = KeypadWatch(pins, KeypadScanner(SETTINGS.layout, 0.005), reports.append, lambda: next(now_s))
    for _scan in range(4):
        watch.scan()
    assert [round(report.blind_s, 3) for report in reports] == [0.197]
    pins.release()
    os.close(watch._wake)


@pytest.mark.parametrize(("late_s", "blind_s"), [(0.004, []), (0.15, [0.15])])
def test_a_press_that_was_over_before_anybody_woke_is_told(late_s, blind_s):
    """The kernel has noted when its edge was; the contact is open by the time of the first scan."""
    board, pressed_s = Board(), 100.0
    pins = Pins.claim(board, SETTINGS.row_pins, SETTINGS.column_pins)
    edges, kernel = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    class Sleep:
        def poll(self):
            os.write(kernel, keypad_watch.EDGE.pack(int(pressed_s * 1e9)) * 2)

    reports: list[Report] = []
    scanner = KeypadScanner(SETTINGS.layout, 0.005)
    watch = KeypadWatch(pins._replace(edges=[edges]), scanner, reports.append, lambda: pressed_s + late_s)
    watch._poll = Sleep()
    watch._rest()
    watch.scan()
    assert [round(report.blind_s, 3) for report in reports] == blind_s
    pins.release()
    for fd in (watch._wake, edges, kernel):
        os.close(fd)


def test_a_key_that_may_be_missing_is_told(monkeypatch):
    monkeypatch.setattr(keypad_watch, "BLIND_AFTER_S", 0.0)  # as if each pause between two scans were one too long

    async def scenario(desk: Desk) -> None:
        assert not desk.missed.is_set(), "nobody touched it"
        desk.board.touch((0, 0))
        await desk.missed.wait()

    use(scenario)
