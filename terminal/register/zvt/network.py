"""ZVT's link layer over TCP: APDUs one after the other, without frames, checksums and acknowledgements.

    class instr length data ...        the length is one byte, or FF and two bytes

TCP repeats and orders by itself. What remains is to find the end of each APDU, whatever chunks arrive, and to send each
of ours apart: programs take what one read brings for one APDU. The long length has its low byte first. Some programs
write the high byte first; the terminal sees that if only that order gives a possible length.

Some programs put a length of two or four bytes, high byte first, before each APDU. No class begins with so low a byte,
so the terminal sees this at once and answers in the same way. For a program that begins in another way there is a
setting.
"""

from __future__ import annotations

from terminal.register.zvt.transport import Fate, FrameReceived, LinkEvent

LONGEST_APDU = 4096
HALF_APDU_S = 5.0
"""No program pauses for so long within one: its beginning was noise."""
BETWEEN_APDUS_S = 0.08
CLASSES = (0x05, 0x06, 0x08, 0x0F, 0x80, 0x84)
"""Of what registers say. With anything else begins noise, or a length."""
LONG = 0xFF
MOST_HELD = 8 * LONGEST_APDU


class NetworkLink:
    """What :class:`terminal.register.zvt.transport.ZvtLink` is on a serial line."""

    answers_come_in_order = True

    def __init__(self, length_bytes: int | None = None) -> None:
        """``length_bytes``: of the length before each APDU, 0 for none; None: as the register does it."""
        self._fixed_prefix = length_bytes
        self._received = bytearray()
        self._prefix = length_bytes or 0
        """Bytes of length before each APDU."""
        self._apdu: bytes | None = None
        """Ours, not handed out yet."""
        self._may_leave = False
        self._is_handed_out = False
        self._due_s = 0.0
        self._last_byte_s = 0.0
        self._next_s = 0.0
        """Not before this our next APDU leaves."""

    def send(self, apdu: bytes, now_s: float) -> None:
        self._apdu, self._is_handed_out = apdu, False
        self._due_s = max(now_s, self._next_s)
        self._may_leave = self._due_s <= now_s

    def withdraw(self) -> None:
        self._apdu, self._is_handed_out = None, False

    def forget_received(self) -> None:
        """Nothing is taken for a repetition here."""

    @property
    def last_heard_s(self) -> float:
        return self._last_byte_s

    def answer_missed(self) -> None:
        """Nothing here is said twice; which answers are still owed, turns.py keeps count of."""

    def receive(self, data: bytes, now_s: float) -> list[LinkEvent]:
        """Take bytes as they come."""
        if self._received and now_s - self._last_byte_s > HALF_APDU_S:
            self._received.clear()
        if data:
            self._last_byte_s = now_s
        events: list[LinkEvent] = self._taken(now_s)
        self._received += data[:MOST_HELD]
        while (apdu := self._next_apdu()) is not None:
            events.append(FrameReceived(apdu))
        return events

    def _next_apdu(self) -> bytes | None:
        """The first one that is complete; noise before it is dropped."""
        received = self._received
        if len(received) < 3:
            return None
        if self._fixed_prefix is not None:
            self._prefix = self._fixed_prefix
        elif received[0] < min(CLASSES):
            self._prefix = 4 if received[0] == received[1] == 0 else 2
        else:
            self._prefix = 0
        start = self._prefix
        length = _length(received[start : start + 5])
        if length is None:
            return None
        if received[start] not in CLASSES or length > LONGEST_APDU:
            received.clear()
            return None
        if len(received) < start + length:
            return None
        apdu = bytes(received[start : start + length])
        del received[: start + length]
        return apdu

    def _taken(self, now_s: float) -> list[LinkEvent]:
        """What was handed out is on its way, and TCP brings it there."""
        if not self._is_handed_out:
            return []
        self.withdraw()
        self._next_s = now_s + BETWEEN_APDUS_S
        return [Fate.TAKEN]

    def data_to_send(self) -> bytes:
        if self._apdu is None or self._is_handed_out or not self._may_leave:
            return b""
        self._is_handed_out = True
        return len(self._apdu).to_bytes(self._prefix, "big") + self._apdu if self._prefix else self._apdu

    @property
    def next_wakeup_s(self) -> float | None:
        times = [self._last_byte_s + HALF_APDU_S] if self._received else []
        if self._apdu is not None:
            times.append(self._due_s)
        return min(times, default=None)

    def wake(self, now_s: float) -> list[LinkEvent]:
        """Time has passed."""
        if self._received and now_s >= self._last_byte_s + HALF_APDU_S:
            self._received.clear()
        self._may_leave = self._may_leave or now_s >= self._due_s
        return self._taken(now_s)

    def reset(self) -> None:
        """The connection is gone."""
        self._received.clear()
        self._prefix = self._fixed_prefix or 0
        self.withdraw()


def _length(head: bytes | bytearray) -> int | None:
    """Of the whole APDU; None as long as that cannot be said."""
    if len(head) < 3:
        return None
    if head[2] != LONG:
        return 3 + head[2]
    if len(head) < 5:
        return None
    low_first, high_first = int.from_bytes(head[3:5], "little"), int.from_bytes(head[3:5], "big")
    is_swapped = low_first > LONGEST_APDU >= high_first
    return 5 + (high_first if is_swapped else low_first)
