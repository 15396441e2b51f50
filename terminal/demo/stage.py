"""The simulated counter as a whole: devices, cable, customers and service, and a terminal that can lose its power.

Everything between the simulated contacts, wires and paper is the code that runs on a counter; after a power cut it is
started again on the same journal and the same devices, as a machine is.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Self

import httpx
from msgspec.structs import replace

from hardware.register_cable import RegisterCable
from hardware.serial_port import TtySerialPort
from hardware.settings import SerialSettings
from hardware.signals import SimulatedSignals
from hardware.simulated import SimulatedDisplay, SimulatedKeypad, SimulatedPrinter
from terminal.app.app import TerminalApp
from terminal.app.devices import Devices, build_programs
from terminal.app.handles import Handles
from terminal.app.training import TrainingSwitch
from terminal.config.addresses import is_loopback, parse_listen
from terminal.config.schema import Config
from terminal.counter.decision import Decision
from terminal.counter.inputs import Input
from terminal.counter.view import View
from terminal.demo.surroundings import PowerGone, Surroundings
from terminal.netgiro.sandbox import PUBLIC_APPLICATION_ID, PUBLIC_SECRET_KEY, Sandbox, Settings, build_sandbox
from terminal.panel.timeline import Timeline
from terminal.register.settings import HttpSettings
from terminal.sale.gateway import CaptureMode
from terminal.sale.sensitive import Sensitive
from terminal.system.timestamps import timestamp_of

if TYPE_CHECKING:
    from terminal.register.http.port import HttpPort

SHOP_NAME = "Kaffihúsið við höfnina"
PROGRAM, ANY_PORT = "demo", "127.0.0.1:0"
POWER_OFF_S = 1.5
"""How long the terminal stays dark after a power cut."""

log = logging.getLogger(__name__)


class Stage:
    """Enter it, then ``start`` the terminal; both happen once. ``on_terminal`` hears of every one, None while dark."""

    cable: RegisterCable
    sandbox: Sandbox
    surroundings: Surroundings
    devices: Devices

    def __init__(
        self,
        config: Config,
        folder: Path,
        *,
        build_sandbox: Callable[[Settings], Sandbox] = lambda settings: build_sandbox(settings=settings),
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.config = config
        self.on_view: Callable[[View], None] = lambda _view: None
        self.on_terminal: Callable[[Handles | None], None] = lambda _terminal: None
        self.on_decided: Callable[[Input, Decision], None] = lambda _event, _decision: None
        self.on_change: Callable[[], None] = lambda: None
        """Called when the power goes or comes back."""
        self._app: TerminalApp | None = None
        self.program_token: str | None = None
        """What a register program calls with, where the register is one."""
        self._folder = folder
        self._build_sandbox = build_sandbox
        self._transport = transport
        self._stack = AsyncExitStack()
        self._living: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        config = self.config
        self.cable = RegisterCable()
        await self.cable.open()
        self._stack.push_async_callback(self.cable.close)
        self.sandbox = self._build_sandbox(Settings(magic_amounts=True))
        self._stack.push_async_callback(self.sandbox.aclose)
        self.keypad = SimulatedKeypad(config.keypad.layout, config.keypad.debounce_ms / 1000)
        self.display = SimulatedDisplay(config.display.size_px)
        self.printer = SimulatedPrinter(columns=config.printer.columns, codepage=config.printer.codepage)
        programs = self._programs() if config.register.protocol == "http" else None
        self.devices = Devices(
            self.keypad,
            self.display,
            self.printer,
            programs or TtySerialPort(SerialSettings(port=self.cable.terminal_path)),
            SimulatedSignals(),
            programs=programs,
        )
        # The service is in this process and speaks plain HTTP: loading every authority there is would only take time.
        transport = self._transport or httpx.AsyncHTTPTransport(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
        self._stack.push_async_callback(transport.aclose)
        self.timeline = Timeline(lambda: timestamp_of(self.surroundings.now_s()))
        self.surroundings = Surroundings(self.timeline, transport, wall_clock=self.sandbox.clock)
        return self

    @property
    def handles(self) -> Handles | None:
        """Of the terminal; None while it has no power."""
        return self._app.handles if self._app is not None else None

    def _programs(self) -> HttpPort:
        """For register programs of this machine; one of them is known already."""
        listen = self.config.http.listen
        is_ours = listen != HttpSettings().listen and is_loopback(parse_listen(listen)[0])
        http = replace(self.config.http, listen=listen if is_ours else ANY_PORT)
        journal = replace(self.config.journal, path=str(self._folder / "journal.db"))
        port = build_programs(replace(self.config, http=http, journal=journal))
        port.programs.revoke(PROGRAM)
        self.program_token = port.programs.admit(PROGRAM)
        return port

    async def __aexit__(self, *_error: object) -> None:
        await self.stop()
        await self._stack.aclose()

    async def start(self, base_url: str) -> None:
        """Start the terminal; the service is at ``base_url``. Raises TerminalError."""
        self.config = self._on_stage(base_url)
        self._training = TrainingSwitch(self.config, self.surroundings.now_s)
        await self._power_on()
        self._living = asyncio.create_task(self._live(), name="power")

    async def wait(self) -> None:
        """Until the terminal ends by a fault of its own, which is raised."""
        assert self._living is not None
        await self._living

    async def stop(self) -> None:
        """Stop the terminal as it is stopped on a counter, while the service can still be reached."""
        if self._living is not None:
            self._living.cancel()
            await asyncio.gather(self._living, return_exceptions=True)
        app, self._app = self._app, None
        if app is not None:
            await app.stop()

    async def _live(self) -> None:
        lost = self.surroundings.power_lost
        while True:
            assert self._app is not None
            ending = asyncio.ensure_future(self._app.wait())
            losing = asyncio.ensure_future(lost.wait())
            turning = asyncio.ensure_future(self._training.turned.wait())
            await asyncio.wait({ending, losing, turning}, return_when=asyncio.FIRST_COMPLETED)
            losing.cancel()
            turning.cancel()
            if ending.done() and not isinstance(ending.exception(), PowerGone):
                ending.result()
            ending.cancel()
            await asyncio.gather(ending, losing, turning, return_exceptions=True)
            await self._power_off()
            await asyncio.sleep(0.0 if self._training.turned.is_set() else POWER_OFF_S)
            lost.clear()
            await self._power_on()

    async def _power_on(self) -> None:
        app = TerminalApp(
            self._training.config_now(),
            self.devices,
            on_view=self._show,
            seams=self.surroundings.seams(self._decided),
            switch_training=self._training.turn,
        )
        await app.start()
        app.warm_up()
        self._app = app
        self.on_terminal(app.handles)
        self.timeline.power("PowerOn")
        self.on_change()

    async def _power_off(self) -> None:
        """Nothing is finished and nobody is told; only what the next start needs is given back to this process."""
        app, self._app = self._app, None
        assert app is not None
        self.timeline.power("PowerCut")
        self.on_terminal(None)
        self.on_change()
        await app.stop(settle_s=0)

    def _show(self, view: View) -> None:
        self.on_view(view)

    def _decided(self, event: Input, decision: Decision) -> None:
        self.timeline.decided(event, decision)
        self.on_decided(event, decision)

    def _on_stage(self, base_url: str) -> Config:
        """The given configuration with everything that touches the outside replaced by what is simulated."""
        config = self.config
        netgiro = replace(
            config.netgiro,
            base_url=f"{base_url}/{config.netgiro.api}",
            partner_url=f"{base_url}/partner",
            application_id=PUBLIC_APPLICATION_ID,
            secret_key=Sensitive(PUBLIC_SECRET_KEY),
        )
        callback = config.callback
        if netgiro.confirmation is CaptureMode.SERVER_CALLBACK:
            callback = replace(callback, public_url=f"http://{callback.listen}")
        return replace(
            config,
            netgiro=netgiro,
            callback=callback,
            register=replace(config.register, port=self.cable.terminal_path),
            keypad=replace(config.keypad, driver="simulated"),
            display=replace(config.display, driver="simulated"),
            signals=replace(config.signals, driver="simulated"),
            printer=replace(config.printer, driver="simulated"),
            scanner=replace(config.scanner, driver="none"),
            shop=config.shop if config.shop.name else replace(config.shop, name=SHOP_NAME),
            journal=replace(config.journal, path=str(self._folder / "journal.db")),
        )
