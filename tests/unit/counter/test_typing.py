"""The editor between keys and identifiers."""

from __future__ import annotations

import pytest

from hardware.interfaces import KEYS
from terminal.counter.typing import Cancelled, Entry, EntryResult, press_code, press_identifier
from terminal.sale.customer import LONGEST_ENTRY, Customer, CustomerKind, IdentifierProblem, IdentifierRules
from terminal.sale.sensitive import Sensitive
from tests.each import each_of

RULES = IdentifierRules()


def type_identifier(keys: str, entry: Entry | None = None) -> EntryResult:
    result: EntryResult = entry or Entry()
    for key in keys:
        assert isinstance(result, Entry), f"{key!r} after the end of the entry"
        result = press_identifier(result, key, RULES)
    return result


def type_code(keys: str, entry: Entry | None = None) -> EntryResult:
    result: EntryResult = entry or Entry()
    for key in keys:
        assert isinstance(result, Entry), f"{key!r} after the end of the entry"
        result = press_code(result, key)
    return result


@each_of(
    ("keys", "kind", "identifier"),
    [
        ("8223281#", CustomerKind.PHONE, "8223281"),
        ("1234#", CustomerKind.APP_CODE, "5000041234"),
        ("1201743399#", CustomerKind.KENNITALA, "1201743399"),
        ("C8223281#", CustomerKind.PHONE, "8223281"),
        ("A1234#", CustomerKind.APP_CODE, "5000041234"),
        ("99*8223281#", CustomerKind.PHONE, "8223281"),
    ],
)
def test_ok_ends_with_the_customer(keys: str, kind: CustomerKind, identifier: str) -> None:
    assert type_identifier(keys) == Customer(kind, Sensitive(identifier))


def test_star_clears_and_on_an_empty_entry_cancels() -> None:
    assert type_identifier("822*") == Entry()
    assert type_identifier("822**") == Cancelled()
    assert type_identifier("*") == Cancelled()
    assert type_code("12*") == Entry()
    assert type_code("*") == Cancelled()


def test_star_takes_back_a_chosen_kind_before_it_cancels() -> None:
    assert type_identifier("B*") == Entry()


def test_star_after_a_refused_empty_entry_clears_before_it_cancels() -> None:
    assert type_identifier("#*") == Entry()


@pytest.mark.parametrize(
    ("key", "kind"),
    [("A", CustomerKind.APP_CODE), ("B", CustomerKind.KENNITALA), ("C", CustomerKind.PHONE)],
)
def test_kind_key_begins_an_entry_of_that_kind(key: str, kind: CustomerKind) -> None:
    assert type_identifier(f"12{key}") == Entry(kind=kind)


def test_refused_entry_says_why_and_is_typed_anew() -> None:
    refused = type_identifier("C123#")
    assert refused == Entry(Sensitive("123"), CustomerKind.PHONE, IdentifierProblem.BAD_PHONE)
    assert type_identifier("8", refused) == Entry(Sensitive("8"), CustomerKind.PHONE)


def test_ok_again_on_a_refused_entry_changes_nothing() -> None:
    refused = type_identifier("123#")
    assert type_identifier("#", refused) == refused


def test_ok_once_more_insists_on_a_doubtful_kennitala() -> None:
    asked = type_identifier("1201743389#")
    assert asked == Entry(Sensitive("1201743389"), problem=IdentifierProblem.DOUBTFUL_KENNITALA)
    assert type_identifier("#", asked) == Customer(CustomerKind.KENNITALA, Sensitive("1201743389"))
    assert type_identifier("*", asked) == Entry()
    assert type_identifier("8223281#", asked) == Customer(CustomerKind.PHONE, Sensitive("8223281"))


def test_length_is_bounded() -> None:
    entry = type_identifier("1" * 1000)
    assert entry == Entry(Sensitive("1" * LONGEST_ENTRY))


@each_of("key", ["D", "", "E", "12", "²", "٣", "\n"])
def test_other_keys_do_nothing(key: str) -> None:
    for entry in (Entry(Sensitive("12")), Entry(Sensitive("12"), problem=IdentifierProblem.BAD_PHONE)):
        assert press_identifier(entry, key, RULES) == entry
        assert press_code(entry, key) == entry


@pytest.mark.parametrize("code", ["123", "1234", "12345678"])
def test_code_of_any_short_length_is_taken(code: str) -> None:
    assert type_code(f"{code}#") == Sensitive(code)


@pytest.mark.parametrize("code", ["", "12", "123456789"])
def test_code_of_another_length_is_refused_and_typed_anew(code: str) -> None:
    refused = type_code(f"{code}#")
    assert refused == Entry(Sensitive(code), problem=IdentifierProblem.BAD_SMS_CODE)
    assert type_code("7", refused) == Entry(Sensitive("7"))


@each_of(("digits", "masked"), [("", ""), ("8", "8"), ("82", "•2"), ("8223281", "••••••1")])
def test_mask_shows_the_last_digit_only(digits: str, masked: str) -> None:
    assert Entry(Sensitive(digits)).masked == masked


def test_entry_prints_without_its_digits() -> None:
    assert "8223281" not in repr(Entry(Sensitive("8223281")))


def test_every_key_of_the_keypad_means_something_or_is_named_here() -> None:
    without_meaning = {key for key in KEYS if press_identifier(Entry(), key, RULES) == Entry()}
    assert without_meaning == {"D"}


# --- where no kennitala is taken --------------------------------------------------------------------------------------


def type_without_kennitala(keys: str) -> EntryResult:
    result: EntryResult = Entry()
    for key in keys:
        assert isinstance(result, Entry), f"{key!r} after the end of the entry"
        result = press_identifier(result, key, IdentifierRules(takes_kennitala=False))
    return result


def test_key_b_says_that_no_kennitala_is_taken() -> None:
    assert type_without_kennitala("B") == Entry(kind=CustomerKind.KENNITALA, problem=IdentifierProblem.NO_KENNITALA)


@each_of("keys", ["B#", "B1201743399#", "B8223281#", "B5000041234##", "B1201743399##"])
def test_whatever_follows_key_b_is_refused(keys: str) -> None:
    result = type_without_kennitala(keys)
    assert isinstance(result, Entry), "nothing is sent"
    assert result.problem is IdentifierProblem.NO_KENNITALA


@pytest.mark.parametrize("keys", ["1201743399", "A1201743399"])
def test_what_looks_like_a_kennitala_is_sent_as_the_apps_code_by_a_second_ok_only(keys: str) -> None:
    asked = type_without_kennitala(keys + "#")
    assert isinstance(asked, Entry)
    assert asked.problem is IdentifierProblem.MAYBE_KENNITALA
    assert type_without_kennitala(keys + "##") == Customer(CustomerKind.APP_CODE, Sensitive("1201743399"))
    assert type_without_kennitala(keys + "#9000000010#") == Customer(CustomerKind.APP_CODE, Sensitive("9000000010"))


@pytest.mark.parametrize("keys", ["B*9000000010#", "BA9000000010#", "9000000010#"])
def test_another_key_takes_it_back(keys: str) -> None:
    assert type_without_kennitala(keys) == Customer(CustomerKind.APP_CODE, Sensitive("9000000010"))
