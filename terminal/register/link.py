"""Carries bytes between the register's serial line and its protocol, and opens the line again when it breaks.

One task owns the port. It opens the port, then sleeps until something happens: bytes came in, a reply was queued, a
timer of the protocol fired, the line was lost. Then it writes what is queued, one write at a time, and notifies the
protocol once the bytes have left. A write that fails is a lost line. The protocol keeps what must not get lost, and the
line is reopened: at once if it had held for a while, else after a pause that doubles. An idle link sets no timer.

A port to which others connect stays open while nobody is connected. For the protocol the line is down then. For staff
it is not: such registers come and go between two commands.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import time
from collections.abc import Callable, Iterable

from hardware.interfaces import DeviceError, PeerGone, SerialPort
from terminal.counter.decision import Decision
from terminal.counter.progress import progress_of
from terminal.counter.register_words import RegisterQuestion, RegisterReply, RegisterRequest, TotalSeen
from terminal.register.protocol import RegisterProtocol, follower
from terminal.register.wording import worded
from terminal.system.retrying import Pauses
from terminal.texts.words import Language

UNREADABLE = (
    "the register prints its receipts as pictures, in which no total can be read: let it print text (its printer driver"
    " has a setting), or use its customer display"
)

PAID_OTHERWISE = (
    "a slip of %d kr. was paid in another way, by what register.paid_labels say, and is not offered; if that is the key"
    " that means Netgíró, put its name into register.tender_labels"
)

log = logging.getLogger(__name__)

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 10.0
HELD_S = 10.0
"""A line that was up for so long is reopened at once; one that flaps is not, because that would spin."""
SHORTEST_TIMER_S = 0.01


class RegisterLink:
    """One register on one port. Everything but :meth:`run` returns at once; call it on the event loop only.

    ``on_request`` gets every request in the order the register made them. ``on_line_changed`` is told True when the
    line is up and False, with a sentence for staff, when it is not; the first report comes with the first attempt to
    open, later ones only when that changes. ``look`` is shown what comes in.
    """

    def __init__(
        self,
        port: SerialPort,
        protocol: RegisterProtocol,
        on_request: Callable[[RegisterRequest], None],
        *,
        language: Language = "is",
        service_phone: str = "",
        on_line_changed: Callable[[bool, str], None] = lambda _up, _detail: None,
        look: Callable[[bytes], None] = lambda _data: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._port = port
        self._protocol = protocol
        self._follower = follower(protocol)
        self._language: Language = language
        self._service_phone = service_phone
        self._on_request = on_request
        self._on_line_changed = on_line_changed
        self._look = look
        self._clock = clock
        self._stirred = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._listening = False
        self._has_peer = True
        port.on_peer = self._peer_changed
        self._loss: DeviceError | None = None
        self._is_up: bool | None = None
        self._has_noted_paid = False
        self.heard_bytes = 0
        """From the register."""
        self._heard_at_s = clock()

    @property
    def silent_s(self) -> float:
        """How long the register has said nothing; before its first byte, since the link was made."""
        return self._clock() - self._heard_at_s

    @property
    def is_up(self) -> bool:
        """The port is open."""
        return self._is_up is True

    def send(self, reply: RegisterReply, to: RegisterQuestion | None = None) -> None:
        """Hand a reply to the protocol; it leaves as soon as the line takes it. A result waits for the line.

        ``to`` is the question that it answers, the very object that ``on_request`` was given.
        """
        self._protocol.send(worded(reply, self._language, self._service_phone), self._clock(), to)
        self._stir()

    def decided(self, decision: Decision) -> None:
        """Something was decided and is on disk: a protocol that can say so says how far the sale is."""
        if self._follower is not None:
            for told in progress_of(decision):
                self._follower.hear(told, self._clock())
            self._stir()

    async def run(self) -> None:
        """Keep the line open until cancelled. Survives whatever the port does."""
        pauses = Pauses(FIRST_PAUSE_S, LONGEST_PAUSE_S)
        try:
            while True:
                up_since_s = math.inf
                try:
                    await self._open()
                    up_since_s = self._clock()
                    await self._serve()
                except Exception as error:
                    await self._lose(error)
                if self._clock() - up_since_s >= HELD_S:
                    pauses.reset()
                    await asyncio.sleep(0)
                else:
                    await pauses.wait()
        finally:
            await self._close()

    async def _open(self) -> None:
        self._loss = None
        self._listening = True  # the first bytes may come before open() returns
        await self._port.open(self._receive, self._line_lost)
        self._report(True, self._port.description)
        self._wake_protocol()  # no timer ran while it was down

    async def _serve(self) -> None:
        """Write whatever is queued, until the line is lost; raises the reason."""
        while True:
            await self._stirred.wait()
            self._stirred.clear()
            while True:
                if self._loss is not None:
                    raise self._loss
                data = self._protocol.data_to_send() if self._has_peer else b""
                if not data:
                    break
                try:
                    await self._port.write(data)
                except PeerGone:  # the protocol knows; who has come since is told anew
                    continue
                self._deliver(self._protocol.data_sent())
                self._set_timer()

    def _receive(self, data: bytes) -> None:
        if self._listening:
            self.heard_bytes += len(data)
            self._heard_at_s = self._clock()
            self._look(data)
            self._deliver(self._protocol.receive_data(data, self._clock()))
            self._stir()

    def _peer_changed(self, is_there: bool) -> None:
        """Somebody has connected, or is gone; whoever comes next is told only what is still true."""
        had_peer, self._has_peer = self._has_peer, is_there
        if had_peer and not is_there and self._listening:
            self._deliver(self._protocol.connection_lost())
        self._stir()

    def _line_lost(self, error: DeviceError) -> None:
        self._loss = error
        self._stirred.set()

    def _wake_protocol(self) -> None:
        self._clear_timer()
        self._deliver(self._protocol.wake(self._clock()))
        self._stir()

    def _stir(self) -> None:
        """Something changed: there may be bytes to write, and the next timer may be another."""
        self._set_timer()
        self._stirred.set()

    def _set_timer(self) -> None:
        self._clear_timer()
        due_s = self._protocol.next_wakeup_s
        if due_s is not None and self.is_up and self._has_peer:
            delay_s = max(due_s - self._clock(), SHORTEST_TIMER_S)
            self._timer = asyncio.get_running_loop().call_later(delay_s, self._wake_protocol)

    def _clear_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _deliver(self, requests: Iterable[RegisterRequest]) -> None:
        for request in requests:
            if isinstance(request, TotalSeen):
                self._note(request)
                if request.is_picture:
                    continue  # a logo by itself takes no offer away
            self._on_request(request)

    def _note(self, seen: TotalSeen) -> None:
        """Why a slip is not offered, for whoever sets the terminal up."""
        if seen.differing_kr is not None:
            log.warning("a slip has two totals, %d kr. and %d kr.: none is offered", *seen.differing_kr)
        if seen.is_picture:
            log.warning(UNREADABLE)
        if seen.paid_kr is not None:
            log.log(logging.DEBUG if self._has_noted_paid else logging.WARNING, PAID_OTHERWISE, seen.paid_kr)
            self._has_noted_paid = True

    async def _lose(self, error: Exception) -> None:
        if not isinstance(error, DeviceError):
            log.error("the register's port failed in an unexpected way: %s", self._port.description, exc_info=error)
        self._report(False, str(error) or type(error).__name__)
        await self._close()

    async def _close(self) -> None:
        """Let go of the port; the protocol forgets what was half said."""
        self._clear_timer()
        if self._listening:
            self._listening = False
            self._deliver(self._protocol.connection_lost())
        self._is_up = False
        with contextlib.suppress(Exception):
            await self._port.close()

    def _report(self, up: bool, detail: str) -> None:
        if self._is_up is not up:
            self._is_up = up
            log.log(logging.INFO if up else logging.WARNING, "register line %s: %s", "up" if up else "down", detail)
            self._on_line_changed(up, detail)
