"""The whole product on a desktop: the daemon, simulated devices, a simulated Netgíró and the front panel, one process.

Everything between the simulated contacts, wires and paper is the code that runs on a counter.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import tempfile
import webbrowser
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import msgspec

from terminal.config.schema import Config
from terminal.demo.simulation import SimulatedWorld, SimulationError
from terminal.demo.stage import Stage
from terminal.demo.stage_panel import StagePanel
from terminal.sale.money import format_register_amount

HOST = "127.0.0.1"
SIMULATION_DEADLINE_S = 30.0
"""A world takes well under a second, most of which is starting; a small Pi under load may need ten times that."""

_world_decoder = msgspec.json.Decoder(SimulatedWorld)


@asynccontextmanager
async def running_counter(
    config: Config,
    *,
    port: int = 0,
    state_folder: Path | None = None,
    on_listening: Callable[[str], None] = lambda _base_url: None,
) -> AsyncIterator[tuple[StagePanel, str]]:
    """A simulated counter with its panel, and the panel's address. Raises TerminalError.

    ``on_listening`` has the address a little earlier: a browser can load the page while the terminal starts.
    """
    async with AsyncExitStack() as stack:
        folder = state_folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="netgiro-terminal-")))
        stage = await stack.enter_async_context(Stage(config, folder))
        panel = StagePanel(stage, simulated_world)
        server = panel.server((HOST, port))
        await server.start()
        on_listening(server.base_url)
        stack.push_async_callback(server.stop)
        stack.push_async_callback(panel.aclose)
        stack.push_async_callback(stage.stop)
        await stage.start(server.base_url)
        yield panel, server.base_url


async def simulated_world(seed: int) -> SimulatedWorld:
    """What ``netgiro-terminal simulate`` says of this seed. Raises SimulationError.

    In a process of its own, which can be ended and takes nothing from the event loop.
    """
    command = (sys.executable, "-m", "terminal", "simulate", "--seed", str(seed), "--json")
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe)
    try:
        async with asyncio.timeout(SIMULATION_DEADLINE_S):
            said, complaint = await process.communicate()
        return _world_decoder.decode(said)
    except TimeoutError as error:
        raise SimulationError(f"seed {seed} took more than {SIMULATION_DEADLINE_S:g} s: {_by_hand(seed)}") from error
    except msgspec.DecodeError as error:
        last = complaint.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise SimulationError(f"seed {seed} could not be simulated ({last or error}): {_by_hand(seed)}") from error
    finally:
        with contextlib.suppress(ProcessLookupError):  # it has ended by itself
            process.kill()
        await process.wait()


def _by_hand(seed: int) -> str:
    return f"see netgiro-terminal simulate --seed {seed} --story"


def _say_where_the_register_is(panel: StagePanel, say: Callable[[str], None]) -> None:
    info = panel.backend.register_info()
    if info.token is not None:
        say(f"Register      {info.port}/openapi.json   token: {info.token}")
        return
    if info.protocol != "line":
        say(f"Register      {info.port}   protocol: {info.protocol}")
        return
    digits = format_register_amount(1990, 2 if info.amount_decimals else 0)
    say(f"Register      {info.port}   try: printf 'PAY {digits} ID=%s\\r\\n' $(date +%H%M%S) > {info.port}")


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
    stopping = asyncio.ensure_future(wait_for_stop())  # first, so that a stop during the start is orderly too
    loop = asyncio.get_running_loop()

    def listening(base_url: str) -> None:
        say(f"Front panel   {base_url}/")
        if not headless:
            loop.run_in_executor(None, webbrowser.open, f"{base_url}/")

    counter = running_counter(config, port=port, state_folder=state_folder, on_listening=listening)
    async with counter as (panel, _base_url):
        _say_where_the_register_is(panel, say)
        say("Customers     phone 8223281 has credit: accept on the page; 8223282 has none. End with Ctrl-C.")
        failing = asyncio.ensure_future(panel.stage.wait())
        await asyncio.wait({stopping, failing}, return_when=asyncio.FIRST_COMPLETED)
        if failing.done():
            failing.result()
        failing.cancel()
