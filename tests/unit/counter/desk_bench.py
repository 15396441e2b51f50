"""A counter at work: its view, and the latest decision about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace

from terminal.counter import register_words as reg
from terminal.counter.decide import decide
from terminal.counter.decision import Decision
from terminal.counter.inputs import CounterEvent, KeyPressed, RegisterRequestLookedUp
from terminal.counter.register_ids import Wish
from terminal.counter.rules import CounterRules
from terminal.counter.view import View
from terminal.loop.ages import MAY_HAVE_MOVED_MONEY
from terminal.sale.sale import Reason, Sale, State
from tests.sales import walk_to

RULES = CounterRules(min_amount_kr=10, max_amount_kr=500_000)
OPEN_STATES = [state for state in State if state not in (State.ATTENTION, State.CLOSED)]


@dataclass
class Desk:
    """A counter and its view; keeps the latest decision."""

    rules: CounterRules = RULES
    view: View = field(default_factory=View)
    last: Decision = field(default_factory=lambda: Decision(view=View()))

    def happen(self, event: CounterEvent) -> Desk:
        self.last = decide(self.view, event, self.rules)
        self.view = self.last.view
        return self

    def ask(
        self, request: reg.RegisterRequest, known: Sale | None = None, age_s: float = 60.0, told_s: float | None = 5.0
    ) -> tuple[reg.RegisterReply, ...]:
        """``known`` was asked for and told so long ago."""
        wish = None
        if known is not None:
            wish = Wish(
                is_open=not known.has_ended,
                may_have_moved_money=known.outcome in MAY_HAVE_MOVED_MONEY,
                age_s=age_s,
                told_s=told_s if known.has_ended else None,
            )
        names = {"number": 7, "reference": "T1-000007-A1B2C3", "created": "2026-11-23T12:00:00.000Z"}
        self.happen(RegisterRequestLookedUp(request=request, known=known, wish=wish, **names))  # type: ignore[arg-type]
        return self.last.replies

    def press(self, keys: str) -> Desk:
        for key in keys:
            self.happen(KeyPressed(key))
        return self

    def hold(self, key: str) -> Desk:
        return self.press(key).happen(KeyPressed(key, is_long=True))

    @property
    def sale(self) -> Sale:
        assert self.view.sale is not None
        return self.view.sale


def desk_with(sale: Sale, **view: Any) -> Desk:
    return Desk(view=View(sale=sale, **view))


def refusal(replies: tuple[reg.RegisterReply, ...]) -> reg.RefusalCode:
    (reply,) = replies
    assert isinstance(reply, reg.RequestRefused)
    return reply.code


def ended(number: int = 3, register_id: str = "42", amount_kr: int = 1990, reason: Reason = Reason.PAID) -> Sale:
    sale = walk_to(State.CLOSED).sale
    return replace(sale, number=number, register_id=register_id, amount_kr=amount_kr, reason=reason)
