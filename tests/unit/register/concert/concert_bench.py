"""A Concert register at the codec, frame by frame."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from terminal.counter.register_words import (
    RegisterQuestion,
    RegisterReply,
    RegisterRequest,
    SaleAccepted,
    SaleRequest,
    SaleResult,
)
from terminal.register.concert import format as cf
from terminal.register.concert.codec import ConcertProtocol
from terminal.register.concert.transport import PAUSE_S
from terminal.sale.sale import Reason

ENQ, ACK, NAK, EOT = b"\x05", b"\x06", b"\x15", b"\x04"
SPACES = "20 " * 10
ISK_REPORT = f"02 30 31 30 30 31 39 39 30 30 30 31 31 30 33 35 32 {SPACES} 41 30 31 30 42 30 31 30 03 04"
SHORT_ACCEPTED = f"02 30 31 30 30 30 30 30 31 39 39 30 31 33 35 32 {SPACES} 03 36"
SHORT_REFUSED = f"02 30 31 37 30 30 30 30 31 39 39 30 31 33 35 32 {SPACES} 03 31"


def ask(
    amount: str = "00001990", flag: str = "0", tail: str = "A010B010", *, kind: str = "0", currency: str = "352"
) -> bytes:
    return cf.frame(f"01{amount}{flag}1{kind}{currency}          {tail}".encode())


class Bench:
    """The terminal's end of a line, a clock, and what the terminal behind it would say."""

    def __init__(self, decimals: int = 0, **options: object) -> None:
        self.protocol = ConcertProtocol(decimals, **options)  # type: ignore[arg-type]
        self.now_s = 100.0
        self.requests: list[RegisterRequest] = []
        self.question: RegisterQuestion | None = None

    def say(self, *data: bytes) -> bytes:
        """The register sends; what it hears at once."""
        self.take(self.protocol.receive_data(b"".join(data), self.now_s))
        return self.hear()

    def take(self, requests: Sequence[RegisterRequest]) -> None:
        self.requests += requests
        for request in requests:
            if isinstance(request, RegisterQuestion):
                self.question = request

    def tell(self, reply: RegisterReply, to: RegisterQuestion | None = None) -> None:
        """The terminal's word to a question, the latest if none is named."""
        self.protocol.send(reply, self.now_s, to or self.question)

    def hear(self) -> bytes:
        heard = self.protocol.data_to_send()
        self.requests += self.protocol.data_sent()
        return heard

    def wait(self, seconds: float) -> bytes:
        """Time passes; what the register hears meanwhile."""
        heard, end_s = b"", self.now_s + seconds
        while (due_s := self.protocol.next_wakeup_s) is not None and due_s <= end_s:
            self.now_s = max(self.now_s, due_s)
            self.requests += self.protocol.wake(self.now_s)
            heard += self.hear()
        self.now_s = end_s
        return heard

    def request(self, frame: bytes) -> list[RegisterRequest]:
        """A whole conversation; the requests that came of it."""
        self.requests.clear()
        assert self.say(ENQ) == ACK
        assert self.say(frame) == ACK
        assert self.say(EOT) == b""
        return list(self.requests)

    def sell(self, frame: bytes, sale: str = "T1-1") -> SaleRequest:
        """A request that the terminal takes."""
        (request,) = self.request(frame)
        assert isinstance(request, SaleRequest)
        self.tell(SaleAccepted(sale))
        self.requests.clear()
        return request

    def end(self, request: SaleRequest, reason: Reason = Reason.PAID, sale: str = "T1-1", age_s: float = 0.0) -> None:
        self.protocol.send(replace(result(request, reason, sale), age_s=age_s), self.now_s)

    def answer(self) -> bytes:
        """Let the terminal call, and take its message; the frame."""
        assert self.hear() + self.wait(PAUSE_S) == ENQ
        frame = self.say(ACK)
        assert self.say(ACK) == EOT
        return frame

    def status(self) -> str:
        return chr(self.answer()[3])


def result(request: SaleRequest, reason: Reason = Reason.PAID, sale: str = "T1-1") -> SaleResult:
    return SaleResult(
        register_id=sale,
        amount_kr=request.amount_kr,
        reason=reason,
        authorization_id=None,
        text="",
        echo=request.echo,
    )


def sent(dump: str) -> bytes:
    return bytes.fromhex(dump)
