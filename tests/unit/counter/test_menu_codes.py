"""A code is changed at the keypad: the old one, the new one, the new one again."""

from __future__ import annotations

from typing import Any

from terminal.counter.decide import decide
from terminal.counter.decision import Decision, LockMenuFor
from terminal.counter.inputs import KeyPressed, MenuUnlocked
from terminal.counter.menu import DIGIT_OF, CodeKind, Item, MenuRules, Page
from terminal.counter.menu_codes import ChangeCode, CheckCode, CodeJudged, CodeVerdict
from terminal.counter.rules import CounterRules
from terminal.counter.view import View
from terminal.sale.sensitive import Sensitive
from terminal.screen.screens import screen_for

CODES = "D0" + DIGIT_OF[Item.CODES]


class Counter:
    def __init__(self, **menu: Any) -> None:
        self.view = View()
        self.rules = CounterRules(menu=MenuRules(**{"has_staff_code": True, "has_refund_code": True, **menu}))

    def happens(self, event: Any) -> Decision:
        decision = decide(self.view, event, self.rules)
        self.view = decision.view
        return decision

    def press(self, keys: str) -> Decision:
        for key in keys:
            decision = self.happens(KeyPressed(key))
        return decision

    def wished(self, keys: str) -> list[object]:
        return [effect for effect in self.press(keys).effects if isinstance(effect, CheckCode | ChangeCode)]

    @property
    def screen(self) -> tuple[str, ...]:
        return screen_for(self.view, "en").lines


def test_old_new_and_new_again() -> None:
    for key, kind in (("1", CodeKind.STAFF), ("2", CodeKind.REFUND)):
        counter = Counter()
        assert counter.wished(CODES + key + "4711#") == [CheckCode(kind, Sensitive("4711"))]
        assert counter.wished("5#") == [], "nothing is typed while it is looked at"
        counter.happens(CodeJudged(CodeVerdict.RIGHT))
        assert "New code, 4–8 digits" in counter.screen
        assert counter.wished("123#") == [], "too short"
        assert counter.wished("56789#") == []
        assert "The new code again" in counter.screen
        assert counter.wished("56789#") == [ChangeCode(kind, Sensitive("56789"))]
        counter.happens(CodeJudged(CodeVerdict.CHANGED))
        assert "The code was changed." in counter.screen
        assert "5678" not in repr(counter.view)


def test_a_new_code_that_is_typed_in_two_ways_is_typed_anew() -> None:
    counter = Counter()
    counter.press(CODES + "14711#")
    counter.happens(CodeJudged(CodeVerdict.RIGHT))
    assert counter.wished("5678#5679#") == []
    assert counter.view.menu.page is Page.NEW_CODE


def test_a_wrong_old_code_changes_nothing() -> None:
    counter = Counter()
    counter.press(CODES + "10000#")
    counter.happens(CodeJudged(CodeVerdict.WRONG))
    assert counter.view.menu.page is Page.CODE
    counter.press("0000#")
    decision = counter.happens(CodeJudged(CodeVerdict.LOCKED, 90.0))
    assert LockMenuFor(90.0) in decision.effects
    assert "Wait for 2 min." in counter.screen
    counter.press("#" + CODES + "1")
    assert counter.view.menu.page is Page.LOCKED
    counter.happens(MenuUnlocked())
    counter.press(CODES + "1")
    assert counter.view.menu.page is Page.CODE


def test_a_code_that_the_shop_does_not_have_cannot_be_changed_here() -> None:
    counter = Counter(has_refund_code=False)
    counter.press(CODES + "2")
    assert counter.view.menu.page is Page.NO_CODE


def test_the_word_of_the_keeper_finds_nobody_who_has_left() -> None:
    counter = Counter()
    counter.press(CODES + "14711#*")
    assert counter.view.menu.page is None
    counter.happens(CodeJudged(CodeVerdict.RIGHT))
    assert counter.view.menu.page is None
    counter.happens(CodeJudged(CodeVerdict.FAILED))
    assert counter.view.menu.page is None
