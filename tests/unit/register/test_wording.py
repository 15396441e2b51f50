"""Every reply that has something to say to the cashier says it, in the shop's language."""

from __future__ import annotations

import pytest

from terminal.counter.register_words import RefusalCode, RequestRefused, SaleAccepted, SaleResult
from terminal.register.wording import worded
from terminal.sale.sale import Reason
from terminal.texts.sentences import result_sentence, words_in
from terminal.texts.words import Language
from tests.each import each_of


def test_a_refusal_names_the_limits_in_the_shops_language() -> None:
    refused = RequestRefused("42", RefusalCode.AMOUNT, limit_kr=10, limits_kr=(10, 500_000))
    said = {language: worded(refused, language).text for language in ("is", "en")}  # type: ignore[arg-type,union-attr]
    assert all("10 kr." in text and "500.000 kr." in text for text in said.values())
    assert said["is"] != said["en"]
    back = RequestRefused("42", RefusalCode.AMOUNT, limit_kr=10, limits_kr=(1, 400), of_refund=True)
    assert worded(back, "en").text == "Of this sale you can refund from 1 kr. to 400 kr."  # type: ignore[union-attr]


@pytest.mark.parametrize("of_refund", [False, True])
def test_whoever_wants_a_refund_is_not_told_to_cancel_a_sale(of_refund: bool) -> None:
    reply = worded(RequestRefused("42", RefusalCode.BUSY, of_refund=of_refund), "en")
    assert isinstance(reply, RequestRefused)
    assert ("cancel it" in reply.text) is not of_refund
    assert ("a refund" in reply.text) is of_refund


@each_of("reason", Reason)
def test_a_result_says_why(reason: Reason) -> None:
    result = SaleResult(register_id="42", amount_kr=1990, reason=reason, authorization_id=None)
    reply = worded(result, "is")
    assert isinstance(reply, SaleResult)
    assert reply.text == result_sentence(reason, "is")


@pytest.mark.parametrize("language", ["is", "en"])
def test_it_names_the_number_of_service_if_the_shop_has_one(language: Language) -> None:
    result = SaleResult(register_id="42", amount_kr=1990, reason=Reason.CREDENTIALS, authorization_id=None)
    reply = worded(result, language, "555 1234")
    assert isinstance(reply, SaleResult)
    assert "555 1234" in reply.text
    assert not any(sentence in reply.text for sentence in words_in(language).call_service)


def test_what_has_no_sentence_stays_as_it_is() -> None:
    accepted = SaleAccepted("42")
    assert worded(accepted, "en") is accepted
