"""The loop on a disk that can say no, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from terminal.app.handles import Handles
from terminal.counter import register_words as reg
from terminal.counter.decision import CounterEffect, Decision
from terminal.counter.inputs import ConditionsChanged, Input, KeyPressed
from terminal.counter.menu import MenuRules
from terminal.counter.rules import CounterRules
from terminal.counter.view import View
from terminal.daemon import operations
from terminal.errors import JournalError
from terminal.journal.thread import MIN_FREE_BYTES, Journal, JournalFile
from terminal.loop.bookkeeper import Bookkeeper
from terminal.loop.inbox import Inbox
from terminal.loop.loop import Loop
from terminal.loop.names import Names
from terminal.sale import effects as fx
from terminal.sale import events as ev
from terminal.sale.gateway import AuthorizationStatus as Status
from terminal.sale.gateway import CaptureMode, OpenedAuthorization
from terminal.sale.record import QueuedReceipt, Record
from terminal.sale.sale import Sale, State, Terms
from terminal.sale.totals import Close
from tests.sales import GUID, report_for
from tests.virtual_time import run_virtual

NOW = "2026-11-23T12:00:00.000Z"


class Disk(JournalFile):
    """The real journal; notes what it commits, and can be full, nearly full or broken."""

    def __init__(self, path: Path, story: list[str]) -> None:
        super().__init__(path, lambda: NOW)
        self.is_full = False
        self.free = MIN_FREE_BYTES * 100
        self._story = story

    def append(self, record: Record) -> None:
        if self.is_full:
            raise JournalError("no space left on device")
        super().append(record)
        self._story.append(f"disk {record.event} {record.sale.state}")

    def append_close(self, close: Close) -> str:
        if self.is_full:
            raise JournalError("no space left on device")
        return super().append_close(close)

    def try_writing(self) -> None:
        self._story.append("disk tried")
        if self.is_full:
            raise JournalError("no space left on device")
        super().try_writing()

    def append_receipts(self, receipts: Iterable[QueuedReceipt]) -> None:
        if self.is_full:
            raise JournalError("no space left on device")
        super().append_receipts(receipts)

    def free_bytes(self) -> int:
        return self.free


class Outside:
    """What is done to the world, in order; calls are kept for the test to answer."""

    def __init__(self, story: list[str]) -> None:
        self.replies: list[reg.RegisterReply] = []
        self.answered: list[reg.RegisterQuestion | None] = []
        """What each of them is the answer to."""
        self.calls: list[fx.Call] = []
        self._story = story

    def perform(self, effect: CounterEffect) -> None:
        self._story.append(f"do {type(effect).__name__}")
        if isinstance(effect, fx.Call):
            self.calls.append(effect)

    def reply(self, reply: reg.RegisterReply, to: reg.RegisterQuestion | None = None) -> None:
        self._story.append(f"reply {type(reply).__name__}")
        self.replies.append(reply)
        self.answered.append(to)


class Terminal:
    """One start of the daemon's core on a journal that outlives it."""

    def __init__(self, path: Path, terms: Terms, menu: MenuRules) -> None:
        self.story: list[str] = []
        self.disk = Disk(path, self.story)
        self.outside = Outside(self.story)
        self.views: list[View] = []
        self.committed: list[Record] = []
        self.watchdog = 0
        self.journal = Journal(self.disk)
        names = Names("T1", lambda: NOW, lambda: "a1b2c3")
        self.inbox = Inbox()
        self.loop = Loop(
            self.inbox,
            Bookkeeper(CounterRules(terms=terms, menu=menu), self.disk, names),
            self.journal,
            self.outside,
            on_view=self.views.append,
            on_decided=self._decided,
            on_watchdog=self._watchdog,
        )

    def _decided(self, _event: Input, decision: Decision) -> None:
        if decision.record is not None:
            self.committed.append(decision.record)

    def _watchdog(self) -> None:
        self.watchdog += 1

    async def happen(self, event: Input) -> Decision:
        """Hand it in and wait until everything that follows at once is done."""
        decision = await self.inbox.put_and_wait(event)  # type: ignore[arg-type]
        await self.inbox.put_and_wait(ConditionsChanged({}))
        return decision

    async def press(self, keys: str) -> None:
        for key in keys:
            await self.happen(KeyPressed(key))

    async def answer(self, status: Status, **said: Any) -> None:
        """Answer the latest call."""
        call = self.outside.calls[-1]
        await self.happen(ev.StatusReceived(call.sale_number, call.call, report_for(self.sale, status, **said)))

    async def open_authorization(self) -> None:
        call = self.outside.calls[-1]
        opened = OpenedAuthorization(authorization_id=GUID)
        await self.happen(ev.AuthorizationOpened(call.sale_number, call.call, opened))

    async def pay(self, amount_kr: int = 1990, register_id: str = "42", until: State = State.CLOSED) -> None:
        """An ordinary sale, as far as it is wanted."""
        steps: list[tuple[State, Callable[[], Awaitable[Any]]]] = [
            (State.ENTRY, lambda: self.happen(reg.SaleRequest(amount_kr, register_id))),
            (State.AUTHORIZATION, lambda: self.press("8223281#")),
            (State.CUSTOMER, self.open_authorization),
            (State.CAPTURE, lambda: self.answer(Status.RESERVED)),
            (State.REPORT, lambda: self.answer(Status.PAID)),
            (State.CLOSED, lambda: self.happen(reg.ResultDelivered(register_id))),
        ]
        for state, step in steps:
            await step()
            if state is until:
                return

    @property
    def sale(self) -> Sale:
        assert self.loop.view.sale is not None
        return self.loop.view.sale

    @property
    def last_reply(self) -> reg.RegisterReply:
        return self.outside.replies[-1]


Scenario = Callable[[Terminal], Awaitable[None]]


def run(
    path: Path,
    *scenarios: Scenario,
    capture_mode: CaptureMode = CaptureMode.MANUAL,
    disk_is_full: bool = False,
    menu: MenuRules | None = None,
    **terms: Any,
) -> None:
    """Each scenario in a terminal of its own, one start after the other on the same journal: power cuts in between."""

    async def whole(scenario: Scenario) -> None:
        terminal = Terminal(path, Terms(capture_mode=capture_mode, **terms), menu or MenuRules())
        terminal.disk.is_full = disk_is_full
        await terminal.journal.call(terminal.disk.open)
        await terminal.loop.start()
        loop = asyncio.ensure_future(terminal.loop.run())
        try:
            await terminal.inbox.put_and_wait(ConditionsChanged({}))
            await scenario(terminal)
        finally:
            loop.cancel()
            await asyncio.gather(loop, return_exceptions=True)
            await terminal.journal.close()

    for scenario in scenarios:
        run_virtual(whole(scenario))


async def settle(terminal: Terminal, verdict: str, **more: Any) -> dict[str, Any]:
    """As the control socket does it."""
    nothing: Any = None
    handles = Handles(
        terminal.loop,
        terminal.inbox,
        nothing,
        journal=terminal.journal,
        instruments=nothing,
        examination=nothing,
        reports=nothing,
    )
    before = terminal.loop._on_view

    def on_view(view: View) -> None:
        before(view)
        handles.view_changed()

    terminal.loop._on_view = on_view
    desk: Any = SimpleNamespace(terminal=handles)
    return dict(await operations._settle(desk, {"sale": 1, "verdict": verdict, **more}))
