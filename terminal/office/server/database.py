"""PostgreSQL: brought to this program's schema, and connections that may do no more than they need."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

import psycopg
from psycopg import sql
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

from terminal.errors import TerminalError
from terminal.sale.sensitive import Sensitive

Role = Literal["netgiro_collector", "netgiro_page"]
ROLES: tuple[Role, ...] = ("netgiro_collector", "netgiro_page")
OLDEST_SERVER = 150000
POOL_TIMEOUT_S = 10.0
STATEMENT_TIMEOUT_S = 30
CONNECT_TIMEOUT_S = 5
MIGRATION_LOCK = 0x6E67746D

_SQL = Path(__file__).parents[1] / "sql"
_BOOKS = """
CREATE TABLE IF NOT EXISTS schema_migration (
    name text PRIMARY KEY, sha256 text NOT NULL, at timestamptz NOT NULL DEFAULT now()
)
"""

Connection: TypeAlias = psycopg.AsyncConnection[TupleRow]
Pool: TypeAlias = AsyncConnectionPool[Connection]

log = logging.getLogger(__name__)


class Migration(NamedTuple):
    name: str
    text: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


def migrations() -> Iterator[Migration]:
    """In their order."""
    for path in sorted(_SQL.glob("[0-9]*.sql")):
        yield Migration(path.name, path.read_text("utf-8"))


async def connect(url: Sensitive) -> Connection:
    """For a command. Raises TerminalError."""
    try:
        return await psycopg.AsyncConnection.connect(
            url.reveal(), autocommit=True, connect_timeout=CONNECT_TIMEOUT_S, application_name="netgiro-office"
        )
    except psycopg.Error as error:
        raise TerminalError(f"the database cannot be reached: {_reason(error)}") from error


async def pending(connection: Connection) -> list[Migration]:
    """What this database still lacks. Raises TerminalError if it is of another program, too old or too new."""
    if connection.info.server_version < OLDEST_SERVER:
        raise TerminalError(f"PostgreSQL {connection.info.server_version // 10000} is too old: 15 or newer is needed")
    rows = await (await connection.execute("SELECT to_regclass('schema_migration') IS NOT NULL")).fetchone()
    assert rows is not None
    done: dict[str, str] = {}
    if rows[0]:
        cursor = await connection.execute("SELECT name, sha256 FROM schema_migration")
        done = dict(await cursor.fetchall())
    known = list(migrations())
    if unknown := sorted(set(done) - {one.name for one in known}):
        raise TerminalError(f"the database has {unknown[-1]}, which this program does not know: install a newer one")
    for one in known:
        if done.get(one.name, one.sha256) != one.sha256:
            raise TerminalError(f"{one.name} is not as it was when the database was made: a migration never changes")
    return [one for one in known if one.name not in done]


async def migrate(url: Sensitive) -> list[str]:
    """Bring the database to this program's schema; returns what was done. Raises TerminalError."""
    connection = await connect(url)
    try:
        await connection.execute("SELECT pg_advisory_lock(%s)", (MIGRATION_LOCK,))
        todo = await pending(connection)
        if not todo:
            return []
        await connection.execute(_BOOKS)
        for one in todo:
            async with connection.transaction():
                await connection.execute(one.text.encode())
                await connection.execute(
                    "INSERT INTO schema_migration (name, sha256) VALUES (%s, %s)", (one.name, one.sha256)
                )
        await _grant(connection)
        return [one.name for one in todo]
    except psycopg.errors.InsufficientPrivilege as error:
        raise TerminalError(
            "this database user may not make the tables: run netgiro-terminal office migrate with the database's "
            f"owner in office.database ({_reason(error)})"
        ) from error
    except psycopg.Error as error:
        raise TerminalError(f"the database could not be prepared: {_reason(error)}") from error
    finally:
        await connection.close()


async def _grant(connection: Connection) -> None:
    """The two roles, if this user may make them; else the service does without them, and ``office check`` says so."""
    for role in ROLES:
        try:
            async with connection.transaction():
                cursor = await connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,))
                if await cursor.fetchone() is None:
                    await connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(role)))
                    await connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(role)))
        except psycopg.errors.DuplicateObject:
            continue
        except psycopg.errors.InsufficientPrivilege:
            log.warning("this database user may create no roles: see sql/roles.sql")
            return
    async with connection.transaction():
        await connection.execute((_SQL / "roles.sql").read_bytes())


def build_pool(url: Sensitive, role: Role, size: int) -> Pool:
    """Connections that act as ``role`` wherever the database knows it. Open it before use."""

    async def configure(connection: Connection) -> None:
        cursor = await connection.execute(
            "SELECT 1 FROM pg_roles WHERE rolname = %s AND pg_has_role(current_user, oid, 'MEMBER')", (role,)
        )
        if await cursor.fetchone() is not None:
            await connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))

    options = f"-c statement_timeout={STATEMENT_TIMEOUT_S}s -c lock_timeout={STATEMENT_TIMEOUT_S // 2}s"
    kwargs: dict[str, Any] = {
        "autocommit": True,
        "connect_timeout": CONNECT_TIMEOUT_S,
        "application_name": role,
        "options": options,
    }
    return AsyncConnectionPool(
        url.reveal(),
        kwargs=kwargs,
        min_size=1,
        max_size=size,
        timeout=POOL_TIMEOUT_S,
        configure=configure,
        check=AsyncConnectionPool.check_connection,
        reconnect_timeout=10.0,
        open=False,
        name=role,
    )


def _reason(error: psycopg.Error) -> str:
    """On one line, and without the address, which may hold a password."""
    return " ".join(str(error).split())[:300] or type(error).__name__
