"""A refund that a command or the page of a demo asks for: begun by the running terminal, and waited for a while."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from terminal.app.handles import Handles
from terminal.counter.inputs import RefundRequested
from terminal.counter.register_words import RefusalCode
from terminal.errors import TerminalError
from terminal.texts.sentences import refund_sentence, refusal_sentence
from terminal.texts.words import Language

PATIENCE_S = 25.0
"""Within what whoever asks waits for an answer: of the socket, or of the page."""


async def refund_and_wait(
    terminal: Handles, wanted: RefundRequested, language: Language, service_phone: str
) -> Mapping[str, Any]:
    """How the refund stands, in fields and in words. Raises TerminalError if none was begun."""
    decision = await terminal.put_and_wait(wanted)
    if decision.refund_record is None:
        if (refused := decision.refused) is not None:
            why = refusal_sentence(refused.code, language, refused.limits_kr, of_refund=True)
            is_lost = refused.code is RefusalCode.RECORDS_LOST
            raise TerminalError(f"{why} (sudo netgiro-terminal journal acknowledge)" if is_lost else why)
        raise TerminalError("the refund was not begun: the journal accepts nothing; see status")
    number = decision.refund_record.refund.number
    await terminal.until(lambda view: all(one.number != number for one in view.refunds), PATIENCE_S)
    refund = await terminal.journal.call(terminal.journal.file.find_refund, number)
    assert refund is not None, "it was committed"
    return {
        "refund_id": str(refund.number),
        "sale_id": str(refund.sale_number),
        "amount": refund.amount_kr,
        "outcome": refund.outcome,
        "reason": refund.reason,
        "reference": refund.reference,
        "transaction_id": refund.authorization_id,
        "text": refund_sentence(refund, language, service_phone),
    }
