"""What there is to fuzz: each register protocol with real bytes to begin from. A new protocol needs one entry here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from terminal.register.concert import ConcertProtocol
from terminal.register.line import LineProtocol
from terminal.register.protocol import RegisterProtocol
from terminal.register.zvt import ZvtProtocol
from tests.unit import zvt_dumps
from tests.unit.zvt_bench import receipt_of


class Codec(NamedTuple):
    """One protocol. ``samples`` are what real registers send, whole; short ones may be single control characters."""

    build: Callable[[], RegisterProtocol]
    samples: Sequence[bytes]


_ZVT_POLITE = (b"\x06", b"\x06" + zvt_dumps.FROM_TERMINAL["good"], b"\x06" + zvt_dumps.FROM_TERMINAL["please wait"])
_ZVT_PAY = (zvt_dumps.FROM_REGISTER["pay 199000 ISK"], zvt_dumps.FROM_REGISTER["pay 199000"])
_ZVT = (
    *zvt_dumps.ALL.values(),
    *(8 * _ZVT_POLITE),
    *(4 * _ZVT_PAY),
    b"\x15",
)
_CONCERT_PAY = bytes.fromhex("023031303031393930303031313033353220202020202020202020413031304230313003")
_CONCERT = (b"\x05", b"\x06", b"\x15", b"\x04", _CONCERT_PAY + b"\x00", b"\x05" + _CONCERT_PAY + b"\x05\x04")
_LINE = (
    b"PING\r\n",
    b"PAY 1990 ID=42\r\n",
    b"PAY 1990\n",
    b"CANCEL\n",
    b"CANCEL ID=42\r",
    b"STATUS ID=42\r\n",
    b"*10\n",
)

CODECS: Mapping[str, Codec] = {
    "line": Codec(lambda: LineProtocol(0), _LINE),
    "concert": Codec(lambda: ConcertProtocol(0), _CONCERT),
    "zvt": Codec(lambda: ZvtProtocol(2, terminal_id="T1", receipt_of=receipt_of), _ZVT),
}
