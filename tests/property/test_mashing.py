"""Whatever is mashed, scanned and asked at once: the counter decides, every screen can be drawn, and nothing mixes."""

from __future__ import annotations

import random

from msgspec.structs import replace

from terminal.counter import register_words as reg
from terminal.counter.decide import decide
from terminal.counter.inputs import (
    CodeScanned,
    CounterEvent,
    KeyPressed,
    LanguageExpired,
    MenuLeft,
    NightCame,
    NotWritten,
    RegisterRequestLookedUp,
    ReportEnded,
)
from terminal.counter.menu import MenuRules
from terminal.counter.menu_codes import CodeJudged, CodeVerdict
from terminal.counter.rules import CounterRules
from terminal.counter.typing import Entry
from terminal.counter.view import View
from terminal.sale.events import CustomerIdentified
from terminal.sale.sale import State
from terminal.sale.sensitive import Sensitive
from terminal.screen.screens import screen_for
from terminal.texts.sentences import LANGUAGES
from tests.each import each_of

RULES = CounterRules(
    menu=MenuRules(has_staff_code=True, has_refund_code=True, can_train=True, can_pair=True, has_operators=True),
    operators={"1": "1 Anna"},
)
APP_CODE = "5000041234"
SCANS = (APP_CODE, f"]C1{APP_CODE}", "5690527013931", "1234", "8223281")
STEPS = 250


def something(rng: random.Random, view: View, number: int) -> CounterEvent:
    match rng.choices(range(8), (60, 10, 10, 6, 5, 3, 3, 3))[0]:
        case 0:
            return KeyPressed(rng.choice("0123456789*#ABCD"), rng.random() < 0.15)
        case 1:
            return CodeScanned(Sensitive(rng.choice(SCANS)))
        case 2:
            request, created = reg.SaleRequest(1990, str(number)), "2026-11-23T14:00:00Z"
            return RegisterRequestLookedUp(request=request, number=number, reference=f"T1-{number}", created=created)
        case 3:
            return CodeJudged(rng.choice(list(CodeVerdict)), rng.choice((0.0, 60.0)))
        case 4:
            return NotWritten()
        case 5:
            return rng.choice((MenuLeft(view.menu.turn), LanguageExpired(view.language_turn)))
        case 6:
            return NightCame()
    return ReportEnded(rng.random() < 0.5)


def time_goes_on(rng: random.Random, view: View) -> View:
    """The sale ends, or the terminal has begun another life."""
    if view.is_leaving and rng.random() < 0.2:
        return View(asks_operator=True, is_training=not view.is_training)
    has_ended = view.sale is not None and view.sale.state is not State.ENTRY and rng.random() < 0.3
    return replace(view, sale=None, entry=Entry()) if has_ended else view


@each_of("seed", range(12))
def test_mashed_keys_scans_and_requests_never_mix(seed: int) -> None:
    rng = random.Random(seed)
    view = View(asks_operator=True, is_training=seed % 2 == 0)
    for number in range(1, STEPS):
        view = time_goes_on(rng, view)
        event, before = something(rng, view, number), view
        decision = decide(before, event, RULES)
        view = decision.view
        assert view.sale is None or not view.menu.is_open, "a sale that comes finds no menu before it"
        if isinstance(event, CodeScanned) and decision.record is not None:
            assert decision.record.event == CustomerIdentified.__name__
            assert before.sale is not None
            assert (before.sale.state, before.menu.is_open) == (State.ENTRY, False)
            assert event.code.reveal().endswith(APP_CODE)
        if before.is_leaving:
            assert decision.record is None, "another terminal's life begins: nothing is begun in this one"
        for language in LANGUAGES:
            assert screen_for(view, language).lines
