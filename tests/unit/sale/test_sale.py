"""What a sale says about itself, and which of its changes are worth a commit."""

from __future__ import annotations

import msgspec
import pytest
from msgspec.structs import replace

from terminal.sale.customer import CustomerKind
from terminal.sale.gateway import AuthorizationStatus as Status
from terminal.sale.gateway import CaptureMode
from terminal.sale.sale import MISSES_UNTIL_UNKNOWN, CallKind, Outcome, Reason, Sale, State, Terms, differs_durably
from tests.sales import new_sale, report_for, walk_to


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_is_an_outcome(reason: Reason) -> None:
    assert reason.outcome in Outcome


def test_only_paid_reasons_are_approved() -> None:
    approved = {reason for reason in Reason if reason.outcome is Outcome.APPROVED}
    assert approved == {Reason.PAID, Reason.SETTLED_PAID}


@pytest.mark.parametrize("state", [State.REPORT, State.ATTENTION, State.CLOSED])
def test_the_outcome_is_that_of_its_reason_once_it_has_ended(state: State) -> None:
    assert replace(new_sale(), state=state, reason=Reason.TIMED_OUT).outcome is Outcome.CANCELLED
    assert replace(new_sale(), state=state).outcome is None


def test_an_open_sale_has_no_outcome_also_if_somebody_wants_one() -> None:
    assert walk_to(State.CAPTURE).cancelled().sale.outcome is None


@pytest.mark.parametrize("state", [State.CAPTURE, State.VOID])
def test_a_committed_sale_that_nobody_answers_for_stands_as_unknown(state: State) -> None:
    sale = replace(new_sale(), state=state, committed=True, settling=True, misses=MISSES_UNTIL_UNKNOWN)
    assert sale.stands_unknown
    assert sale.outcome is Outcome.UNKNOWN
    for known in ({"misses": MISSES_UNTIL_UNKNOWN - 1}, {"committed": False}, {"state": State.CUSTOMER}):
        assert not replace(sale, **known).stands_unknown


def test_a_sale_that_may_still_be_captured_does_not_stand_as_unknown() -> None:
    """Staff would settle what the next capture changes."""
    sale = replace(walk_to(State.CAPTURE).sale, misses=MISSES_UNTIL_UNKNOWN)
    assert sale.is_in_doubt
    assert not sale.stands_unknown
    assert sale.outcome is None
    assert replace(sale, state=State.VOID).stands_unknown


@pytest.mark.parametrize(
    ("said", "agrees", "agrees_strictly"),
    [
        ({}, True, True),
        ({"amount_kr": None}, True, False),
        ({"reference": None}, True, False),
        ({"amount_kr": 1991}, False, False),
        ({"reference": "T1-000008-A1B2C3"}, False, False),
        ({"amount_kr": 0}, False, False),
        ({"reference": ""}, False, False),
    ],
)
def test_agreement_is_about_amount_and_reference(said: dict[str, object], agrees: bool, agrees_strictly: bool) -> None:
    sale = new_sale()
    report = report_for(sale, Status.PAID, **said)
    assert sale.agrees_with(report) is agrees
    assert sale.agrees_with(report, strictly=True) is agrees_strictly
    assert sale.is_paid_by(report) is agrees_strictly


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.PAID])
def test_no_other_status_is_a_payment_however_confirmed(status: Status) -> None:
    assert not new_sale().is_paid_by(report_for(new_sale(), status, confirmed=True))


@pytest.mark.parametrize(
    "change",
    [{"calls": 5}, {"asking": CallKind.STATUS}, {"misses": MISSES_UNTIL_UNKNOWN - 1}, {"support_reference": "abc"}],
)
def test_the_count_of_polls_is_not_worth_a_commit(change: dict[str, object]) -> None:
    sale = walk_to(State.CAPTURE).sale
    assert not differs_durably(sale, replace(sale, **change))


@pytest.mark.parametrize(
    "change",
    [
        {"state": State.VOID},
        {"reason": Reason.TIMED_OUT},
        {"settling": True},
        {"committed": False},
        {"captures": 2},
        {"authorization_id": "x"},
        {"code_tries_left": 1},
        {"acknowledged": True},
        {"settling": True, "misses": MISSES_UNTIL_UNKNOWN},
        {"said_by_staff": Reason.SETTLED_PAID},
    ],
)
def test_what_guards_money_or_must_be_seen_is(change: dict[str, object]) -> None:
    sale = walk_to(State.CAPTURE).sale
    assert differs_durably(sale, replace(sale, **change))
    assert differs_durably(replace(sale, **change), sale)


def test_a_sale_comes_back_from_disk_as_it_was() -> None:
    by_kind = {CustomerKind.KENNITALA: CaptureMode.MANUAL}
    sale = walk_to(State.CAPTURE, CaptureMode.AUTOMATIC, capture_mode_by_kind=by_kind).sale
    assert msgspec.json.decode(msgspec.json.encode(sale), type=Sale) == sale


def test_a_kind_without_an_exception_has_the_shops_capture_mode() -> None:
    terms = Terms(capture_mode=CaptureMode.AUTOMATIC, capture_mode_by_kind={CustomerKind.PHONE: CaptureMode.MANUAL})
    assert terms.capture_mode_for(CustomerKind.PHONE) is CaptureMode.MANUAL
    assert terms.capture_mode_for(CustomerKind.KENNITALA) is CaptureMode.AUTOMATIC
