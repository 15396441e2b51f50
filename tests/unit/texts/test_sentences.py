"""Every text in every language."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Any, get_args

import msgspec

from terminal.counter.register_words import RefusalCode, Step
from terminal.counter.trouble import Trouble
from terminal.sale.customer import CustomerKind, IdentifierProblem
from terminal.sale.effects import ReceiptKind
from terminal.sale.sale import Outcome, Reason
from terminal.texts.sentences import Advice, Words, refusal_sentence, result_sentence, words_in
from terminal.texts.words import Language
from tests.each import each_of

LANGUAGES: tuple[Language, ...] = get_args(Language)
LONGEST_SENTENCE = 120  # with its code and id it must fit a line of the register's protocol
NOT_CHARGED: dict[Language, str] = {"is": "Ekkert var gjaldfært.", "en": "Nothing was charged."}
SAME_IN_BOTH = {"Kennitala", "Kt."}

every_language = each_of("language", LANGUAGES)


def texts_of(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text below ``value`` with the path to it."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, below in value.items():
            yield from texts_of(below, f"{path}.{key}")
    elif isinstance(value, tuple):
        for index, below in enumerate(value):
            yield from texts_of(below, f"{path}.{index}")
    else:
        for name in value.__struct_fields__:
            yield from texts_of(getattr(value, name), f"{path}.{name}")


@every_language
@each_of(
    ("table", "members"),
    [
        ("outcomes", Outcome),
        ("results", Reason),
        ("refusals", RefusalCode),
        ("identifier_problems", IdentifierProblem),
        ("customer_kinds", CustomerKind),
        ("troubles", Trouble),
        ("receipt_kinds", ReceiptKind),
        ("steps", Step),
    ],
)
def test_every_member_has_its_text(language: Language, table: str, members: type[StrEnum]) -> None:
    assert set(getattr(words_in(language), table)) == set(members)


def test_every_table_by_enum_is_walked_above() -> None:
    tables = {field.name for field in msgspec.structs.fields(Words) if "dict" in str(field.type)}
    assert tables == {"outcomes", "results", "refusals", "identifier_problems", "customer_kinds", "troubles"} | {
        "receipt_kinds",
        "steps",
    }


@every_language
def test_where_the_shop_has_a_number_no_sentence_calls_service_without_it(language: Language) -> None:
    plain, named = words_in(language), words_in(language, "555 1234")
    before, after = dict(texts_of(plain)), dict(texts_of(named))
    changed = [path for path in before if before[path] != after[path]]
    assert not [text for text in after.values() if any(sentence in text for sentence in plain.call_service)]
    assert all("555\u00a01234" in after[path] for path in changed)
    assert any("troubles" in path for path in changed)
    assert any("doctor" in path for path in changed)


@every_language
def test_staff_are_told_what_to_do_with_every_outcome_that_needs_them(language: Language) -> None:
    to_do = words_in(language).receipt.to_do
    assert set(to_do) == {outcome for outcome in Outcome if outcome.needs_staff}
    assert all(step[-1] in ".?" for one in to_do.values() for step in one.steps)


@every_language
def test_no_text_is_empty_or_untidy(language: Language) -> None:
    texts = dict(texts_of(words_in(language)))
    assert len(texts) > 80
    untidy = {path: text for path, text in texts.items() if not text.strip() or text != text.strip() or "\n" in text}
    assert not untidy


def test_every_text_is_translated() -> None:
    icelandic, english = (dict(texts_of(words_in(language))) for language in ("is", "en"))
    assert icelandic.keys() == english.keys()
    same = {text for path, text in icelandic.items() if text == english[path]}
    assert same <= SAME_IN_BOTH


@every_language
def test_advice_is_whole_sentences(language: Language) -> None:
    words = words_in(language)
    sentences = [*words.refusals.values(), *(str(advice) for advice in words.results.values())]
    sentences += [advice.next for advice in (*words.identifier_problems.values(), *words.troubles.values())]
    assert all(sentence[0].isalnum() and sentence[-1] in ".?" for sentence in sentences)


@every_language
@each_of("reason", Reason)
def test_result_sentence_says_what_happened_and_what_to_do(language: Language, reason: Reason) -> None:
    advice = words_in(language).results[reason]
    sentence = result_sentence(reason, language)
    assert sentence == f"{advice.what} {advice.next}"
    assert len(sentence) <= LONGEST_SENTENCE


@every_language
@each_of("reason", Reason)
def test_nothing_was_charged_is_said_where_it_is_certain_and_nowhere_else(language: Language, reason: Reason) -> None:
    says_so = NOT_CHARGED[language] in result_sentence(reason, language)
    assert says_so == (reason.outcome in (Outcome.CANCELLED, Outcome.FAILED))


@every_language
@each_of("code", RefusalCode)
def test_refusal_sentence_fits_the_register(language: Language, code: RefusalCode) -> None:
    sentence = refusal_sentence(code, language, (1, 500_000))
    assert 20 <= len(sentence) <= LONGEST_SENTENCE
    assert "{" not in sentence


@every_language
def test_refused_amount_names_the_limits_when_they_are_known(language: Language) -> None:
    with_limits = refusal_sentence(RefusalCode.AMOUNT, language, (200, 500_000))
    assert "200 kr." in with_limits
    assert "500.000 kr." in with_limits
    assert refusal_sentence(RefusalCode.AMOUNT, language) == words_in(language).refusals[RefusalCode.AMOUNT]


@each_of(
    ("language", "count", "expected"),
    [
        ("is", 1, "1 tilraun eftir"),
        ("is", 2, "2 tilraunir eftir"),
        ("en", 1, "1 try left"),
        ("en", 3, "3 tries left"),
    ],
)
def test_tries_left_agree_in_number(language: Language, count: int, expected: str) -> None:
    assert words_in(language).tries_left(count) == expected


def test_words_are_those_of_icelandic_card_terminals() -> None:
    words = words_in("is")
    assert words.outcomes[Outcome.DECLINED] == "Heimild hafnað"
    assert words.customer_kinds[CustomerKind.KENNITALA] == "Kennitala"
    assert words.customer_kinds[CustomerKind.PHONE] == "Símanúmer"
    assert words.receipt.sale == "SALA"
    assert words.receipt.reprint == "AFRIT"
    assert words.receipt.customer_copy == "Eintak viðskiptavinar"
    assert words.receipt.merchant_copy == "Eintak söluaðila"


@every_language
def test_no_trouble_is_advised_without_a_next_step(language: Language) -> None:
    for advice in words_in(language).troubles.values():
        assert isinstance(advice, Advice)
        assert advice.what != advice.next
