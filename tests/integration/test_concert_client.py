"""A Concert register that nobody here wrote, pyTeliumManager, at the cable of the running terminal."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator

import pytest
from telium import Telium, TeliumAsk, TeliumResponse

from tests.integration.counter import DemoCounter
from tests.integration.netgiro import PATIENT_PHONE
from tests.integration.process import DEADLINE_S
from tests.patience import at_most

pytestmark = pytest.mark.slow

KRONUR = 1990.0


class ConcertRegister:
    """Rings up in a thread of its own, because the library waits for the answer without looking up."""

    def __init__(self, path: str) -> None:
        self._telium = Telium(path, timeout=at_most(2))
        self._thread = threading.Thread()
        self._answers: list[TeliumResponse | None] = []

    def is_there(self) -> bool:
        there: bool = self._telium.is_ok()
        return there

    def ring_up(self, amount: float = KRONUR, **options: object) -> None:
        ask = TeliumAsk.new_payment(amount, **{"target_currency": "ISK", **options})
        assert self._telium.ask(ask)
        self._thread = threading.Thread(target=lambda: self._answers.append(self._telium.verify(ask, DEADLINE_S)))
        self._thread.start()

    def answer(self) -> TeliumResponse:
        self._thread.join(DEADLINE_S + 1)
        answer = self._answers.pop()
        assert answer is not None, "the terminal did not answer"
        return answer

    def close(self) -> None:
        self._telium.close()


@pytest.fixture(scope="module")
def counter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoCounter]:
    settings = {"register": {"protocol": "concert", "amount_decimals": 2, "max_amount": 50_000}}
    with DemoCounter(tmp_path_factory.mktemp("concert"), settings) as counter:
        yield counter


@pytest.fixture
def register(counter: DemoCounter) -> Iterator[ConcertRegister]:
    counter.wait_for("idle")
    path = re.search(r"Register +(/dev/\S+)", counter.process.output)
    assert path
    register = ConcertRegister(path[1])
    yield register
    register.close()


def test_the_terminal_is_there(register: ConcertRegister) -> None:
    assert register.is_there()
    assert register.is_there()


@pytest.mark.parametrize("report", [True, False])
def test_a_payment_is_told_to_the_register(counter: DemoCounter, register: ConcertRegister, report: bool) -> None:
    carts = counter.netgiro.carts()
    register.ring_up(collect_payment_source_info=report)
    counter.wait_for("entry")
    counter.press(PATIENT_PHONE + "#")
    counter.netgiro.accept(counter.netgiro.new_cart(carts))
    answer = register.answer()
    assert answer.transaction_result == 0
    assert answer.has_succeeded
    assert answer.amount == KRONUR
    assert answer.currency_numeric == "352"
    counter.wait_for("idle")
    row = counter.journal()[0]
    assert (row["amount"], row["outcome"], row["register_told"]) == (1990, "approved", True)


def test_a_customer_who_declines_is_told_as_refused(counter: DemoCounter, register: ConcertRegister) -> None:
    carts = counter.netgiro.carts()
    register.ring_up()
    counter.wait_for("entry")
    counter.press(PATIENT_PHONE + "#")
    counter.netgiro.reject(counter.netgiro.new_cart(carts))
    answer = register.answer()
    assert (answer.transaction_result, answer.has_succeeded) == (7, False)


def test_a_sale_that_the_cashier_cancels_is_told_as_refused(counter: DemoCounter, register: ConcertRegister) -> None:
    register.ring_up()
    counter.wait_for("entry")
    counter.press("*")
    assert register.answer().transaction_result == 7
    counter.wait_for("idle")
    assert counter.journal()[0]["outcome"] == "cancelled"


@pytest.mark.parametrize(
    "options",
    [{"payment_mode": "refund"}, {"target_currency": "EUR"}, {"wait_for_transaction_to_end": False}],
    ids=["refund", "euro", "wants no result"],
)
def test_what_the_terminal_cannot_do_is_refused_at_once(
    counter: DemoCounter, register: ConcertRegister, options: dict[str, object]
) -> None:
    sales = len(counter.journal())
    register.ring_up(**options)
    assert register.answer().transaction_result == 7
    assert len(counter.journal()) == sales


def test_an_amount_above_the_shops_limit_is_refused_at_once(counter: DemoCounter, register: ConcertRegister) -> None:
    sales = len(counter.journal())
    register.ring_up(50_001.0)
    assert register.answer().transaction_result == 7
    assert len(counter.journal()) == sales


def test_a_register_that_has_gone_does_not_keep_a_payment(counter: DemoCounter, register: ConcertRegister) -> None:
    carts = counter.netgiro.carts()
    ask = TeliumAsk.new_payment(KRONUR, target_currency="ISK")
    assert register._telium.ask(ask)  # and does not listen any more
    counter.wait_for("entry")
    counter.press(PATIENT_PHONE + "#")
    counter.netgiro.accept(counter.netgiro.new_cart(carts))
    counter.wait_for("idle")
    assert counter.journal()[0]["outcome"] == "refund_due"
