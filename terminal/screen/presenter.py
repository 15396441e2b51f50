"""Keeps the display showing the current view, and keeps the display well. One that fails never holds up a sale.

Whatever has to happen by itself on the glass is due at a time that can be told beforehand: the next second of a
countdown, the next page, a picture put a pixel aside, the dark. So one task sleeps until the view changes or the first
of these is due; a dark display has none.

Fitting and drawing are done on a thread: on a small Pi they take a tenth of a second, and the event loop has a register
to listen to.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from hardware.interfaces import DeviceError, Display
from hardware.settings import DisplaySettings
from terminal.counter.view import View
from terminal.screen.layout import pages
from terminal.screen.pixels import render
from terminal.screen.screens import COUNTED_DOWN, Countdown, Screen, screen_for
from terminal.system.retrying import Pauses, open_until_found
from terminal.texts.words import Language

if TYPE_CHECKING:
    from PIL.Image import Image

PAGE_S = 2.5
"""How long each page of a screen stands that needs several."""
SHIFT_S = 60.0
"""A picture that stands is put a little aside so often, so that it does not burn in."""
ANEW_S = 60.0
"""A lit display is set up anew so often: one that a loose wire made forget answers as before, and is dark."""
HELD_S = 10.0
"""A display that failed after so long is opened again at once; one that fails sooner has to wait ever longer."""

log = logging.getLogger(__name__)


class _Frame(NamedTuple):
    """Everything that decides the pixels."""

    screen: Screen
    page: int
    shift: int


class Presenter:
    """Draws only what changed; when views come faster than the bus is, only the latest."""

    def __init__(
        self,
        display: Display | None,
        language: Language,
        shop_name: str,
        settings: DisplaySettings,
        *,
        service_phone: str = "",
        local_hour: Callable[[], int] = lambda: datetime.now().hour,
    ) -> None:
        self.failures = 0
        """How often the display was lost since the start."""
        self._lit_s = 0.0
        self._lit_from_s: float | None = None
        """None while it is dark."""
        self._display = display
        self._language = language
        self._shop_name = shop_name
        self._service_phone = service_phone
        self._settings = settings
        self._look = settings.split_px, settings.large_text
        self._local_hour = local_hour
        self._changed = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="drawing")
        self._view = View()
        self._end_at_s = 0.0
        """When the open sale's state ends by itself, on the loop's clock, if the view has a deadline."""
        self._texts = self._screen_for(self._view)
        self._shown_since_s = self._awake_since_s = self._anew_from_s = 0.0

    @property
    def screen(self) -> Screen:
        """What stands on the display now, or would if there were one."""
        return self._texts.with_countdown(self._countdown())

    @property
    def lit_s(self) -> float:
        """How long there has been something on the glass since the start, which is what burns an OLED in."""
        return self._lit_s + (0.0 if self._lit_from_s is None else _now_s() - self._lit_from_s)

    def show(self, view: View) -> None:
        """Take over a new view; returns at once."""
        before, self._view = self._view, view
        begins_anew = view.deadline != before.deadline or view.has_more_time > before.has_more_time
        if view.deadline is not None and begins_anew:
            self._end_at_s = _now_s() + view.deadline.delay_s
            self._changed.set()
        if view.sale is not None and before.sale is None:
            self._anew_from_s = _now_s()
        texts = self._screen_for(view)
        if texts != self._texts:
            self._texts, self._shown_since_s = texts, _now_s()
            self.wake()

    def _screen_for(self, view: View) -> Screen:
        return screen_for(view, self._language, shop_name=self._shop_name, service_phone=self._service_phone)

    def wake(self) -> None:
        """Somebody is there: be lit for a while."""
        self._awake_since_s = _now_s()
        self._changed.set()

    async def run(self) -> None:
        """Keep a display going until cancelled, however often it is lost."""
        if self._display is None:
            return
        self._shown_since_s = self._awake_since_s = _now_s()
        pauses, pause_s = Pauses(), 0.0
        try:
            while True:
                await asyncio.sleep(pause_s)
                await open_until_found(self._display.description, self._display.open)
                opened_s = _now_s()
                self._anew_from_s = opened_s + ANEW_S
                try:
                    await self._draw(self._display)
                except DeviceError as error:
                    self.failures += 1
                    self._note_lit(False)
                    log.error("%s (lost %d times since the start)", error, self.failures)
                    await self._display.close()
                if held := _now_s() - opened_s >= HELD_S:
                    pauses.reset()
                pause_s = 0.0 if held else pauses.next_s()
        finally:
            await self._display.close()

    async def _draw(self, display: Display) -> None:
        drawn: _Frame | None = None
        while True:
            self._changed.clear()
            page_count = 1
            if _now_s() >= self._dark_from_s():
                await display.rest()
                self._note_lit(False)
                drawn = None
            else:
                anew = _now_s() >= self._anew_from_s
                shown_s, size_px = _now_s() - self._shown_since_s, display.size_px
                drawing = partial(_drawing, self.screen, size_px, self._look, shown_s)
                drawn, picture, page_count = await asyncio.get_running_loop().run_in_executor(
                    self._thread, drawing, None if anew else drawn
                )
                if picture is not None:
                    await self._show(display, picture, anew=anew)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._rest_s(page_count)):
                    await self._changed.wait()

    async def _show(self, display: Display, picture: Image, *, anew: bool) -> None:
        settings = self._settings
        if anew:
            self._anew_from_s = _now_s() + ANEW_S
        night = settings.is_night(self._local_hour())
        await display.set_contrast(settings.night_contrast if night else settings.contrast)
        await display.show(picture, anew=anew)
        self._note_lit(True)

    def _note_lit(self, is_lit: bool) -> None:
        self._lit_s, self._lit_from_s = self.lit_s, _now_s() if is_lit else None

    def _rest_s(self, page_count: int) -> float | None:
        """Until something changes by itself; None if nothing will."""
        now_s = _now_s()
        dark_s = self._dark_from_s()
        if now_s >= dark_s:
            return None
        shown_s = now_s - self._shown_since_s
        waits_s = [dark_s - now_s, SHIFT_S - shown_s % SHIFT_S, self._anew_from_s - now_s]
        if self._texts.page is None and page_count > 1:
            waits_s.append(PAGE_S - shown_s % PAGE_S)
        if (left_s := self._left_s()) is not None:
            waits_s.append(left_s - self._counted_s() if left_s > self._counted_s() else left_s % 1.0 or 1.0)
        return max(0.01, min(waits_s))  # timers fire a hair too early; never spin on that

    def _dark_from_s(self) -> float:
        """On the loop's clock. Never while there is something to read about a sale."""
        busy = self._view.sale is not None or self._view.result is not None
        if busy or not self._settings.blank_after_s:
            return math.inf
        return self._awake_since_s + self._settings.blank_after_s

    def _countdown(self) -> Countdown | None:
        left_s = self._left_s()
        deadline = self._view.deadline
        if deadline is None or left_s is None or left_s > self._counted_s():
            return None
        return Countdown(math.ceil(left_s), round(deadline.delay_s))

    def _left_s(self) -> float | None:
        """Until the open sale's state ends by itself; None if that is not shown."""
        if self._view.deadline is None or not self._counted_s():
            return None
        return max(0.0, self._end_at_s - _now_s())

    def _counted_s(self) -> float:
        return COUNTED_DOWN.get(self._view.sale.state, 0.0) if self._view.sale else 0.0


def _now_s() -> float:
    return asyncio.get_running_loop().time()


def _drawing(
    screen: Screen, size_px: tuple[int, int], look: tuple[int, bool], shown_s: float, before: _Frame | None
) -> tuple[_Frame, Image | None, int]:
    """For the thread: what is to stand there now, its picture unless that is what stood ``before``, and its pages."""
    page_count = len(pages(screen, size_px, *look))
    page = int(shown_s / PAGE_S) if screen.page is None else screen.page
    frame = _Frame(screen, page % page_count, int(shown_s / SHIFT_S))
    if frame == before:
        return frame, None, page_count
    split_px, is_large = look
    where = {"page": frame.page, "shift": frame.shift, "split_px": split_px}
    return frame, render(screen, size_px, is_large=is_large, **where), page_count
