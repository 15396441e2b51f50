"""``netgiro-terminal office serve``: the collector and the page in one process."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable

import psycopg
from psycopg_pool import PoolTimeout, TooManyRequests
from starlette.applications import Starlette

from terminal.config.addresses import parse_listen
from terminal.config.schema import Config, OfficeSettings
from terminal.errors import ConfigError, TerminalError
from terminal.office.page.site import Site
from terminal.office.server import metrics, releases
from terminal.office.server.collector import Collector
from terminal.office.server.database import Pool, Role, build_pool, migrate
from terminal.system.accept import Limits
from terminal.system.web import WebServer

POOLS: tuple[tuple[Role, int], ...] = (("netgiro_collector", 8), ("netgiro_page", 4))
"""Connections to the database: who they act as, and how many at most."""
BACKLOGS_AT_ONCE = 4
CALLERS = Limits(connections=400, per_address=300, backlog=1024)
"""Most of a chain may stand behind one address, and still others get in. Who is not let in comes back later."""
REST_S = 75.0
"""A counter says every minute how it is, on a connection that rests meanwhile: that saves a handshake of TLS each time.
Where many have come, it connects anew for what it has to say, and the places are for those who do."""
DATABASE_RETRY_S = 2.0

log = logging.getLogger(__name__)


async def serve(config: Config, say: Callable[[str], None], wait_for_stop: Callable[[], Awaitable[None]]) -> None:
    """Until ``wait_for_stop`` returns. Raises TerminalError."""
    office = config.office
    if not office.database:
        raise ConfigError(["office.database: empty; name the database, e.g. postgresql://office@localhost/office"])
    stopping = asyncio.ensure_future(wait_for_stop())
    pools: list[Pool] = []
    servers: list[WebServer] = []
    watching: asyncio.Task[None] | None = None
    try:
        for name in await _migrated(config, stopping):
            say(f"database: {name} done")
        if stopping.done():
            return
        for role, size in POOLS:
            pools.append(build_pool(office.database, role, size))
            await pools[-1].open()
        collector = Collector(pools[0], config.office_token, BACKLOGS_AT_ONCE)
        app = Starlette(routes=[*collector.routes, *Site(pools[1], office.language).routes])
        address, tls = parse_listen(office.listen), _tls(office)
        servers.append(WebServer(app, *address, limits=CALLERS, tls=tls, rest_s=REST_S))
        if config.metrics.listen:
            of_metrics = metrics.metrics_app(pools[1], collector.counts)
            servers.append(WebServer(of_metrics, *parse_listen(config.metrics.listen), limits=metrics.SCRAPERS))
        for server in servers:
            await server.start()
        say(f"Head office   {servers[0].base_url}/")
        watching = asyncio.create_task(_watch_releases(pools[0]), name="releases")
        await stopping
    finally:
        stopping.cancel()
        if watching is not None:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
        for server in servers:
            await server.stop()
        for pool in pools:
            await pool.close()


async def _watch_releases(pool: Pool) -> None:
    """Whatever the database does meanwhile, the next minute looks again."""
    while True:
        try:
            async with pool.connection() as connection:
                if said := await releases.advance(connection):
                    log.warning("%s", said)
        except (psycopg.Error, PoolTimeout, TooManyRequests) as error:
            log.error("releases: %s", " ".join(str(error).split())[:200])
        await asyncio.sleep(releases.LOOK_EVERY_S)


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


def _tls(office: OfficeSettings) -> ssl.SSLContext | None:
    """None behind a proxy. Raises TerminalError."""
    if not office.certificate:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(office.certificate, office.certificate_key)
    except OSError as error:  # ssl's, too
        raise TerminalError(f"office.certificate: {office.certificate} cannot be used: {error}") from error
    return context
