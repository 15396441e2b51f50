"""What kind of register has sent these bytes: a suggestion for the installer, never a decision. Pure.

Every protocol leaves marks that another hardly makes by accident. Each guess says which marks were seen, so that a
person can judge, and which lines to put into config.toml.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TypeAlias, get_args

import msgspec

from terminal.register.concert.format import checksum
from terminal.register.settings import Emulation, TotalRules
from terminal.register.taps.escpos_stream import EscposReader, PlainReader, PrintedLine
from terminal.register.taps.pole_display import PoleDisplay
from terminal.register.taps.total import TotalFinder
from terminal.register.zvt.transport import Framer

BAUDRATES = (9600, 19_200, 2400, 4800, 38_400, 57_600, 115_200, 1200)
_FEW_BYTES = 8
_EVERY_TOTAL = TotalFinder(TotalRules(paid_labels=()))


class Guess(msgspec.Struct, frozen=True):
    """What it may be."""

    what: str
    why: str
    settings: tuple[str, ...] = ()
    """Lines for the section ``[register]``; none if this terminal cannot serve it."""
    advice: str = ""


def guess(data: bytes, baudrate: int) -> list[Guess]:
    """The most plausible first; never empty."""
    if not data:
        return [Guess("nothing", "no byte has come", advice=_SILENT)]
    for prove in _PROOFS:
        if (proven := prove(data)) is not None:
            return [proven]
    found = [hit for look in _LOOKS if (hit := look(data)) is not None]
    if not found and (readable := _whatever_finds_a_total(data)) is not None:
        return [readable]
    return found or [_unknown(data, baudrate)]


_SILENT = (
    "Ring up a sale to the end, with the tender key that is to mean Netgíró. If still nothing comes: is the cable"
    " crossed (the register's TxD on our RxD), is the port switched on in the register, does it want DTR or CTS?"
)


def _wrong_framing(data: bytes) -> Guess | None:
    """7 data bits with parity, read as 8 without: text whose bytes all have the same parity."""
    if len(data) < _FEW_BYTES or not any(byte >= 0x80 for byte in data):
        return None
    if _readable(bytes(byte & 0x7F for byte in data)) < 0.9:
        return None
    even = sum(byte.bit_count() % 2 == 0 for byte in data) / len(data)
    if 0.02 < even < 0.98:
        return None
    parity, name = ("E", "even") if even > 0.5 else ("O", "odd")
    return Guess(
        f"text with 7 bits and {name} parity",
        f"every byte has {name} parity, and without its top bit it is text",
        ("bytesize = 7", f'parity = "{parity}"'),
        f"Listen again with --bytesize 7 --parity {parity}.",
    )


def _readable(data: bytes) -> float:
    return sum(0x20 <= byte < 0x7F or byte in b"\r\n\t\x02\x03\x04\x05\x06\x0c\x1b\x1d\x1f" for byte in data) / len(
        data
    )


def _zvt(data: bytes) -> Guess | None:
    frames = sum(isinstance(item, bytes) for item in Framer().feed(data))
    return Guess("ZVT", f"{frames} frames with a right CRC", ('protocol = "zvt"',)) if frames else None


def _concert(data: bytes) -> Guess | None:
    for match in re.finditer(rb"\x02([ -~]{26,256})\x03(.)", data, re.DOTALL):
        if match[1][:10].isdigit() and checksum(match[1]) == match[2][0]:
            return _concert_frame(match[1][2:10].decode())
    return None


def _concert_frame(digits: str) -> Guess:
    """Two zeros at the end may be aurar, or a round price."""
    is_round = digits.endswith("00")
    return Guess(
        "Concert (Ingenico Caisse, Telium)",
        f"a frame with a right checksum; its amount reads {digits}",
        ('protocol = "concert"', *([] if is_round else ["amount_decimals = 0"])),
        "That amount does not tell amount_decimals: ring up 1.990 kr and compare. 00001990 means 0, 00199000 means 2."
        if is_round
        else "Compare the amount with what you rang up.",
    )


def _concert_call(data: bytes) -> Guess | None:
    """ENQ, again and again. With parity its top bit, or that of the EOT after it, is set."""
    bare = bytes(byte & 0x7F for byte in data)
    if bare.count(b"\x05") < 2 or bare.strip(b"\x05\x04"):
        return None
    if data == bare:
        unseen = "" if b"\x04" in data else ' If it takes no answer: bytesize = 7, parity = "E".'
        return Guess(
            "Concert, or Point",
            "nothing but ENQ: the register calls and waits for an answer, which this command does not give",
            ('protocol = "concert"',),
            f"Try it: the terminal answers, and nothing is charged before a customer has identified.{unseen}",
        )
    parity = "E" if not data.strip(b"\x05\x84") else "O" if not data.strip(b"\x85\x04") else ""
    if not parity:
        return None
    return Guess(
        "Concert (Ingenico Caisse, Telium)",
        "nothing but ENQ with a parity bit: the register calls with 7 bits, and waits for an answer, which this command"
        " does not give",
        ('protocol = "concert"', "bytesize = 7", f'parity = "{parity}"'),
        "Try it: the terminal answers, and nothing is charged before a customer has identified.",
    )


def _point(data: bytes) -> Guess | None:
    if re.search(rb"\x02y[0-9]", data) is None:
        return None
    return Guess(
        "Point ECR (Verifone)", "STX and the letter y", advice="Not served; see the README of terminal/register."
    )


def _control_unit(data: bytes) -> Guess | None:
    if b"#!#" not in data:
        return None
    return Guess(
        "a fiscal control unit (CleanCash)", "lines that begin with #!#", advice="That is no terminal protocol."
    )


def _line(data: bytes) -> Guess | None:
    if re.search(rb"(?im)^(?:PAY [0-9]+|PING|STATUS|CANCEL)\b", data.replace(b"\r", b"\n")) is None:
        return None
    return Guess("this terminal's own line protocol", "lines such as PAY 1990 or PING", ('protocol = "line"',))


_RECEIPT_MARKS = re.compile(rb"\x1d[V!BLkvhwH(]|\x1b[aEGdpiJM!]|\x10\x04[\x01-\x04]|\x1dr")
_DISPLAY_MARKS: dict[Emulation, re.Pattern[bytes]] = {
    "epson": re.compile(rb"\x1f[\x24CX\x01\x02\x03EBr]"),
    "cd5220": re.compile(rb"\x1bQ[ABD]|\x1b\[[ABCDHKLR]|\x1bl[\x01-\x14][\x01\x02]"),
    "utc": re.compile(rb"\x1bu[A-I]|\x1f[ -~]{1,20}|\x10[\x00-\x27][ -~]"),
    "aedex": re.compile(rb"!#[0-9][^\r]*\r"),
    "adm": re.compile(rb"[\x0e\x0f][ -~]+"),
}
assert set(_DISPLAY_MARKS) == set(get_args(Emulation))


_SELECTIONS = re.compile(rb"\x1b=([\x01-\x03])")


def _pair(data: bytes) -> Guess | None:
    """ESC = says who listens: where both are named, two devices hang on the line."""
    chosen = {match[1] for match in _SELECTIONS.finditer(data)}
    if not {b"\x01", b"\x02"} <= chosen:
        return None
    reader = EscposReader()
    lines = [event.text for event in reader.feed(data) if isinstance(event, PrintedLine)]
    display = PoleDisplay("epson")
    display.feed(data)
    shown = " / ".join(line.strip() for line in display.screen.lines)
    return Guess(
        "a receipt printer and a customer display on one line",
        f"ESC = selects one and the other; printed: {_total_in(lines)}; the display would now show: {shown}",
        ('protocol = "receipt"', 'emulation = "epson"'),
        'Either can be read: protocol = "receipt" reads what is printed, protocol = "display" what is shown.',
    )


_PICTURES = re.compile(rb"\x1dv0|\x1d\(L|\x1d8L|\x1b\*[\x00\x01\x20\x21]")


def _receipt(data: bytes) -> Guess | None:
    """By the reader that finds a total; a receipt that is one picture has no text at all."""
    marks = len(_RECEIPT_MARKS.findall(data))
    if marks < 2 or marks < _display_marks(data)[1]:
        return None
    lines = [event.text for event in EscposReader().feed(data) if isinstance(event, PrintedLine)]
    plain = [event.text for event in PlainReader().feed(data) if isinstance(event, PrintedLine)]
    if _PICTURES.search(data) and not any(line.strip() for line in lines):
        return Guess(
            "a receipt that is printed as a picture",
            "pictures, and no line of text: its total cannot be read",
            advice="Let the register print text (its printer driver has a setting), or use its customer display.",
        )
    emulation = "plain" if _total(lines) is None and _total(plain) is not None else "epson"
    lines = plain if emulation == "plain" else lines
    return Guess(
        "a receipt printer's ESC/POS" if emulation == "epson" else "a receipt printer that is no Epson",
        f"{marks} printer commands and {len(lines)} lines of text; {_total_in(lines)}",
        ('protocol = "receipt"', f'emulation = "{emulation}"'),
        "Wire the terminal as the printer, or between register and printer (register.passthrough_port).",
    )


def _display_marks(data: bytes) -> tuple[Emulation, int]:
    counts = {emulation: len(marks.findall(data)) for emulation, marks in _DISPLAY_MARKS.items()}
    best = max(counts, key=lambda emulation: counts[emulation])
    return best, counts[best]


def _display(data: bytes) -> Guess | None:
    """By the emulation that finds a total, else by the one with the most marks."""
    emulation, marks = _display_marks(data)
    if marks == 0 or len(_RECEIPT_MARKS.findall(data)) > marks:
        return None
    shown = {one: _shown(data, one) for one in _DISPLAY_MARKS}
    with_total = [one for one in (emulation, *_DISPLAY_MARKS) if _total_on(shown[one]) is not None]
    emulation = with_total[0] if with_total else emulation
    total = _total_on(shown[emulation])
    return Guess(
        "a customer display",
        f"{marks} display commands; it would now show: {' / '.join(line.strip() for line in shown[emulation])}"
        + (f"; the total found is {total}" if total is not None else ""),
        ('protocol = "display"', f'emulation = "{emulation}"'),
        "Check on the terminal's screen that the total is offered, and the change is not.",
    )


_DISPLAY_ROWS, _DISPLAY_COLUMNS = 2, 20


def _plainest_display(data: bytes) -> Guess | None:
    """No commands at all: a form feed clears the display, and what follows fits on two lines of twenty characters."""
    if b"\x0c" not in data or _display_marks(data)[1] or _RECEIPT_MARKS.search(data) or _readable(data) < 0.9:
        return None
    pictures = [picture for picture in data.split(b"\x0c") if picture.strip()]
    for picture in pictures:
        lines = [line for line in re.split(rb"[\r\n]+", picture) if line.strip()]
        size = sum(max(len(line), _DISPLAY_COLUMNS) for line in lines[:-1]) + len(lines[-1].rstrip())
        if len(lines) > _DISPLAY_ROWS or size > _DISPLAY_ROWS * _DISPLAY_COLUMNS:
            return None
    shown = [_shown(b"\x0c" + picture, "epson") for picture in pictures]
    total = next((total for lines in shown if (total := _total_on(lines)) is not None), None)
    if not shown:
        return None
    return Guess(
        "a customer display of the plainest kind",
        f"{len(shown)} texts of two short lines, each after a form feed; the last: "
        f"{' / '.join(line.strip() for line in shown[-1])}"
        + (f"; the total found is {total}" if total is not None else ""),
        ('protocol = "display"', 'emulation = "epson"'),
        "Check on the terminal's screen that the total is offered, and the change is not.",
    )


def _shown(data: bytes, emulation: Emulation) -> tuple[str, ...]:
    display = PoleDisplay(emulation)
    display.feed(data)
    return display.screen.lines


def _total_on(lines: Sequence[str]) -> int | None:
    return _EVERY_TOTAL.on_display(lines).amount_kr


def _plain_text(data: bytes) -> Guess | None:
    lines = re.split(rb"[\r\n\x0c]", data)
    if len(lines) < 3 or _readable(data) < 0.95 or b"\x02" in data or b"\x05" in data:
        return None
    text = [line.decode("cp437") for line in lines]
    return Guess(
        "plain text, line by line",
        f"{len(lines)} lines; {_total_in(text)}",
        ('protocol = "receipt"', 'emulation = "plain"'),
        "This is what registers print on simple printers.",
    )


def _whatever_finds_a_total(data: bytes) -> Guess | None:
    """No marks of anything; but to one of the readers it makes sense."""
    for emulation, reader in (("plain", PlainReader()), ("epson", EscposReader())):
        lines = [event.text for event in reader.feed(data + b"\n") if isinstance(event, PrintedLine)]
        if _total(lines) is not None:
            return Guess(
                "lines of a receipt",
                f"no commands that are known; {_total_in(lines)}",
                ('protocol = "receipt"', f'emulation = "{emulation}"'),
                _COMPARE,
            )
    for one in _DISPLAY_MARKS:
        if (total := _total_on(_shown(data, one))) is not None:
            return Guess(
                "a customer display",
                f"no commands that are known; as {one} it would show the total {total}",
                ('protocol = "display"', f'emulation = "{one}"'),
                _COMPARE,
            )
    return None


_COMPARE = "Compare the total with what you rang up."


def _total_in(lines: Sequence[str]) -> str:
    total = _total(lines)
    return "no total was found: see register.total_labels" if total is None else f"the total found is {total}"


def _total(lines: Sequence[str]) -> int | None:
    return _EVERY_TOTAL.in_text(lines).amount_kr


def _unknown(data: bytes, baudrate: int) -> Guess:
    if _readable(data) < 0.6:
        others = ", ".join(str(rate) for rate in BAUDRATES if rate != baudrate)
        return Guess("noise", "most bytes are no text", advice=f"Listen again at another speed: --baudrate {others}.")
    return Guess(
        "unknown",
        "text, but no protocol that is known here",
        advice="Ring up a whole sale while listening; keep the capture (--out) for whoever knows the register.",
    )


_Look: TypeAlias = Callable[[bytes], Guess | None]

_PROOFS: tuple[_Look, ...] = (_zvt, _concert, _concert_call, _wrong_framing)
"""A checksum that fits, or a parity: what else the bytes resemble is chance."""
_LOOKS: tuple[_Look, ...] = (
    _point,
    _control_unit,
    _line,
    _pair,
    _receipt,
    _display,
    _plainest_display,
    _plain_text,
)
