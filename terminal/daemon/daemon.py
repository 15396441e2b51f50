"""The daemon: the terminal with its configured devices, under systemd or in a window."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias

from terminal.app.app import NO_SEAMS, Devices, TerminalApp, build_devices
from terminal.config.checks import parse_listen
from terminal.config.schema import Config
from terminal.counter.decision import Decision
from terminal.counter.inputs import Input
from terminal.counter.view import View
from terminal.daemon.operations import Operations
from terminal.daemon.out_of_service import wait_for_journal
from terminal.doctor.nightly import examine_every_night
from terminal.errors import JournalError, JournalInUseError
from terminal.system.notify import Notifier

if TYPE_CHECKING:
    from terminal.panel.serving import PanelServer

Listener: TypeAlias = Callable[[Input, Decision], None]

log = logging.getLogger(__name__)


async def run_daemon(config: Config, wait_for_stop: Callable[[], Awaitable[None]]) -> None:
    """Run until ``wait_for_stop`` returns, an operator asks for a restart, or the sale loop fails, which is raised."""
    stopping = asyncio.ensure_future(wait_for_stop())  # first, so that a stop during the start is orderly too
    notifier = Notifier()
    devices = build_devices(config)
    panel = await _start_panel(config, devices) if config.panel.listen else None
    operations = Operations(config)
    app: TerminalApp | None = None
    nightly: asyncio.Task[None] | None = None

    def build_app() -> TerminalApp:
        return TerminalApp(
            config,
            devices,
            notifier=notifier,
            on_view=panel.view_changed if panel else _nobody_looks,
            seams=NO_SEAMS._replace(on_decided=_all_hear(operations.decided, panel.decided if panel else None)),
        )

    try:
        while (app := await _started(build_app())) is None:
            waiting = asyncio.ensure_future(wait_for_journal(config, devices.display, devices.register_port, notifier))
            await asyncio.wait({stopping, waiting}, return_when=asyncio.FIRST_COMPLETED)
            if stopping.done():
                waiting.cancel()
                await asyncio.gather(waiting, return_exceptions=True)
                return
            waiting.result()
        await operations.start(app)
        if panel is not None:
            panel.attach(app)
        notifier.ready()
        nightly = asyncio.create_task(_examine_nightly(app), name="self-test")
        await asyncio.to_thread(warn_of_login_console, config)
        log.info("ready: %s, %s", config.register.protocol, config.netgiro.base_url)
        restarting = asyncio.ensure_future(operations.restart_asked.wait())
        failing = asyncio.ensure_future(app.wait())
        await asyncio.wait({stopping, restarting, failing}, return_when=asyncio.FIRST_COMPLETED)
        if failing.done():
            failing.result()
    finally:
        notifier.stopping()
        if nightly is not None:
            nightly.cancel()
        await operations.stop()
        if panel is not None:
            await panel.stop()
        if app is not None:
            await app.stop()
        notifier.close()
        log.info("stopped")


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


async def _examine_nightly(app: TerminalApp) -> None:
    await examine_every_night(
        app.examination.results,
        local_now=lambda: datetime.now().astimezone(),
        is_busy=lambda: app.loop.view.sale is not None,
    )


async def _start_panel(config: Config, devices: Devices) -> PanelServer:
    from terminal.panel.serving import PanelServer  # noqa: PLC0415  only when configured

    panel = PanelServer(config, devices, parse_listen(config.panel.listen))
    await panel.start()
    return panel


def _all_hear(*listeners: Listener | None) -> Listener:
    """Tell each of them, one after the other."""

    def decided(event: Input, decision: Decision) -> None:
        for listener in listeners:
            if listener is not None:
                listener(event, decision)

    return decided


def _nobody_looks(_view: View) -> None:
    """Without a panel only the display shows views."""


def warn_of_login_console(config: Config) -> None:
    """A register that talks to a login prompt loses bytes in a way that nobody would guess from its end."""
    from terminal.doctor.devices import check_login_console  # noqa: PLC0415  only once, and not before READY
    from terminal.doctor.system import System  # noqa: PLC0415

    finding = check_login_console(config, System())
    if finding.advice:
        log.error("%s: %s", finding.found, finding.advice)
