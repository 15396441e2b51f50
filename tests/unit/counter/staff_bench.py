"""A counter whose keys are pressed, somebody of the staff before its menu, and the sales that they find there."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from terminal.counter.decide import decide
from terminal.counter.decision import Decision
from terminal.counter.inputs import KeyPressed, QuestionRead
from terminal.counter.keypad_test import STANDARD_LAYOUT
from terminal.counter.menu import CodeKind, MenuRules, Page
from terminal.counter.menu_codes import CheckCode, CodeJudged, CodeVerdict
from terminal.counter.rules import CounterRules
from terminal.counter.view import View
from terminal.sale.sale import Reason, Sale, State
from terminal.screen.screens import screen_for
from terminal.texts.sentences import words_in
from terminal.texts.words import Language
from tests.golden.samples import REFUND_DUE, SALE

CODE = "4711"
STUCK = replace(SALE, state=State.CAPTURE, committed=True, settling=True, misses=3, authorization_id="x")
LOST = replace(REFUND_DUE, number=1041, reason=Reason.NOT_TRACEABLE)
TEXTS = words_in("en").menu


SHOPS_CODES = {CodeKind.STAFF: "4711", CodeKind.REFUND: "2580"}


class PressedCounter:
    """Decides by these rules, and knows the shop's codes as the keeper of the codes does."""

    def __init__(self, view: View | None = None, rules: CounterRules | None = None, language: Language = "en") -> None:
        self.view = view or View()
        self.rules = rules or CounterRules()
        self._language = language
        self._wrong = 0

    def happens(self, event: Any) -> Decision:
        decision = decide(self.view, event, self.rules)
        self.view = decision.view
        return decision

    def press(self, keys: str, *, hastily: bool = False) -> Decision:
        """``hastily``: faster than anybody reads what the menu asks."""
        for key in keys:
            if self.view.menu.is_unread and not hastily:
                self.happens(QuestionRead(self.view.menu.turn))
            decision = self.happens(KeyPressed(key))
            for effect in decision.effects:
                if isinstance(effect, CheckCode):
                    decision = self.happens(self._judge(effect))
        return decision

    def _judge(self, effect: CheckCode) -> CodeJudged:
        if effect.typed.reveal() == SHOPS_CODES[effect.kind]:
            self._wrong = 0
            return CodeJudged(CodeVerdict.RIGHT)
        self._wrong += 1
        return CodeJudged(CodeVerdict.WRONG, 60.0 if self._wrong >= 3 else 0.0)

    @property
    def screen(self) -> tuple[str, ...]:
        return screen_for(self.view, self._language).lines

    @property
    def page(self) -> Page | None:
        return self.view.menu.page


class Staff(PressedCounter):
    """Keeps what was decided."""

    def __init__(self, view: View | None = None, code: str = CODE, layout: tuple[str, ...] = STANDARD_LAYOUT) -> None:
        super().__init__(view, CounterRules(menu=MenuRules(has_staff_code=bool(code), keypad_layout=layout)))
        self.decisions: list[Decision] = []

    def happens(self, event: Any) -> Decision:
        decision = super().happens(event)
        self.decisions.append(decision)
        return decision

    def hold(self, key: str) -> Decision:
        self.press(key)
        return self.happens(KeyPressed(key, is_long=True))

    @property
    def settled(self) -> list[Sale]:
        return [
            decision.record.sale
            for decision in self.decisions
            if decision.record is not None and decision.record.event == "SettledByStaff"
        ]
