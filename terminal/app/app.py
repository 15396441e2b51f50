"""The composition root: builds everything, starts it in order, stops it in reverse. Reads from top to bottom."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import httpx
from msgspec.structs import replace

from hardware import factory
from hardware.interfaces import (
    Columns,
    DeviceError,
    Display,
    Document,
    Keypad,
    Printer,
    PrinterStatus,
    Scanner,
    SerialPort,
    Signals,
)
from terminal.config.checks import parse_listen
from terminal.config.schema import Config
from terminal.counter.decision import CheckService, Decision
from terminal.counter.inputs import ConditionsChanged, Input
from terminal.counter.rules import CounterRules
from terminal.counter.view import View
from terminal.doctor.at_counter import Examination
from terminal.doctor.status import RegisterLine, Wear
from terminal.journal.thread import Journal, JournalFile
from terminal.loop.bookkeeper import Bookkeeper
from terminal.loop.inbox import Inbox, WatchdogDue
from terminal.loop.lookup import Names
from terminal.loop.loop import Loop
from terminal.loop.performer import TerminalPerformer
from terminal.loop.watchers import watch_keypad, watch_scanner
from terminal.netgiro.factory import build_gateway
from terminal.netgiro.nonce import NonceSource, mark_after_loss
from terminal.paper.end_of_day import end_of_day_slip
from terminal.paper.printing import ReceiptPrinting
from terminal.paper.receipt import Shop, receipt_document
from terminal.register.factory import build_protocol
from terminal.register.link import RegisterLink
from terminal.register.protocol import terms_for
from terminal.sale.effects import AcknowledgeCallback, ReceiptKind
from terminal.sale.events import CallbackReceived
from terminal.sale.gateway import CaptureMode, Gateway
from terminal.sale.sale import Outcome, Sale
from terminal.sale.totals import ClosedPeriod
from terminal.screen.lamp import Signaller
from terminal.screen.presenter import Presenter
from terminal.system.clock import clock_is_set
from terminal.system.notify import Notifier
from terminal.system.timestamps import timestamp_of

if TYPE_CHECKING:
    from terminal.netgiro.callback import Callback

SETTLE_S = 3.0
"""How long a stop waits for answers that are on their way."""
RESTART_PAUSE_S = 1.0
PRINTER_MEMORY = "printer.json"
"""Beside the journal: what the printer has shown of itself."""
REGISTER_ATTEMPT_S = 2.0
"""How long a start waits for the register's port to be opened or not to be there."""
REGISTER_COLUMNS: Columns = 32
"""The narrowest paper: what a register prints on is not known."""

log = logging.getLogger(__name__)


class Devices(NamedTuple):
    """What stands on the counter."""

    keypad: Keypad
    display: Display | None
    printer: Printer | None
    register_port: SerialPort
    signals: Signals | None = None
    scanner: Scanner | None = None


def build_devices(config: Config) -> Devices:
    """The configured devices, not yet opened."""
    port, printer = _build_line(config)
    return Devices(
        factory.build_keypad(config.keypad),
        factory.build_display(config.display),
        printer,
        port,
        factory.build_signals(config.signals),
        factory.build_scanner(config.scanner),
    )


def _build_line(config: Config) -> tuple[SerialPort, Printer | None]:
    """The register's port, and the printer, which may be behind it."""
    memory_path = Path(config.journal.path).with_name(PRINTER_MEMORY)
    port: SerialPort = factory.build_serial_port(config.serial_settings())
    if config.log.register_traffic:
        from terminal.register.unknown.traffic import LoggedPort  # noqa: PLC0415  only when configured

        port = LoggedPort(port)
    behind = config.passthrough_settings()
    if behind is None:
        return port, factory.build_printer(config.printer, memory_path)
    from terminal.register.taps.passthrough import PassthroughPort  # noqa: PLC0415  only when configured

    through = PassthroughPort(port, factory.build_serial_port(behind))
    if not config.shares_printer:
        return through, factory.build_printer(config.printer, memory_path)
    from terminal.register.taps.shared_printer import build_shared_printer  # noqa: PLC0415

    return through, build_shared_printer(through, config.printer, memory_path)


def _line_watch(config: Config) -> Callable[[bytes], None]:
    """Whatever can tell from the register's bytes that its line is set wrong."""
    if config.register.protocol != "concert" or config.register.bytesize == 7:
        return lambda _data: None
    from terminal.register.unknown.parity import ParityWatch  # noqa: PLC0415  only when configured

    return ParityWatch().look


class Seams(NamedTuple):
    """Where a demo or a test looks in, or puts something else in the place of this machine."""

    wall_clock: Callable[[], float] = time.time
    """Unix seconds."""
    clock_is_set: Callable[[], bool] = clock_is_set
    journal_file: Callable[[Path, Callable[[], str]], JournalFile] = JournalFile
    transport: httpx.AsyncBaseTransport | None = None
    """Carries the calls to the payment service; None: the network."""
    on_decided: Callable[[Input, Decision], None] = lambda _event, _decision: None
    """Called with everything that happened and what was decided, once that is on disk."""


NO_SEAMS = Seams()


def shop_of(config: Config) -> Shop:
    """What the configuration says of the head and foot of receipts."""
    return Shop(
        name=config.shop.name,
        kennitala=config.shop.kennitala,
        has_logo=bool(config.printer.logo),
        reference_qr=config.receipt.reference_qr,
    )


class TerminalApp:
    """One running terminal. ``on_view`` is called with every new view, for whoever shows it."""

    def __init__(
        self,
        config: Config,
        devices: Devices,
        *,
        notifier: Notifier | None = None,
        on_view: Callable[[View], None] = lambda _view: None,
        seams: Seams = NO_SEAMS,
    ) -> None:
        self._config = config
        self._seams = seams
        self._devices = devices
        self._notifier = notifier or Notifier({})
        self._on_view = on_view
        self._signaller = Signaller(devices.signals) if devices.signals is not None else None
        self._tasks: list[asyncio.Task[None]] = []
        self._closers: list[Callable[[], Awaitable[None]]] = []
        self._register_tried = asyncio.Event()
        self.inbox = Inbox()
        self.journal = Journal(seams.journal_file(Path(config.journal.path), self._now))

    async def start(self) -> None:
        """Everything in order; devices that are missing are looked for in the background.

        A register that is there is heard from the moment this returns.
        Raises TerminalError if the journal or a network address cannot be had.
        """
        config, journal = self._config, self.journal
        self._closers.append(journal.close)
        journal.file.report_progress_to(self._notifier.still_working)
        await journal.call(journal.file.open)

        printer = self._devices.printer
        self.examination = Examination(
            config,
            columns=printer.columns if printer is not None else config.printer.columns,
            local_now=self._local_now,
            print_now=self.print_now if printer is not None else None,
            printer_status=self.printer_status,
            wear=self.wear,
        )
        gateway = await self._build_gateway()
        self._closers.append(gateway.close)

        self.presenter = Presenter(self._devices.display, config.terminal.language, config.shop.name, config.display)
        self._protocol = build_protocol(
            config.register,
            terminal_id=config.terminal.id,
            receipt_of=self._receipt_for_register,
            slip_of=self._slip_for_register,
        )
        self._printing = self._build_printing()
        self._link = self._build_link()
        performer = TerminalPerformer(
            gateway, self.inbox.put, self._link.send, printer=self._printing, examine=self.examination.examine
        )
        self._closers.append(performer.close)
        bookkeeper = Bookkeeper(self._counter_rules(), journal.file, Names(config.terminal.id, self._now))
        self.loop = Loop(
            self.inbox,
            bookkeeper,
            journal,
            performer,
            on_view=self._show,
            on_receipts=self._wake_printing,
            on_decided=self._seams.on_decided,
            on_watchdog=self._notifier.watchdog,
        )
        await self.loop.start()

        self._tasks.append(asyncio.create_task(self.loop.run(), name="loop"))
        performer.perform(CheckService())
        self._supervise("display", self.presenter.run)
        if self._signaller is not None:
            self._supervise("signals", self._signaller.run)
        self._supervise("register", self._link.run)
        self._supervise("keypad", lambda: watch_keypad(self._devices.keypad, self._key_event))
        if (scanner := self._devices.scanner) is not None:
            self._supervise("scanner", lambda: watch_scanner(scanner, self._key_event))
        if self._printing is not None:
            self._supervise("printing", self._printing.run)
        if config.netgiro.confirmation is CaptureMode.SERVER_CALLBACK:
            await self._start_callback_listener()
        if (interval_s := self._notifier.watchdog_interval_s) is not None:
            self._supervise("watchdog", lambda: self._feed_watchdog(interval_s))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._register_tried.wait(), REGISTER_ATTEMPT_S)

    async def print_now(self, document: Document) -> None:
        """Print something that is no receipt. Raises DeviceError, also if there is no printer."""
        await self._printer_queue().print_now(document)

    async def printer_status(self) -> PrinterStatus:
        """What the printer says of itself now. Raises DeviceError, also if there is no printer."""
        return await self._printer_queue().status()

    def _printer_queue(self) -> ReceiptPrinting:
        if self._printing is None:
            raise DeviceError('there is no printer: set printer.driver in config.toml to other than "none"')
        return self._printing

    @property
    def register_silent_s(self) -> float:
        """How long the register has said nothing; before its first byte, since the start."""
        return self._link.silent_s

    @property
    def damaged_bytes(self) -> int:
        """Of what the register said since the start."""
        return self._devices.register_port.damaged_bytes

    async def wear(self) -> Wear:
        """What devices have been through since the start; takes a second at most."""
        port = self._devices.register_port
        line = RegisterLine(
            heard_bytes=self._link.heard_bytes, silent_s=round(self.register_silent_s, 1), signals=await port.signals()
        )
        return Wear(
            display_lit_h=round(self.presenter.lit_s / 3600, 2),
            display_lost=self.presenter.failures,
            damaged_bytes=self.damaged_bytes,
            register=line,
        )

    async def wait(self) -> None:
        """Until the loop ends, which it only does by a fault; raises what ended it."""
        await self._tasks[0]

    async def stop(self, settle_s: float = SETTLE_S) -> None:
        """Within ``settle_s`` and a little: answers on their way may still come in, then everything ends.

        What is open then is settled after the next start.
        """
        clock = asyncio.get_running_loop().time
        deadline_s = clock() + settle_s
        while self._tasks and not self._tasks[0].done() and not self.loop.is_settled:
            if clock() >= deadline_s:
                break
            await asyncio.sleep(0.05)
        for task in reversed(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for close in reversed(self._closers):
            await close()

    # --- parts --------------------------------------------------------------------------------------------------------

    def _counter_rules(self) -> CounterRules:
        config = self._config
        terms = terms_for(config.terms(), self._protocol)
        if self._devices.printer is None:  # else the receipts of months would come out of the first printer
            terms = replace(terms, customer_copy=False, merchant_copy=False, staff_slip=False)
        return CounterRules(
            terms=terms,
            identifiers=config.identifier_rules(),
            min_amount_kr=config.register.min_amount,
            max_amount_kr=config.register.max_amount,
            id_hours=config.register.id_hours,
            has_printer=self._devices.printer is not None,
            menu=config.menu_rules(),
        )

    async def _build_gateway(self) -> Gateway:
        settings, journal = self._config.netgiro, self.journal

        async def reserve(high_water: int) -> None:
            await journal.call(journal.file.reserve_nonces, high_water)

        high_water = mark_after_loss(
            await journal.call(journal.file.nonce_high_water), await journal.call(journal.file.marks_lost_at_s)
        )
        nonces = NonceSource(high_water, reserve, self._seams.wall_clock)
        return build_gateway(
            settings, nonces, callback_base_url=self._config.callback.public_url, transport=self._seams.transport
        )

    def _build_link(self) -> RegisterLink:
        return RegisterLink(
            self._devices.register_port,
            self._protocol,
            self.inbox.put,
            language=self._config.terminal.language,
            on_line_changed=self._register_line_changed,
            look=_line_watch(self._config),
            clock=asyncio.get_running_loop().time,
        )

    def _build_printing(self) -> ReceiptPrinting | None:
        if self._devices.printer is None:
            return None
        return ReceiptPrinting(
            self._devices.printer,
            self.journal,
            self.inbox.put,
            shop=self._shop,
            terminal_id=self._config.terminal.id,
            language=self._config.receipt.language,
            local_now=self._local_now,
            clock_is_set=self._seams.clock_is_set,
        )

    @property
    def _shop(self) -> Shop:
        return shop_of(self._config)

    def _local_now(self) -> datetime:
        return datetime.fromtimestamp(self._seams.wall_clock()).astimezone()

    def _receipt_for_register(self, sale: Sale, copy: bool) -> Document:
        """The customer's receipt, for a register that prints it itself."""
        return receipt_document(
            sale,
            kind=ReceiptKind.CUSTOMER,
            copy=copy,
            shop=self._shop,
            terminal_id=self._config.terminal.id,
            printed_at=self._local_now(),
            language=self._config.receipt.language,
            columns=REGISTER_COLUMNS,
            clock_set=self._seams.clock_is_set(),
        )

    def _slip_for_register(self, period: ClosedPeriod) -> Document:
        """An end of day, likewise."""
        return end_of_day_slip(
            period,
            copy=False,
            shop=self._shop,
            terminal_id=self._config.terminal.id,
            printed_at=self._local_now(),
            language=self._config.receipt.language,
            columns=REGISTER_COLUMNS,
        )

    async def _start_callback_listener(self) -> None:
        from terminal.netgiro import callback  # noqa: PLC0415  only when configured
        from terminal.system.web import WebServer  # noqa: PLC0415

        settings, netgiro = self._config.callback, self._config.netgiro
        if netgiro.api == "v2":
            listener = callback.create_unsigned_callback_listener(netgiro.api_key, self._on_callback)
        else:
            listener = callback.create_callback_listener(settings.public_url, netgiro.secret_key, self._on_callback)
        server = WebServer(listener, *parse_listen(settings.listen))
        await server.start()
        self._closers.append(server.stop)

    async def _on_callback(self, callback: Callback) -> bool:
        sale = self.loop.view.sale
        if sale is None or sale.reference != callback.reference:
            return await self._is_paid_already(callback)
        fits = callback.fits(sale.amount_kr, sale.authorization_id)
        decision = await self.inbox.put_and_wait(CallbackReceived(sale.number, callback.approved, fits))
        return any(isinstance(effect, AcknowledgeCallback) for effect in decision.effects)

    async def _is_paid_already(self, callback: Callback) -> bool:
        """A service that calls back after the payment would take it back if nobody answered."""
        entries = await self.journal.call(self.journal.file.entries_of, callback.reference)
        sale = entries[-1].sale if entries else None
        if sale is None or sale.reference != callback.reference or not callback.approved:
            return False
        return sale.outcome is Outcome.APPROVED and callback.fits(sale.amount_kr, sale.authorization_id)

    def _now(self) -> str:
        return timestamp_of(self._seams.wall_clock())

    # --- between the parts --------------------------------------------------------------------------------------------

    def _show(self, view: View) -> None:
        self.presenter.show(view)
        if self._signaller is not None:
            self._signaller.show(view)
        self._on_view(view)

    def _register_line_changed(self, up: bool, _detail: str) -> None:
        self._register_tried.set()
        self.inbox.put(ConditionsChanged({"register_ok": up}))

    def _key_event(self, event: Input) -> None:
        self.presenter.wake()
        self.inbox.put(event)

    def _wake_printing(self) -> None:
        if self._printing is not None:
            self._printing.wake()

    async def _feed_watchdog(self, interval_s: float) -> None:
        while True:
            self.inbox.put(WatchdogDue())
            await asyncio.sleep(interval_s)

    def _supervise(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """A fault in something around the sale is logged and that thing started again; the sale goes on."""

        async def run() -> None:
            while True:
                try:
                    await work()
                    return
                except Exception:
                    log.exception("%s failed; starting it again", name)
                    await asyncio.sleep(RESTART_PAUSE_S)

        self._tasks.append(asyncio.create_task(run(), name=name))
