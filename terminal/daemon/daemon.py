"""The daemon: the terminal with its configured devices, under systemd or in a window."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias

from terminal import __version__
from terminal.app.app import TerminalApp
from terminal.app.devices import Devices, build_devices
from terminal.app.handles import Handles
from terminal.app.reconciling import reconcile_nightly
from terminal.app.seams import NO_SEAMS
from terminal.app.supervisor import kept
from terminal.app.training import TrainingSwitch
from terminal.config.addresses import parse_listen
from terminal.config.control_path import control_path
from terminal.config.schema import Config, read_config
from terminal.counter.decision import Decision
from terminal.counter.inputs import Input
from terminal.daemon.late_panel import LatePanel
from terminal.daemon.late_uplink import LateUplink
from terminal.daemon.operations import SILENT, Desk, commands_of, journal_bytes, last_reconciliation
from terminal.daemon.out_of_service import wait_for_journal
from terminal.doctor.login_console import ADVICE, login_console_on
from terminal.doctor.nightly import examine_every_night
from terminal.errors import JournalError, JournalInUseError, TerminalError
from terminal.system.control import ControlServer
from terminal.system.notify import Notifier
from terminal.system.timestamps import timestamp_now

if TYPE_CHECKING:
    from terminal.daemon.metrics import MetricsServer

Listener: TypeAlias = Callable[[Input, Decision], None]

log = logging.getLogger(__name__)


async def run_daemon(config: Config, wait_for_stop: Callable[[], Awaitable[None]]) -> None:
    """Run until ``wait_for_stop`` returns, an operator asks for a restart, or the sale loop fails, which is raised.

    In training, and out of it again, everything begins anew within this process.
    """
    stopping = asyncio.ensure_future(wait_for_stop())  # first, so that a stop during the start is orderly too
    await asyncio.sleep(0)
    devices, notifier = build_devices(config), Notifier()
    notifier.still_working()  # that so much is loaded can have taken long, and the journal may take as long again
    panel = LatePanel(config, devices)
    frame = _Frame(TrainingSwitch(config), devices, panel, notifier, stopping)
    try:
        while await _run(frame):
            pass
    finally:
        await _stop(panel)
        notifier.close()


class _Frame(NamedTuple):
    """What stays while the terminal goes into training and out of it."""

    training: TrainingSwitch
    devices: Devices
    panel: LatePanel
    notifier: Notifier
    stopping: asyncio.Future[None]


async def _run(frame: _Frame) -> bool:
    """One life, real or in training. True if another one follows."""
    training, devices, panel, notifier, stopping = frame
    config = training.config_now()
    started, restart_asked = timestamp_now(), asyncio.Event()
    app: TerminalApp | None = None
    control: ControlServer | None = None
    nightly: asyncio.Task[None] | None = None

    def terminal() -> Handles:
        assert app is not None, "asked before the start"
        return app.handles

    metrics = _build_metrics(config, terminal) if config.metrics.listen else None
    uplink = LateUplink(config)

    all_hear = _all_hear(metrics.decided if metrics else None, panel.decided, uplink.decided)

    def build_app() -> TerminalApp:
        return TerminalApp(
            config,
            devices,
            notifier=notifier,
            on_view=panel.view_changed,
            seams=NO_SEAMS._replace(on_decided=all_hear),
            switch_training=None if training.is_configured else training.turn,
        )

    try:
        while (app := await _started(build_app())) is None:
            await panel.open()  # its page says that the terminal is starting
            waiting = asyncio.ensure_future(wait_for_journal(config, devices.display, devices.register_port, notifier))
            await asyncio.wait({stopping, waiting}, return_when=asyncio.FIRST_COMPLETED)
            if stopping.done():
                waiting.cancel()
                await asyncio.gather(waiting, return_exceptions=True)
                return False
            waiting.result()
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, _reload, config)
        desk = Desk(config, terminal(), started, restart_asked)
        control = ControlServer(control_path(training.real), commands_of(desk), SILENT)
        await _open_to_operators(control, metrics)
        notifier.ready()
        gc.freeze()  # what is loaded stays: looking through it for garbage would hold up the loop for a moment
        gc.enable()
        app.warm_up()
        await panel.open()
        panel.attach(terminal())
        await uplink.start(desk)
        nightly = asyncio.create_task(_at_night(config, terminal()), name="night")
        await asyncio.to_thread(warn_of_login_console, config)
        log.info("ready: %s, %s", config.register.protocol, config.netgiro.base_url)
        await _first_of(stopping, restart_asked, training.turned, app)
        return training.turned.is_set() and not stopping.done() and not restart_asked.is_set()
    finally:
        if not training.turned.is_set():
            notifier.stopping()
        if nightly is not None:
            nightly.cancel()
        panel.attach(None)
        await _stop(uplink, control, metrics, app)
        log.info("stopped")


class _Part(Protocol):
    async def stop(self) -> None: ...


async def _stop(*parts: _Part | None) -> None:
    """One after the other: what looks on first, the terminal last."""
    for part in parts:
        if part is not None:
            await part.stop()


async def _first_of(
    stopping: asyncio.Future[None], restart_asked: asyncio.Event, turned: asyncio.Event, app: TerminalApp
) -> None:
    """Until it is to stop or to start again; raises what ended the loop."""
    anew: list[asyncio.Future[Any]] = [asyncio.ensure_future(event.wait()) for event in (restart_asked, turned)]
    failing = asyncio.ensure_future(app.wait())
    await asyncio.wait({stopping, *anew, failing}, return_when=asyncio.FIRST_COMPLETED)
    for waiting in anew:
        waiting.cancel()
    if failing.done():
        failing.result()


async def _started(app: TerminalApp) -> TerminalApp | None:
    """None if its journal cannot be had now."""
    try:
        await app.start()
    except BaseException as error:
        await app.stop()
        if isinstance(error, JournalError) and not isinstance(error, JournalInUseError):
            log.error("%s", error)
            return None
        raise
    return app


async def _at_night(config: Config, terminal: Handles) -> None:
    """What needs no sale and disturbs none. Ends only with the daemon; a fault in one of them ends no other."""
    works = [kept("self-test", lambda: _examine_nightly(terminal))]
    if config.reconcile.daily and config.netgiro.can_be_asked:
        works.append(kept("reconciliation", lambda: reconcile_nightly(config, terminal)))
    await asyncio.gather(*works)


async def _examine_nightly(terminal: Handles) -> None:
    await examine_every_night(
        terminal.examination.results,
        local_now=lambda: datetime.now().astimezone(),
        is_busy=lambda: terminal.view.sale is not None,
    )


async def _open_to_operators(control: ControlServer, metrics: MetricsServer | None) -> None:
    """A control socket or a metrics address that cannot be had is logged: sales go on without."""
    try:
        await control.start()
        if metrics is not None:
            await metrics.start()
    except TerminalError as error:
        log.error("%s", error)


def _build_metrics(config: Config, terminal: Callable[[], Handles]) -> MetricsServer:
    """Raises TerminalError without the library."""
    from terminal.daemon.metrics import Metrics, MetricsServer  # noqa: PLC0415  only when configured

    metrics = Metrics(
        __version__,
        time.monotonic,
        view=lambda: terminal().view,
        journal_bytes=lambda: journal_bytes(config),
        register_silent_s=lambda: terminal().instruments.register_silent_s,
        damaged_bytes=lambda: terminal().instruments.damaged_bytes,
        reconciliation=lambda: last_reconciliation(config),
        reconciles_daily=config.reconcile.daily,
    )
    return MetricsServer(metrics, parse_listen(config.metrics.listen))


def _reload(config: Config) -> None:
    """SIGHUP. Only the log level: what a sale was started under does not change below it."""
    if config.path is None:
        return
    anew, problems = read_config(config.path)
    if problems:
        log.error("the configuration was not read again: %s", "; ".join(problems))
        return
    logging.getLogger().setLevel(anew.log.level.upper())
    log.warning("log level %s; other settings count after: netgiro-terminal restart", anew.log.level)


def _all_hear(*listeners: Listener | None) -> Listener:
    """Tell each of them, one after the other."""

    def decided(event: Input, decision: Decision) -> None:
        for listener in listeners:
            if listener is not None:
                listener(event, decision)

    return decided


def warn_of_login_console(config: Config) -> None:
    """A register that talks to a login prompt loses bytes in a way that nobody would guess from its end."""
    if found := login_console_on(config.register.port):
        log.error("%s: %s", found, ADVICE)
