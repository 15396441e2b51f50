"""Sensitive text shows itself to nobody by accident."""

from __future__ import annotations

import json
import logging
import pickle
import traceback

import msgspec
import pytest

from terminal.counter.typing import Entry
from terminal.sale.customer import Customer, CustomerKind
from terminal.sale.events import CodeEntered, CustomerIdentified
from terminal.sale.sensitive import Sensitive
from tests.each import each_of

SECRET = "1111111119"


def test_it_gives_its_text_only_when_asked() -> None:
    assert Sensitive(SECRET).reveal() == SECRET


@pytest.mark.parametrize(
    "holder",
    [
        Sensitive(SECRET),
        Customer(CustomerKind.KENNITALA, Sensitive(SECRET)),
        Entry(digits=Sensitive(SECRET)),
        CustomerIdentified(7, Customer(CustomerKind.KENNITALA, Sensitive(SECRET))),
        CodeEntered(7, Sensitive(SECRET)),
    ],
    ids=lambda holder: type(holder).__name__,
)
def test_showing_whatever_holds_it_does_not_show_it(holder: object, caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("test").error("%s %r", holder, holder)
    assert SECRET not in f"{holder} {holder!r} {[holder]} {caplog.text}"


@each_of("encode", [msgspec.json.encode, msgspec.msgpack.encode, json.dumps, pickle.dumps])
@each_of("wrap", [lambda secret: secret, lambda secret: [secret], lambda secret: CodeEntered(7, secret)])
def test_encoding_it_raises_and_does_not_say_it(encode: object, wrap: object) -> None:
    assert callable(encode)
    assert callable(wrap)
    holder = wrap(Sensitive(SECRET))
    with pytest.raises(TypeError) as caught:
        encode(holder)
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_it_has_no_attributes_to_be_dumped() -> None:
    assert not hasattr(Sensitive(SECRET), "__dict__")


def test_it_compares_like_its_text_but_never_equals_it() -> None:
    assert Sensitive(SECRET) == Sensitive(SECRET)
    assert hash(Sensitive(SECRET)) == hash(Sensitive(SECRET))
    assert Sensitive(SECRET) != Sensitive("2222222229")
    assert Sensitive(SECRET) != SECRET
    assert Sensitive("x")
    assert not Sensitive("")
