"""The whole product on a desktop: the daemon, simulated devices, a simulated Netgíró and the front panel, one process.

Everything between the simulated contacts, wires and paper is the code that runs on a counter.
"""

from __future__ import annotations

import asyncio
import tempfile
import webbrowser
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

from msgspec.structs import replace

from hardware.register_cable import RegisterCable
from hardware.serial_port import TtySerialPort
from hardware.settings import SerialSettings
from hardware.simulated import SimulatedDisplay, SimulatedKeypad, SimulatedPrinter
from terminal.app import Devices, TerminalApp
from terminal.config import Config
from terminal.gateway import CaptureMode
from terminal.netgiro.sandbox import PUBLIC_APPLICATION_ID, PUBLIC_SECRET_KEY, build_sandbox
from terminal.netgiro.sandbox.web import sandbox_routes
from terminal.panel.changes import Part
from terminal.panel.serving import PanelServer
from terminal.sensitive import Sensitive

HOST = "127.0.0.1"
SHOP_NAME = "Kaffihúsið við höfnina"


async def run_demo(
    config: Config,
    *,
    port: int,
    state_folder: Path | None,
    headless: bool,
    say: Callable[[str], None],
    wait_for_stop: Callable[[], Awaitable[None]],
) -> None:
    """Run until ``wait_for_stop`` returns. Raises TerminalError if the port or the journal cannot be had."""
    async with AsyncExitStack() as stack:
        folder = state_folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="netgiro-terminal-")))
        cable = RegisterCable()
        await cable.open()
        stack.push_async_callback(cable.close)
        sandbox = build_sandbox()
        stack.push_async_callback(sandbox.aclose)

        devices = Devices(
            SimulatedKeypad(config.keypad.layout, config.keypad.debounce_ms / 1000),
            SimulatedDisplay((config.display.width, config.display.height)),
            SimulatedPrinter(columns=config.printer.columns, codepage=config.printer.codepage),
            TtySerialPort(SerialSettings(port=cable.terminal_path)),
        )
        panel = PanelServer(config, devices, (HOST, port), cable=cable, extra_routes=sandbox_routes(sandbox))
        sandbox.on_change = lambda: panel.publish(Part.CARTS)
        await panel.start()
        stack.push_async_callback(panel.stop)

        app = TerminalApp(_demo_config(config, panel.base_url, folder), devices, on_view=panel.view_changed)
        stack.push_async_callback(app.stop)
        await app.start()
        panel.attach(app)

        say(f"Front panel   {panel.base_url}/")
        say(f"Register      {cable.register_path}   try: printf 'PAY 1990 ID=1\\r\\n' > {cable.register_path}")
        say("Customers     phone 8223281 pays; phone 8223282 has no credit. End with Ctrl-C.")
        if not headless:
            await asyncio.to_thread(webbrowser.open, f"{panel.base_url}/")
        await wait_for_stop()


def _demo_config(config: Config, base_url: str, folder: Path) -> Config:
    """The given configuration with everything that touches the outside replaced by what is simulated."""
    netgiro = replace(
        config.netgiro,
        base_url=f"{base_url}/v1",
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
        shop=config.shop if config.shop.name else replace(config.shop, name=SHOP_NAME),
        journal=replace(config.journal, path=str(folder / "journal.db")),
    )
