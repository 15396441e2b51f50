"""What an operator can ask of the running daemon: the commands of its control socket, and its metrics."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from hardware.interfaces import DeviceError
from terminal import __version__
from terminal.app.app import TerminalApp
from terminal.config.checks import parse_listen
from terminal.config.control_path import control_path
from terminal.config.schema import Config, read_config
from terminal.counter.decision import Decision
from terminal.counter.inputs import EndOfDayRequested, Input, ReprintRequested
from terminal.doctor.status import Status, status_of
from terminal.errors import TerminalError
from terminal.paper.jobs import NOTHING_TO_PRINT, find_number, slip_for
from terminal.sale.effects import ReceiptKind
from terminal.sale.events import SettledByStaff, Verdict
from terminal.sale.sale import Outcome
from terminal.system.control import Command, ControlServer, Request
from terminal.system.timestamps import timestamp_now

if TYPE_CHECKING:
    from terminal.daemon.metrics import Metrics, MetricsServer

SILENT = ("status", "printer-status")
"""Commands that only look."""

log = logging.getLogger(__name__)


class Operations:
    """``start`` it with the running terminal. ``restart_asked`` is set when the daemon is to end for a new start."""

    def __init__(self, config: Config) -> None:
        self.restart_asked = asyncio.Event()
        self._config = config
        self._started = timestamp_now()
        self._app: TerminalApp | None = None
        self._metrics: Metrics | None = None
        self._metrics_server: MetricsServer | None = None
        self._control = ControlServer(control_path(config), self._commands(), SILENT)
        if config.metrics.listen:
            self._build_metrics()

    def _commands(self) -> Mapping[str, Command]:
        return {
            "status": self._status,
            "settle": self._settle,
            "restart": self._restart,
            "reprint": self._reprint,
            "end-of-day": self._end_of_day,
            "printer-test": self._printer_test,
            "printer-status": self._printer_status,
            "doctor-slip": self._doctor_slip,
        }

    def _build_metrics(self) -> None:
        from terminal.daemon.metrics import Metrics, MetricsServer  # noqa: PLC0415  only when configured

        self._metrics = Metrics(
            __version__,
            time.monotonic,
            view=lambda: self._running().loop.view,
            journal_bytes=self._journal_bytes,
            register_silent_s=lambda: self._running().register_silent_s,
            damaged_bytes=lambda: self._running().damaged_bytes,
        )
        self._metrics_server = MetricsServer(self._metrics, parse_listen(self._config.metrics.listen))

    def decided(self, event: Input, decision: Decision) -> None:
        """For ``Seams.on_decided``."""
        if self._metrics is not None:
            self._metrics.decided(event, decision)

    async def start(self, app: TerminalApp) -> None:
        """A control socket or a metrics address that cannot be had is logged: sales go on without."""
        self._app = app
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._reload)
        try:
            await self._control.start()
            if self._metrics_server is not None:
                await self._metrics_server.start()
        except TerminalError as error:
            log.error("%s", error)

    async def stop(self) -> None:
        await self._control.stop()
        if self._metrics_server is not None:
            await self._metrics_server.stop()

    def _reload(self) -> None:
        """SIGHUP. Only the log level: what a sale was started under does not change below it."""
        if self._config.path is None:
            return
        config, problems = read_config(self._config.path)
        if problems:
            log.error("the configuration was not read again: %s", "; ".join(problems))
            return
        logging.getLogger().setLevel(config.log.level.upper())
        log.warning("log level %s; other settings count after: netgiro-terminal restart", config.log.level)

    # --- commands -----------------------------------------------------------------------------------------------------

    async def _status(self, _request: Request) -> Mapping[str, Any]:
        return dict(msgspec.to_builtins(await self.status()))

    async def status(self) -> Status:
        """How the terminal is at this moment."""
        return status_of(
            self._running().loop.view,
            version=__version__,
            terminal_id=self._config.terminal.id,
            service=self._config.netgiro.host,
            pid=os.getpid(),
            started=self._started,
            journal_bytes=self._journal_bytes(),
            wear=await self._running().wear(),
        )

    async def _settle(self, request: Request) -> Mapping[str, Any]:
        """Staff have looked the sale up at Netgíró and say how it ended."""
        number = request.get("sale")
        app = self._running()
        if not any(
            sale.number == number for sale in (*app.loop.view.attention, app.loop.view.sale) if sale is not None
        ):
            raise TerminalError(f"sale {number} does not wait for staff; see: netgiro-terminal status")
        try:
            verdict = Verdict(str(request.get("verdict")))
        except ValueError as error:
            raise TerminalError(f"the verdict must be {', '.join(Verdict)}") from error
        decision = await app.inbox.put_and_wait(SettledByStaff(int(str(number)), verdict))
        if decision.record is None:
            raise TerminalError(f"sale {number} cannot be settled as {verdict} in its present state")
        return {"outcome": decision.record.sale.outcome, "state": decision.record.sale.state}

    async def _reprint(self, request: Request) -> Mapping[str, Any]:
        """Queue receipts once more; they are printed as soon as the printer is ready."""
        app = self._running()
        try:
            kinds = tuple(ReceiptKind(kind) for kind in request.get("kinds", ()))
        except (ValueError, TypeError) as error:
            raise TerminalError(f"kinds must be of {', '.join(ReceiptKind)}") from error
        number = await app.journal.call(find_number, app.journal.file, str(request.get("sale") or ""), kinds)
        decision = await app.inbox.put_and_wait(ReprintRequested(number, kinds))
        if not decision.receipts:
            raise TerminalError(NOTHING_TO_PRINT)
        return {"receipts": [receipt.receipt_id for receipt in decision.receipts]}

    async def _end_of_day(self, _request: Request) -> Mapping[str, Any]:
        """Close the period and print its slip, as a register's end of day does."""
        close = (await self._running().inbox.put_and_wait(EndOfDayRequested())).close
        if close is None:
            raise TerminalError("the day cannot end while a sale is open, or the journal takes nothing: see status")
        paid = close.totals.of(Outcome.APPROVED)
        left = len(close.totals.left_to_staff)
        return {"number": close.number, "approved": paid.count, "approved_kr": paid.sum_kr, "left_to_staff": left}

    async def _printer_test(self, _request: Request) -> Mapping[str, Any]:
        """Print the slip with every code page."""
        try:
            await self._running().print_now(await asyncio.to_thread(slip_for, self._config.printer))
        except DeviceError as error:
            raise TerminalError(str(error)) from error
        return {}

    async def _printer_status(self, _request: Request) -> Mapping[str, Any]:
        """What the printer says of itself now, not when it was last needed."""
        try:
            return {"printer": await self._running().printer_status()}
        except DeviceError as error:
            return {"unreachable": str(error)}

    async def _doctor_slip(self, _request: Request) -> Mapping[str, Any]:
        """Print the doctor's report, as the service itself sees the machine."""
        try:
            await self._running().examination.print_slip()
        except DeviceError as error:
            raise TerminalError(str(error)) from error
        return {}

    async def _restart(self, _request: Request) -> Mapping[str, Any]:
        """End so that systemd starts the terminal again, unless a sale is open."""
        sale = self._running().loop.view.sale
        if sale is not None:
            raise TerminalError(f"sale {sale.number} is open ({sale.state}); wait until it has ended")
        self.restart_asked.set()
        return {"pid": os.getpid()}

    # --- parts --------------------------------------------------------------------------------------------------------

    def _running(self) -> TerminalApp:
        assert self._app is not None, "asked before start()"
        return self._app

    def _journal_bytes(self) -> int:
        """The database with its log, and its mirror."""
        journal = Path(self._config.journal.path)
        files = [*journal.parent.glob(f"{journal.name}*"), *journal.parent.glob(f"{journal.name}*/*")]
        return sum(file.stat().st_size for file in files if ".replaced-" not in str(file) and file.is_file())
