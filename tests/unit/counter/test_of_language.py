"""A key on the waiting screen turns the customer's language, and the shop's own comes back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from terminal.counter import register_words as reg
from terminal.counter.decision import KeepLanguageFor
from terminal.counter.inputs import KeyPressed, LanguageExpired, RegisterRequestLookedUp, ResultSeen
from terminal.counter.menu import DIGIT_OF, Item
from terminal.counter.of_language import KEPT_S
from terminal.counter.rules import CounterRules
from terminal.counter.view import Offer, View
from terminal.paper.queue import ReceiptQueue
from terminal.paper.receipt import Shop
from terminal.sale.effects import ReceiptKind
from terminal.sale.record import original
from terminal.sale.sale import State
from tests.each import each_of
from tests.golden.samples import CLOSED_SALE, SALE
from tests.unit.counter.staff_bench import PressedCounter

NOW = datetime(2026, 11, 23, 18, 1, tzinfo=UTC)
REQUEST = RegisterRequestLookedUp(
    request=reg.SaleRequest(500, "7"), number=9, reference="T1-9", created="2026-11-23T14:00:00Z"
)


class Counter(PressedCounter):
    def __init__(self, view: View | None = None, **rules: Any) -> None:
        super().__init__(view, CounterRules(**rules), "is")


def test_the_key_turns_the_screen_and_turns_it_back() -> None:
    counter = Counter()
    assert "Tilbúið   0 English" in counter.screen
    assert counter.press("0").effects == (KeepLanguageFor(1, KEPT_S),)
    assert "Ready   0 Íslenska" in counter.screen
    assert counter.press("0").effects == ()
    assert "Tilbúið   0 English" in counter.screen


def test_a_sale_is_asked_for_and_kept_in_it_until_its_result_is_gone() -> None:
    counter = Counter()
    counter.press("0")
    sale = counter.happens(REQUEST).record
    assert sale is not None
    assert sale.sale.language == "en"
    assert "App code, kennitala or phone" in counter.screen
    counter.press("0")
    assert counter.view.entry.digits.reveal() == "0", "in a sale it is a digit"
    counter.happens(LanguageExpired(1))
    assert counter.view.language == "en", "a sale that goes on keeps it"
    counter.view = replace(counter.view, sale=None, result=replace(CLOSED_SALE, number=9))
    assert "Approved" in counter.screen
    counter.happens(ResultSeen(9))
    assert "Tilbúið   0 English" in counter.screen


def test_the_next_customer_finds_the_shops_own_also_if_nobody_bought_anything() -> None:
    counter = Counter()
    counter.press("000")
    counter.happens(LanguageExpired(1))
    assert counter.view.language == "en", "somebody has chosen again since"
    counter.happens(LanguageExpired(3))
    assert counter.view.language == ""
    assert counter.happens(REQUEST).record.sale.language == ""  # type: ignore[union-attr]


def test_the_menu_is_for_staff_and_stays_in_their_language() -> None:
    counter = Counter()
    counter.press("0D")
    assert "Valmynd" in counter.screen


def test_the_menu_turns_it_too() -> None:
    counter = Counter()
    counter.press("D0" + DIGIT_OF[Item.LANGUAGE])
    assert counter.view.menu.page is None
    assert "Ready   0 Íslenska" in counter.screen


def test_more_languages_take_turns_and_one_alone_has_no_key() -> None:
    counter = Counter(languages=("is", "en", "pl"))
    shown = []
    for _ in range(3):
        counter.press("0")
        shown.append(counter.view.language)
    assert shown == ["en", "pl", ""]
    alone = Counter(languages=("is",))
    alone.press("0")
    assert alone.view.language == ""


def test_an_offer_is_read_in_it_and_still_accepted() -> None:
    counter = Counter(View(offer=Offer(1990)))
    counter.press("0")
    assert "Pay with Netgíró?" in counter.screen
    assert counter.view.offered_kr == 1990


@each_of(
    ("language", "kind", "text"),
    [
        ("en", ReceiptKind.CUSTOMER, "Customer copy"),
        ("en", ReceiptKind.MERCHANT, "Eintak söluaðila"),
        ("", ReceiptKind.CUSTOMER, "Eintak viðskiptavinar"),
        ("xx", ReceiptKind.CUSTOMER, "Eintak viðskiptavinar"),
    ],
)
def test_the_customers_copy_is_in_it_and_the_shops_is_not(language: str, kind: ReceiptKind, text: str) -> None:
    sale = replace(CLOSED_SALE, language=language, state=State.CLOSED)

    class Journal:
        def find_sale(self, _number: int) -> Any:
            return sale

        def find_refund(self, _number: int) -> None:
            return None

    queue = ReceiptQueue(
        Journal(),  # type: ignore[arg-type]
        shop=Shop(),
        terminal_id="T1",
        language="is",
        columns=42,
        local_now=lambda: NOW,
        clock_is_set=lambda: True,
    )
    document = queue._document(original(SALE.number, kind))
    assert document is not None
    assert any(text in getattr(item, "text", "") for item in document)


def test_held_down_in_a_sale_it_turns_the_language_of_screen_and_receipt() -> None:
    counter = Counter()
    counter.happens(REQUEST)
    counter.press("0")
    counter.happens(KeyPressed("0", is_long=True))
    assert counter.view.entry.digits.reveal() == ""
    assert "App code, kennitala or phone" in counter.screen
    counter.press("8223281")
    counter.happens(KeyPressed("0", is_long=True))
    assert counter.view.entry.digits.reveal() == "8223281", "among digits it is one"
    record = counter.press("#").record
    assert record is not None
    assert record.sale.language == "en"
    counter.happens(KeyPressed("0", is_long=True))
    assert counter.view.sale is not None
    assert (counter.view.language, counter.view.sale.language) == ("", "")
