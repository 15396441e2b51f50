"""Whatever is pressed: the editor never raises, never grows, and never shows more than one digit."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hardware.interfaces import KEYS
from terminal.counter.typing import Cancelled, Entry, press_code, press_identifier
from terminal.counter.view import View
from terminal.sale.customer import LONGEST_ENTRY, Customer, CustomerKind, IdentifierProblem, IdentifierRules, identify
from terminal.sale.sensitive import Sensitive
from terminal.screen.screens import screen_for
from terminal.texts.words import Language
from tests.golden.samples import LANGUAGES, SALE

any_keys = st.lists(st.sampled_from(KEYS) | st.text(max_size=3), max_size=60)
rules = st.builds(IdentifierRules, impossible_birth_dates=st.booleans())
digits = st.text(alphabet="0123456789", max_size=LONGEST_ENTRY)


@given(keys=any_keys, rules=rules, language=st.sampled_from(LANGUAGES))
def test_any_keys_while_identifying(keys: list[str], rules: IdentifierRules, language: Language) -> None:
    entry = Entry()
    for key in keys:
        result = press_identifier(entry, key, rules)
        assert isinstance(result, Entry | Customer | Cancelled)
        if isinstance(result, Customer):
            assert identify(result.identifier.reveal(), result.kind, rules, insisted=True) == result
        entry = result if isinstance(result, Entry) else Entry()
        assert_shows_one_digit_at_most(entry)
        assert screen_for(View(sale=SALE, entry=entry), language).entry in ("", entry.masked)


@given(keys=any_keys)
def test_any_keys_while_the_code_is_typed(keys: list[str]) -> None:
    entry = Entry()
    for key in keys:
        result = press_code(entry, key)
        assert isinstance(result, Entry | Sensitive | Cancelled)
        if isinstance(result, Sensitive):
            assert result.reveal().isdecimal()
        entry = result if isinstance(result, Entry) else Entry()
        assert_shows_one_digit_at_most(entry)


def assert_shows_one_digit_at_most(entry: Entry) -> None:
    assert len(entry.masked) == len(entry.digits.reveal()) <= LONGEST_ENTRY
    assert sum(char.isdigit() for char in entry.masked) == min(1, len(entry.masked))


@given(digits=digits, kind=st.none() | st.sampled_from(CustomerKind), rules=rules)
def test_typing_digits_and_ok_is_the_same_as_identifying_them(
    digits: str, kind: CustomerKind | None, rules: IdentifierRules
) -> None:
    entry = Entry(kind=kind)
    for key in digits:
        typed = press_identifier(entry, key, rules)
        assert isinstance(typed, Entry)
        entry = typed
    result = press_identifier(entry, "#", rules)
    problem_or_customer = result.problem if isinstance(result, Entry) else result
    assert problem_or_customer == identify(digits, kind, rules)


@given(text=st.text(max_size=20), kind=st.none() | st.sampled_from(CustomerKind), rules=rules)
def test_any_text_is_a_customer_or_a_problem(text: str, kind: CustomerKind | None, rules: IdentifierRules) -> None:
    result = identify(text, kind, rules)
    assert isinstance(result, Customer | IdentifierProblem)
    if isinstance(result, Customer):
        assert kind in (None, result.kind)
        assert sum(char.isdigit() for char in result.masked) <= 2
