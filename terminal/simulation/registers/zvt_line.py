"""The line of a ZVT register: one frame at a time, each acknowledged or sent again, and time limits for what follows.

What the frames mean is in zvt.py.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Literal

import msgspec

from terminal.sale.money import AmountDecimals
from terminal.simulation.registers.driver import RegisterDriver
from terminal.simulation.registers.zvt_frames import ABORT, unwrap, wrap

T2_S = 5.0
"""For the 06."""
ANSWER_S = 15.0
"""For the answer to a command; by the specification 5 s, real registers wait longer."""
TRANSMISSIONS = 3
LONGEST_UNREAD = 8192

Kind = Literal["pay", "repeat", "refund", "day", "other"]


class Session(msgspec.Struct):
    """A command that the terminal has taken, until it hands back."""

    kind: Kind
    ends_s: float
    has_paid: bool = False
    """The register has taken "paid" in this session."""


class ZvtLine(RegisterDriver):
    """Commands that wait their turn, answers that go before them, and the one session that may be open."""

    def __init__(self, clock: Callable[[], float], *, decimals: AmountDecimals = 0) -> None:
        super().__init__(clock, decimals=decimals)
        self._unread = b""
        self._commands: deque[tuple[Kind, bytes]] = deque()
        self._answers: deque[bytes] = deque()
        self._flying: bytes | None = None
        """Sent and not acknowledged yet."""
        self._tries = 0
        self._due_s = 0.0
        self._asked: tuple[Kind, bytes] | None = None
        """The command that waits for its answer."""
        self._asked_until_s = 0.0
        self._session: Session | None = None
        self._last_heard = b""

    def _hear_apdu(self, apdu: bytes) -> None:
        raise NotImplementedError

    @property
    def is_free(self) -> bool:
        """Nothing is running: a command may be sent."""
        return self._session is None and self._asked is None and not self._commands

    def _forget_session(self) -> None:
        self._session = self._asked = self._flying = None
        self._commands.clear()
        self._answers.clear()
        self._last_heard = b""

    # --- the wire -----------------------------------------------------------------------------------------------------

    def hear(self, data: bytes) -> None:
        if self.is_silent:
            return
        self._unread += data
        while self._unread:
            first = self._unread[0]
            if first == 0x06:
                self._unread = self._unread[1:]
                self._acknowledged()
            elif first == 0x15:
                self._unread = self._unread[1:]
                self._transmit()
            elif first != 0x10:
                self._unread = self._unread[1:]
            elif not self._hear_frame():
                break
        self._pump()

    def _hear_frame(self) -> bool:
        try:
            apdu, self._unread = unwrap(self._unread)
        except IndexError:
            self._unread = self._unread[:LONGEST_UNREAD]
            return False
        except ValueError:
            self._unread = b""
            self.wire += b"\x15"
            return True
        self.wire += b"\x06"
        self._hear_apdu(apdu)
        return True

    def line_was_cut(self) -> None:
        self._unread = b""

    def _acknowledged(self) -> None:
        if self._flying is None:
            return
        sent, self._flying = self._flying, None
        self._last_heard = b""
        if self._asked is not None and sent == self._asked[1]:
            self._asked_until_s = self._clock() + ANSWER_S

    def _command(self, kind: Kind, apdu: bytes) -> None:
        """Once what was asked before has ended."""
        self._commands.append((kind, apdu))
        self._pump()

    def _pump(self) -> None:
        """One frame at a time; answers first, and a command only when none is being answered."""
        if self._flying is not None:
            return
        if self._answers:
            self._flying = self._answers.popleft()
        elif self._commands and self._asked is None and (self._session is None or self._commands[0][1] == ABORT):
            self._send_command(*self._commands.popleft())
            return
        else:
            return
        self._tries = 0
        self._transmit()

    def _send_command(self, kind: Kind, apdu: bytes) -> None:
        self._asked, self._flying, self._tries = (kind, apdu), apdu, 0
        self._asked_until_s = self._clock() + TRANSMISSIONS * T2_S + ANSWER_S
        self._transmit()

    def _transmit(self) -> None:
        if self._flying is None:
            return
        if self._tries == TRANSMISSIONS:
            lost, self._flying = self._flying, None
            if self._asked is not None and self._asked[1] == lost:
                self._asked = None
            return
        self._tries += 1
        self._due_s = self._clock() + T2_S
        self.wire += wrap(self._flying)

    # --- time ---------------------------------------------------------------------------------------------------------

    @property
    def next_wakeup_s(self) -> float | None:
        times = []
        if self._flying is not None:
            times.append(self._due_s)
        if self._asked is not None:
            times.append(self._asked_until_s)
        if self._session is not None:
            times.append(self._session.ends_s)
        return min(times, default=None)

    def wake(self) -> None:
        now_s = self._clock()
        if self._flying is not None and now_s >= self._due_s:
            self._transmit()
        if self._asked is not None and now_s >= self._asked_until_s:
            self._asked = None
        if self._session is not None and now_s >= self._session.ends_s:
            self._session = None
        self._pump()
