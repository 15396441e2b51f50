"""``netgiro-terminal office check`` on the office's machine: is the database all that the service needs?"""

from __future__ import annotations

from collections.abc import AsyncIterator

import psycopg

from terminal.errors import TerminalError
from terminal.office.finding import Finding, failed, ok, warning
from terminal.office.server.database import ROLES, Connection, connect, pending
from terminal.sale.sensitive import Sensitive

SILENT_S = 300


async def examine(url: Sensitive) -> list[Finding]:
    """Never raises for what is wrong: that is a finding."""
    findings: list[Finding] = []
    try:
        connection = await connect(url)
    except TerminalError as error:
        return [failed("database", str(error), "start PostgreSQL, or mend office.database")]
    async with connection:
        try:
            async for finding in _look(connection):
                findings.append(finding)
        except (psycopg.Error, TerminalError) as error:
            findings.append(failed("database", " ".join(str(error).split())[:200], "see PostgreSQL's log"))
    return findings


async def _look(connection: Connection) -> AsyncIterator[Finding]:
    yield ok("database", f"PostgreSQL {connection.info.server_version // 10000} answers")
    if todo := await pending(connection):
        yield failed(
            "tables", f"{', '.join(one.name for one in todo)} to be done", "run: netgiro-terminal office migrate"
        )
        return
    yield ok("tables", "as this program wants them")
    acts_as = [role for role in ROLES if await _is_member(connection, role)]
    if len(acts_as) == len(ROLES):
        yield ok("roles", "the service gives up what it does not need")
    else:
        yield warning(
            "roles",
            "the service has all rights of its database user",
            "run as PostgreSQL's administrator: CREATE ROLE netgiro_collector; CREATE ROLE netgiro_page; grant both to "
            "the service's user, then run terminal/office/sql/roles.sql",
        )
    durable = [
        name for name in ("fsync", "synchronous_commit", "full_page_writes") if await _show(connection, name) == "off"
    ]
    if durable:
        yield failed(
            "durability", f"{durable[0]} is off: a power cut loses rows", f"set {durable[0]} = on in postgresql.conf"
        )
    else:
        yield ok("durability", "what is acknowledged is on disk")
    silent = await _count(
        connection, f"SELECT count(*) FROM status WHERE received < now() - interval '{SILENT_S} seconds'"
    )
    known = await _count(connection, "SELECT count(*) FROM terminal WHERE revoked IS NULL")
    heard = await _count(connection, "SELECT count(*) FROM status")
    yield ok("terminals", f"{known} known, {heard} have said how they are, {silent} silent for 5 minutes")
    alarms = await _count(connection, "SELECT count(*) FROM alarm WHERE seen_at IS NULL")
    if alarms:
        yield failed("alarms", f"{alarms} that nobody has looked into", "open the page, Alarms")
    else:
        yield ok("alarms", "none")


async def _is_member(connection: Connection, role: str) -> bool:
    cursor = await connection.execute(
        "SELECT pg_has_role(current_user, oid, 'MEMBER') FROM pg_roles WHERE rolname = %s", (role,)
    )
    found = await cursor.fetchone()
    return bool(found and found[0])


async def _show(connection: Connection, setting: str) -> str:
    found = await (await connection.execute("SELECT current_setting(%s)", (setting,))).fetchone()
    return str(found[0]) if found else ""


async def _count(connection: Connection, query: str) -> int:
    found = await (await connection.execute(query)).fetchone()
    return int(found[0]) if found else 0
