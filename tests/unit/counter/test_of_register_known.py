"""What the register is answered by what is known: records, gaps, repetitions by looks and by name, the last result."""

from __future__ import annotations

import math
from typing import Any

from msgspec.structs import replace

from terminal.counter import register_words as reg
from terminal.counter.decision import KeepOfferFor
from terminal.counter.inputs import RegisterRequestLookedUp
from terminal.counter.register_ids import Wish
from terminal.counter.view import Offer, View
from terminal.sale.refund import Refund
from terminal.sale.sale import Reason, Sale, State
from tests.each import each_of
from tests.sales import new_refund, walk_to
from tests.unit.counter.desk_bench import RULES, Desk, desk_with, ended, refusal

HOURS_S = RULES.ids_name_for.ended_s
OPEN = walk_to(State.CUSTOMER).sale
TOLD = walk_to(State.REPORT).sale
NAMES = {"number": 7, "reference": "T1-000007-A1B2C3", "created": "2026-11-23T12:00:00.000Z"}


def ask(desk: Desk, request: reg.RegisterRequest, known: Sale | Refund | None = None, **more: Any) -> Any:
    (answer,) = desk.happen(RegisterRequestLookedUp(request=request, known=known, **NAMES, **more)).last.replies
    return answer


def wish(age_s: float, *, is_open: bool = False, has_money: bool = False, told_s: float | None = 60.0) -> Wish:
    return Wish(is_open=is_open, may_have_moved_money=has_money, age_s=age_s, told_s=told_s)


# --- records ----------------------------------------------------------------------------------------------------------


def test_a_record_is_found_by_an_id_as_long_as_that_names_it_and_by_a_reference_for_ever() -> None:
    sale = ended()
    for age_s, is_named in ((HOURS_S - 1, True), (HOURS_S, False)):
        by_id = ask(Desk(), reg.RecordRequest(register_id="42"), sale, wish=wish(age_s, has_money=True))
        wanted = reg.RecordFound(sale) if is_named else reg.RequestRefused("42", reg.RefusalCode.NOT_FOUND)
        assert by_id == wanted
    assert ask(Desk(), reg.RecordRequest(reference=sale.reference), sale) == reg.RecordFound(sale)
    assert ask(Desk(), reg.RecordRequest(reference="T9")) == reg.RequestRefused(None, reg.RefusalCode.NOT_FOUND)


@each_of("place", ["sale", "refund", "refunds"])
def test_a_record_is_told_as_the_view_has_it(place: str) -> None:
    """What is not worth a commit is newer there."""
    if place == "sale":
        stored, now = OPEN, replace(OPEN, misses=2)
        desk = desk_with(now)
        known: Sale | Refund = stored
    else:
        known, newer = new_refund(), new_refund(misses=2)
        now = newer  # type: ignore[assignment]
        desk = Desk(view=View(refund=newer) if place == "refund" else View(refunds=(newer,)))
    assert ask(desk, reg.RecordRequest(reference=known.reference), known) == reg.RecordFound(now)
    other = ended(number=99)
    assert ask(desk, reg.RecordRequest(reference=other.reference), other) == reg.RecordFound(other)


# --- a gap ------------------------------------------------------------------------------------------------------------


@each_of(
    ("known_age_s", "gap_age_s", "is_refused"),
    [
        (None, 10.0, True),
        (None, HOURS_S - 1, True),
        (None, HOURS_S, False),
        (None, math.inf, False),
        (100.0, 10.0, True),
        (10.0, 10.0, True),
        (9.9, 10.0, False),
        (100.0, math.inf, False),
    ],
)
def test_an_id_that_may_have_been_paid_in_a_gap_starts_nothing(
    known_age_s: float | None, gap_age_s: float, is_refused: bool
) -> None:
    """Known since the gap, or after its hours, it is as without one."""
    declined = ended(reason=Reason.CUSTOMER_DECLINED) if known_age_s is not None else None
    desk, known_as = Desk(), wish(known_age_s) if known_age_s is not None else None
    answer = ask(desk, reg.SaleRequest(1990, "42"), declined, wish=known_as, gap_age_s=gap_age_s)
    if is_refused:
        assert answer == reg.RequestRefused("42", reg.RefusalCode.RECORDS_LOST)
        assert desk.view.sale is None
    else:
        assert answer == reg.SaleAccepted("42")


def test_where_there_is_no_id_a_gap_refuses_nothing() -> None:
    assert isinstance(ask(Desk(), reg.SaleRequest(1990), gap_age_s=10.0), reg.SaleAccepted)


@each_of(
    ("sale", "is_open", "has_money", "told"),
    [
        (ended(), False, True, reg.SaleResult),
        (ended(reason=Reason.NOT_TRACEABLE), False, True, reg.SaleResult),
        (OPEN, True, False, reg.SaleAccepted),
        (ended(reason=Reason.CUSTOMER_DECLINED), False, False, reg.RequestRefused),
    ],
    ids=["paid", "unknown", "open", "declined"],
)
def test_what_is_known_as_paid_or_open_is_told_beside_a_gap_and_an_unpaid_end_is_not_the_last_word(
    sale: Sale, is_open: bool, has_money: bool, told: type
) -> None:
    asked_as = wish(100.0, is_open=is_open, has_money=has_money, told_s=None if is_open else 5.0)
    assert isinstance(ask(Desk(), reg.SaleRequest(1990, "42"), sale, wish=asked_as, gap_age_s=10.0), told)


@each_of("request", [reg.CancelRequest("42"), reg.ResultRequest("42")], ids=["cancel", "result"])
def test_no_old_no_and_no_nothing_is_told_of_an_id_that_may_be_in_a_gap(request: Any) -> None:
    lost = reg.RequestRefused("42", reg.RefusalCode.RECORDS_LOST)
    declined = ended(reason=Reason.CUSTOMER_DECLINED)
    assert ask(Desk(), request, gap_age_s=10.0) == lost
    assert ask(Desk(), request, declined, wish=wish(100.0), gap_age_s=10.0) == lost
    assert isinstance(ask(Desk(), request, ended(), wish=wish(100.0, has_money=True), gap_age_s=10.0), reg.SaleResult)
    assert isinstance(ask(Desk(), request, declined, wish=wish(5.0), gap_age_s=10.0), reg.SaleResult)
    assert refusal((ask(Desk(), request),)) is reg.RefusalCode.NOT_FOUND


# --- the same again ---------------------------------------------------------------------------------------------------


@each_of(("age_s", "is_repeated"), [(89.9, True), (90.0, False), (90.1, False)])
@each_of(("echo", "amount_kr"), [("wie", 1990), ("other", 1990), ("", 1990), ("wie", 250)])
def test_by_its_looks_a_request_is_the_open_one_for_so_long(
    echo: str, amount_kr: int, age_s: float, is_repeated: bool
) -> None:
    desk = desk_with(replace(OPEN, register_echo="wie"))
    answer = ask(desk, reg.SaleRequest(amount_kr, echo=echo, repeats_within_s=90.0), open_age_s=age_s)
    if is_repeated and (echo, amount_kr) == ("wie", 1990):
        assert answer == reg.SaleAccepted(OPEN.register_id)
    else:
        assert answer.code is reg.RefusalCode.BUSY


def test_without_an_open_sale_nothing_looks_like_it() -> None:
    desk = Desk()
    assert ask(desk, reg.SaleRequest(1990, echo="wie", repeats_within_s=90.0), open_age_s=1.0) == reg.SaleAccepted(
        NAMES["reference"]
    )
    assert desk.sale.register_echo == "wie"


@each_of(
    ("echo", "amount_kr", "told"),
    [("mine", 1990, reg.SaleResult), ("yours", 1990, reg.RequestRefused), ("mine", 250, reg.RequestRefused)],
)
@each_of("reason", [Reason.PAID, Reason.CUSTOMER_DECLINED])
def test_an_id_that_names_one_try_is_a_repetition_only_from_whoever_made_it(
    reason: Reason, echo: str, amount_kr: int, told: type
) -> None:
    known = replace(ended(reason=reason), register_echo="mine")
    request = reg.SaleRequest(amount_kr, "42", echo=echo, names_one_try=True)
    asked_as = wish(1000.0, has_money=reason is Reason.PAID)
    answer = ask(Desk(), request, known, wish=asked_as)
    assert isinstance(answer, told)
    if isinstance(answer, reg.RequestRefused):
        assert answer.code is reg.RefusalCode.DUPLICATE


def test_an_id_of_one_try_that_is_new_starts_a_sale() -> None:
    assert ask(Desk(), reg.SaleRequest(1990, "42", echo="mine", names_one_try=True)) == reg.SaleAccepted("42")


@each_of("names_one_try", [False, True])
def test_whoever_asks_matters_only_where_an_id_names_one_try(names_one_try: bool) -> None:
    known = replace(ended(), register_echo="mine")
    request = reg.SaleRequest(1990, "42", echo="yours", names_one_try=names_one_try)
    answer = ask(Desk(), request, known, wish=wish(1000.0, has_money=True))
    assert isinstance(answer, reg.RequestRefused if names_one_try else reg.SaleResult)


# --- how it stands ----------------------------------------------------------------------------------------------------


def test_while_money_is_on_its_way_back_only_the_question_without_an_id_hears_busy() -> None:
    for refund, name in ((new_refund(), "R8"), (new_refund(register_id=""), new_refund().reference)):
        desk = Desk(view=View(refund=refund))
        assert ask(desk, reg.ResultRequest()) == reg.TerminalBusy(name)
        assert refusal((ask(desk, reg.ResultRequest("nobody")),)) is reg.RefusalCode.NOT_FOUND
        known = ask(desk, reg.ResultRequest("42"), ended(), wish=wish(60.0, has_money=True))
        assert isinstance(known, reg.SaleResult)


def test_the_latest_result_is_that_of_the_open_sale_once_it_has_one() -> None:
    last = ended(number=3)
    assert ask(desk_with(OPEN), reg.LastResultRequest(), last) == reg.TerminalBusy(OPEN.register_id)
    assert ask(desk_with(TOLD), reg.LastResultRequest(), last).sale == TOLD
    assert ask(Desk(), reg.LastResultRequest(), last).sale == last
    assert ask(Desk(), reg.LastResultRequest()) == reg.RequestRefused(None, reg.RefusalCode.NOT_FOUND)


def test_how_the_terminal_is_doing_is_told() -> None:
    told = ask(desk_with(OPEN), reg.ConditionRequest())
    assert isinstance(told, reg.TerminalCondition)
    assert (told.busy, told.open_reference) == (True, OPEN.reference)


# --- a total that the register shows ----------------------------------------------------------------------------------


@each_of(
    ("amount_kr", "is_offered"), [(9, False), (10, True), (500_000, True), (500_001, False), (None, False)], ids=str
)
def test_a_total_within_the_shops_limits_is_offered(amount_kr: int | None, is_offered: bool) -> None:
    desk = Desk().happen(RegisterRequestLookedUp(request=reg.TotalSeen(amount_kr)))
    assert (desk.view.offer is not None) is is_offered
    if is_offered:
        assert desk.last.effects == (KeepOfferFor(amount_kr, RULES.terms.entry_timeout_s),)  # type: ignore[arg-type]


@each_of(("amount_kr", "is_open"), [(OPEN.amount_kr, False), (OPEN.amount_kr + 1, True)])
def test_what_is_being_paid_is_not_offered_again(amount_kr: int, is_open: bool) -> None:
    desk = desk_with(OPEN).happen(RegisterRequestLookedUp(request=reg.TotalSeen(amount_kr)))
    assert desk.view.offer == Offer(amount_kr, is_open)


def test_a_new_sale_keeps_what_its_result_is_worded_with() -> None:
    desk = Desk()
    ask(desk, reg.SaleRequest(1990, "42", echo="2,5"))
    assert (desk.sale.register_echo, desk.sale.outcome) == ("2,5", None)
