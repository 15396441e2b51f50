"""Whom a scanned code names. Most codes at a counter name nobody, and a scanner may leave out a part of any."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.counter.scanning import describe, scan_identifier
from terminal.counter.typing import Entry, press_identifier
from terminal.sale.customer import Customer, CustomerKind, IdentifierProblem, IdentifierRules
from terminal.sale.sensitive import Sensitive
from tests.each import each_of

USUAL = IdentifierRules()
EVERYTHING = IdentifierRules(scanned=tuple(CustomerKind))
APP_CODE = "5000043931"
REFUSED = Entry(problem=IdentifierProblem.NOT_SCANNED)


def scan(code: str, rules: IdentifierRules = USUAL) -> Entry | Customer:
    return scan_identifier(Sensitive(code), rules)


def test_the_apps_code_counts_with_its_prefix_only() -> None:
    assert scan(APP_CODE) == Customer(CustomerKind.APP_CODE, Sensitive(APP_CODE))
    for other in (APP_CODE[6:], APP_CODE[1:], APP_CODE + "0", "500004", "500004 3931", "500004393X"):
        assert scan(other) == scan(other, EVERYTHING) == REFUSED


@pytest.mark.parametrize("takes_kennitala", [True, False])
def test_four_or_ten_digits_of_something_else_are_no_app_code_with_either_service(takes_kennitala: bool) -> None:
    rules = IdentifierRules(takes_kennitala=takes_kennitala, scanned=tuple(CustomerKind))
    assert scan("3931", rules) == REFUSED
    assert scan("6381333931", IdentifierRules(takes_kennitala=takes_kennitala)) == REFUSED


@each_of("prefix", ["]C1", "]Q3", "]L0", "]cF"])
def test_what_a_scanner_says_of_the_codes_kind_is_passed_over(prefix: str) -> None:
    assert scan(prefix + APP_CODE) == scan(APP_CODE)
    assert scan(prefix + "3931") == REFUSED


def test_the_number_of_goods_is_never_a_customer() -> None:
    assert scan("]E0" + APP_CODE) == scan("]E48223281", EVERYTHING) == REFUSED


def test_telephone_and_kennitala_count_where_the_shop_says_so() -> None:
    for code in ("8223281", "1201743399", "1201743398"):
        assert scan(code) == REFUSED
    assert scan("8223281", EVERYTHING) == Customer(CustomerKind.PHONE, Sensitive("8223281"))
    assert scan("1201743399", EVERYTHING) == Customer(CustomerKind.KENNITALA, Sensitive("1201743399"))
    doubtful = scan("1201743398", EVERYTHING)
    assert isinstance(doubtful, Entry)
    assert doubtful.problem is IdentifierProblem.DOUBTFUL_KENNITALA
    assert isinstance(press_identifier(doubtful, "#", EVERYTHING), Customer), "OK insists"


def test_nothing_of_a_refused_code_is_left_for_ok_to_send() -> None:
    for code in ("8223281", "1201743399", "1201743398", "3931"):
        refused = scan(code)
        assert isinstance(refused, Entry)
        assert isinstance(press_identifier(refused, "#", USUAL), Entry)


def ean_of(digits: list[int]) -> str:
    check = -sum(digit * (1, 3)[place % 2] for place, digit in enumerate(digits)) % 10
    return "".join(map(str, [*digits, check]))


@given(st.lists(st.integers(0, 9), min_size=12, max_size=12), st.integers(0, 13))
def test_no_part_of_any_goods_number_names_anybody(digits: list[int], cut: int) -> None:
    code = ean_of(digits)
    for part in (code, code[:cut], code[cut:]):
        if "500004" not in code:
            assert scan(part) == REFUSED


def test_without_a_known_prefix_no_app_code_can_be_told() -> None:
    assert scan(APP_CODE, IdentifierRules(app_code_prefix="")) == REFUSED


@each_of(
    ("code", "words"),
    [
        (APP_CODE, "10 characters 500004••••: an app code"),
        ("]C1" + APP_CODE, "10 characters 500004••••, kind ]C1: an app code"),
        (
            "]E04006381333931",
            "13 characters •••••••••••31, kind ]E0: no code that is accepted; it is the",
        ),
        ("8223281", 'it looks like a phone, and scanner.accepts does not name "phone"'),
        ("1201743399", "10 characters ••••••••••: no code that is accepted; it looks like a kennitala"),
        ("3931", "4 characters ••••: no code that is accepted; the app's begin with 500004"),
    ],
)
def test_a_code_is_described_and_not_told(code: str, words: str) -> None:
    assert words in describe(Sensitive(code), USUAL)


def test_a_description_names_what_counts() -> None:
    assert describe(Sensitive("8223281"), EVERYTHING) == "7 characters •••••81: a telephone number"
    assert describe(Sensitive("1201743399"), EVERYTHING) == "10 characters ••••••••••: a kennitala"
    assert "the screen asks" in describe(Sensitive("1201743398"), EVERYTHING)


@given(st.text(max_size=140))
def test_any_text_is_described(code: str) -> None:
    assert describe(Sensitive(code), EVERYTHING)
