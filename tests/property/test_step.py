"""Everything that can happen to a sale: exhaustively one by one, and at random in any order.

The first part walks every sale that can be reached at all, and every event in each. The second throws arbitrary events
at a sale, late and wrong ones included.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator
from functools import cache
from itertools import product
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from terminal.sale import effects as fx
from terminal.sale import events as ev
from terminal.sale.customer import CustomerKind
from terminal.sale.gateway import AuthorizationStatus as Status
from terminal.sale.gateway import CaptureMode, OpenedAuthorization, Refusal, StatusReport
from terminal.sale.moves import DENIALS_UNTIL_BELIEVED, MOST_CAPTURES
from terminal.sale.sale import MISSES_UNTIL_UNKNOWN, Sale, State
from terminal.sale.sensitive import Sensitive
from terminal.sale.step import TABLE, begin, step
from terminal.sale.tracing import MOST_TRACES
from tests.sale_laws import assert_lawful
from tests.sales import CUSTOMERS, GUID, new_sale, report_for

# --- every sale that can be reached -----------------------------------------------------------------------------------


Cell = tuple[State, type[ev.SaleEvent]]


class Walk(NamedTuple):
    transitions: int
    states: set[State]
    targets: dict[Cell, set[State]]
    """Where each cell of the table led to another state."""
    moved: set[Cell]
    """Cells that changed something of a sale."""
    came_from: dict[bytes, set[bytes]]
    """By a sale's key: the keys of the sales that lead to it."""
    closed: set[bytes]


REPORTS: tuple[tuple[Status, dict[str, Any]], ...] = (
    *((status, {}) for status in Status),
    (Status.PAID, {"confirmed": False}),
    (Status.PAID, {"amount_kr": 1991}),
    (Status.PAID, {"reference": None}),
    (Status.CANCELLED, {"is_final": False}),
    (Status.RESERVED, {"amount_kr": 1991}),
    (Status.RESERVED, {"amount_kr": None, "reference": None}),
    (Status.REFUSED, {"refusal": Refusal.NOT_FOUND}),
)
FOUND: tuple[dict[str, Any], ...] = ({}, {"amount_kr": 1991}, {"reference": None})


CALLS = 10
"""Of each sale from which the walk goes on."""


@cache
def events_in(state: State) -> tuple[ev.SaleEvent, ...]:
    """One of each thing that can happen now. What matters to nothing but the reason stands once."""
    return tuple(_events_in(state))


def _events_in(state: State) -> Iterator[ev.SaleEvent]:
    sale, call = new_sale(), CALLS
    number = sale.number
    yield ev.CustomerIdentified(number, CUSTOMERS[CustomerKind.PHONE])
    yield ev.CodeEntered(number, Sensitive("1234"))
    yield ev.CancelRequested(number, ev.Canceller.CASHIER)
    yield ev.DeadlinePassed(number, state)
    yield ev.RetryDue(number, state)
    yield ev.TraceDue(number)
    yield ev.AuthorizationOpened(number, call, OpenedAuthorization(authorization_id=GUID, poll_interval_s=1.0))
    for said in FOUND:
        report = report_for(sale, Status.UNCLEAR, authorization_id=GUID, **said)
        yield ev.AuthorizationFound(number, call, report)
    yield from (ev.StatusReceived(number, call, report_for(sale, status, **said)) for status, said in REPORTS)
    yield ev.StatusReceived(number, call - 1, report_for(sale, Status.PAID))
    refusals = (Refusal.NOT_SENT, Refusal.NOT_FOUND, Refusal.CREDENTIALS, Refusal.NOT_OFFERED)
    yield from (ev.RefusalReceived(number, call, refusal) for refusal in refusals)
    yield ev.AnswerLost(number, call)
    yield from (ev.CallbackReceived(number, approved) for approved in (True, False))
    yield ev.ResultAcknowledged(number)
    yield ev.ResultRejected(number)
    yield from (ev.SettledByStaff(number, verdict) for verdict in ev.Verdict)
    yield from (ev.SettlementCorrected(number, verdict) for verdict in ev.Verdict)
    yield ev.MoneyReturned(number)
    yield ev.MoneyNotReturned(number)
    yield ev.PowerRestored(number)


MAY_ASK_FOR_A_CODE = (State.ENTRY, State.AUTHORIZATION, State.CUSTOMER, State.CODE_ENTRY, State.CODE_CHECK)
"""Later the tries that are left decide nothing."""


def _normal(sale: Sale) -> Sale:
    """Forget what only counts up, or decides nothing: the walk must end."""
    misses = min(sale.misses, MISSES_UNTIL_UNKNOWN)
    denials = DENIALS_UNTIL_BELIEVED - 1 if sale.denials else 0  # those in between lead nowhere else
    void_call = CALLS if sale.void_call == sale.calls else min(sale.void_call, 5)
    tries = sale.code_tries_left if sale.state in MAY_ASK_FOR_A_CODE else 0
    sale = replace(
        sale,
        calls=CALLS,
        misses=misses,
        denials=denials,
        void_call=void_call,
        may_stay_reserved=False,
        corrected_from=None,
        code_tries_left=tries,
    )
    if not sale.has_ended:
        return sale
    traces = MOST_TRACES - 1 if 0 < sale.traces < MOST_TRACES else min(sale.traces, MOST_TRACES)
    no_more = {"captures": 0, "misses": 0, "denials": 0, "settling": False, "void_refused": False}
    return replace(sale, traces=traces, **no_more)


Terms = tuple[tuple[CaptureMode, str], ...]

SEARCHING = (CaptureMode.AUTOMATIC, "finds_by_reference")
ALL_TERMS: Terms = (*product(CaptureMode, ("", "final_when_taken", "void_undoes_payment")), SEARCHING)
"""Every combination that leads elsewhere."""
FEW_TERMS: Terms = ((CaptureMode.MANUAL, ""), (CaptureMode.MANUAL, "void_undoes_payment"), SEARCHING)
"""Those in which every state and every move of the table is met."""
few_and_all_terms = pytest.mark.parametrize(
    "terms", [FEW_TERMS, pytest.param(ALL_TERMS, marks=pytest.mark.slow)], ids=["few terms", "all terms"]
)


@cache
def explored(terms: Terms) -> Walk:
    """Every transition of every sale that can be reached under these terms."""
    transitions = 0
    states: set[State] = set()
    targets: defaultdict[Cell, set[State]] = defaultdict(set)
    moved: set[Cell] = set()
    came_from: defaultdict[bytes, set[bytes]] = defaultdict(set)
    closed: set[bytes] = set()
    for mode, only in terms:
        chosen: dict[str, Any] = {"capture_mode": mode, "code_tries": 2} | ({only: True} if only else {})
        start = _normal(begin(new_sale(**chosen)).sale)
        key = msgspec.json.encode(start)
        seen, waiting = {key}, deque([(start, key)])
        while waiting:
            before, key_before = waiting.popleft()
            states.add(before.state)
            events = events_in(before.state)
            transitions += len(events)
            for event in events:
                after, effects = step(before, event)
                assert_lawful(before, event, after, effects)
                if after is before:
                    continue
                if after.state is not before.state:
                    targets[before.state, type(event)].add(after.state)
                if after != before:
                    moved.add((before.state, type(event)))
                key = msgspec.json.encode(normal := _normal(after))
                came_from[key].add(key_before)
                if after.state is State.CLOSED:
                    closed.add(key)
                if key not in seen:
                    seen.add(key)
                    waiting.append((normal, key))
    return Walk(transitions, states, dict(targets), moved, dict(came_from), closed)


@few_and_all_terms
def test_every_transition_that_can_be_reached_is_lawful(terms: Terms) -> None:
    assert explored(terms).transitions > 10_000
    assert explored(terms).states == set(State), "the walk reaches every state"


@few_and_all_terms
def test_every_move_of_the_table_happens_and_leads_to_each_of_its_targets(terms: Terms) -> None:
    declared = {(state, kind): set(move.targets) for state, moves in TABLE.items() for kind, move in moves.items()}
    assert {cell: targets for cell, targets in declared.items() if targets} == explored(terms).targets


@few_and_all_terms
def test_every_move_of_the_table_does_something(terms: Terms) -> None:
    silent = {(state, kind) for state, moves in TABLE.items() for kind in moves} - explored(terms).moved
    assert silent == set()


@few_and_all_terms
def test_every_open_sale_can_still_be_closed(terms: Terms) -> None:
    """No trap: from every sale that can be reached, something leads on until it is closed."""
    came_from, closed = explored(terms).came_from, explored(terms).closed
    reaches_the_end, waiting = set(closed), deque(closed)
    while waiting:
        for before in came_from.get(waiting.popleft(), set()) - reaches_the_end:
            reaches_the_end.add(before)
            waiting.append(before)
    assert set(came_from) <= reaches_the_end


# --- anything in any order --------------------------------------------------------------------------------------------

numbers = st.sampled_from([7, 7, 7, 7, 8])
some_calls = st.integers(0, 12)
reports = st.builds(
    StatusReport,
    status=st.sampled_from(Status),
    amount_kr=st.sampled_from([1990, 1990, 1991, None]),
    reference=st.sampled_from([new_sale().reference, "T1-000008-A1B2C3", None]),
    refusal=st.none() | st.sampled_from(Refusal),
    confirmed=st.booleans(),
    authorization_id=st.none() | st.just(GUID),
    invoice_number=st.none() | st.just("1001"),
    support_reference=st.none() | st.just("support"),
)
authorizations = st.builds(
    OpenedAuthorization,
    authorization_id=st.just(GUID),
    poll_interval_s=st.none() | st.floats(allow_nan=False),
    support_reference=st.none() | st.just("support"),
)
any_events = st.one_of(
    st.builds(ev.CustomerIdentified, numbers, st.sampled_from([*CUSTOMERS.values()])),
    st.builds(ev.CodeEntered, numbers, st.just(Sensitive("1234"))),
    st.builds(ev.CancelRequested, numbers, st.sampled_from(ev.Canceller)),
    st.builds(ev.DeadlinePassed, numbers, st.sampled_from(State)),
    st.builds(ev.RetryDue, numbers, st.sampled_from(State)),
    st.builds(ev.TraceDue, numbers),
    st.builds(ev.AuthorizationOpened, numbers, some_calls, authorizations),
    st.builds(ev.AuthorizationFound, numbers, some_calls, reports),
    st.builds(ev.StatusReceived, numbers, some_calls, reports),
    st.builds(ev.RefusalReceived, numbers, some_calls, st.sampled_from(Refusal)),
    st.builds(ev.AnswerLost, numbers, some_calls),
    st.builds(ev.CallbackReceived, numbers, st.booleans()),
    st.builds(ev.ResultAcknowledged, numbers),
    st.builds(ev.ResultRejected, numbers),
    st.builds(ev.SettledByStaff, numbers, st.sampled_from(ev.Verdict)),
    st.builds(ev.MoneyReturned, numbers),
    st.builds(ev.MoneyNotReturned, numbers),
    st.builds(ev.PowerRestored, numbers),
)


@given(
    st.sampled_from(CaptureMode),
    st.fixed_dictionaries(
        dict.fromkeys(("final_when_taken", "finds_by_reference", "void_undoes_payment"), st.booleans())
    ),
    st.lists(st.tuples(any_events, st.booleans()), max_size=40),
)
def test_events_in_any_order_break_no_promise(
    mode: CaptureMode, terms: dict[str, bool], events: list[tuple[ev.SaleEvent, bool]]
) -> None:
    sale = begin(new_sale(capture_mode=mode, **terms)).sale
    captures = 0
    for event, answers_the_latest_call in events:
        if answers_the_latest_call and isinstance(event, ev.AnswerReceived):
            event = replace(event, call=sale.calls)  # noqa: PLW2901
        after, effects = step(sale, event)
        assert_lawful(sale, event, after, effects)
        captures += sum(isinstance(effect, fx.RequestCapture) for effect in effects)
        sale = after
    assert captures <= MOST_CAPTURES
