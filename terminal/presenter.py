"""Keeps the display showing the current view. A display that fails never holds up a sale."""

from __future__ import annotations

import asyncio
import logging

from hardware.interfaces import DeviceError, Display
from terminal.messages import Language
from terminal.oled import render
from terminal.retrying import open_until_found
from terminal.screens import Screen, screen_for
from terminal.view import View

log = logging.getLogger(__name__)


class Presenter:
    """Draws only when the screen's texts change; when views come faster than the bus is, only the latest."""

    def __init__(self, display: Display | None, language: Language, shop_name: str) -> None:
        self._display = display
        self._language = language
        self._shop_name = shop_name
        self._changed = asyncio.Event()
        self.screen = screen_for(View(), language, shop_name=shop_name)

    def show(self, view: View) -> None:
        """Take over a new view; returns at once."""
        screen = screen_for(view, self._language, shop_name=self._shop_name)
        if screen != self.screen:
            self.screen = screen
            self._changed.set()

    async def run(self) -> None:
        if self._display is None:
            return
        try:
            while True:
                await open_until_found(self._display.description, self._display.open)
                try:
                    await self._draw_changes(self._display)
                except DeviceError as error:
                    log.error("%s", error)
                    await self._display.close()
        finally:
            await self._display.close()

    async def _draw_changes(self, display: Display) -> None:
        drawn: Screen | None = None
        while True:
            self._changed.clear()
            if drawn != self.screen:
                drawn = self.screen
                await display.show(render(drawn, display.size_px))
            await self._changed.wait()
