"""A ZVT register on a cable: terminal/simulation/registers/zvt_frames.py, answering from a thread of its own."""

from __future__ import annotations

import contextlib
import os
import select
import threading
import time
from collections.abc import Callable
from pathlib import Path

from terminal.simulation.registers.zvt_frames import GOOD, Manners, ZvtRegister, always_good, payment
from tests.integration.counter import ShopCounter
from tests.integration.netgiro import SimulatedNetgiro
from tests.integration.process import wait_until
from tests.integration.register import Register

SLICE_S = 0.01


class ZvtOnCable:
    """Reads and answers until it is closed. ``register`` may be looked at any time; command through :meth:`send`."""

    def __init__(self, cable: Register) -> None:
        self.register = ZvtRegister()
        self.answer_delays_s: list[float] = []
        """From each command's last byte to the acknowledgement."""
        self._cable = cable
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def send(self, apdu: bytes) -> None:
        with self._lock:
            self.register.command(apdu)
            self._flush()

    def behave(self, manners: Manners = always_good, *, acknowledges: bool = True) -> None:
        with self._lock:
            self.register.manners, self.register.acknowledges = manners, acknowledges

    def begin(self) -> None:
        """Forget what was heard."""
        with self._lock:
            self.register.heard.clear()

    def forget_half_a_frame(self) -> None:
        """The terminal was killed: what it was just saying will not be finished."""
        with self._lock:
            old = self.register
            self.register = ZvtRegister(old.manners, old.acknowledges, old.heard, old.said, acks=old.acks)

    def ask(self, apdu: bytes) -> bytes:
        """Command, and return the terminal's answer to that."""
        before = len(self.register.heard)
        acks = self.register.acks
        sent_s = time.monotonic()
        self.send(apdu)
        self.wait("an acknowledgement", lambda: self.register.acks > acks)
        self.answer_delays_s.append(time.monotonic() - sent_s)
        self.wait(f"an answer to {apdu.hex()}", lambda: len(self.register.heard) > before)
        return self.register.heard[before]

    def wait(self, what: str, look: Callable[[], bool], deadline_s: float = 10.0) -> None:
        wait_until(f"{what} at the register", look, deadline_s)

    def wait_for_end(self) -> int:
        """Until the session is over; the last result code that was told."""
        self.wait("the end of the session", lambda: self.register.is_released, 30.0)
        return self.register.results[-1]

    def wait_for_end_of_registration(self) -> None:
        self.wait("the end of the registration", lambda: self.register.is_released)

    def close(self) -> None:
        self._stop.set()
        self._thread.join()

    def _serve(self) -> None:
        while not self._stop.is_set():
            with contextlib.suppress(OSError, ValueError):
                if select.select([self._cable], [], [], SLICE_S)[0]:
                    data = os.read(self._cable.fileno(), 4096)
                    with self._lock:
                        self.register.hear(data)
                        self._flush()
                    continue
            self._stop.wait(SLICE_S)

    def _flush(self) -> None:
        if data := self.register.take_wire():
            self._cable.send_bytes(data)


class ZvtShop(ShopCounter):
    """``run`` with a ZVT register; kronur are written with two decimals."""

    def __init__(self, folder: Path, netgiro: SimulatedNetgiro) -> None:
        super().__init__(folder, netgiro, {"register": {"protocol": "zvt", "amount_decimals": 2}})
        self.zvt = ZvtOnCable(self.cable)

    def start(self, until: str = "") -> None:
        super().start(until)
        self.wait_for_devices()

    def close(self) -> None:
        self.zvt.close()
        super().close()

    def ring_up(self, amount_kr: int = 1990) -> None:
        """The terminal must take it."""
        self._carts_before = self.netgiro.carts()
        self.zvt.begin()
        assert self.zvt.ask(payment(amount_kr * 100)) == GOOD
        self.wait_for("entry")

    def clear(self) -> None:
        """Whatever a failed test left open must not fail the next."""
        self.zvt.behave()
        if self.state()["state"] == "entry":
            self.press("*")
        self.wait_for("idle")
