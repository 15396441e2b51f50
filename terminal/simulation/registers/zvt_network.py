"""A ZVT register on the network: the same commands without frames, and a session that ends with its connection.

Written from how ZVT programs use TCP: one APDU after the other, the length low byte first.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import msgspec

from terminal.sale.money import AmountDecimals
from terminal.simulation.registers.zvt import ZvtDriver
from terminal.simulation.registers.zvt_frames import ABORT
from terminal.simulation.registers.zvt_line import LONGEST_UNREAD

LONGEST_READ = 1024
AT_ONCE_S = 0.05


class Habits(msgspec.Struct, frozen=True, kw_only=True):
    """What programs do with TCP."""

    length_bytes: int = 0
    """Of a length, high byte first, before each message."""
    idle_s: float = math.inf
    """A connection on which nothing was said for so long is dropped."""
    keeps_for_payment: bool = True
    """But not while a payment runs."""
    reads_messages_whole: bool = False
    """What one read brings, of at most 1,024 bytes, is taken for one message."""
    cannot_take_progress: bool = False
    """04 FF, although it registers for it."""
    cannot_take_lines: bool = False
    """06 D1 and 06 D3, in the same way."""


HABITS: Mapping[str, Habits] = {
    "as specified": Habits(),
    "2 bytes of length before each message": Habits(length_bytes=2),
    "4 bytes of length before each message": Habits(length_bytes=4),
    "one read of 1,024 bytes is one message": Habits(reads_messages_whole=True),
    "idle connections dropped after 1.5 s": Habits(idle_s=1.5, keeps_for_payment=False),
    "a connection for each command": Habits(idle_s=AT_ONCE_S),
    "cannot take 04 FF": Habits(cannot_take_progress=True),
    "cannot take 06 D1": Habits(cannot_take_lines=True),
}


class ZvtNetworkDriver(ZvtDriver):
    """Connects again when it has something to say; what was running it asks for."""

    is_reliable = True
    is_slow_at_times = True
    pause_after_giving_up_s = 0.0

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        decimals: AmountDecimals = 0,
        config: int | None = None,
        habits: Habits | None = None,
    ) -> None:
        super().__init__(clock, decimals=decimals, config=config)
        self._habits = habits = habits or Habits()
        self.cannot_take_progress, self.cannot_take_lines = habits.cannot_take_progress, habits.cannot_take_lines
        self._spoke_s: float | None = None
        """When anything was last said on the connection that stands."""

    def hear(self, data: bytes) -> None:
        if self.is_silent:
            return
        self._spoke_s = self._clock()
        if self._habits.reads_messages_whole and (len(data) > LONGEST_READ or len(data) != self._length_of(data)):
            self.offences.append(f"what it takes for one message is none: {data.hex(' ')}")
        self._unread = (self._unread + data)[-LONGEST_UNREAD:]
        while (end := self._length_of(self._unread)) and len(self._unread) >= end:
            apdu, self._unread = self._unread[self._habits.length_bytes : end], self._unread[end:]
            self._hear_apdu(apdu)
        self._pump()

    def _length_of(self, data: bytes) -> int:
        """Of the message that it begins with; 0 as long as that cannot be said."""
        wide = self._habits.length_bytes
        if len(data) < wide + 3:
            return 0
        length = wide + 3 + data[wide + 2]
        if wide and int.from_bytes(data[:wide], "big") != length - wide:
            self.offences.append(f"the length before a message is wrong: {data.hex(' ')}")
        return length

    def _pay(self, amount_kr: int, name: str) -> None:
        """Whoever begins anew while something is running connects anew for it."""
        self.hangs_up = self.hangs_up or self._asked is not None or self._session is not None
        super()._pay(amount_kr, name)

    def give_up(self) -> None:
        self.hangs_up = True
        super().give_up()

    def wake(self) -> None:
        """An answer that does not come ends the connection: here it would be taken for the answer to the next."""
        waited = self._asked is not None and self._clock() >= self._asked_until_s
        expired = self._session is not None and self._clock() >= self._session.ends_s
        if (dropped := self._drops_at_s) is not None and self._clock() >= dropped:
            self.hangs_up = True
            self.line_was_cut()
        self.hangs_up = self.hangs_up or waited or expired
        super().wake()

    @property
    def _drops_at_s(self) -> float | None:
        """When it has heard and said nothing for as long as it bears."""
        is_kept = self._habits.keeps_for_payment and (self._session is not None or self._asked is not None)
        if self._spoke_s is None or is_kept or self._habits.idle_s == math.inf:
            return None
        return self._spoke_s + self._habits.idle_s

    @property
    def next_wakeup_s(self) -> float | None:
        return min((time_s for time_s in (super().next_wakeup_s, self._drops_at_s) if time_s is not None), default=None)

    def line_was_cut(self) -> None:
        """The connection is gone, and with it the session."""
        self._unread = b""
        self._spoke_s = None
        self._forget_session()
        self.wire.clear()

    def _transmit(self) -> None:
        if self._flying is None:
            return
        self._tries += 1
        self._spoke_s = self._clock()
        wide = self._habits.length_bytes
        self.wire += (len(self._flying).to_bytes(wide, "big") if wide else b"") + self._flying
        self._acknowledged()

    def _pump(self) -> None:
        while self._flying is None and (self._answers or self._may_command):
            super()._pump()

    @property
    def _may_command(self) -> bool:
        is_free = self._asked is None and (self._session is None or (self._commands and self._commands[0][1] == ABORT))
        return bool(self._commands and is_free)
