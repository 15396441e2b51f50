"""The composition root: puts the parts together, starts them in order and stops them in reverse."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from terminal.app import parts
from terminal.app.about import about_lines
from terminal.app.callbacks import start_callback_listener
from terminal.app.closing import keep_hours
from terminal.app.code_keeper import keeper_for
from terminal.app.devices import Devices
from terminal.app.handles import Handles
from terminal.app.instruments import Instruments
from terminal.app.seams import NO_SEAMS, Seams
from terminal.app.supervisor import Supervisor
from terminal.config.schema import Config
from terminal.counter.decision import CheckService, Decision
from terminal.counter.inputs import ConditionsChanged, Input
from terminal.counter.view import View
from terminal.journal.thread import Journal
from terminal.loop.bookkeeper import Bookkeeper
from terminal.loop.inbox import Inbox, WatchdogDue
from terminal.loop.loop import Loop
from terminal.loop.names import Names
from terminal.loop.performer import TerminalPerformer
from terminal.loop.watchers import watch_keypad, watch_scanner
from terminal.paper.printing import ReceiptPrinting
from terminal.register.link import RegisterLink
from terminal.sale.gateway import CaptureMode
from terminal.screen.lamp import Signaller
from terminal.screen.presenter import Presenter
from terminal.system.notify import Notifier

GIVE_WAY_S = 0.001
"""For so long a thread that draws or loads may keep the loop and the keypad waiting: a fifth of what Python allows."""
SETTLE_S = 3.0
"""How long a stop waits for answers that are on their way."""
KEYPAD_ATTEMPT_S = 5.0
"""How long the loading that a sale needs leaves the processor to the keypad."""
REGISTER_ATTEMPT_S = 2.0
"""How long a start waits for the register's port to be opened or not to be there."""


class TerminalApp:
    """One running terminal: ``start`` it, ``wait`` for it, ``stop`` it. ``on_view`` is called with every new view.

    Whoever wants to know or do something gets its ``handles``, which are there once it is started.
    """

    handles: Handles

    def __init__(
        self,
        config: Config,
        devices: Devices,
        *,
        notifier: Notifier | None = None,
        on_view: Callable[[View], None] = lambda _view: None,
        seams: Seams = NO_SEAMS,
        switch_training: Callable[[bool], Awaitable[None]] | None = None,
    ) -> None:
        """``switch_training`` begins or ends training, which is another terminal's life; None: not from here."""
        self._config = config
        self._devices = devices
        self._notifier = notifier or Notifier({})
        self._on_view = on_view
        self._seams = seams
        self._switch_training = switch_training
        self._inbox = Inbox()
        self._loop: Loop | None = None
        self._performer: TerminalPerformer | None = None
        self._keypad_tried = asyncio.Event()
        self._supervisor = Supervisor()
        self._closers: list[Callable[[], Awaitable[None]]] = []

    async def start(self) -> None:
        """Everything in order; devices that are missing are looked for in the background.

        A register that is there is heard, and an amount shown, from the moment this returns. Then ``warm_up`` is due.
        Raises TerminalError if the journal or a network address cannot be had.
        """
        sys.setswitchinterval(GIVE_WAY_S)
        config, devices, put = self._config, self._devices, self._inbox.put
        journal = await self._open_journal()
        latest_s = max(self._seams.latest_s, await journal.call(journal.file.last_entry_s))
        seams = self._seams = self._seams._replace(latest_s=latest_s)
        gateway = await parts.build_gateway(config, journal, seams)
        self._closers.append(gateway.close)

        register_tried = asyncio.Event()

        def on_line_changed(up: bool, _detail: str) -> None:
            register_tried.set()
            put(ConditionsChanged({"register_ok": up}))

        presenter = parts.build_presenter(config, devices.display)
        signaller = (
            Signaller(devices.signals, key_beep=config.signals.key_beep) if devices.signals is not None else None
        )
        printing = parts.build_printing(config, devices.printer, journal, put, seams)
        protocol = parts.build_register(config, devices, seams)
        link = parts.build_link(config, devices, protocol, put, on_line_changed)
        instruments = Instruments(printing, link, devices.register_port, presenter, config.identifier_rules())
        parts.let_programs_print(devices, instruments)
        examination = parts.build_examination(config, devices.printer, instruments, seams)
        reports = parts.build_reports(config, devices.printer, instruments, journal, seams)

        def decided(event: Input, decision: Decision) -> None:
            link.decided(decision)
            seams.on_decided(event, decision)

        codes = keeper_for(config)
        performer = TerminalPerformer(
            gateway,
            put,
            link.send,
            printer=printing,
            examine=examination.examine,
            report=reports.print_for_menu,
            switch_training=self._switch_training,
            codes=codes,
            about=lambda: about_lines(config.terminal.id),
            pairing=lambda: parts.pairing_code(devices),
        )
        self._closers.append(performer.close)
        rules = parts.counter_rules(
            config,
            protocol,
            has_printer=printing is not None,
            can_refund=gateway.can_refund,
            can_train=self._switch_training is not None,
        )
        loop = self._loop = Loop(
            self._inbox,
            Bookkeeper(parts.with_codes(rules, codes), journal.file, Names(parts.name_of(config), seams.timestamp)),
            journal,
            performer,
            on_view=self._shown_on(presenter, signaller),
            on_receipts=printing.wake if printing is not None else lambda: None,
            on_decided=decided,
            on_watchdog=self._notifier.watchdog,
        )
        self.handles = Handles(
            loop,
            self._inbox,
            presenter,
            journal=journal,
            instruments=instruments,
            examination=examination,
            reports=reports,
            finds=lambda: gateway.finds,
            programs=devices.programs,
        )
        await loop.start()

        self._supervisor.start_loop(loop.run())
        self._performer = performer
        self._keep_devices(presenter, signaller, link, printing)
        can_train = self._switch_training is not None
        newest_s = partial(journal.call, journal.file.last_entry_s)
        keep_hours(self._supervisor.keep, config, put, seams, newest_s, can_train=can_train)
        if config.netgiro.confirmation is CaptureMode.SERVER_CALLBACK:
            self._closers.append((await start_callback_listener(config, loop, self._inbox, journal)).stop)
        if (interval_s := self._notifier.watchdog_interval_s) is not None:
            self._supervisor.keep("watchdog", lambda: feed_watchdog(put, interval_s))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(register_tried.wait(), REGISTER_ATTEMPT_S)

    def warm_up(self) -> None:
        """The terminal is ready: have loaded, on threads, what only a sale needs, and look whether Netgíró is reached.

        A customer takes longer to type a number than this takes.
        """
        assert self._performer is not None, "warmed up before the start"
        self._supervisor.keep("warm-up", self._warm_up)

    async def _warm_up(self) -> None:
        assert self._performer is not None
        with contextlib.suppress(TimeoutError):  # until keys are read, each of them would be lost
            await asyncio.wait_for(self._keypad_tried.wait(), KEYPAD_ATTEMPT_S)
        self._performer.perform(CheckService())

    async def _open_journal(self) -> Journal:
        journal = Journal(self._seams.journal_file(Path(self._config.journal.path), self._seams.timestamp))
        self._closers.append(journal.close)
        journal.file.report_progress_to(self._notifier.still_working)
        await journal.call(journal.file.open)
        return journal

    def _shown_on(self, presenter: Presenter, signaller: Signaller | None) -> Callable[[View], None]:
        def show(view: View) -> None:
            presenter.show(view)
            if signaller is not None:
                signaller.show(view)
            if self._performer is not None:
                self._performer.expect_call(view)
            self.handles.view_changed()
            self._on_view(view)

        return show

    def _keep_devices(
        self, presenter: Presenter, signaller: Signaller | None, link: RegisterLink, printing: ReceiptPrinting | None
    ) -> None:
        def on_key(event: Input) -> None:
            if isinstance(event, ConditionsChanged) and event.changes.get("keypad_opening") is False:
                self._keypad_tried.set()
            presenter.wake()
            if signaller is not None:
                signaller.hear(event)
            self._inbox.put(event)

        keep = self._supervisor.keep
        keep("display", presenter.run)
        if signaller is not None:
            keep("signals", signaller.run)
        keep("register", link.run)
        keep("keypad", lambda: watch_keypad(self._devices.keypad, on_key))
        if (scanner := self._devices.scanner) is not None:
            keep("scanner", lambda: watch_scanner(scanner, on_key, self.handles.instruments.note_code))
        if printing is not None:
            keep("printing", printing.run)

    async def wait(self) -> None:
        """Until the loop ends, which it only does by a fault; raises what ended it."""
        await self._supervisor.wait()

    async def stop(self, settle_s: float = SETTLE_S) -> None:
        """Within ``settle_s`` and a little: answers on their way may still come in, then everything ends.

        What is open then is settled after the next start.
        """
        clock = asyncio.get_running_loop().time
        deadline_s = clock() + settle_s
        while self._supervisor.loop_runs and self._loop is not None and not self._loop.is_settled:
            if clock() >= deadline_s:
                break
            await asyncio.sleep(0.05)
        await self._supervisor.stop()
        for close in reversed(self._closers):
            await close()


async def feed_watchdog(put: Callable[[Input | WatchdogDue], None], interval_s: float) -> None:
    """Through the inbox: a loop that hangs feeds it no more."""
    while True:
        put(WatchdogDue())
        await asyncio.sleep(interval_s)
