"""Words of the line protocol."""

from __future__ import annotations

from terminal.counter.register_words import (
    RegisterReply,
    RegisterRequest,
    SaleResult,
)
from terminal.register.line.codec import LineProtocol
from terminal.register.line.format import checksum
from terminal.sale.sale import Reason

GUID = "0f8fad5b-d9cb-469f-a165-70867728950e"


def ask(data: bytes, decimals: int = 0) -> tuple[list[RegisterRequest], bytes]:
    """The requests in ``data`` and what the terminal answers of itself."""
    protocol = LineProtocol(decimals)  # type: ignore[arg-type]
    return list(protocol.receive_data(data, 0.0)), protocol.data_to_send()


def say(reply: RegisterReply, *, after: bytes = b"", decimals: int = 0) -> bytes:
    """The bytes of a reply to the request ``after``."""
    protocol = LineProtocol(decimals)  # type: ignore[arg-type]
    protocol.receive_data(after, 0.0)
    protocol.send(reply, 0.0)
    return protocol.data_to_send()


def result(reason: Reason = Reason.PAID, register_id: str = "42", text: str = "", amount_kr: int = 1990) -> SaleResult:
    authorization_id = GUID if reason is Reason.PAID else None
    return SaleResult(
        register_id=register_id, amount_kr=amount_kr, reason=reason, authorization_id=authorization_id, text=text
    )


def with_checksum(text: str) -> bytes:
    return f"{text}*{checksum(text.encode()):02X}\n".encode()
