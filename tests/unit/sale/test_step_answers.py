"""Answers that nobody waits for any more, and what may be asked of a sale that the service has not named."""

from __future__ import annotations

from collections.abc import Callable

from terminal.sale import effects as fx
from terminal.sale import events as ev
from terminal.sale.gateway import AuthorizationStatus as Status
from terminal.sale.gateway import CaptureMode, Refusal
from terminal.sale.sale import MISSES_UNTIL_UNKNOWN, Reason, State
from tests.each import each_of
from tests.sales import GUID, Walk, report_for, walk_to

PAID, UNPAID, _ = ev.Verdict


def found(walk: Walk, **said: str) -> ev.AuthorizationFound:
    report = report_for(walk.sale, Status.UNCLEAR, authorization_id=GUID, **said)
    return ev.AuthorizationFound(walk.sale.number, walk.sale.calls, report)


@each_of("state", [State.AUTHORIZATION, State.CUSTOMER, State.CAPTURE, State.VOID, State.REPORT])
@each_of(
    "late",
    [
        lambda number, call: ev.RefusalReceived(number, call, Refusal.NOT_FOUND),
        lambda number, call: ev.RefusalReceived(number, call, Refusal.NOT_SENT, "support-9"),
        ev.AnswerLost,
    ],
    ids=["refused", "not sent", "lost"],
)
def test_a_refusal_or_a_loss_that_comes_late_changes_nothing(
    state: State, late: Callable[[int, int], ev.SaleEvent]
) -> None:
    walk = walk_to(state)
    before = walk.sale
    walk.happen(late(before.number, before.calls - 1))
    assert (walk.sale, walk.last) == (before, ())


def test_what_is_found_counts_only_if_it_was_looked_for() -> None:
    walk = walk_to(State.AUTHORIZATION, CaptureMode.AUTOMATIC, finds_by_reference=True)
    before = walk.sale
    assert walk.happen(found(walk)).sale == before, "the request itself is not answered yet"
    walk.lost()
    assert walk.happen(found(walk, support_reference="support-7")).sale.authorization_id == GUID
    assert walk.sale.support_reference == "support-7"


def test_nothing_is_asked_about_what_the_service_has_not_named() -> None:
    walk = walk_to(State.AUTHORIZATION, CaptureMode.AUTOMATIC).lost().acknowledged().settled(UNPAID)
    assert (walk.sale.state, walk.sale.committed, walk.sale.authorization_id) == (State.CLOSED, True, None)
    for again in (Walk.called_back, lambda walk: walk.corrected(PAID), lambda walk: walk.corrected(UNPAID)):
        again(walk)
        assert not any(isinstance(effect, fx.Call) for effect in walk.last)
        assert not walk.sale.tracing


def void_without_an_answer(**terms: bool) -> Walk:
    """It stands unknown, and once more a void is on its way."""
    walk = walk_to(State.VOID, CaptureMode.AUTOMATIC, **terms)
    for _ in range(MISSES_UNTIL_UNKNOWN):
        walk.lost().retried()
    walk.answered(Status.RESERVED).asked(fx.RequestVoid)
    assert walk.sale.stands_unknown
    return walk


@each_of(("terms", "waits"), [({}, False), ({"void_undoes_payment": True}, True)], ids=["V1", "V2"])
def test_the_word_of_staff_waits_for_a_void_only_where_that_moves_money(terms: dict[str, bool], waits: bool) -> None:
    walk = void_without_an_answer(**terms).settled(UNPAID)
    assert walk.sale.has_ended is not waits
    assert (walk.sale.said_by_staff is Reason.SETTLED_UNPAID) is waits


@each_of(("terms", "is_proof"), [({}, True), ({"void_undoes_payment": True}, False)], ids=["V1", "V2"])
def test_what_was_seen_before_a_void_left_is_proof_where_that_undoes_no_payment(
    terms: dict[str, bool], is_proof: bool
) -> None:
    walk = walk_to(State.CAPTURE, **terms).timed_out()
    for _ in range(MISSES_UNTIL_UNKNOWN):
        walk.lost().retried()
    walk.settled(UNPAID).acknowledged()
    query = walk.asked(fx.QueryStatus).call if walk.last else walk.sale.calls
    walk.answered(Status.RESERVED, call=query).asked(fx.RequestVoid)
    walk.refused(Refusal.REQUEST_NOT_VALID)
    assert (walk.answered(Status.PAID, call=query).sale.reason is Reason.PAID_LATE) is is_proof
