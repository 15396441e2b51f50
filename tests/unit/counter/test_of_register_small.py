"""What the register is answered, at the edges: ids, refunds under way, and a result that is leaving."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from terminal.counter import of_register
from terminal.counter import register_words as reg
from terminal.counter.inputs import RegisterRequestLookedUp
from terminal.counter.register_ids import Wish
from terminal.counter.view import View
from terminal.sale.refund import RefundReason, RefundState
from terminal.sale.sale import State, Terms
from tests.each import each_of
from tests.sales import new_refund, walk_to
from tests.unit.counter.desk_bench import RULES, Desk, desk_with, refusal

OPEN = walk_to(State.CUSTOMER).sale
TOLD = walk_to(State.REPORT).sale
OPEN_S = RULES.ids_name_for.open_s


def looked_up(request: reg.RegisterRequest, **more: Any) -> RegisterRequestLookedUp:
    return RegisterRequestLookedUp(request=request, number=9, reference="T1-000009-A1B2C3", **more)


def test_a_total_that_was_paid_is_shown_for_twenty_seconds() -> None:
    assert of_register.PAID_SHOWN_S == 20.0


def test_while_money_is_on_its_way_back_no_sale_begins() -> None:
    desk = Desk(view=View(refund=new_refund()))
    assert refusal(desk.ask(reg.SaleRequest(1990, "42"))) is reg.RefusalCode.BUSY


def test_an_amount_beyond_the_limits_is_told_both() -> None:
    (reply,) = Desk().ask(reg.SaleRequest(9, "42"))
    assert isinstance(reply, reg.RequestRefused)
    assert reply.limits_kr == (10, 500_000)


@each_of("prints_receipt", [True, False])
@each_of("customer_copy", [True, False])
def test_the_customers_copy_is_printed_by_one_at_most(customer_copy: bool, prints_receipt: bool) -> None:
    desk = Desk(replace(RULES, terms=Terms(customer_copy=customer_copy)))
    desk.ask(reg.SaleRequest(1990, "42", prints_receipt=prints_receipt))
    assert desk.sale.terms.customer_copy is (customer_copy and not prints_receipt)


@each_of(("sale", "answer"), [(OPEN, reg.SaleAccepted), (TOLD, reg.RequestRefused)], ids=["open", "told"])
def test_what_looks_like_the_open_sale_is_the_next_customers_once_that_has_ended(sale: Any, answer: Any) -> None:
    sale = replace(sale, register_echo="5")
    (reply,) = desk_with(sale).ask(reg.SaleRequest(1990, echo="5", repeats_within_s=60.0))
    assert isinstance(reply, answer)


@each_of(
    ("age_s", "is_meant"), [(0.0, True), (RULES.ids_name_for.open_s - 1, True), (RULES.ids_name_for.open_s, False)]
)
def test_an_id_means_the_open_sale_as_long_as_it_names_it(age_s: float, is_meant: bool) -> None:
    desk = desk_with(OPEN)
    wish = Wish(is_open=True, may_have_moved_money=False, age_s=age_s, told_s=None)
    desk.happen(looked_up(reg.CancelRequest(OPEN.register_id), known=OPEN, wish=wish))
    assert (desk.sale.state is State.VOID) is is_meant


@each_of(("register_id", "is_over"), [("R8", True), ("42", False)])
def test_the_result_of_a_refund_is_taken_under_its_own_id(register_id: str, is_over: bool) -> None:
    told = new_refund(reason=RefundReason.DONE, state=RefundState.REPORT)
    desk = Desk(view=View(refund=told)).happen(looked_up(reg.ResultDelivered(register_id)))
    assert (desk.view.refund is None) is is_over


def test_whoever_names_no_sale_waits_until_its_result_has_left() -> None:
    assert desk_with(TOLD).ask(reg.ResultRequest()) == (reg.TerminalBusy("42"),)
    (answer,) = desk_with(TOLD).ask(reg.ResultRequest("42"), known=TOLD)
    assert isinstance(answer, reg.SaleResult)


def test_a_record_that_may_be_missing_is_not_called_unknown() -> None:
    desk = Desk().happen(looked_up(reg.RecordRequest(register_id="42"), gap_age_s=60.0))
    assert refusal(desk.last.replies) is reg.RefusalCode.RECORDS_LOST
