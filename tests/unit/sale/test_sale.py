"""What a sale says about itself, and which of its changes are worth a commit."""

from __future__ import annotations

from enum import StrEnum

import msgspec
import pytest
from msgspec.structs import replace

from terminal.sale.customer import CustomerKind
from terminal.sale.gateway import AuthorizationStatus as Status
from terminal.sale.gateway import CaptureMode
from terminal.sale.sale import MISSES_UNTIL_UNKNOWN, CallKind, Outcome, Reason, Sale, State, Terms, differs_durably
from tests.each import each_of
from tests.sales import GUID, new_sale, report_for, walk_to


@each_of("reason", Reason)
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


@each_of(
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


def test_where_the_records_name_no_reference_the_authorization_they_name_must_be_ours() -> None:
    sale = replace(new_sale(), authorization_id=GUID.upper())
    for said, agrees in ((GUID, True), (GUID[:-1] + "f", False), (None, False)):
        report = report_for(sale, Status.PAID, reference=None, authorization_id=said)
        assert sale.agrees_with(report, strictly=True) is agrees
    ours = report_for(sale, Status.PAID, reference="T1-000008-A1B2C3", authorization_id=GUID)
    assert not sale.agrees_with(ours), "it names another reference"
    nameless = report_for(new_sale(), Status.PAID, reference=None, authorization_id=None)
    assert not new_sale().agrees_with(nameless, strictly=True)


@each_of("status", [status for status in Status if status is not Status.PAID])
def test_no_other_status_is_a_payment_however_confirmed(status: Status) -> None:
    assert not new_sale().is_paid_by(report_for(new_sale(), status, confirmed=True))


@each_of(
    "change",
    [{"calls": 5}, {"asking": CallKind.STATUS}, {"misses": MISSES_UNTIL_UNKNOWN - 1}, {"support_reference": "abc"}],
)
def test_the_count_of_polls_is_not_worth_a_commit(change: dict[str, object]) -> None:
    sale = walk_to(State.CAPTURE).sale
    assert not differs_durably(sale, replace(sale, **change))


def test_what_is_closed_is_written_again_only_if_it_ends_in_another_way() -> None:
    """A later end of day would count it once more."""
    closed = replace(new_sale(), state=State.CLOSED, reason=Reason.SETTLED_UNPAID)
    assert not differs_durably(closed, replace(closed, settling=True))
    assert differs_durably(closed, replace(closed, reason=Reason.SETTLED_PAID))


@each_of(
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


@pytest.mark.parametrize("words", [State, Outcome, Reason, CallKind])
def test_journals_of_every_version_use_the_same_words(words: type[StrEnum]) -> None:
    assert [word.value for word in words] == [word.name.lower() for word in words]


def test_what_the_record_of_an_older_version_does_not_name_has_not_happened() -> None:
    facts = {"number": 7, "reference": "T1-000007-A1B2C3", "register_id": "42", "amount_kr": 1990, "created": ""}
    sale = msgspec.json.decode(msgspec.json.encode(facts), type=Sale)
    assert (sale.state, sale.capture_mode, sale.terms) == (State.ENTRY, CaptureMode.MANUAL, Terms())
    others = set(Sale.__struct_fields__) - {*facts, "state", "capture_mode", "terms"}
    assert {name: getattr(sale, name) for name in others if getattr(sale, name)} == {}


def test_terms_that_an_older_version_did_not_write_are_those_that_it_sold_under() -> None:
    before = {"entry_timeout_s": 300, "customer_timeout_s": 150, "code_timeout_s": 150, "capture_patience_s": 45}
    before |= {"void_patience_s": 20, "report_timeout_s": 30, "code_tries": 3, "takes_kennitala": True}
    before |= {"customer_copy": True, "merchant_copy": True, "staff_slip": True}
    terms = msgspec.json.decode(b"{}", type=Terms)
    assert {name: said for name, said in msgspec.structs.asdict(terms).items() if said} == {
        "capture_mode": CaptureMode.MANUAL,
        **before,
    }


@pytest.mark.parametrize("without", ["reason", "refunds_itself", "refused_by_register", "authorization_id"])
def test_a_refund_is_left_to_staff_unless_the_terminal_itself_can_make_it(without: str) -> None:
    terms = Terms(refunds_itself=without != "refunds_itself")
    due = replace(new_sale(), terms=terms, state=State.ATTENTION, reason=Reason.REFUND_DUE, refused_by_register=True)
    due = replace(due, authorization_id=GUID)
    left = {
        "reason": {"reason": Reason.PAID_LATE},
        "refunds_itself": {},
        "refused_by_register": {"refused_by_register": False},
        "authorization_id": {"authorization_id": None},
    }
    assert replace(due, **left[without]).is_left_to_staff
    assert not replace(due, terms=Terms(refunds_itself=True)).is_left_to_staff


def test_what_nobody_knows_is_left_to_staff_and_what_is_over_is_not() -> None:
    ended = replace(new_sale(), state=State.REPORT, reason=Reason.NOT_TRACEABLE)
    assert ended.is_left_to_staff
    assert not replace(ended, reason=Reason.PAID).is_left_to_staff
    assert not walk_to(State.CAPTURE).sale.is_left_to_staff


def test_three_calls_in_a_row_without_an_answer_leave_it_in_doubt() -> None:
    assert MISSES_UNTIL_UNKNOWN == 3


def test_a_kind_without_an_exception_has_the_shops_capture_mode() -> None:
    terms = Terms(capture_mode=CaptureMode.AUTOMATIC, capture_mode_by_kind={CustomerKind.PHONE: CaptureMode.MANUAL})
    assert terms.capture_mode_for(CustomerKind.PHONE) is CaptureMode.MANUAL
    assert terms.capture_mode_for(CustomerKind.KENNITALA) is CaptureMode.AUTOMATIC
