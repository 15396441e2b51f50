"""The page's timeline and lights: what they tell, and that they name nobody."""

from __future__ import annotations

import json
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from terminal.counter.decision import Decision
from terminal.counter.inputs import ConditionsChanged, KeyPressed
from terminal.counter.view import View
from terminal.panel.backend import RegisterMessage
from terminal.panel.promises import Captured, Promise, Told, promises
from terminal.panel.state_diagram import PLACES, moves, state_diagram
from terminal.panel.story import told
from terminal.panel.timeline import MAX_ENTRIES, Timeline, masked
from terminal.sale import effects as fx
from terminal.sale.record import Record
from terminal.sale.sale import Reason, Sale, State
from terminal.sale.step import TABLE
from tests.each import each_of


def sale(number=1, state=State.CLOSED, reason: Reason | None = Reason.PAID, amount_kr=1990):
    return Sale(
        number=number,
        reference=f"T1-{number}",
        register_id=str(number),
        amount_kr=amount_kr,
        created="2026-11-23T10:00:00.000Z",
        state=state,
        reason=reason,
    )


def decided(state, event="StatusReceived", **fields):
    now = sale(state=state, reason=None)
    return Decision(view=View(sale=now), record=Record(event, now), **fields)


# --- the timeline -----------------------------------------------------------------------------------------------------


def timeline():
    return Timeline(lambda: "2026-11-23T10:00:00.000Z")


def test_decision_tells_where_the_sale_came_from_and_what_follows():
    line = timeline()
    line.decided(KeyPressed("#"), decided(State.ENTRY, "SaleRequested"))
    deadline = fx.SetDeadline(sale_number=1, state=State.CUSTOMER, delay_s=1)
    line.decided(KeyPressed("#"), decided(State.CUSTOMER, effects=(deadline,)))
    first, second = line.after(0)
    assert (first.name, first.before, first.state, first.written) == ("SaleRequested", None, "entry", True)
    assert (second.before, second.state, second.effects) == ("entry", "customer", ("SetDeadline",))


def test_keys_that_decide_nothing_are_not_kept():
    line = timeline()
    for key in "8223281":
        line.decided(KeyPressed(key), Decision(view=View(sale=sale(state=State.ENTRY, reason=None))))
    line.decided(ConditionsChanged({"network_ok": False}), Decision(view=View()))
    assert list(line.after(0)) == []


def test_only_what_is_new_is_told_and_memory_is_bounded():
    line = timeline()
    changes = []
    line.on_change = lambda: changes.append(1)
    for _ in range(MAX_ENTRIES + 5):
        line.power("PowerCut")
    assert len(line.after(0)) == MAX_ENTRIES
    assert [entry.seq for entry in line.after(MAX_ENTRIES + 3)] == [MAX_ENTRIES + 4, MAX_ENTRIES + 5]
    assert len(changes) == MAX_ENTRIES + 5


def test_call_is_told_with_its_time_and_its_masked_bodies():
    line = timeline()
    request = b'{"Amount":1990,"CustomerId":"8223281","Identifier":"1234"}'
    line.called("InsertCart", 0.0123, request, http_status=200, answer=b'{"ResultCode":200,"Success":true}')
    (entry,) = line.after(0)
    assert (entry.duration_ms, entry.http_status) == (12, 200)
    assert entry.request == {"Amount": 1990, "CustomerId": "•••", "Identifier": "•••"}
    assert entry.answer == {"ResultCode": 200, "Success": True}


@each_of("body", [b"", b"<html>", b"[1]", b'"x"', b"\xff", b"[" * 100_000])
def test_body_that_is_no_object_is_told_by_its_size_only(body):
    assert list(masked(body).values()) == [f"{len(body)} bytes"]


@given(st.dictionaries(st.text(max_size=20), st.text(min_size=5, max_size=20) | st.dictionaries(st.text(), st.text())))
def test_no_value_under_an_unknown_key_is_shown(fields):
    secret = "8223281-secret"
    body = json.dumps({**fields, "New": secret, "PaymentInfo": {"Holder": secret, "Nested": {"a": secret}}}).encode()
    assert secret not in str(masked(body))


# --- the promises -----------------------------------------------------------------------------------------------------


def lights(sales=(), captured=(), said=(), due=None):
    return {promise.name: promise for promise in promises(sales, captured, said, due or {})}


PAID = Captured("T1-1", 1990)


def test_all_is_kept_when_the_books_agree():
    found = lights([sale()], [PAID], [Told("1", paid=True, amount_kr=1990)])
    assert {promise.light for promise in found.values()} == {"kept"}


@each_of(
    ("sales", "captured", "said", "broken"),
    [
        ([sale()], [], [], "told_is_paid"),
        ([sale(reason=Reason.TIMED_OUT)], [PAID], [], "told_is_paid"),
        ([sale()], [Captured("T1-1", 1)], [], "told_is_paid"),
        ([sale()], [PAID, PAID], [], "paid_once"),
        ([sale()], [PAID], [Told("1", paid=False)], "told_as_written"),
        ([sale()], [PAID], [Told("1", paid=True, amount_kr=1)], "told_as_written"),
        ([sale(reason=Reason.TIMED_OUT)], [], [Told("1", paid=True)], "told_as_written"),
        ([], [], [Told("1", paid=True), Told("1", paid=False)], "told_once"),
    ],
)
def test_each_broken_promise_turns_its_own_light(sales, captured, said, broken):
    found = lights(sales, captured, said)
    assert found[broken].light == "broken"
    assert found[broken].details


@each_of(
    ("sales", "captured", "due", "waiting"),
    [
        ([sale(state=State.CAPTURE, reason=None)], [PAID], {}, "told_is_paid"),
        ([sale(state=State.REPORT)], [PAID], {}, "told_as_written"),
        ([sale(state=State.ENTRY, reason=None)], [], {}, "everything_ends"),
        ([sale()], [PAID], {1: 2}, "on_paper"),
    ],
)
def test_what_is_under_way_is_open_and_not_broken(sales, captured, due, waiting):
    found = lights(sales, captured, due=due)
    assert found[waiting] == Promise(waiting, "open", ("T1-1",))
    assert "broken" not in {promise.light for promise in found.values()}


def test_unknown_outcome_promises_neither():
    assert lights([sale(state=State.ATTENTION, reason=Reason.NOT_TRACEABLE)], [PAID])["told_is_paid"].light == "kept"


def test_final_answers_are_read_off_the_cable_whatever_else_goes_over_it():
    texts = ["WAIT ID=1", "OK 1990 ID=1 REF=x", "NO DECLINED ID=2 Nei*4F", "ERR BUSY", "", "OK", "OK x ID=3", "\x00"]
    log = [RegisterMessage(time="", sender="terminal", text=text) for text in texts]
    log.append(RegisterMessage(time="", sender="program", text="OK 5 ID=9"))
    assert told(log) == [Told("1", True, 1990), Told("2", False, None), Told("3", True, None)]


# --- the picture of the states ----------------------------------------------------------------------------------------


def test_picture_has_every_state_and_every_move_of_the_table():
    svg = ElementTree.fromstring(state_diagram())
    states = {node.attrib["data-state"] for node in svg.iter() if "data-state" in node.attrib}
    arrows = {tuple(node.attrib["data-move"].split()) for node in svg.iter() if "data-move" in node.attrib}
    table = {
        (str(source), str(target))
        for source, row in TABLE.items()
        for move in row.values()
        for target in move.targets
        if target is not source
    }
    assert states == {str(state) for state in State}
    assert arrows == table == {(str(source), str(target)) for source, target in moves()}


def test_picture_obeys_the_policy_of_the_page():
    assert "style" not in state_diagram()
    assert "<script" not in state_diagram()


def test_no_two_states_stand_in_the_same_place():
    assert len(set(PLACES.values())) == len(PLACES)
