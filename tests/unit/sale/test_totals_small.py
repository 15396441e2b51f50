"""What an accountant reads of a day: what counts in it, what was billed before, and each figure by its name."""

from __future__ import annotations

from msgspec.structs import replace

from terminal.sale.refund import Refund, RefundReason, RefundSource, RefundState
from terminal.sale.sale import Outcome, Reason, Sale, State
from terminal.sale.totals import (
    CHARGED,
    Close,
    Corrected,
    CorrectedRefund,
    LeftToStaff,
    Tally,
    Totals,
    billed_kr,
    counts_as_refund,
    figures,
    totals_of,
)
from tests.each import each_of
from tests.sales import new_refund, new_sale

AT, BY = "2026-11-23T15:00:00.000Z", "gunnar"


def ended(number: int, reason: Reason, amount_kr: int, operator: str = "", state: State = State.CLOSED) -> Sale:
    return replace(new_sale(number, amount_kr=amount_kr), state=state, reason=reason, operator=operator)


def returned(number: int, amount_kr: int, operator: str = "", reason: RefundReason = RefundReason.DONE) -> Refund:
    return new_refund(number=number, amount_kr=amount_kr, operator=operator, reason=reason, state=RefundState.CLOSED)


def test_a_day_is_counted_by_how_each_ended_by_who_sold_and_by_what_was_billed_before() -> None:
    due = ended(12, Reason.REFUND_DUE, 1_000, "Anna", State.ATTENTION)
    entries = [
        ended(11, Reason.PAID, 1_990, "Anna"),
        due,
        ended(13, Reason.CUSTOMER_DECLINED, 5_000, "Anna"),
        ended(14, Reason.PAID, 500),
        ended(15, Reason.PAID, 700, "Birna"),
        ended(5, Reason.REFUNDED, 300),
        ended(6, Reason.SETTLED_PAID, 400),
        ended(7, Reason.SETTLED_UNPAID, 600),
        new_sale(99),
        replace(new_sale(98), state=State.REPORT, reason=Reason.PAID),
        returned(16, 200, "Birna"),
        returned(17, 50),
        returned(8, 80),
        returned(9, 90, reason=RefundReason.SETTLED_NOT_DONE),
        returned(18, 70, reason=RefundReason.REFUSED),
        new_refund(number=97),
    ]
    totals = totals_of(entries, [due], billed_before={5, 6, 7, 8, 9})
    assert totals == Totals(
        by_outcome={
            Outcome.APPROVED: Tally(4, 3_590),
            Outcome.REFUND_DUE: Tally(1, 1_000),
            Outcome.DECLINED: Tally(1, 5_000),
            Outcome.REFUNDED: Tally(1, 300),
            Outcome.CANCELLED: Tally(1, 600),
        },
        refunded_earlier=Tally(1, 300),
        billed_earlier=Tally(1, 400),
        corrected_earlier=Tally(1, 600),
        refunds=Tally(2, 250),
        refunds_undone=Tally(1, 90),
        by_operator={"Anna": Tally(1, 1_990), "Birna": Tally(1, 700)},
        refunds_by_operator={"Birna": Tally(1, 200)},
        first_number=5,
        last_number=18,
        left_to_staff=(LeftToStaff(12, due.reference, 1_000, Outcome.REFUND_DUE, due.created),),
    )
    assert totals.returned_kr == 250 + 300 - 90
    assert totals.charged_kr == 3_590 + 1_000 - totals.returned_kr - 400 - 600
    assert totals.operators == ["Anna", "Birna"]
    assert totals.count == 8


def test_who_is_left_to_staff_has_an_end() -> None:
    assert totals_of((), [new_sale(1)]).left_to_staff == ()
    assert not Close(1, Totals()).is_printed


@each_of(
    ("totals", "is_empty", "moves_nothing"),
    [
        (Totals(), True, True),
        (Totals(by_outcome={Outcome.CANCELLED: Tally(1, 500)}), False, True),
        (Totals(by_outcome={Outcome.APPROVED: Tally(1, 500)}), False, False),
        (Totals(refunds=Tally(1, 500)), False, False),
        (Totals(refunded_earlier=Tally(1, 500)), False, False),
    ],
    ids=["nothing", "cancelled", "paid", "refund", "refunded"],
)
def test_a_day_on_which_no_money_moved(totals: Totals, is_empty: bool, moves_nothing: bool) -> None:
    assert (totals.is_empty, totals.moves_nothing) == (is_empty, moves_nothing)


@each_of(
    ("entry", "billed"),
    [
        *((ended(1, reason, 500), 500 if reason.outcome in CHARGED else 0) for reason in Reason),
        (ended(1, Reason.REFUND_DUE, 500, state=State.ATTENTION), 500),
        (ended(1, Reason.PAID, 500, state=State.REPORT), 0),
        (returned(2, 500), -500),
        (returned(2, 500, reason=RefundReason.REFUSED), 0),
        (replace(returned(2, 500), source=RefundSource.AUTOMATIC), 0),
        (replace(returned(2, 500), state=RefundState.REPORT), 0),
    ],
)
def test_what_the_service_bills_because_of_one(entry: Sale | Refund, billed: int) -> None:
    assert billed_kr(entry) == billed
    assert not isinstance(entry, Refund) or counts_as_refund(entry) is (billed < 0)


def test_programs_read_each_figure_by_its_name() -> None:
    sale = (3, "T1-3", 900, Reason.SETTLED_PAID, Reason.SETTLED_UNPAID, AT, BY)
    back = (4, "T1-4", 100, RefundReason.SETTLED_DONE, RefundReason.SETTLED_NOT_DONE, AT, BY)
    totals = Totals(
        by_outcome={Outcome.APPROVED: Tally(9, 9_000), Outcome.REFUND_DUE: Tally(1, 100)},
        refunded_earlier=Tally(2, 20),
        billed_earlier=Tally(3, 30),
        corrected_earlier=Tally(4, 40),
        corrected=(Corrected(*sale),),
        corrected_refunds=(CorrectedRefund(*back),),
        refunds=Tally(5, 50),
        refunds_undone=Tally(6, 60),
        by_operator={"Anna": Tally(7, 70)},
        refunds_by_operator={"Birna": Tally(8, 80)},
        left_to_staff=(LeftToStaff(12, "T1-12", 1_000, Outcome.REFUND_DUE, AT),),
    )

    def tally(count: int, amount: int) -> dict[str, int]:
        return {"count": count, "amount": amount}

    nothing, said = tally(0, 0), {"at": AT, "by": BY}
    assert figures(21, totals) == {
        "period": 21,
        "sales": tally(9, 9_000),
        "refunds": tally(5, 50),
        "refunds_undone": tally(6, 60),
        "refund_due": tally(1, 100),
        "refunded_earlier": tally(2, 20),
        "billed_earlier": tally(3, 30),
        "corrected_earlier": tally(4, 40),
        "charged": 9_000 + 100 - (50 + 20 - 60) - 30 - 40,
        "outcomes": {"approved": tally(9, 9_000), "refund_due": tally(1, 100)},
        "corrected": [
            {"number": 3, "amount": 900, "before": "settled_paid", "after": "settled_unpaid", **said},
            {"number": 4, "amount": 100, "before": "settled_done", "after": "settled_not_done", **said},
        ],
        "operators": {"Anna": {**tally(7, 70), "refunds": nothing}, "Birna": {**nothing, "refunds": tally(8, 80)}},
        "left_to_staff": ["12"],
    }
