"""Training at the counter: amounts by key, and a switch that is never thrown while something is open."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from terminal.counter import register_words as reg
from terminal.counter.decision import Decision, SwitchTraining
from terminal.counter.inputs import (
    ConditionsChanged,
    KeyPressed,
    NightCame,
    RefundLookedUp,
    RegisterRequestLookedUp,
    TrainingNotSwitched,
)
from terminal.counter.menu import Item, MenuRules, Page
from terminal.counter.of_keys import offer_accepted
from terminal.counter.rules import CounterRules
from terminal.counter.view import Offer, View
from terminal.sale.refund import RefundSource
from terminal.screen.screens import screen_for
from tests.golden.samples import CLOSED_SALE, LOST_REFUND, REFUND, SALE
from tests.golden.views import VIEWS
from tests.unit.counter.staff_bench import PressedCounter

RULES = CounterRules(menu=MenuRules(can_train=True))
IN_TRAINING = replace(RULES, is_training=True)
BEGIN, END = (SwitchTraining(True),), (SwitchTraining(False),)
REQUEST = RegisterRequestLookedUp(request=reg.SaleRequest(500, "7"), number=9, reference="T1-9", created="x")


class Counter(PressedCounter):
    def __init__(self, view: View | None = None, rules: CounterRules = RULES) -> None:
        super().__init__(view or View(is_training=rules.is_training), rules)


def switches(decision: Decision) -> tuple[object, ...]:
    return tuple(effect for effect in decision.effects if isinstance(effect, SwitchTraining))


def test_the_menu_begins_training_after_a_question_and_ends_it_likewise() -> None:
    for rules, question, wanted in ((RULES, "Begin training?", BEGIN), (IN_TRAINING, "End training?", END)):
        counter = Counter(rules=rules)
        counter.press("D8")
        assert question in counter.screen
        assert switches(counter.press("5")) == ()
        assert switches(counter.press("#")) == wanted
        assert counter.view.is_leaving
        assert counter.press("D").view.menu.page is None, "nothing begins any more"


@pytest.mark.parametrize("busy", [{"refund": REFUND}, {"refunds": (REFUND,)}])
def test_it_is_not_thrown_while_a_refund_is_under_way(busy: dict[str, Any]) -> None:
    counter = Counter(View(**busy))
    counter.view = replace(counter.view, menu=replace(counter.view.menu, page=Page.TRAINING, item=Item.TRAINING))
    assert switches(counter.press("#")) == ()
    assert counter.view.menu.page is Page.REFUSED
    assert not counter.view.is_leaving


def test_it_is_not_thrown_while_a_sale_is_open() -> None:
    for name, view in VIEWS.items():
        if view.sale is not None and not view.menu.is_open:
            counter = Counter(view)
            counter.view = replace(view, menu=replace(view.menu, page=Page.TRAINING, item=Item.TRAINING))
            assert switches(counter.press("#")) == (), name


def test_what_only_waits_for_staff_holds_up_no_training() -> None:
    counter = Counter(View(attention=(CLOSED_SALE,), refunds=(LOST_REFUND,)))
    assert switches(counter.press("D8#")) == BEGIN


def test_from_the_decision_on_nothing_begins() -> None:
    counter = Counter(View(offer=Offer(1990)))
    counter.press("D8#")
    refused = counter.happens(REQUEST)
    assert refused.record is None
    assert refused.replies == (reg.RequestRefused("7", reg.RefusalCode.UNAVAILABLE),)
    wanted = RefundLookedUp(source=RefundSource.COMMAND, sale=CLOSED_SALE)
    assert counter.happens(wanted).refund_record is None
    assert offer_accepted(counter.view, KeyPressed("#")) is None


def test_a_switch_that_the_disk_did_not_take_is_said_and_all_goes_on() -> None:
    counter = Counter()
    counter.press("D8#")
    counter.happens(TrainingNotSwitched())
    assert "The journal failed." in counter.screen
    counter.press("#")
    assert counter.happens(REQUEST).record is not None


def test_training_ends_at_night_once_nothing_is_open() -> None:
    counter = Counter(rules=IN_TRAINING)
    assert switches(counter.happens(NightCame())) == END
    assert switches(counter.happens(NightCame())) == (), "once"
    busy = Counter(View(is_training=True, sale=SALE), IN_TRAINING)
    assert switches(busy.happens(NightCame())) == ()
    busy.view = replace(busy.view, sale=None)
    assert switches(busy.happens(ConditionsChanged({}))) == END


def test_nights_end_nothing_real_and_nothing_that_is_configured() -> None:
    assert switches(Counter().happens(NightCame())) == ()
    configured = replace(IN_TRAINING, menu=MenuRules(can_train=False))
    assert switches(Counter(rules=configured).happens(NightCame())) == ()


def test_an_amount_is_typed_on_the_waiting_screen_in_training_only() -> None:
    counter = Counter(rules=IN_TRAINING)
    counter.press("01990")
    assert "1.990 kr." in counter.screen
    assert offer_accepted(counter.view, KeyPressed("#")) == reg.SaleRequest(1990)
    counter.press("*")
    assert offer_accepted(counter.view, KeyPressed("#")) is None
    counter.press("9" * 20)
    assert len(counter.view.training_amount) == 6
    counter.press("D")
    assert offer_accepted(counter.view, KeyPressed("#")) is None, "the menu has the key"
    real = Counter()
    real.press("1990")
    assert offer_accepted(real.view, KeyPressed("#")) is None


def test_a_sale_takes_the_amount_along() -> None:
    counter = Counter(rules=IN_TRAINING)
    counter.press("1990")
    counter.happens(replace(REQUEST, request=reg.SaleRequest(1990)))
    assert counter.view.sale is not None
    assert counter.view.training_amount == ""


def test_every_screen_says_that_it_is_training() -> None:
    for language, word in (("is", "ÞJÁLFUN"), ("en", "TRAINING")):
        for name, view in VIEWS.items():
            assert screen_for(replace(view, is_training=True), language).lines[-1] == word, name  # type: ignore[arg-type]
            assert view.is_training or word not in screen_for(view, language).lines, name  # type: ignore[arg-type]
