"""Who is answered what, what a key does, and what the view becomes. Sales themselves are tested in test_step.py."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from msgspec.structs import replace

from hardware.interfaces import KEYS
from terminal.counter import register_words as reg
from terminal.counter.decide import decide
from terminal.counter.decision import CheckService, Decision, PreparePrinter, ShowResultFor
from terminal.counter.inputs import ConditionsChanged, CounterEvent, KeyPressed, RegisterRequestLookedUp, ResultSeen
from terminal.counter.of_keys import TAKE_OFFER_KEYS, offer_accepted
from terminal.counter.of_sale import LOOK_AFTER_LOSS_S, RESULT_SHOWN_S
from terminal.counter.register_ids import Wish
from terminal.counter.rules import CounterRules
from terminal.counter.typing import Entry
from terminal.counter.view import Offer, View
from terminal.loop.ages import MAY_HAVE_MOVED_MONEY
from terminal.sale import effects as fx
from terminal.sale import events as ev
from terminal.sale.gateway import AuthorizationStatus as Status
from terminal.sale.gateway import CaptureMode, Refusal
from terminal.sale.sale import MISSES_UNTIL_UNKNOWN, Outcome, Reason, Sale, State, Terms
from terminal.sale.sensitive import Sensitive
from tests.sales import report_for, walk_to

RULES = CounterRules(min_amount_kr=10, max_amount_kr=500_000)
OPEN_STATES = [state for state in State if state not in (State.ATTENTION, State.CLOSED)]


@dataclass
class Desk:
    """A counter and its view; keeps the latest decision."""

    rules: CounterRules = RULES
    view: View = field(default_factory=View)
    last: Decision = field(default_factory=lambda: Decision(view=View()))

    def happen(self, event: CounterEvent) -> Desk:
        self.last = decide(self.view, event, self.rules)
        self.view = self.last.view
        return self

    def ask(
        self, request: reg.RegisterRequest, known: Sale | None = None, age_s: float = 60.0, told_s: float | None = 5.0
    ) -> tuple[reg.RegisterReply, ...]:
        """``known`` was asked for and told so long ago."""
        wish = None
        if known is not None:
            wish = Wish(
                is_open=not known.has_ended,
                may_have_moved_money=known.outcome in MAY_HAVE_MOVED_MONEY,
                age_s=age_s,
                told_s=told_s if known.has_ended else None,
            )
        names = {"number": 7, "reference": "T1-000007-A1B2C3", "created": "2026-11-23T12:00:00.000Z"}
        self.happen(RegisterRequestLookedUp(request=request, known=known, wish=wish, **names))  # type: ignore[arg-type]
        return self.last.replies

    def press(self, keys: str) -> Desk:
        for key in keys:
            self.happen(KeyPressed(key))
        return self

    def hold(self, key: str) -> Desk:
        return self.press(key).happen(KeyPressed(key, is_long=True))

    @property
    def sale(self) -> Sale:
        assert self.view.sale is not None
        return self.view.sale


def desk_with(sale: Sale, **view: Any) -> Desk:
    return Desk(view=View(sale=sale, **view))


def refusal(replies: tuple[reg.RegisterReply, ...]) -> reg.RefusalCode:
    (reply,) = replies
    assert isinstance(reply, reg.RequestRefused)
    return reply.code


def ended(number: int = 3, register_id: str = "42", amount_kr: int = 1990, reason: Reason = Reason.PAID) -> Sale:
    sale = walk_to(State.CLOSED).sale
    return replace(sale, number=number, register_id=register_id, amount_kr=amount_kr, reason=reason)


# --- PAY --------------------------------------------------------------------------------------------------------------


def test_a_request_starts_a_sale_under_the_shops_terms() -> None:
    terms = Terms(capture_mode=CaptureMode.AUTOMATIC)
    desk = Desk(replace(RULES, terms=terms))
    assert desk.ask(reg.SaleRequest(1990, "42")) == (reg.SaleAccepted("42"),)
    assert (desk.sale.number, desk.sale.amount_kr, desk.sale.register_id) == (7, 1990, "42")
    assert desk.sale.terms == terms
    assert desk.last.record is not None
    assert desk.last.record.event == "SaleRequested"
    assert [type(effect) for effect in desk.last.effects] == [CheckService, fx.SetDeadline, PreparePrinter]


def test_a_request_without_an_id_is_named_by_its_reference() -> None:
    desk = Desk()
    assert desk.ask(reg.SaleRequest(1990)) == (reg.SaleAccepted("T1-000007-A1B2C3"),)


def test_a_register_that_prints_the_customers_copy_gets_only_ours() -> None:
    desk = Desk()
    desk.ask(reg.SaleRequest(1990, "42", prints_receipt=True))
    assert (desk.sale.terms.customer_copy, desk.sale.terms.merchant_copy) == (False, True)


@pytest.mark.parametrize(("amount_kr", "limit_kr"), [(0, 10), (9, 10), (500_001, 500_000), (-5, 10)])
def test_an_amount_beyond_the_limits_is_refused_with_the_limit(amount_kr: int, limit_kr: int) -> None:
    desk = Desk()
    (reply,) = desk.ask(reg.SaleRequest(amount_kr, "42"))
    assert isinstance(reply, reg.RequestRefused)
    assert (reply.code, reply.limit_kr) == (reg.RefusalCode.AMOUNT, limit_kr)
    assert desk.view.sale is None
    assert desk.last.record is None


@pytest.mark.parametrize("amount_kr", [10, 500_000])
def test_the_limits_themselves_are_within(amount_kr: int) -> None:
    assert Desk().ask(reg.SaleRequest(amount_kr, "42")) == (reg.SaleAccepted("42"),)


def test_without_a_keypad_no_sale_is_begun_that_nobody_could_go_on_with() -> None:
    desk = Desk().happen(ConditionsChanged({"keypad_ok": False}))
    assert refusal(desk.ask(reg.SaleRequest(1990, "42"))) is reg.RefusalCode.UNAVAILABLE


@pytest.mark.parametrize("state", OPEN_STATES)
def test_a_second_sale_never_replaces_an_open_one(state: State) -> None:
    desk = desk_with(walk_to(state).sale)
    before = desk.view
    assert refusal(desk.ask(reg.SaleRequest(2990, "43"))) is reg.RefusalCode.BUSY
    assert refusal(desk.ask(reg.SaleRequest(1990))) is reg.RefusalCode.BUSY
    assert desk.view == before


def test_the_same_request_while_it_is_open_is_accepted_already() -> None:
    sale = walk_to(State.CUSTOMER).sale
    desk = desk_with(sale)
    assert desk.ask(reg.SaleRequest(1990, "42"), known=sale) == (reg.SaleAccepted("42"),)
    assert desk.last.record is None
    assert desk.view.sale == sale


@pytest.mark.parametrize("state", OPEN_STATES)
def test_the_id_of_the_open_sale_with_another_amount_is_a_duplicate(state: State) -> None:
    sale = walk_to(state).sale
    assert refusal(desk_with(sale).ask(reg.SaleRequest(2990, "42"), known=sale)) is reg.RefusalCode.DUPLICATE


def test_a_repetition_while_the_result_leaves_is_answered_with_it() -> None:
    """An acceptance would say that there is something to wait for."""
    desk = desk_with(walk_to(State.REPORT).sale)
    for request in (reg.SaleRequest(1990, "42"), reg.ResultRequest("42"), reg.CancelRequest("42")):
        (answer,) = desk.ask(request, known=desk.sale)
        assert isinstance(answer, reg.SaleResult), request


PAID_OR_PERHAPS = (Reason.PAID, Reason.NOT_TRACEABLE, Reason.REFUND_DUE, Reason.REFUNDED, Reason.SETTLED_PAID)
TWENTY_HOURS_S = 20 * 3600.0


@pytest.mark.parametrize("reason", PAID_OR_PERHAPS)
def test_an_id_under_which_money_may_have_moved_is_answered_with_that_for_its_hours(reason: Reason) -> None:
    desk = Desk()
    (answer,) = desk.ask(reg.SaleRequest(1990, "42"), known=ended(reason=reason), age_s=TWENTY_HOURS_S - 1, told_s=1e4)
    assert isinstance(answer, reg.SaleResult)
    assert (answer.register_id, answer.amount_kr, answer.reason) == ("42", 1990, reason)
    assert desk.last.record is None


@pytest.mark.parametrize("reason", PAID_OR_PERHAPS)
def test_another_amount_under_it_starts_nothing(reason: Reason) -> None:
    desk = Desk()
    assert refusal(desk.ask(reg.SaleRequest(2990, "42"), known=ended(reason=reason))) is reg.RefusalCode.DUPLICATE
    assert desk.last.record is None


@pytest.mark.parametrize("reason", Reason)
@pytest.mark.parametrize("amount_kr", [1990, 2990])
def test_after_its_hours_an_id_is_free(reason: Reason, amount_kr: int) -> None:
    desk = Desk()
    answers = desk.ask(
        reg.SaleRequest(amount_kr, "42"), known=ended(reason=reason), age_s=TWENTY_HOURS_S, told_s=TWENTY_HOURS_S
    )
    assert answers == (reg.SaleAccepted("42"),)
    assert (desk.sale.number, desk.sale.amount_kr) == (7, amount_kr)


def test_a_no_comes_again_for_ten_seconds_and_then_the_same_request_is_a_new_try() -> None:
    declined = ended(reason=Reason.CUSTOMER_DECLINED)
    (answer,) = Desk().ask(reg.SaleRequest(1990, "42"), known=declined, told_s=9.9)
    assert isinstance(answer, reg.SaleResult)
    desk = Desk()
    assert desk.ask(reg.SaleRequest(1990, "42"), known=declined, told_s=10.0) == (reg.SaleAccepted("42"),)
    assert desk.sale.number == 7


def test_a_no_that_was_never_told_is_told_first() -> None:
    declined = ended(reason=Reason.CUSTOMER_DECLINED)
    (answer,) = Desk().ask(reg.SaleRequest(1990, "42"), known=declined, age_s=3600.0, told_s=None)
    assert isinstance(answer, reg.SaleResult)


def test_another_amount_after_a_no_is_a_new_sale_at_once() -> None:
    desk = Desk()
    answers = desk.ask(reg.SaleRequest(2990, "42"), known=ended(reason=Reason.CUSTOMER_DECLINED), told_s=0.0)
    assert answers == (reg.SaleAccepted("42"),)


def test_a_new_try_waits_for_the_sale_that_is_open() -> None:
    desk = desk_with(replace(walk_to(State.CUSTOMER).sale, number=8, register_id="43"))
    declined = ended(reason=Reason.CUSTOMER_DECLINED)
    assert refusal(desk.ask(reg.SaleRequest(1990, "42"), known=declined, told_s=60.0)) is reg.RefusalCode.BUSY


def test_after_its_hours_an_id_names_nothing_that_could_be_asked_for() -> None:
    """Or a register whose first request of the day was lost would be told yesterday's result."""
    for request in (reg.ResultRequest("42"), reg.CancelRequest("42")):
        assert refusal(Desk().ask(request, known=ended(), age_s=TWENTY_HOURS_S)) is reg.RefusalCode.NOT_FOUND
        (answer,) = Desk().ask(request, known=ended(), age_s=TWENTY_HOURS_S - 1)
        assert isinstance(answer, reg.SaleResult)


def test_what_is_still_open_after_its_hours_is_of_another_day() -> None:
    """Or today's receipt of this number would be told how yesterday's ends."""
    for state in OPEN_STATES:
        sale = walk_to(state).sale
        for wanted in (1990, 2990):
            asked = {"known": sale, "age_s": TWENTY_HOURS_S}
            assert refusal(desk_with(sale).ask(reg.SaleRequest(wanted, "42"), **asked)) is reg.RefusalCode.BUSY
        for request in (reg.ResultRequest("42"), reg.CancelRequest("42")):
            assert refusal(desk_with(sale).ask(request, **asked)) is reg.RefusalCode.NOT_FOUND, state


def test_an_open_sale_keeps_its_id_for_as_long_as_a_customer_may_take() -> None:
    """However few hours an id has."""
    rules = replace(RULES, id_hours=0.001)
    desk = desk_with(walk_to(State.CUSTOMER).sale)
    desk.rules = rules
    assert desk.ask(reg.SaleRequest(1990, "42"), known=desk.sale, age_s=300.0) == (reg.SaleAccepted("42"),)


def test_the_shop_says_for_how_long() -> None:
    desk = Desk(replace(RULES, id_hours=0.5))
    assert refusal(desk.ask(reg.SaleRequest(2990, "42"), known=ended(), age_s=1799)) is reg.RefusalCode.DUPLICATE
    assert desk.ask(reg.SaleRequest(2990, "42"), known=ended(), age_s=1800) == (reg.SaleAccepted("42"),)


def test_an_ended_sale_is_told_also_while_another_is_open() -> None:
    desk = desk_with(replace(walk_to(State.CUSTOMER).sale, number=8, register_id="43"))
    (reply,) = desk.ask(reg.SaleRequest(1990, "42"), known=ended())
    assert isinstance(reply, reg.SaleResult)
    assert desk.sale.register_id == "43"


# --- CANCEL, STATUS and the rest --------------------------------------------------------------------------------------


@pytest.mark.parametrize("register_id", [None, "42"])
def test_the_register_may_cancel_what_is_open(register_id: str | None) -> None:
    desk = desk_with(walk_to(State.ENTRY).sale)
    accepted, result = desk.ask(reg.CancelRequest(register_id))
    assert accepted == reg.SaleAccepted("42")
    assert isinstance(result, reg.SaleResult)
    assert result.reason is Reason.REGISTER_CANCELLED


@pytest.mark.parametrize("state", [state for state in OPEN_STATES if state is not State.REPORT])
def test_cancelling_is_accepted_in_every_state_and_the_result_follows(state: State) -> None:
    desk = desk_with(walk_to(state).sale)
    replies = desk.ask(reg.CancelRequest("42"))
    assert replies[0] == reg.SaleAccepted("42")
    assert desk.sale.outcome is not Outcome.DECLINED
    if state in (State.CUSTOMER, State.CODE_ENTRY, State.CODE_CHECK):
        assert desk.sale.state is State.VOID


def test_cancelling_what_is_over_is_answered_with_its_result() -> None:
    (reply,) = Desk().ask(reg.CancelRequest("42"), known=ended())
    assert isinstance(reply, reg.SaleResult)
    assert reply.outcome is Outcome.APPROVED


def test_cancelling_what_never_was_is_not_found() -> None:
    assert refusal(Desk().ask(reg.CancelRequest("99"))) is reg.RefusalCode.NOT_FOUND
    assert refusal(Desk().ask(reg.CancelRequest())) is reg.RefusalCode.NOTHING_OPEN
    other = desk_with(walk_to(State.CUSTOMER).sale)
    assert refusal(other.ask(reg.CancelRequest("99"))) is reg.RefusalCode.NOT_FOUND
    assert other.sale.state is State.CUSTOMER


def test_the_register_may_ask_how_it_stands() -> None:
    assert Desk().ask(reg.ResultRequest()) == (reg.TerminalReady(),)
    busy = desk_with(walk_to(State.CUSTOMER).sale)
    assert busy.ask(reg.ResultRequest()) == (reg.TerminalBusy("42"),)
    assert busy.ask(reg.ResultRequest("42")) == (reg.TerminalBusy("42"),)
    (reply,) = busy.ask(reg.ResultRequest("41"), known=ended(register_id="41"))
    assert isinstance(reply, reg.SaleResult)
    assert refusal(Desk().ask(reg.ResultRequest("99"))) is reg.RefusalCode.NOT_FOUND


def test_a_sale_that_stands_unknown_has_no_result_yet_whatever_was_wanted_of_it() -> None:
    """Its reason may say "cancelled" by now; told to the register, that would be an outcome."""
    walk = walk_to(State.CAPTURE).cancelled()
    for _ in range(MISSES_UNTIL_UNKNOWN):
        walk.lost().retried()
    assert (walk.sale.outcome, walk.sale.reason) == (Outcome.UNKNOWN, Reason.CASHIER_CANCELLED)
    assert Desk().ask(reg.ResultRequest("42"), known=walk.sale) == (reg.SaleAccepted("42"),)


def test_what_netgiro_has_no_call_for_is_refused() -> None:
    assert refusal(Desk().ask(reg.ReversalRequest(7))) is reg.RefusalCode.NOT_POSSIBLE
    assert refusal(Desk().ask(reg.RefundRequest(1990))) is reg.RefusalCode.NOT_POSSIBLE


def test_a_delivered_result_closes_the_sale_and_is_shown_for_a_while() -> None:
    desk = desk_with(walk_to(State.REPORT).sale)
    desk.ask(reg.ResultDelivered("42"))
    assert desk.view.sale is None
    assert desk.view.result is not None
    assert desk.view.result.acknowledged
    assert desk.last.effects == (ShowResultFor(7, RESULT_SHOWN_S),)
    assert desk.happen(ResultSeen(7)).view.result is None


def test_a_delivery_of_another_result_closes_nothing() -> None:
    desk = desk_with(walk_to(State.REPORT).sale)
    desk.ask(reg.ResultDelivered("41"))
    assert desk.sale.state is State.REPORT
    assert Desk().ask(reg.ResultDelivered("41")) == ()


def test_a_rejected_payment_waits_for_staff_and_does_not_hold_up_the_next_sale() -> None:
    desk = desk_with(walk_to(State.REPORT).sale)
    desk.ask(reg.ResultRefusal("42"))
    assert [sale.outcome for sale in desk.view.attention] == [Outcome.REFUND_DUE]
    assert desk.last.effects == (), "it stands until somebody has seen it"
    assert desk.ask(reg.SaleRequest(2990, "43")) == (reg.SaleAccepted("43"),)


def test_staff_settle_one_sale_while_a_customer_types_for_another() -> None:
    waiting = [replace(walk_to(State.ATTENTION).sale, number=number) for number in (3, 4)]
    desk = desk_with(walk_to(State.ENTRY).sale, attention=tuple(waiting)).press("822")
    desk.happen(ev.SettledByStaff(3, ev.Verdict.UNPAID))
    assert [sale.number for sale in desk.view.attention] == [3, 4], "that verdict does not fit, nothing changes"
    desk.happen(ev.SettledByStaff(3, ev.Verdict.REFUNDED, by="gunnar (user 1000)"))
    assert [sale.number for sale in desk.view.attention] == [4]
    assert desk.view.entry.digits.reveal() == "822"
    assert desk.last.record is not None
    assert desk.last.record.sale.settled_by == "gunnar (user 1000)"


def test_a_settled_sale_is_not_shown_as_unsettled_any_more() -> None:
    sale = walk_to(State.ATTENTION).sale
    desk = Desk(view=View(result=sale, attention=(sale,)))
    assert desk.happen(ev.SettledByStaff(7, ev.Verdict.REFUNDED)).view == View()


@pytest.mark.parametrize(
    ("request_", "looked_up"),
    [
        (reg.SaleRequest(1, "42"), "42"),
        (reg.CancelRequest("42"), "42"),
        (reg.ResultRequest(None), None),
        (reg.ResultDelivered("42"), None),
        (reg.ResultRefusal("42"), None),
    ],
)
def test_the_journal_is_asked_for_ids_that_matter(request_: Any, looked_up: str | None) -> None:
    assert reg.register_id_of(request_) == looked_up


# --- keys -------------------------------------------------------------------------------------------------------------


def test_typed_digits_name_the_customer() -> None:
    desk = desk_with(walk_to(State.ENTRY).sale).press("8223281")
    assert desk.view.entry.digits == Sensitive("8223281")
    desk.press("#")
    assert desk.sale.state is State.AUTHORIZATION
    assert desk.view.entry == Entry()
    (request,) = desk.last.effects
    assert isinstance(request, fx.RequestAuthorization)


def test_a_typed_code_is_handed_in() -> None:
    desk = desk_with(walk_to(State.CODE_ENTRY).sale).press("1234#")
    assert desk.sale.state is State.CODE_CHECK
    assert any(isinstance(effect, fx.SubmitCode) and effect.code.reveal() == "1234" for effect in desk.last.effects)


@pytest.mark.parametrize(
    ("state", "leads_to"),
    [
        (State.ENTRY, State.REPORT),
        (State.AUTHORIZATION, State.AUTHORIZATION),
        (State.CUSTOMER, State.VOID),
        (State.CODE_ENTRY, State.VOID),
        (State.CODE_CHECK, State.VOID),
        (State.CAPTURE, State.CAPTURE),
        (State.VOID, State.VOID),
        (State.REPORT, State.REPORT),
    ],
)
def test_the_cancel_key_in_every_state(state: State, leads_to: State) -> None:
    desk = desk_with(walk_to(state).sale).press("*")
    assert desk.sale.state is leads_to
    assert desk.sale.reason is (Reason.PAID if state is State.REPORT else Reason.CASHIER_CANCELLED)


@pytest.mark.parametrize("state", OPEN_STATES)
def test_a_long_press_on_the_cancel_key_does_what_the_key_does_whatever_was_typed(state: State) -> None:
    empty, typed = desk_with(walk_to(state).sale), desk_with(walk_to(state).sale)
    cancelled = empty.press("*").view
    long = typed.press("12").hold("*").view
    assert (long.sale, long.result, long.entry) == (cancelled.sale, cancelled.result, cancelled.entry)


def test_a_long_press_cancels_an_entry_that_one_press_only_clears() -> None:
    desk = desk_with(walk_to(State.ENTRY).sale).press("822*")
    assert desk.sale.state is State.ENTRY
    desk.press("822").hold("*")
    assert desk.sale.reason is Reason.CASHIER_CANCELLED


def test_a_result_that_comes_while_the_cancel_key_is_still_down_can_be_read() -> None:
    desk = Desk(view=View(result=ended()))
    desk.happen(KeyPressed("*", is_long=True))
    assert desk.view.result == ended()


def test_a_long_press_declines_a_total_and_never_takes_one() -> None:
    offer = Offer(1990)
    desk = Desk(view=View(offer=offer))
    for key in TAKE_OFFER_KEYS:
        assert offer_accepted(desk.view, KeyPressed(key)) == reg.SaleRequest(1990)
        assert offer_accepted(desk.view, KeyPressed(key, is_long=True)) is None
    desk.happen(KeyPressed("*", is_long=True))
    assert desk.view.offer == replace(offer, is_open=False)


@pytest.mark.parametrize("state", [state for state in OPEN_STATES if state not in (State.ENTRY, State.CODE_ENTRY)])
def test_other_keys_do_nothing_while_nothing_is_typed(state: State) -> None:
    desk = desk_with(walk_to(state).sale)
    before = desk.view
    assert desk.press(KEYS.replace("*", "")).view == before


@pytest.mark.parametrize("key", "*#")
def test_a_key_clears_a_result_that_was_seen(key: str) -> None:
    shown = View(result=walk_to(State.CLOSED).sale)
    assert Desk(view=shown).press("5").view == shown
    assert Desk(view=shown).press(key).view == View()


def test_the_time_of_an_older_result_does_not_clear_a_newer_one() -> None:
    shown = View(result=walk_to(State.CLOSED).sale)
    assert Desk(view=shown).happen(ResultSeen(6)).view == shown


# --- conditions -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "reached"),
    [
        (ev.AnswerLost(7, 2), False),
        (ev.RefusalReceived(7, 2, Refusal.NOT_SENT), False),
        (ev.RefusalReceived(7, 2, Refusal.CREDENTIALS), True),
        (ev.StatusReceived(7, 2, report_for(walk_to(State.CUSTOMER).sale, Status.PENDING)), True),
    ],
)
@pytest.mark.parametrize("before", [True, False])
def test_the_end_of_each_call_tells_whether_the_service_is_reached(
    event: ev.AnswerReceived, reached: bool, before: bool
) -> None:
    desk = desk_with(walk_to(State.CUSTOMER).sale).happen(ConditionsChanged({"network_ok": before}))
    assert desk.happen(event).view.conditions.network_ok is reached

    looks = [effect for effect in desk.last.effects if isinstance(effect, CheckService)]
    assert looks == ([CheckService(LOOK_AFTER_LOSS_S)] if before and not reached else [])


def test_a_lost_call_is_looked_after_once_however_many_follow_and_beside_what_the_sale_does_itself() -> None:
    desk = desk_with(walk_to(State.CUSTOMER).sale)
    desk.happen(ev.AnswerLost(7, desk.sale.calls))
    effects = [type(effect) for effect in desk.last.effects]
    assert effects[-1] is CheckService
    assert fx.SetRetry in effects
    desk.happen(ev.RetryDue(7, State.CUSTOMER))
    desk.happen(ev.AnswerLost(7, desk.sale.calls))
    assert CheckService not in [type(effect) for effect in desk.last.effects]


def test_a_call_that_is_lost_when_its_sale_is_over_is_looked_after_too() -> None:
    desk = Desk().happen(ev.AnswerLost(7, 2))
    assert desk.last.effects == (CheckService(LOOK_AFTER_LOSS_S),)


def test_timers_say_nothing_about_the_network() -> None:
    desk = desk_with(walk_to(State.CUSTOMER).sale).happen(ConditionsChanged({"network_ok": False}))
    assert not desk.happen(ev.RetryDue(7, State.CUSTOMER)).view.conditions.network_ok


def test_events_of_a_sale_that_is_over_find_nobody() -> None:
    desk = Desk().happen(ev.StatusReceived(7, 2, report_for(walk_to(State.CUSTOMER).sale, Status.PAID)))
    assert (desk.view, desk.last.record, desk.last.effects) == (View(), None, ())


def test_receipts_are_queued_by_the_record_and_not_by_an_effect() -> None:
    walk = walk_to(State.CAPTURE)
    paid = ev.StatusReceived(7, walk.sale.calls, report_for(walk.sale, Status.PAID))
    desk = desk_with(walk.sale).happen(paid)
    assert desk.last.record is not None
    assert desk.last.record.receipts == (fx.ReceiptKind.CUSTOMER, fx.ReceiptKind.MERCHANT)
    assert not any(isinstance(effect, fx.PrintReceipt | fx.ReportResult) for effect in desk.last.effects)
    (result,) = desk.last.replies
    assert isinstance(result, reg.SaleResult)


def test_a_poll_that_changes_nothing_durable_is_not_written() -> None:
    walk = walk_to(State.CUSTOMER)
    pending = ev.StatusReceived(7, walk.sale.calls, report_for(walk.sale, Status.PENDING))
    assert desk_with(walk.sale).happen(pending).last.record is None
