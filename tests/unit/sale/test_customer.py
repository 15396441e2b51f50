"""Telling an app code, a kennitala and a phone apart, and refusing what is none of them."""

from __future__ import annotations

import pytest

from terminal.sale.customer import Customer, CustomerKind, IdentifierProblem, IdentifierRules, identify
from terminal.sale.sensitive import Sensitive
from tests.each import each_of

SHOP_RULES = IdentifierRules()
SANDBOX_RULES = IdentifierRules(impossible_birth_dates=True)
PERSON = "1201743399"
COMPANY = "4504013150"  # the day of birth plus 40


def identified(digits: str, kind: CustomerKind | None = None, rules: IdentifierRules = SHOP_RULES) -> tuple[str, str]:
    customer = identify(digits, kind, rules)
    assert isinstance(customer, Customer), customer
    return customer.kind, customer.identifier.reveal()


@each_of("typed", ["1234", "5000041234"])
@each_of("kind", [None, CustomerKind.APP_CODE])
def test_app_code_is_sent_whole_however_it_was_typed(typed: str, kind: CustomerKind | None) -> None:
    assert identified(typed, kind) == (CustomerKind.APP_CODE, "5000041234")


def test_app_code_prefix_is_the_installations() -> None:
    rules = IdentifierRules(app_code_prefix="600007")
    assert identified("6000071234", None, rules) == (CustomerKind.APP_CODE, "6000071234")
    assert identify("5000041234", CustomerKind.APP_CODE, rules) is IdentifierProblem.BAD_APP_CODE


@each_of("typed", [PERSON, COMPANY])
@each_of("kind", [None, CustomerKind.KENNITALA])
def test_kennitala_of_person_and_company(typed: str, kind: CustomerKind | None) -> None:
    assert identified(typed, kind) == (CustomerKind.KENNITALA, typed)


@each_of("position", range(9))
def test_kennitala_with_a_mistyped_digit_is_refused(position: int) -> None:
    wrong = PERSON[:position] + str((int(PERSON[position]) + 1) % 10) + PERSON[position + 1 :]
    assert identify(wrong, None, SHOP_RULES) is IdentifierProblem.DOUBTFUL_KENNITALA


@each_of("kind", [None, CustomerKind.KENNITALA])
@each_of("digits", ["1201743389", "8923501739", "7102691239"])
def test_kennitala_that_fails_the_test_is_taken_when_insisted_on(digits: str, kind: CustomerKind | None) -> None:
    """Without a check digit, of somebody known by a system number, and of a company of the 31st of February 1969."""
    assert identify(digits, kind, SHOP_RULES) is IdentifierProblem.DOUBTFUL_KENNITALA
    insisted = identify(digits, kind, SHOP_RULES, insisted=True)
    assert insisted == Customer(CustomerKind.KENNITALA, Sensitive(digits))


@each_of("digits", ["120174338", "12017433899", "120174338x", "١٢٠١٧٤٣٣٨٩"])
def test_nothing_but_ten_digits_can_be_insisted_on(digits: str) -> None:
    assert identify(digits, CustomerKind.KENNITALA, SHOP_RULES, insisted=True) is IdentifierProblem.BAD_KENNITALA
    assert isinstance(identify(digits, None, SHOP_RULES, insisted=True), IdentifierProblem)


def test_insisting_does_not_make_a_kennitala_of_another_identifier() -> None:
    for digits in ("3548223281", "5000041234"):
        insisted = identify(digits, None, SHOP_RULES, insisted=True)
        assert isinstance(insisted, Customer)
        assert insisted.kind is not CustomerKind.KENNITALA


def test_sandbox_person_with_an_impossible_birthday_is_taken_unasked_in_the_sandbox_only() -> None:
    assert identified("2222222229", None, SANDBOX_RULES) == (CustomerKind.KENNITALA, "2222222229")
    assert identify("2222222229", None, SHOP_RULES) is IdentifierProblem.DOUBTFUL_KENNITALA
    assert identified("1111111119", None, SANDBOX_RULES) == (CustomerKind.KENNITALA, "1111111119")


def test_sandbox_still_checks_the_check_digit() -> None:
    assert identify("2222222239", None, SANDBOX_RULES) is IdentifierProblem.DOUBTFUL_KENNITALA


@each_of("typed", ["8223281", "3548223281", "003548223281"])
@each_of("kind", [None, CustomerKind.PHONE])
def test_phone_is_sent_without_the_country(typed: str, kind: CustomerKind | None) -> None:
    assert identified(typed, kind) == (CustomerKind.PHONE, "8223281")


@pytest.mark.parametrize("first", "678")
def test_mobile_numbers_begin_with_six_seven_or_eight(first: str) -> None:
    assert identified(f"{first}000000") == (CustomerKind.PHONE, f"{first}000000")


@each_of("typed", ["5812345", "1234567", "0048223281", "004612345678"])
def test_other_numbers_are_no_phone(typed: str) -> None:
    assert identify(typed, CustomerKind.PHONE, SHOP_RULES) is IdentifierProblem.BAD_PHONE


@each_of(
    ("digits", "problem"),
    [
        ("", IdentifierProblem.NOT_AN_IDENTIFIER),
        ("123", IdentifierProblem.NOT_AN_IDENTIFIER),
        ("12345678901234", IdentifierProblem.NOT_AN_IDENTIFIER),
        ("5812345", IdentifierProblem.BAD_PHONE),
        ("003545812345", IdentifierProblem.BAD_PHONE),
        ("1201743389", IdentifierProblem.DOUBTFUL_KENNITALA),
    ],
)
def test_problem_is_that_of_the_likeliest_kind(digits: str, problem: IdentifierProblem) -> None:
    assert identify(digits, None, SHOP_RULES) is problem


@pytest.mark.parametrize(
    ("kind", "digits", "problem"),
    [
        (CustomerKind.APP_CODE, "8223281", IdentifierProblem.BAD_APP_CODE),
        (CustomerKind.KENNITALA, "8223281", IdentifierProblem.BAD_KENNITALA),
        (CustomerKind.PHONE, "1234", IdentifierProblem.BAD_PHONE),
    ],
)
def test_chosen_kind_takes_no_other(kind: CustomerKind, digits: str, problem: IdentifierProblem) -> None:
    assert identify(digits, kind, SHOP_RULES) is problem


@each_of("digits", ["١٢٣٤", "²²²²", "8223281\n", " 8223281", "82232８1"])
def test_only_plain_digits_count(digits: str) -> None:
    assert isinstance(identify(digits, None, SHOP_RULES), IdentifierProblem)


def test_label_shows_the_end_of_a_phone_and_of_nothing_else() -> None:
    labels = {kind: Customer(kind, Sensitive("8223281")).masked for kind in CustomerKind}
    assert labels == {CustomerKind.APP_CODE: "", CustomerKind.KENNITALA: "", CustomerKind.PHONE: "••• ••81"}


def test_customer_prints_without_its_identifier() -> None:
    assert "8223281" not in repr(identify("8223281", None, SHOP_RULES))


# --- where no kennitala is taken --------------------------------------------------------------------------------------

NO_KENNITALA_RULES = IdentifierRules(takes_kennitala=False)


@each_of("kind", [None, CustomerKind.APP_CODE])
@each_of("digits", ["5000041234", "9000000000", "0000000001", "1201743380", "3548223281"])
def test_ten_digits_are_the_apps_code(digits: str, kind: CustomerKind | None) -> None:
    """Also those that a phone with its country would have: a push must not reach a stranger."""
    assert identified(digits, kind, NO_KENNITALA_RULES) == (CustomerKind.APP_CODE, digits)


@each_of("digits", [PERSON, COMPANY])
@each_of("kind", [None, CustomerKind.APP_CODE])
def test_ten_digits_that_are_a_kennitala_are_asked_about(digits: str, kind: CustomerKind | None) -> None:
    assert identify(digits, kind, NO_KENNITALA_RULES) is IdentifierProblem.MAYBE_KENNITALA
    insisted = identify(digits, kind, NO_KENNITALA_RULES, insisted=True)
    assert insisted == Customer(CustomerKind.APP_CODE, Sensitive(digits))


@each_of("insisted", [False, True])
@each_of("digits", [PERSON, COMPANY])
def test_a_kennitala_that_is_said_to_be_one_is_refused(digits: str, insisted: bool) -> None:
    result = identify(digits, CustomerKind.KENNITALA, NO_KENNITALA_RULES, insisted=insisted)
    assert result is IdentifierProblem.NO_KENNITALA


@each_of("digits", ["", "1234", "8223281", "5000041234", "9000000000"])
def test_whatever_is_said_to_be_a_kennitala_is_refused(digits: str) -> None:
    assert identify(digits, CustomerKind.KENNITALA, NO_KENNITALA_RULES) is IdentifierProblem.NO_KENNITALA


def test_codes_and_phones_are_told_apart_as_ever() -> None:
    assert identified("1234", None, NO_KENNITALA_RULES) == (CustomerKind.APP_CODE, "5000041234")
    for digits in ("8223281", "003548223281"):
        assert identified(digits, None, NO_KENNITALA_RULES) == (CustomerKind.PHONE, "8223281")
    assert identified("3548223281", CustomerKind.PHONE, NO_KENNITALA_RULES) == (CustomerKind.PHONE, "8223281")


@each_of(
    ("digits", "kind", "problem"),
    [
        ("", None, IdentifierProblem.NEITHER_CODE_NOR_PHONE),
        ("123456789", None, IdentifierProblem.NEITHER_CODE_NOR_PHONE),
        ("5812345", None, IdentifierProblem.BAD_PHONE),
        ("12a4", None, IdentifierProblem.BAD_APP_CODE),
        ("12345", CustomerKind.APP_CODE, IdentifierProblem.BAD_APP_CODE),
        ("1234", CustomerKind.PHONE, IdentifierProblem.BAD_PHONE),
    ],
)
def test_problems_do_not_speak_of_a_kennitala(
    digits: str, kind: CustomerKind | None, problem: IdentifierProblem
) -> None:
    assert identify(digits, kind, NO_KENNITALA_RULES) is problem
