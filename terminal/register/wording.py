"""The sentence for the cashier that goes with a reply: the counter decides in facts, the line carries words."""

from __future__ import annotations

from msgspec.structs import replace

from terminal.counter.register_words import RefundResult, RegisterReply, RequestRefused, SaleResult
from terminal.texts.sentences import refund_sentence, refusal_sentence, result_sentence
from terminal.texts.words import Language


def worded(reply: RegisterReply, language: Language, service_phone: str = "") -> RegisterReply:
    """``reply`` with the text that a codec may show; a reply that has none is returned as it is."""
    match reply:
        case RequestRefused():
            text = refusal_sentence(reply.code, language, reply.limits_kr, of_refund=reply.of_refund)
            return replace(reply, text=text)
        case SaleResult():
            return replace(reply, text=result_sentence(reply.reason, language, service_phone))
        case RefundResult():
            return replace(reply, text=refund_sentence(reply.refund, language, service_phone))
    return reply
