"""The book of carts under any order of events, and its readers under any bytes."""

from __future__ import annotations

import random
from collections import Counter

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.netgiro.sandbox.answers import (
    BadRequest,
    CartNotValid,
    NamesCart,
    cart_answer,
    read_cart_name,
    read_insert,
)
from terminal.netgiro.sandbox.book import CartBook
from terminal.netgiro.sandbox.carts import FINAL, CartState, Order, OutOfTurn
from terminal.netgiro.sandbox.customers import Customers
from terminal.netgiro.sandbox.settings import PEOPLE, Settings

CUSTOMERS = [person.phone for person in PEOPLE] + [person.kennitala for person in PEOPLE] + ["5000041234"]
EVENTS = (
    "accept",
    "reject",
    "check",
    "confirm",
    "confirm with code",
    "cancel",
    "callback_acknowledged",
    "callback_unanswered",
)


def new_book(on_move=lambda cart: None):
    rng = random.Random(1)
    return CartBook(Settings(), Customers(lambda: 0.0, rng), lambda: 0.0, rng, on_move)


def happen(book, transaction_id, event):
    """One event, as the calls and the phone make it."""
    if event == "confirm with code":
        return book.confirm(transaction_id, book.find(transaction_id).sms_code)
    try:
        return getattr(book, event)(transaction_id)
    except OutOfTurn:
        return None


@given(
    st.sampled_from(CUSTOMERS),
    st.sampled_from([0, 1, 2]),
    st.lists(st.sampled_from(EVENTS), max_size=12),
)
def test_money_moves_at_most_once_and_final_states_stay(customer, confirmation, events):
    moves = []
    book = new_book(moves.append)
    opened = book.insert(Order(1990, "T1-1", customer, confirmation, callback_url="http://shop.test")).cart
    if opened is None:
        assert moves == []
        return
    for event in events:
        before = book.find(opened.transaction_id)
        happen(book, opened.transaction_id, event)
        after = book.find(opened.transaction_id)
        assert before.state not in FINAL or after == before
        assert len(book.captures) == (after.state is CartState.PAID)
        assert moves[-1] == after
        answer = cart_answer(book.check(opened.transaction_id))
        assert (answer["ResultCode"] == 10200) == answer["PaymentSuccessful"] == (after.state is CartState.PAID)
    states = Counter(cart.state for cart in moves)
    assert all(count == 1 for count in states.values())  # no state is entered twice


@given(st.lists(st.sampled_from(["accept", "confirm with code", "check", "reject"]), max_size=8))
def test_manual_is_never_paid_without_a_confirm_that_follows_the_reservation(events):
    book = new_book()
    cart = book.insert(Order(1990, "T1-1", PEOPLE[0].phone, 2)).cart
    was_reserved = False
    for event in events:
        before = book.find(cart.transaction_id).state
        was_reserved = was_reserved or before is CartState.RESERVED
        happen(book, cart.transaction_id, event)
        if book.find(cart.transaction_id).state is CartState.PAID and before is not CartState.PAID:
            assert event == "confirm with code"
            assert was_reserved


@given(st.binary(max_size=200))
def test_readers_survive_any_bytes(body):
    for read in (read_insert, read_cart_name):
        with pytest.raises((BadRequest, CartNotValid)):
            read(body)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
field_names = [
    "Amount",
    "Reference",
    "CustomerId",
    "ConfirmationType",
    "CallbackUrl",
    "CartItemRequests",
    "TransactionId",
]


@given(st.dictionaries(st.sampled_from(field_names), json_values))
def test_readers_survive_any_fields(fields):
    body = msgspec.json.encode(fields)
    assert isinstance(outcome(read_insert, body), (Order, BadRequest, CartNotValid))
    assert isinstance(outcome(read_cart_name, body), (NamesCart, BadRequest))


def outcome(read, body):
    try:
        return read(body)
    except ValueError as error:
        return error
