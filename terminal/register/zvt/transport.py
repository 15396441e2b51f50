r"""ZVT's link layer on a serial line: frames, checksums, acknowledgements, repetition. Knows nothing of commands.

    frame        10 02  APDU, every 10 in it sent twice  10 03  CRC low  CRC high
    answered     06 accepted, 15 send again: single bytes outside any frame, sent at once

The rules (PA00P016, "Transport protocol", chapters 2 and 3):

* T1: a frame in which the line falls silent is answered with 15.
* T2: a frame that is not answered within 5 s is sent again, as is a frame that is answered with 15; three times in all.
* One frame at a time. There are no sequence numbers, so only what lies between two frames shows whether the second is
  new: the frame just received is a repetition until the register has accepted something that we sent after it.
* A frame that answers ours, or that follows our answer, proves that ours was accepted, even if its 06 was lost. This
  does not hold while the answer to an earlier frame of ours may still be on its way: then only a 06 proves it.
* The two CRC bytes are never doubled and may look like anything (``10 02 05 01 00 10 03 10 06``).

Registers read carelessly: some empty their input buffer once they have our 06. So a frame of ours leaves a little
later, never together with the 06.
"""

from __future__ import annotations

import re
from binascii import crc_hqx
from collections.abc import Iterator
from enum import Enum, auto
from typing import NamedTuple, TypeAlias

DLE, STX, ETX, ACK, NAK = 0x10, 0x02, 0x03, 0x06, 0x15

T1_S = 0.5
"""The specification's 200 ms, and what an adapter and a busy machine may sit on bytes."""
T2_S = 5.0
SHORTEST_T2_S = 0.9
"""No register repeats itself sooner."""
TRANSMISSIONS = 3
TURNAROUND_S = 0.08
"""Between our 06 and our next frame."""
REPETITION_WINDOW_S = TRANSMISSIONS * T2_S
LONGEST_APDU = 4096
MOST_CONTROLS = 64
"""Acknowledgements that a line which takes nothing may pile up."""

_START, _END, _ESCAPED = bytes([DLE, STX]), bytes([DLE, ETX]), bytes([DLE, DLE])
_CONTROL = re.compile(rb"[\x06\x10\x15]")
_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def checksum(apdu: bytes) -> bytes:
    """The two CRC bytes of an APDU as they stand on the wire: CRC-16/KERMIT over the APDU and the 03 after it.

    KERMIT is XMODEM's CRC, which the standard library has, with the bits of every byte the other way round.
    """
    return crc_hqx((apdu + b"\x03").translate(_MIRRORED), 0).to_bytes(2, "big").translate(_MIRRORED)


def encode_frame(apdu: bytes) -> bytes:
    """The bytes on the wire."""
    return _START + apdu.replace(b"\x10", _ESCAPED) + _END + checksum(apdu)


class Broken(NamedTuple):
    """A frame that came to its end damaged."""


class Framer:
    """Cuts bytes into APDUs and single control bytes, in any chunking; holds at most one APDU."""

    def __init__(self) -> None:
        self._apdu = bytearray()
        self.reset()

    def reset(self) -> None:
        """Forget half a frame."""
        self._apdu.clear()
        self._is_inside = False
        self._after_dle = False
        self._is_broken = False
        self._crc: bytes | None = None

    @property
    def is_inside(self) -> bool:
        """A frame has begun and not ended."""
        return self._is_inside

    def feed(self, data: bytes) -> Iterator[bytes | int | Broken]:
        """The APDUs, ACKs and NAKs that are complete now; whatever else stands between frames means nothing."""
        at, end = 0, len(data)
        while at < end:
            if self._crc is not None:
                at, taken = at + 1, self._crc + data[at : at + 1]
                self._crc = taken
                if len(taken) == 2:
                    yield self._end_frame(taken)
            elif self._after_dle:
                self._escaped(data[at])
                at += 1
            elif self._is_inside:
                found = data.find(DLE, at)
                stop = end if found < 0 else found
                self._collect(data[at:stop])
                self._after_dle = found >= 0
                at = stop + 1
            else:
                match = _CONTROL.search(data, at)
                if match is None:
                    return
                at = match.end()
                control = data[at - 1]
                if control == DLE:
                    self._after_dle = True
                else:
                    yield control

    def _escaped(self, byte: int) -> None:
        """The byte after a DLE."""
        self._after_dle = False
        if byte == STX:  # also in the middle of a frame: the sender has begun anew
            self.reset()
            self._is_inside = True
        elif not self._is_inside:
            self._after_dle = byte == DLE  # noise before a frame must not cost it its beginning
        elif byte == ETX:
            self._crc = b""
        elif byte == DLE:
            self._collect(b"\x10")
        else:
            self._is_broken = True

    def _collect(self, piece: bytes) -> None:
        if len(self._apdu) + len(piece) > LONGEST_APDU:
            self._is_broken = True
        if self._is_broken:
            self._apdu.clear()
        else:
            self._apdu += piece

    def _end_frame(self, crc: bytes) -> bytes | Broken:
        apdu, is_broken = bytes(self._apdu), self._is_broken
        self.reset()
        return Broken() if is_broken or crc != checksum(apdu) else apdu


class FrameReceived(NamedTuple):
    """The register says this; it has our 06."""

    apdu: bytes


class Fate(Enum):
    """What became of our frame."""

    TAKEN = auto()
    LOST = auto()
    """Sent three times and never answered."""


LinkEvent: TypeAlias = FrameReceived | Fate


class ZvtLink:
    """One end of the link: hand in bytes and the time, take out bytes and events. At most one frame is on its way."""

    answers_come_in_order = False
    """On a line one may be lost for good, and what comes next is not that one."""

    def __init__(self) -> None:
        self._framer = Framer()
        self._controls = bytearray()
        self._apdu: bytes | None = None
        """Ours, on its way."""
        self._is_unsent = False
        """A copy of it waits for the line."""
        self._transmissions = 0
        self._due_s = 0.0
        """When it is to be sent, or sent again."""
        self._last_received: bytes | None = None
        self._last_received_s = 0.0
        self._has_asked_again = False
        """A 15 of ours has left since: a copy may come at any moment."""
        self._has_left_since = False
        """Ours has left since we received that: what comes now can be an answer to it."""
        self._answer_may_be_late = False
        """A frame of ours was given up without its answer, and no 06 has come since."""
        self._last_byte_s = 0.0
        self._quiet_until_s = 0.0

    def send(self, apdu: bytes, now_s: float) -> None:
        """Begin to send, in place of whatever was on its way."""
        self._apdu, self._transmissions, self._is_unsent = apdu, 0, False
        self._due_s = max(now_s, self._quiet_until_s)
        if self._due_s <= now_s:
            self._transmit(now_s)

    def withdraw(self) -> None:
        """Forget the frame that is on its way."""
        self._answer_may_be_late = self._answer_may_be_late or self._is_waiting
        self._forget_sent()

    def _forget_sent(self) -> None:
        self._apdu, self._is_unsent = None, False

    def answer_missed(self) -> None:
        """The frame that was taken last got no answer in time; one that comes now is no answer to the next."""
        self._answer_may_be_late = True

    def forget_received(self) -> None:
        """Nothing is being answered any more: the same command again is a new one."""
        self._last_received = None

    @property
    def last_heard_s(self) -> float:
        """When the register's last byte came."""
        return self._last_byte_s

    def receive(self, data: bytes, now_s: float) -> list[LinkEvent]:
        """Take bytes as they come."""
        if self._framer.is_inside and now_s - self._last_byte_s > T1_S:
            self._framer.reset()
        if data:
            self._last_byte_s = now_s
        events: list[LinkEvent] = []
        for item in self._framer.feed(data):
            if isinstance(item, bytes):
                events += self._received(item, now_s)
            elif isinstance(item, Broken):
                self._ask_again()
            elif self._is_waiting:
                events += [self._acknowledged()] if item == ACK else self._send_again(now_s)
        return events

    @property
    def _is_waiting(self) -> bool:
        """Our frame has left and is not answered."""
        return self._apdu is not None and self._transmissions > 0 and not self._is_unsent

    def _received(self, apdu: bytes, now_s: float) -> list[LinkEvent]:
        is_repetition = (
            apdu == self._last_received
            and now_s < self._quiet_until_s + REPETITION_WINDOW_S
            and not self._answers_at_once(apdu, now_s)
        )
        self._last_received_s, self._has_asked_again, self._has_left_since = now_s, False, False
        self._say(ACK)
        self._quiet_until_s = now_s + TURNAROUND_S
        self._hold_back()
        if is_repetition:
            return []
        events: list[LinkEvent] = []
        if self._is_waiting and self._apdu is not None and is_answer(apdu) and self._answer_may_be_late:
            self._last_received = apdu
            return []
        if self._is_waiting and self._apdu is not None and (is_answer(apdu) or is_answer(self._apdu)):
            events.append(self._taken())
        self._last_received = apdu
        events.append(FrameReceived(apdu))
        return events

    def _answers_at_once(self, apdu: bytes, now_s: float) -> bool:
        """Our command has left since the last copy, which is too young to be repeated: the 06 before this was lost."""
        is_command_out = self._has_left_since and self._apdu is not None and not is_answer(self._apdu)
        is_too_soon = now_s < self._last_received_s + SHORTEST_T2_S and not self._has_asked_again
        return is_command_out and is_answer(apdu) and is_too_soon

    def _hold_back(self) -> None:
        """Our own frame must not be glued to the 06."""
        if self._is_unsent:
            self._is_unsent = False
            self._transmissions -= 1
            self._due_s = self._quiet_until_s
        elif self._apdu is not None and self._transmissions == 0:
            self._due_s = self._quiet_until_s

    def _acknowledged(self) -> Fate:
        self._answer_may_be_late = False
        return self._taken()

    def _taken(self) -> Fate:
        self._forget_sent()
        self._last_received = None
        return Fate.TAKEN

    def _send_again(self, now_s: float) -> list[LinkEvent]:
        if self._transmissions < TRANSMISSIONS:
            self._transmit(now_s)
            return []
        self.withdraw()
        self._last_received = None
        return [Fate.LOST]

    def _transmit(self, now_s: float) -> None:
        self._transmissions += 1
        self._is_unsent = True
        self._due_s = now_s + T2_S

    def _ask_again(self) -> None:
        self._has_asked_again = True
        self._say(NAK)

    def _say(self, control: int) -> None:
        if len(self._controls) < MOST_CONTROLS:
            self._controls.append(control)

    def data_to_send(self) -> bytes:
        """Take what is to be written now."""
        data = bytes(self._controls)
        self._controls.clear()
        if self._is_unsent and self._apdu is not None:
            self._is_unsent, self._has_left_since = False, True
            data += encode_frame(self._apdu)
        return data

    @property
    def next_wakeup_s(self) -> float | None:
        times = [self._last_byte_s + T1_S] if self._framer.is_inside else []
        if self._apdu is not None:
            times.append(self._due_s)
        return min(times, default=None)

    def wake(self, now_s: float) -> list[LinkEvent]:
        """Time has passed."""
        if self._framer.is_inside and now_s >= self._last_byte_s + T1_S:
            self._framer.reset()
            self._ask_again()
        return self._send_again(now_s) if self._apdu is not None and now_s >= self._due_s else []

    def reset(self) -> None:
        """The line is gone, and with it whatever was half said."""
        self._framer.reset()
        self._controls.clear()
        self.withdraw()


def is_answer(apdu: bytes) -> bool:
    """Whether this answers a command instead of being one."""
    return apdu[:1] in (b"\x80", b"\x84")
