"""Rules broken on purpose, one at a time: a simulation that stays green under one of these proves nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from unittest.mock import patch

from msgspec.structs import replace

from terminal.counter import decide as counter
from terminal.counter import of_shop
from terminal.counter.decision import CheckService, Decision
from terminal.counter.inputs import CounterEvent, RegisterRequestLookedUp
from terminal.counter.register_words import SaleRequest
from terminal.counter.rules import CounterRules
from terminal.counter.view import View
from terminal.loop.bookkeeper import Bookkeeper, Handled
from terminal.loop.held_back import HeldBack
from terminal.netgiro import v1
from terminal.netgiro.client import SignedAnswer
from terminal.paper import queue as receipt_queue
from terminal.paper.queue import PrintJob, ReceiptQueue
from terminal.sale import effects as fx
from terminal.sale import ending, moves
from terminal.sale import events as ev
from terminal.sale import step as rules
from terminal.sale.customer import Customer, CustomerKind
from terminal.sale.gateway import AuthorizationStatus, CaptureMode, StatusReport
from terminal.sale.record import QueuedReceipt, ReceiptState
from terminal.sale.sale import Outcome, Reason, Sale, State
from terminal.sale.sensitive import Sensitive
from terminal.sale.totals import Close, Period
from terminal.simulation.broken_rule import BrokenRule
from terminal.simulation.disk import SimulatedDisk
from terminal.simulation.people import PAYS
from terminal.simulation.sabotage_of_cards import RULES_OF_CARDS
from terminal.simulation.sabotage_of_days import RULES_OF_DAYS
from terminal.simulation.sabotage_of_keys import RULES_OF_KEYS
from terminal.simulation.sabotage_of_netgiro import RULES_OF_NETGIRO
from terminal.simulation.sabotage_of_refunds import RULES_OF_REFUNDS
from terminal.simulation.sabotage_of_registers import RULES_OF_REGISTERS
from terminal.simulation.sabotage_of_restores import RULES_OF_RESTORES
from terminal.simulation.sabotage_of_scans import RULES_OF_SCANS
from terminal.simulation.sabotage_of_staff import RULES_OF_STAFF
from terminal.simulation.sabotage_of_twins import RULES_OF_TWINS
from terminal.simulation.sabotage_of_upgrades import RULES_OF_UPGRADES
from terminal.simulation.terminal import SimulatedTerminal
from terminal.simulation.world import NO_TROUBLE, Rates


def _act_before_commit(terminal: SimulatedTerminal, _disk: SimulatedDisk) -> None:
    terminal.acts_before_commit = True


def _forget_last_commit(_terminal: SimulatedTerminal, disk: SimulatedDisk) -> None:
    disk.forgets_last_commit = True


def _forget_nonces(_terminal: SimulatedTerminal, disk: SimulatedDisk) -> None:
    disk.nonce_high_water = lambda: 0  # type: ignore[method-assign]


def _automatic_as_manual() -> Iterator[None]:
    """The service pays on approval alone while the terminal thinks that only its own capture does."""
    with patch.dict(v1.CONFIRMATION_TYPES, {CaptureMode.MANUAL: 0}):
        yield


def _retry_lost_authorization() -> Iterator[None]:
    """A lost InsertCart is sent once more under the same Reference."""
    sent: dict[int, fx.RequestAuthorization] = {}
    authorize, lost = moves.authorize, moves.authorization_lost

    def remember(sale: Sale, event: ev.CustomerIdentified) -> moves.Transition:
        transition = authorize(sale, event)
        sent[sale.number] = next(e for e in transition.effects if isinstance(e, fx.RequestAuthorization))
        return transition

    def send_again(sale: Sale, event: ev.AnswerLost) -> moves.Transition:
        request = sent.pop(sale.number, None)
        if request is None:
            return lost(sale, event)
        sale = replace(sale, calls=sale.calls + 1)
        again = replace(request, call=sale.calls)
        return moves.Transition(sale, (again,))

    with _moves(
        {
            (State.ENTRY, ev.CustomerIdentified): rules._move(remember, State.AUTHORIZATION),
            (State.AUTHORIZATION, ev.AnswerLost): rules._move(send_again, State.REPORT),
        }
    ):
        yield


def _trust_success() -> Iterator[None]:
    """``Success`` decides instead of ResultCode and PaymentInfo."""
    understand = v1.status_report

    def believe(signed: SignedAnswer, authorization_id: str) -> StatusReport:
        report = understand(signed, authorization_id)
        if report.status in (AuthorizationStatus.PAID, AuthorizationStatus.CANCELLED, AuthorizationStatus.DECLINED):
            # CancelCart says Success=false for a paid cart; ConfirmCart says Success=true for a failed payment.
            paid = report.status is not AuthorizationStatus.PAID
            status = AuthorizationStatus.PAID if paid else AuthorizationStatus.CANCELLED
            return replace(report, status=status, confirmed=True)
        return report

    with patch.object(v1, "status_report", believe):
        yield


def _skip_proof() -> Iterator[None]:
    """Whoever says "paid" is believed, whatever the amount and the reference."""
    with patch.object(Sale, "is_paid_by", lambda _sale, report: report.status is AuthorizationStatus.PAID):
        yield


def _lost_capture_is_declined() -> Iterator[None]:
    """No answer to the capture is told as "declined"."""
    declined = rules._move(lambda sale, _event: moves.to_report(sale, Reason.CUSTOMER_DECLINED), State.REPORT)
    with _moves({(State.CAPTURE, ev.AnswerLost): declined}):
        yield


def _capture_after_power_cut() -> Iterator[None]:
    """After a start the capture is simply sent again."""
    with _moves({(State.CAPTURE, ev.PowerRestored): rules._move(lambda sale, _event: moves.to_capture(sale))}):
        yield


def _cancel_wins() -> Iterator[None]:
    """A cancel is told at once, without asking the service."""
    end = rules._move(lambda sale, event: moves.to_report(sale, moves.cancel_reason(event)), State.REPORT)
    with _moves({(State.CAPTURE, ev.CancelRequested): end, (State.AUTHORIZATION, ev.CancelRequested): end}):
        yield


def _rejected_is_delivered() -> Iterator[None]:
    """A payment that the register did not take stays approved."""
    taken = rules._move(ending.acknowledged, State.ATTENTION, State.CLOSED)
    with _moves({(State.REPORT, ev.ResultRejected): taken}):
        yield


def _refund_is_forgotten() -> Iterator[None]:
    """A payment that the register did not take is told and kept as cancelled."""

    def forget(sale: Sale) -> Sale:
        return replace(sale, reason=Reason.REGISTER_CANCELLED) if sale.reason is Reason.PAID else sale

    with patch.object(ending, "not_taken", forget):
        yield


def _look_only_at_a_sale() -> Iterator[None]:
    """After a lost call nobody looks whether the service is there again."""
    decide = counter.decide

    def look_away(view: View, event: CounterEvent, shop: CounterRules) -> Decision:
        decision = decide(view, event, shop)
        return replace(decision, effects=tuple(one for one in decision.effects if not isinstance(one, CheckService)))

    with patch.object(counter, "decide", look_away):
        yield


def _refund_without_slip() -> Iterator[None]:
    """Nobody but the screen tells staff that a refund is due."""
    receipts = rules._receipts

    def without_slip(sale: Sale) -> tuple[fx.PrintReceipt, ...]:
        return tuple(effect for effect in receipts(sale) if effect.kind is not fx.ReceiptKind.ATTENTION)

    with patch.object(rules, "_receipts", without_slip):
        yield


def _settled_without_receipts() -> Iterator[None]:
    """What staff have settled is over, and nobody gets anything."""
    receipts = rules._receipts

    def only_unsettled(sale: Sale) -> tuple[fx.PrintReceipt, ...]:
        return () if sale.reason in (Reason.SETTLED_PAID, Reason.REFUNDED) else receipts(sale)

    with patch.object(rules, "_receipts", only_unsettled):
        yield


def _end_without_slip() -> Iterator[None]:
    """The day ends, and nobody gets anything."""
    close_of = of_shop.close_of

    def unprinted(view: View, period: Period, shop: CounterRules) -> Close:
        return replace(close_of(view, period, shop), is_printed=False)

    with patch.object(of_shop, "close_of", unprinted):
        yield


def _end_a_thousand_off() -> Iterator[None]:
    """The slip of the day says 1,000 kr. more than was sold."""
    close_of = of_shop.close_of

    def dearer(view: View, period: Period, shop: CounterRules) -> Close:
        close = close_of(view, period, shop)
        approved = close.totals.of(Outcome.APPROVED)
        by_outcome = {**close.totals.by_outcome, Outcome.APPROVED: replace(approved, sum_kr=approved.sum_kr + 1000)}
        return replace(close, totals=replace(close.totals, by_outcome=by_outcome))

    with patch.object(of_shop, "close_of", dearer):
        yield


def _paper_before_taken() -> Iterator[None]:
    """The receipts say "paid" while the register can still refuse it."""
    with patch.object(Sale, "outcome_on_paper", property(lambda sale: sale.outcome if sale.has_ended else None)):
        yield


def _print_again_unmarked() -> Iterator[None]:
    """A receipt that a power cut interrupted comes again without the word AFRIT."""

    def forget(queue: ReceiptQueue) -> None:
        queue._is_recovered = True
        for receipt in queue._journal.unprinted_receipts():
            if receipt.state is ReceiptState.PRINTING:
                queue._journal.note_receipt(replace(receipt, state=ReceiptState.QUEUED))

    with patch.object(ReceiptQueue, "_recover", forget):
        yield


def _print_again_and_again() -> Iterator[None]:
    """A receipt in doubt is printed until the printer says that it is on paper; staff are never asked."""

    def once_more(receipt: QueuedReceipt) -> QueuedReceipt:
        return replace(receipt, state=ReceiptState.QUEUED_AGAIN, copy=receipt.copy + 1)

    with patch.object(receipt_queue, "in_doubt", once_more):
        yield


def _retry_unmarked() -> Iterator[None]:
    """A receipt that the printer did not finish comes again without the word AFRIT."""
    not_printed = ReceiptQueue.not_printed

    def forget(queue: ReceiptQueue, job: PrintJob, _may_be_on_paper: bool) -> None:
        not_printed(queue, job, False)

    with patch.object(ReceiptQueue, "not_printed", forget):
        yield


def _silence_is_paper() -> Iterator[None]:
    """What a printer took before it fell silent is on paper."""
    not_printed = ReceiptQueue.not_printed

    def believe(queue: ReceiptQueue, job: PrintJob, may_be_on_paper: bool) -> None:
        queue.printed(job) if may_be_on_paper else not_printed(queue, job, may_be_on_paper)

    with patch.object(ReceiptQueue, "not_printed", believe):
        yield


def _journal_not_tried_again() -> Iterator[None]:
    """Whether the disk is well again shows with the next sale."""
    with patch.object(Bookkeeper, "_try_journal", lambda keeper, _trial: Handled(Decision(view=keeper.view))):
        yield


def _forget_cancels() -> Iterator[None]:
    """A cancel while the disk takes nothing is forgotten; the customer's answer from before it comes again."""
    with patch.object(HeldBack, "cancel_in", lambda *_: None):
        yield


def _acknowledge_lightly() -> Iterator[None]:
    """A callback is acknowledged, and the sale can still end as not paid."""
    called_back = moves.called_back

    def uncommitted(sale: Sale, event: ev.CallbackReceived) -> moves.Transition:
        transition = called_back(sale, event)
        return transition._replace(sale=replace(transition.sale, committed=sale.committed))

    with _moves({(State.CUSTOMER, ev.CallbackReceived): rules._move(uncommitted)}):
        yield


def _authorize(change: Callable[[fx.RequestAuthorization], fx.RequestAuthorization]) -> Iterator[None]:
    authorize = moves.authorize

    def changed(sale: Sale, event: ev.CustomerIdentified) -> moves.Transition:
        transition = authorize(sale, event)
        effects = (change(one) if isinstance(one, fx.RequestAuthorization) else one for one in transition.effects)
        return transition._replace(effects=tuple(effects))

    with _moves({(State.ENTRY, ev.CustomerIdentified): rules._move(changed, State.AUTHORIZATION)}):
        yield


def _ask_somebody_else() -> Iterator[None]:
    """One customer pays for all."""
    one = Customer(CustomerKind.PHONE, Sensitive(PAYS))
    yield from _authorize(lambda request: replace(request, customer=one))


def _sell_dearer() -> Iterator[None]:
    """A krona more than the register asked for, from the first to the last."""
    decide = counter.decide

    def dearer(view: View, event: CounterEvent, shop: CounterRules) -> Decision:
        if isinstance(event, RegisterRequestLookedUp) and isinstance(event.request, SaleRequest):
            event = replace(event, request=replace(event.request, amount_kr=event.request.amount_kr + 1))
        return decide(view, event, shop)

    with patch.object(counter, "decide", dearer):
        yield


def _leave_unknown() -> Iterator[None]:
    """An authorization without an answer is left to staff, though nobody can have paid."""
    unknown = rules._move(lambda sale, _event: moves.to_report(sale, Reason.NOT_TRACEABLE), State.REPORT)
    with _moves({(State.AUTHORIZATION, ev.AnswerLost): unknown}):
        yield


@contextmanager
def _moves(broken: Mapping[tuple[State, type[ev.SaleEvent]], rules.Move]) -> Iterator[None]:
    table = {state: dict(moves) for state, moves in rules.TABLE.items()}
    for (state, event), move in broken.items():
        table[state][event] = move
    with patch.object(rules, "TABLE", table):
        yield


BROKEN_RULES: Mapping[str, BrokenRule] = {
    "journal after the call": BrokenRule(sabotage=_act_before_commit),
    "automatic treated as manual": BrokenRule(patches=_automatic_as_manual),
    "retry of a lost authorization": BrokenRule(patches=_retry_lost_authorization),
    "trusting Success": BrokenRule(patches=_trust_success),
    "forgetting the nonces": BrokenRule(sabotage=_forget_nonces),
    "dropping the last commit": BrokenRule(sabotage=_forget_last_commit),
    "approval without proof": BrokenRule(patches=_skip_proof),
    "lost capture told as declined": BrokenRule(patches=_lost_capture_is_declined),
    "capture repeated after a power cut": BrokenRule(patches=_capture_after_power_cut),
    "cancel wins over a payment": BrokenRule(patches=_cancel_wins, capture_mode=None),
    "rejected ZVT result counted as delivered": BrokenRule(patches=_rejected_is_delivered, protocol="zvt"),
    "rejected Concert result counted as delivered": BrokenRule(patches=_rejected_is_delivered, protocol="concert"),
    "untaken payment kept as cancelled": BrokenRule(patches=_refund_is_forgotten, protocol="zvt"),
    "cancel forgotten while the disk is full": BrokenRule(
        patches=_forget_cancels, rates=Rates(disk_full=0.2, cashier_mood=1.0, register_mood=0.6)
    ),
    "silence of the printer taken for paper": BrokenRule(patches=_silence_is_paper),
    "disk that is well again not noticed": BrokenRule(
        patches=_journal_not_tried_again, rates=Rates(disk_full=0.2, printer_trouble=0.5, power_cut=0.05)
    ),
    "acknowledged callback without a commitment": BrokenRule(
        patches=_acknowledge_lightly,
        capture_mode=CaptureMode.SERVER_CALLBACK,
        rates=Rates(call_trouble=0.6, cashier_mood=0.5, customer_mood=0.4, late_answer=0.3),
    ),
    "another customer asked to pay": BrokenRule(patches=_ask_somebody_else),
    "a krona more than was rung up": BrokenRule(patches=_sell_dearer, rates=NO_TROUBLE),
    "needless unknown": BrokenRule(patches=_leave_unknown),
    "lost service not looked for": BrokenRule(patches=_look_only_at_a_sale),
    "refund due without its slip": BrokenRule(patches=_refund_without_slip, protocol="zvt"),
    "settled sale without its receipts": BrokenRule(patches=_settled_without_receipts, protocol="zvt"),
    "end of day without its slip": BrokenRule(patches=_end_without_slip),
    "end of day 1,000 kr. wrong": BrokenRule(patches=_end_a_thousand_off),
    **RULES_OF_REGISTERS,
    **RULES_OF_NETGIRO,
    **RULES_OF_REFUNDS,
    **RULES_OF_STAFF,
    **RULES_OF_KEYS,
    **RULES_OF_SCANS,
    **RULES_OF_DAYS,
    **RULES_OF_TWINS,
    **RULES_OF_RESTORES,
    **RULES_OF_CARDS,
    **RULES_OF_UPGRADES,
    "receipt before the register has taken the result": BrokenRule(patches=_paper_before_taken, protocol="concert"),
    "interrupted receipt printed unmarked": BrokenRule(patches=_print_again_unmarked),
    "receipt in doubt printed again and again": BrokenRule(patches=_print_again_and_again),
    "unfinished receipt printed again unmarked": BrokenRule(patches=_retry_unmarked),
}
"""Each must turn the simulation red. A new promise brings its own way to break it."""
