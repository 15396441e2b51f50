"""A cash register that speaks ZVT, written from the specification alone: it shares no line with the terminal's codec.

:class:`ZvtRegister` is the register without a wire: bytes in, bytes out, the time as an argument. It answers what it
hears as its ``manners`` say, so a test can make it refuse, wait, keep silent, or spoil what it sends. What it heard and
said stands in ``heard`` and ``said`` as APDUs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

GOOD = bytes.fromhex("800000")
WAIT = bytes.fromhex("849C00")
NOT_EXPECTED = bytes.fromhex("846600")
ABORT = bytes.fromhex("06B000")
ENDS = (bytes.fromhex("060F"), bytes.fromhex("061E"))

Manners = Callable[[bytes], bytes | None]
"""The answer to a command of the terminal; None for silence."""


@lru_cache(maxsize=1024)  # most frames are said again and again
def crc(data: bytes) -> int:
    """CRC-16/KERMIT bit by bit, as PA00P016 draws it."""
    register = 0
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = register >> 1 ^ 0x8408 if register & 1 else register >> 1
    return register


def wrap(apdu: bytes) -> bytes:
    """The frame of an APDU."""
    wire = bytearray(b"\x10\x02")
    for byte in apdu:
        wire.append(byte)
        if byte == 0x10:
            wire.append(byte)
    wire += b"\x10\x03"
    value = crc(apdu + b"\x03")
    return bytes(wire) + bytes([value & 0xFF, value >> 8])


def unwrap(wire: bytes) -> tuple[bytes, bytes]:
    """The APDU of the frame that ``wire`` begins with, and what follows it. Raises ValueError."""
    if wire[:2] != b"\x10\x02":
        raise ValueError(f"no frame: {wire.hex(' ')}")
    apdu, at = bytearray(), 2
    while True:
        if wire[at] != 0x10:
            apdu.append(wire[at])
            at += 1
        elif wire[at + 1] == 0x10:
            apdu.append(0x10)
            at += 2
        elif wire[at + 1] == 0x03:
            break
        else:
            raise ValueError(f"10 {wire[at + 1]:02x} in a frame")
    sent = wire[at + 2] | wire[at + 3] << 8
    if sent != crc(bytes(apdu) + b"\x03"):
        raise ValueError(f"wrong checksum: {wire.hex(' ')}")
    return bytes(apdu), wire[at + 4 :]


def payment(amount: int, currency: str | None = "0352", extra: str = "") -> bytes:
    """06 01, with the amount as the register writes it."""
    data = bytes.fromhex(f"04{amount:012d}" + (f"49{currency}" if currency else "") + extra)
    return b"\x06\x01" + bytes([len(data)]) + data


def reversal(receipt: bytes, amount: int | None = None) -> bytes:
    """06 30 of the sale with that receipt number; with an amount, of so much of it."""
    data = b"\0\0\0\x87" + receipt + (bytes.fromhex(f"04{amount:012d}") if amount is not None else b"")
    return b"\x06\x30" + bytes([len(data)]) + data


def refund(amount: int) -> bytes:
    """06 31, which names no sale."""
    data = bytes.fromhex(f"00000004{amount:012d}490352")
    return b"\x06\x31" + bytes([len(data)]) + data


def registration(config: int, currency: str | None = "0352", extra: str = "") -> bytes:
    data = bytes.fromhex(f"000000{config:02x}" + (currency or "") + extra)
    return b"\x06\x00" + bytes([len(data)]) + data


def repeat_receipt(service: int | None = 1) -> bytes:
    data = bytes.fromhex("000000" + (f"03{service:02x}" if service is not None else ""))
    return b"\x06\x20" + bytes([len(data)]) + data


def always_good(_apdu: bytes) -> bytes | None:
    return GOOD


_LENGTHS = {0x27: 1, 0x04: 6, 0x0B: 3, 0x37: 3, 0x0C: 3, 0x0D: 2, 0x29: 4, 0x49: 2, 0x87: 2, 0x8A: 1}


def status_fields(apdu: bytes) -> dict[int, bytes]:
    """The fields of a 04 0F, in order; ValueError for one that PA00P015 does not list there or that is cut off."""
    if apdu[:2] != b"\x04\x0f" or len(apdu) != 3 + apdu[2]:
        raise ValueError(f"no status information: {apdu.hex(' ')}")
    found: dict[int, bytes] = {}
    at = 3
    while at < len(apdu):
        name, at = apdu[at], at + 1
        length = _LENGTHS.get(name)
        if length is None:
            width = {0x8B: 2, 0x3C: 3, 0x60: 3}.get(name)
            if width is None:
                raise ValueError(f"field {name:02x}")
            length = int(apdu[at : at + width].hex()[1::2])
            at += width
        found[name] = apdu[at : at + length]
        if len(found[name]) != length:
            raise ValueError(f"field {name:02x} is cut off")
        at += length
    return found


@dataclass
class ZvtRegister:
    """One register at one end of a line."""

    manners: Manners = always_good
    acknowledges: bool = True
    """Whether it sends the link's 06."""
    heard: list[bytes] = field(default_factory=list)
    """The terminal's APDUs, repetitions included."""
    said: list[bytes] = field(default_factory=list)
    wire: bytearray = field(default_factory=bytearray)
    """What it has to send."""
    acks: int = 0
    naks: int = 0
    _buffer: bytes = b""

    def command(self, apdu: bytes) -> None:
        self.said.append(apdu)
        self.wire += wrap(apdu)

    def hear(self, data: bytes) -> None:
        """Take bytes from the terminal. Raises ValueError for anything but whole frames and acknowledgements."""
        self._buffer += data
        while self._buffer:
            if self._buffer[0] == 0x06:
                self.acks += 1
                self._buffer = self._buffer[1:]
            elif self._buffer[0] == 0x15:
                self.naks += 1
                self._buffer = self._buffer[1:]
            else:
                try:
                    apdu, self._buffer = unwrap(self._buffer)
                except IndexError:
                    return
                self._hear_apdu(apdu)

    def _hear_apdu(self, apdu: bytes) -> None:
        self.heard.append(apdu)
        if not self.acknowledges:
            return
        self.wire += b"\x06"
        if apdu[0] in (0x80, 0x84):
            return
        answer = self.manners(apdu)
        if answer is not None:
            self.command(answer)

    def take_wire(self) -> bytes:
        data = bytes(self.wire)
        self.wire.clear()
        return data

    @property
    def results(self) -> list[int]:
        """The result codes that it was told, in order."""
        return [status_fields(apdu)[0x27][0] for apdu in self.heard if apdu[:2] == b"\x04\x0f"]

    @property
    def is_released(self) -> bool:
        """The last thing it heard ends a session."""
        return bool(self.heard) and self.heard[-1][:2] in ENDS
