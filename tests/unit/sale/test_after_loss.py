"""What was open in a backup may have been paid since: only the service's word ends it."""

from __future__ import annotations

import pytest

from terminal.sale import effects as fx
from terminal.sale.after_loss import MAY_HAVE_GONE_ON, after_loss
from terminal.sale.gateway import AuthorizationStatus as Status
from terminal.sale.sale import Outcome, Reason, State
from tests.each import each_of
from tests.sales import Walk, walk_to


def restored(state: State, **terms: object) -> Walk:
    walk = Walk(after_loss(walk_to(state, **terms).sale))
    return walk.power_restored()


def asks(walk: Walk) -> list[type[fx.Effect]]:
    return [type(effect) for effect in walk.last if isinstance(effect, fx.Call)]


NAMED = [state for state in MAY_HAVE_GONE_ON if state not in (State.ENTRY, State.AUTHORIZATION)]


@pytest.mark.parametrize("state", NAMED)
@pytest.mark.parametrize("undoes", [False, True])
def test_what_has_a_name_is_asked_about_before_anything_is_voided_and_is_paid_if_the_service_says_so(
    state: State, undoes: bool
) -> None:
    walk = restored(state, void_undoes_payment=undoes)
    assert asks(walk) == [fx.QueryStatus]
    if state is State.VOID and undoes:  # its own void may have left
        return
    walk.answered(Status.PAID)
    assert (walk.sale.state, walk.sale.reason) == (State.REPORT, Reason.PAID)


@each_of("state", NAMED)
@each_of("undoes", [False, True])
def test_from_the_first_moment_it_is_only_asked_about(state: State, undoes: bool) -> None:
    sale = after_loss(walk_to(state, void_undoes_payment=undoes).sale)
    asks_first = undoes and state is not State.VOID
    assert (sale.state, sale.committed, sale.settling) == (State.CAPTURE if asks_first else State.VOID, True, True)


@pytest.mark.parametrize("undoes", [False, True])
@pytest.mark.parametrize("status", [Status.RESERVED, Status.PENDING])
def test_what_is_still_open_is_let_go_and_never_captured(undoes: bool, status: Status) -> None:
    walk = restored(State.CUSTOMER, void_undoes_payment=undoes).answered(status)
    assert asks(walk) == [fx.RequestVoid]
    walk.answered(Status.CANCELLED)
    assert walk.sale.outcome is not Outcome.APPROVED
    assert not any(isinstance(effect, fx.RequestCapture) for effect in walk.all)


@pytest.mark.parametrize("state", [State.ENTRY, State.AUTHORIZATION])
def test_what_has_no_name_is_searched_for_or_left_to_staff(state: State) -> None:
    assert restored(state).sale.reason is Reason.NOT_TRACEABLE
    assert asks(restored(state, finds_by_reference=True)) == [fx.FindAuthorization]


@pytest.mark.parametrize("state", [state for state in State if state not in MAY_HAVE_GONE_ON])
def test_what_has_an_end_or_is_captured_stays_as_it_is(state: State) -> None:
    sale = walk_to(state).sale
    assert after_loss(sale) is sale
