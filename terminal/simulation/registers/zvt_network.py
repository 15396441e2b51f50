"""A ZVT register on the network: the same commands without frames, and a session that ends with its connection.

Written from how ZVT programs use TCP: one APDU after the other, the length low byte first.
"""

from __future__ import annotations

from terminal.simulation.registers.zvt import ZvtDriver
from terminal.simulation.registers.zvt_frames import ABORT
from terminal.simulation.registers.zvt_line import LONGEST_UNREAD


class ZvtNetworkDriver(ZvtDriver):
    """Connects again when it has something to say; what was running it asks for."""

    is_reliable = True
    is_slow_at_times = True
    pause_after_giving_up_s = 0.0

    def hear(self, data: bytes) -> None:
        if self.is_silent:
            return
        self._unread = (self._unread + data)[-LONGEST_UNREAD:]
        while len(self._unread) >= 3 and len(self._unread) >= (end := 3 + self._unread[2]):
            apdu, self._unread = self._unread[:end], self._unread[end:]
            self._hear_apdu(apdu)
        self._pump()

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
        self.hangs_up = self.hangs_up or waited or expired
        super().wake()

    def line_was_cut(self) -> None:
        """The connection is gone, and with it the session."""
        self._unread = b""
        self._forget_session()
        self.wire.clear()

    def _transmit(self) -> None:
        if self._flying is None:
            return
        self._tries += 1
        self.wire += self._flying
        self._acknowledged()

    def _pump(self) -> None:
        while self._flying is None and (self._answers or self._may_command):
            super()._pump()

    @property
    def _may_command(self) -> bool:
        is_free = self._asked is None and (self._session is None or (self._commands and self._commands[0][1] == ABORT))
        return bool(self._commands and is_free)
