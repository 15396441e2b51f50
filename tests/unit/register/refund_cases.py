"""What registers do at the counter with refunds, and what they must find: one function a case, for every protocol."""

from __future__ import annotations

from tests.unit.register.endings import NOTHING_LEFT, UNKNOWN_WORDS
from tests.unit.register.payment_cases import pays
from tests.unit.register.register_shop import Shop


def gives_back(shop: Shop) -> None:
    """All of it, once: the register is told that the money is back, and then that nothing is left."""
    told: list[tuple[bool, int]] = []
    shop.register.on_refund_told = lambda word: told.append((word.paid, word.amount_kr))
    pays(shop)
    shop.do(lambda: shop.register.refund("R1", None))
    assert told == [(True, 1990)]
    assert shop.returned == [1990]
    shop.wait(10)
    shop.do(lambda: shop.register.refund("R1", 1))
    assert shop.returned == [1990]
    assert (len(told), shop.register.refusals) == (1, [NOTHING_LEFT[shop.language]])


def gives_a_part_back(shop: Shop) -> None:
    pays(shop)
    shop.do(lambda: shop.register.refund("R1", 500))
    shop.do(lambda: shop.register.refund("R1", 2000))
    assert shop.returned == [500]
    assert len(shop.register.refusals) == 1, "more than is left"


def gives_back_by_amount(shop: Shop) -> None:
    """No sale is named: the only whole payment of this amount is meant, and of two neither."""
    pays(shop)
    shop.do(lambda: shop.register.refund("R1", 1990))
    assert shop.returned == [1990]
    for _ in range(2):
        shop.ring_up(1990)
        shop.identify()
        shop.accept()
    shop.do(lambda: shop.register.refund("R2", 1990))
    assert shop.returned == [1990]
    assert shop.register.refusals == ["B5"]


def asks_how_a_refund_ended(shop: Shop) -> None:
    told: list[tuple[bool, int]] = []
    shop.register.on_refund_told = lambda word: told.append((word.paid, word.amount_kr))
    pays(shop)
    shop.do(lambda: shop.register.refund("R1", 500))
    shop.restart()
    shop.do(shop.register.repeat_last)
    assert told == [(True, 500), (True, 500)]


def gives_back_without_an_answer(shop: Shop) -> None:
    """As long as nobody knows whether the money is back the register is told neither, and the next customer can pay."""
    told: list[tuple[bool, str]] = []
    shop.register.on_refund_told = lambda word: told.append((word.paid, word.words))
    pays(shop)
    shop.netgiro.lost |= {"Refund", "refund"}
    shop.do(lambda: shop.register.refund("R1", None))
    shop.wait(40)
    in_words = UNKNOWN_WORDS[shop.language][0]
    assert told == [(False, f"refund {in_words}" if shop.language.startswith("zvt") else in_words)]
    shop.netgiro.lost.clear()
    shop.wait(600)
    assert shop.returned == [1990]
    shop.ring_up(590)
    assert shop.sale.amount_kr == 590
