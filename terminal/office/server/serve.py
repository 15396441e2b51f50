"""``netgiro-terminal office serve``: the collector and the page in one process."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterator
from types import FrameType

import psycopg
import uvicorn
from starlette.applications import Starlette

from terminal.config.checks import parse_listen
from terminal.config.schema import Config
from terminal.errors import ConfigError, TerminalError
from terminal.office.page.site import Site
from terminal.office.server.collector import Collector
from terminal.office.server.database import Pool, build_pool, migrate

COLLECTOR_CONNECTIONS = 8
BACKLOGS_AT_ONCE = 4
PAGE_CONNECTIONS = 4
MOST_REQUESTS = 2000
"""At once; more are answered 503, and their terminals come back later."""
KEEP_ALIVE_S = 75
SHUTDOWN_S = 5
DATABASE_RETRY_S = 2.0

log = logging.getLogger(__name__)


class _Server(uvicorn.Server):
    """Signals are the command's."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        raise NotImplementedError("the command handles signals")


async def serve(config: Config, say: Callable[[str], None], wait_for_stop: Callable[[], Awaitable[None]]) -> None:
    """Until ``wait_for_stop`` returns. Raises TerminalError."""
    office = config.office
    if not office.database:
        raise ConfigError(["office.database: empty; name the database, e.g. postgresql://office@localhost/office"])
    listener = _listen(office.listen)
    stopping = asyncio.ensure_future(wait_for_stop())
    pools: list[Pool] = []
    try:
        for name in await _migrated(config, stopping):
            say(f"database: {name} done")
        if stopping.done():
            return
        for role, size in (("netgiro_collector", COLLECTOR_CONNECTIONS), ("netgiro_page", PAGE_CONNECTIONS)):
            pools.append(build_pool(office.database, role, size))  # type: ignore[arg-type]
            await pools[-1].open()
        server = _Server(_settings(config, build_app(config, *pools)))
        serving = asyncio.create_task(server.serve(sockets=[listener]), name="web server")
        say(f"Head office   {_base_url(config, listener)}/")
        await asyncio.wait({stopping, serving}, return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True
        await serving
    finally:
        stopping.cancel()
        listener.close()
        for pool in pools:
            await pool.close()


def build_app(config: Config, collecting: Pool, looking: Pool) -> Starlette:
    """The whole service as an ASGI application; the pools must be open."""
    collector = Collector(collecting, config.office_token, BACKLOGS_AT_ONCE)
    return Starlette(routes=[*collector.routes, *Site(looking, config.office.language).routes])


async def _migrated(config: Config, stopping: asyncio.Future[None]) -> list[str]:
    """Waits for a database that is not there yet: after a power cut everything starts at once."""
    waits = False
    while not stopping.done():
        try:
            return await migrate(config.office.database)
        except TerminalError as error:
            if not isinstance(error.__cause__, psycopg.OperationalError):
                raise
            if not waits:
                log.error("%s; trying again", error)
            waits = True
            await asyncio.wait({stopping}, timeout=DATABASE_RETRY_S)
    return []


def _listen(address: str) -> socket.socket:
    host, port = parse_listen(address)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(1024)
    except OSError as error:
        listener.close()
        raise TerminalError(f"cannot listen on {address}: {error.strerror}; choose another port") from error
    return listener


def _base_url(config: Config, listener: socket.socket) -> str:
    host, _ = parse_listen(config.office.listen)
    host = f"[{host}]" if ":" in host else host
    return f"{'https' if config.office.certificate else 'http'}://{host}:{listener.getsockname()[1]}"


def _settings(config: Config, app: Starlette) -> uvicorn.Config:
    office = config.office
    settings = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        ws="none",
        lifespan="off",
        proxy_headers=False,
        limit_concurrency=MOST_REQUESTS,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=SHUTDOWN_S,
        ssl_certfile=office.certificate or None,
        ssl_keyfile=office.certificate_key or None,
    )
    try:
        settings.load()
    except (OSError, ssl.SSLError) as error:
        raise TerminalError(f"office.certificate: {office.certificate} cannot be used: {error}") from error
    return settings
