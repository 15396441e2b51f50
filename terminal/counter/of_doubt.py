"""The question about a receipt of which nobody knows whether it came out. Pure.

It appears whenever nothing else is on the screen, so it can appear under somebody's fingers: who cancels a sale presses
the same keys. A key counts as an answer only after the question has stood there for a moment without any key.
"""

from __future__ import annotations

from msgspec.structs import replace

from hardware.interfaces import LONG_PRESS_S
from terminal.counter.decision import Decision, JudgeReceiptIn, LetReadFor
from terminal.counter.inputs import CounterEvent, KeyPressed, ReceiptJudged
from terminal.counter.trouble import receipt_asked_about
from terminal.counter.view import Question, View
from terminal.sale.record import QueuedReceipt, ReceiptState

JUDGED_AFTER_S = LONG_PRESS_S + 0.5
"""By then ``#`` is no long press, which opens the menu and says nothing of a receipt."""
READ_AFTER_S = 0.7
"""Nobody reads a question and answers it sooner, and nobody who types on pauses for longer."""


def with_question(decision: Decision, event: CounterEvent) -> Decision:
    """Whatever has happened: the question has come or gone, or a key came too early, and it is to be read anew."""
    view, before = decision.view, decision.view.question
    receipt = receipt_asked_about(view)
    if receipt is None:
        is_gone = before.receipt is not None
        return replace(decision, view=replace(view, question=Question(turn=before.turn))) if is_gone else decision
    is_hasty = isinstance(event, KeyPressed) and not before.is_read
    if receipt == before.receipt and not is_hasty:
        return decision
    question = Question(receipt, turn=before.turn + 1)
    effects = (*decision.effects, LetReadFor(question.turn, READ_AFTER_S))
    return replace(decision, view=replace(view, question=question), effects=effects)


def read(view: View, turn: int) -> View:
    """It has stood there for long enough, unless it has begun anew since."""
    question = view.question
    is_still_asked = question.receipt is not None and question.turn == turn
    return replace(view, question=replace(question, is_read=True)) if is_still_asked else view


def receipt_key(view: View, receipt: QueuedReceipt, key: str) -> Decision:
    """Staff are asked about that receipt. Each answer is an event of its own, which is retried until it is on disk."""
    if not view.question.is_read:
        return Decision(view=view)
    view = replace(view, judged=receipt)
    if key == "#":
        return Decision(view=view, effects=(JudgeReceiptIn(receipt, JUDGED_AFTER_S),))
    return Decision(view=view, follow_ups=(ReceiptJudged(receipt, is_whole=False),))


def judged(view: View, answer: ReceiptJudged) -> Decision:
    """A receipt that the printer said nothing of is whole, or it is printed once more."""
    receipt = answer.receipt
    if view.judged != receipt:  # the key was a long press, and meant the menu
        return Decision(view=view)
    if answer.is_whole:
        noted = replace(receipt, state=ReceiptState.PRINTED)
    else:
        noted = replace(receipt, state=ReceiptState.QUEUED_AGAIN, copy=receipt.copy + 1)
    view = replace(view, judged=None)
    if view.conditions.receipt_in_doubt == receipt:
        view = replace(view, conditions=replace(view.conditions, receipt_in_doubt=None))
    return Decision(view=view, receipts=(noted,))
