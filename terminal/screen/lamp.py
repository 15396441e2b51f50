"""Lamp and buzzer for whoever does not look at the screen: how a sale ended, and that somebody is needed."""

from __future__ import annotations

import asyncio

from hardware.interfaces import Flash, Pattern, Signals
from terminal.counter.inputs import Input, KeyPressed
from terminal.counter.trouble import troubles_of
from terminal.counter.view import View
from terminal.sale.sale import Outcome, Reason, Sale
from terminal.system.retrying import open_until_found

_BEEP, _PAUSE, _LONG = Flash(0.08, buzzer=True), Flash(0.08), Flash(0.6, buzzer=True)
"""The lamp stays lit between beeps: light that flickers several times a second can make people ill."""

APPROVED = (_BEEP, _PAUSE, _BEEP, Flash(1.5))
"""Two short ones, and the lamp for a moment."""
DECLINED = (_LONG,)
"""One long one."""
ATTENTION = (_BEEP, _PAUSE, _BEEP, _PAUSE, _BEEP, _PAUSE, _LONG)
"""Three short and a long one; the lamp stays lit until nobody is needed any more."""
KEY_S = 0.03
"""Heard and not noticed."""
MISTYPED = (Flash(0.25, lamp=False, buzzer=True),)

_UNWANTED = {Outcome.DECLINED, Outcome.CANCELLED, Outcome.FAILED}
_OWN_DOING = {Reason.CASHIER_CANCELLED, Reason.REGISTER_CANCELLED}
"""Whoever cancelled need not be told."""


def pattern_for(before: View, after: View) -> Pattern | None:
    """What to play when the view changes; None to let the last pattern go on. Pure."""
    lit = needs_staff(after)
    flashes = _flashes(before, after)
    if flashes is None and lit == needs_staff(before):
        return None
    if lit and not needs_staff(before):
        flashes = ATTENTION
    return Pattern(flashes or (), stays_lit=lit)


def needs_staff(view: View) -> bool:
    """Something waits that only staff can do: settle a sale, or mend what hinders the next one."""
    unknown = view.sale is not None and view.sale.stands_unknown
    return unknown or bool(view.attention) or any(trouble.hinders_sales for trouble in troubles_of(view.conditions))


def _flashes(before: View, after: View) -> tuple[Flash, ...] | None:
    shown = after.sale or after.result
    if shown is not None and _ending(shown) != _ending(before.sale or before.result):
        if shown.outcome in (Outcome.APPROVED, Outcome.REFUNDED):
            return APPROVED
        if shown.outcome in _UNWANTED and shown.reason not in _OWN_DOING:
            return DECLINED
        if shown.outcome in (Outcome.UNKNOWN, Outcome.REFUND_DUE):
            return ATTENTION
    if after.entry.problem is not None and before.entry.problem is None:
        return MISTYPED
    return None


def _ending(sale: Sale | None) -> tuple[int, Outcome | None] | None:
    return (sale.number, sale.outcome) if sale is not None else None


class Signaller:
    """Plays what the views tell. Signals that are missing are looked for in the background."""

    def __init__(self, signals: Signals, *, key_beep: bool = False) -> None:
        self._signals = signals
        self._key_beep = key_beep
        self._view = View()
        self._is_open = False
        self._busy_until_s = 0.0
        """On the loop's clock: until then something more important is heard."""

    def hear(self, event: Input) -> None:
        """A key that goes down is heard, if that is wanted."""
        is_key = self._key_beep and isinstance(event, KeyPressed) and not event.is_long
        now_s = asyncio.get_running_loop().time()
        if is_key and self._is_open and now_s >= self._busy_until_s:
            lit = needs_staff(self._view)
            self._signals.play(Pattern((Flash(KEY_S, lamp=lit, buzzer=True),), stays_lit=lit))

    def show(self, view: View) -> None:
        """Take over a new view; returns at once."""
        before, self._view = self._view, view
        pattern = pattern_for(before, view)
        if pattern is not None and self._is_open:
            self._signals.play(pattern)
            length_s = sum(flash.duration_s for flash in pattern.flashes)
            self._busy_until_s = asyncio.get_running_loop().time() + length_s

    async def run(self) -> None:
        """Keep the signals open until cancelled."""
        try:
            await open_until_found(self._signals.description, self._signals.open)
            self._is_open = True
            if needs_staff(self._view):
                self._signals.play(Pattern(ATTENTION, stays_lit=True))
            await asyncio.Event().wait()
        finally:
            self._is_open = False
            await self._signals.close()
