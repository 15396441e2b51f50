"""What there is to fuzz: each register protocol with real bytes to begin from. A new protocol needs one entry here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from terminal.register.concert.codec import ConcertProtocol
from terminal.register.concert.format import frame
from terminal.register.http.codec import HttpProtocol
from terminal.register.http.frames import Call, Gone, line_of
from terminal.register.line.codec import LineProtocol
from terminal.register.protocol import RegisterProtocol
from terminal.register.settings import TotalRules
from terminal.register.taps.display import DisplayTap
from terminal.register.taps.receipt import ReceiptTap
from terminal.register.zvt.codec import ZvtProtocol
from tests.unit.register.zvt import zvt_dumps
from tests.unit.register.zvt.zvt_bench import receipt_of


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
_CONCERT_PAY = frame(b"010019900011" + b"0352" + b" " * 10 + b"A010B010")
_CONCERT_CANCEL = frame(b"0100000001100826EXT0100000A010B010CMD=CANCEL")
_CONCERT_AT_ONCE = frame(b"010000199001" + b"0352" + b" " * 10 + b"A011B010")
_CONCERT = (
    *(4 * (b"\x06", b"\x06\x06")),
    *(b"\x05", b"\x15", b"\x04", _CONCERT_PAY),
    *(b"\x05" + message + b"\x04" for message in (_CONCERT_PAY, _CONCERT_PAY, _CONCERT_CANCEL, _CONCERT_AT_ONCE)),
)
_DISPLAY = (
    b"\x1f\x43\x00\x0cSAMTALS             \x1f\x24\x01\x02            1.990 kr",
    b"\x1f\x01\x0cTIL BAKA            \x0a\x0d              10 kr",
    b"\x1b@\x0cKAFFI 590\x1f(D\x04\x00\x03\x01\x65\x01\x1b&\x01AB\x05ABCDE\x05FGHIJ",
)
_RECEIPT = (
    b"\x1b@\x1bt\x10KAFFI 590\n\x1b!\x30SAMTALS 1.990\n",
    b"\x1dv0\x00\x02\x00\x04\x00SAMTALS\n\x1dk\x041990\x00\x1dk\x49\x041990",
    b"\x1bp\x00\x19\xfa",
    b"\x1dV\x00",
    b"\x10\x04\x01\x1dr\x01\x1dI\x42\x1da\xff",
    b"\x1bD\x08\x10\x18\x00\x1b&\x03AB\x01abc\x01def\x1cq\x01\x01\x00\x01\x00abcdefgh\x1d*\x01\x01abcdefgh",
    b"\x1d8L\x04\x00\x00\x00abcd\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08",
)
_PLAIN = (
    b"KAFFI 590\r\n",
    b"SAMTALS 1.990\r\n",
    b"\x1bE\x0eSAMTALS  2.490\r\n\x0c",
    b"\x1b\x1dt\x10",
    b"\x1bD\x08\x00",
    b"\x1b",
)
_LINE = (
    b"PING\r\n",
    b"PAY 1990 ID=42\r\n",
    b"PAY 1990\n",
    b"CANCEL\n",
    b"CANCEL ID=42\r",
    b"STATUS ID=42\r\n",
    b"*10\n",
)

_HTTP = (
    line_of(Call(number=1, program="Kassi 1", method="GET", path="/v1/status")),
    line_of(Call(number=2, program="Kassi 1", method="POST", path="/v1/payments", key="a", body='{"amount": 1990}')),
    line_of(Call(number=3, program="Kassi 1", method="GET", path="/v1/payments/T1-000001-A", query={"wait": "25"})),
    line_of(Call(number=4, program="Kassi 2", method="DELETE", path="/v1/payments/T1-000001-A")),
    line_of(Gone(number=3)),
)

CODECS: Mapping[str, Codec] = {
    "line": Codec(lambda: LineProtocol(0), _LINE),
    "http": Codec(HttpProtocol, _HTTP),
    "concert": Codec(lambda: ConcertProtocol(0, immediate_answer="received"), _CONCERT),
    "display": Codec(lambda: DisplayTap("epson", TotalRules()), _DISPLAY),
    "receipt": Codec(lambda: ReceiptTap(TotalRules()), _RECEIPT),
    "plain receipt": Codec(lambda: ReceiptTap(TotalRules(), plain=True), _PLAIN),
    "zvt": Codec(lambda: ZvtProtocol(2, terminal_id="T1", receipt_of=receipt_of), _ZVT),
}
