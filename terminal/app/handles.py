"""What others get of a running terminal: the panel, the control socket, metrics, the nightly doctor. Never the app."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from terminal.app.instruments import Instruments
from terminal.counter.decision import Decision
from terminal.counter.inputs import Input, JournalTrialDue
from terminal.counter.view import View
from terminal.doctor.at_counter import Examination
from terminal.journal.thread import Journal
from terminal.loop.inbox import Inbox
from terminal.loop.loop import Loop
from terminal.paper.reports import Reports
from terminal.screen.presenter import Presenter
from terminal.screen.screen import Screen

if TYPE_CHECKING:
    from terminal.register.http.port import HttpPort

LOOK_S = 2.0


class Handles:
    """Everything here is for reading, but for what is put into the inbox: it is decided there like any other input."""

    def __init__(
        self,
        loop: Loop,
        inbox: Inbox,
        presenter: Presenter,
        *,
        journal: Journal,
        instruments: Instruments,
        examination: Examination,
        reports: Reports,
        finds: Callable[[], bool | None] = lambda: None,
        programs: HttpPort | None = None,
    ) -> None:
        """``finds``: see :attr:`terminal.sale.gateway.Gateway.finds`."""
        self.journal = journal
        self.instruments = instruments
        self.examination = examination
        self.reports = reports
        self.finds = finds
        self.programs = programs
        """Where register programs call; None if the register is on a line of its own."""
        self._loop = loop
        self._inbox = inbox
        self._presenter = presenter
        self._changed = asyncio.Event()

    @property
    def view(self) -> View:
        """This moment."""
        return self._loop.view

    async def looked_at(self) -> View:
        """This moment, for somebody who asks how the terminal is: a disk that has room again is noticed now.

        A disk that hangs delays the answer by ``LOOK_S`` at most.
        """
        if not self.view.conditions.journal_ok:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self.put_and_wait(JournalTrialDue(is_look=True))
        return self.view

    @property
    def screen(self) -> Screen:
        """What stands on the display now, or would if there were one."""
        return self._presenter.screen

    def view_changed(self) -> None:
        """There is a new view: whoever waits for one looks at it."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def until(self, is_so: Callable[[View], bool], timeout_s: float) -> bool:
        """Wait until a view is so; False if none was within that time."""
        try:
            async with asyncio.timeout(timeout_s):
                while not is_so(self.view):
                    await self._changed.wait()
        except TimeoutError:
            return False
        return True

    async def put_and_wait(self, event: Input) -> Decision:
        """Hand in an input and learn what was decided, once that is on disk."""
        return await self._inbox.put_and_wait(event)
