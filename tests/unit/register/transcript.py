"""Conversations written down in a page, held against the real codec and counter.

A fence's first word names the protocol; then each line is one of

    > PING                                what the register sends
    < WAIT ID=7                           what the terminal says, in this order; … stands for any characters
    (the customer pays)                   what happens meanwhile: one of ``HAPPENINGS``

ZVT is written as hexadecimal APDUs, Concert with its control characters as <ENQ>, <STX> …; <LRC> is worked out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import reduce
from operator import xor
from pathlib import Path

from tests.unit.register.register_shop import PATIENT_PHONE, WITHOUT_CREDIT, Shop

_FENCE = re.compile(r"^```(line|zvt-tcp|concert) *\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CONTROLS = {"STX": 0x02, "ETX": 0x03, "EOT": 0x04, "ENQ": 0x05, "ACK": 0x06, "NAK": 0x15}
_NAMES = {byte: f"<{name}>" for name, byte in _CONTROLS.items()}
ANYTHING = "…"


def _pay(shop: Shop) -> None:
    shop.identify(PATIENT_PHONE)
    shop.accept()


def _lose_the_capture(shop: Shop) -> None:
    shop.netgiro.lost.add("ConfirmCart")


HAPPENINGS: Mapping[str, Callable[[Shop], None]] = {
    "the customer pays": _pay,
    "the customer has no credit": lambda shop: shop.identify(WITHOUT_CREDIT),
    "the customer types a number": lambda shop: shop.identify(PATIENT_PHONE),
    "the cashier presses *": lambda shop: shop.press("*"),
    "eleven seconds pass": lambda shop: shop.wait(11),
    "ten minutes pass": lambda shop: shop.wait(600),
    "the power of the terminal goes and comes back": lambda shop: shop.restart(),
    "Netgíró's answer to the capture is lost": _lose_the_capture,
}


class Wire:
    """A register that only says what it is told to, and keeps what it hears."""

    hangs_up = False

    def __init__(self) -> None:
        self.heard = b""
        self.next_wakeup_s: float | None = None
        self._to_send = b""

    def hear(self, data: bytes) -> None:
        self.heard += data

    def take_wire(self) -> bytes:
        data, self._to_send = self._to_send, b""
        return data

    def send(self, data: bytes) -> None:
        self._to_send += data

    def wake(self) -> None: ...

    def line_was_cut(self) -> None: ...


def transcripts(page: Path) -> Iterator[tuple[str, str, int]]:
    """Each conversation of a page: its protocol, its text, and the line it begins on."""
    text = page.read_text("utf-8")
    for fence in _FENCE.finditer(text):
        yield fence[1], fence[2], text.count("\n", 0, fence.start()) + 2


def play(protocol: str, conversation: str) -> list[str]:
    """The conversation as it goes: the same lines, with what the terminal really said."""
    shop = Shop(protocol)
    wire = shop.register = Wire()  # type: ignore[assignment]
    shop.wait()
    wire.heard = b""
    went: list[str] = []
    for line in filter(None, conversation.splitlines()):
        if line.startswith("<"):
            continue  # said already
        went.append(line)
        if line.startswith(">"):
            wire.send(_to_bytes(protocol, line[2:]))
            shop.flush()
            shop.wait(0.2)
        else:
            HAPPENINGS[line.strip("()")](shop)
        went += [f"< {said}" for said in _to_text(protocol, wire.heard)]
        wire.heard = b""
    return went


def agree(written: list[str], went: list[str]) -> bool:
    """Line by line; … in what is written stands for anything."""
    patterns = (".*".join(map(re.escape, line.split(ANYTHING))) for line in written)
    return len(written) == len(went) and all(map(re.fullmatch, patterns, went))


def _to_bytes(protocol: str, text: str) -> bytes:
    if protocol == "line":
        return text.encode("ascii") + b"\r\n"
    if protocol == "zvt-tcp":
        return bytes.fromhex(text)
    data = re.sub("<([A-Z]{3})>", lambda name: chr(_CONTROLS[name[1]]) if name[1] in _CONTROLS else "\x00", text)
    if "<LRC>" not in text:
        return data.encode("ascii")
    body = data[1:-1].encode("ascii")
    return b"\x02" + body + bytes([reduce(xor, body)])


def _to_text(protocol: str, data: bytes) -> list[str]:
    if protocol == "line":
        return data.decode("ascii").split("\r\n")[:-1]
    if protocol == "zvt-tcp":
        return [apdu.hex(" ") for apdu in _apdus(data)]
    data = re.sub(rb"(\x02[^\x03]*\x03).", lambda frame: frame[1] + b"\x00", data, flags=re.DOTALL)
    text = "".join(_NAMES.get(byte, "<LRC>" if byte == 0 else chr(byte)) for byte in data)
    return [text] if text else []


def _apdus(data: bytes) -> Iterator[bytes]:
    while data:
        size = 3 + data[2] if data[2] != 0xFF else 5 + int.from_bytes(data[3:5], "little")
        yield data[:size]
        data = data[size:]
