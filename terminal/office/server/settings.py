"""What each group of terminals should run, who said so, and how far they have come.

A revision is the second in which it was set, or one more than the last: so it rises after the office was restored from
a backup, too, and no terminal is asked for what it would refuse because it has had a newer one.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, NamedTuple

from terminal.config.checks import find_problems
from terminal.config.from_office import Document, sha256_of
from terminal.config.office_tables import tables_of
from terminal.config.schema import Config
from terminal.config.toml import convert_sections
from terminal.errors import ConfigError, TerminalError
from terminal.office.server.database import Connection
from terminal.office.wire import SettingsOffer

MOST_GROUPS = 500
MOST_LAGGARDS = 200
_LOCK = "SELECT pg_advisory_xact_lock(1852273780)"
_NEXT = """
SELECT greatest(
    coalesce((SELECT max(revision) FROM settings_document), 0) + 1,
    coalesce((SELECT max(settings_since) FROM terminal), 0) + 1,
    extract(epoch FROM now())::bigint
)
"""
_SET = "INSERT INTO settings_document (name, revision, sha256, document, set_by) VALUES (%s, %s, %s, %s, %s)"
_MOVE = "UPDATE terminal SET settings_group = %s, settings_since = %s WHERE terminal = %s RETURNING terminal"
_NOTE = "INSERT INTO audit (name, did, what) VALUES (%s, %s, %s)"
_WANTED = """
SELECT greatest(d.revision, t.settings_since), d.sha256, {} FROM terminal AS t
JOIN LATERAL (SELECT revision, sha256, document FROM settings_document WHERE name = t.settings_group
              ORDER BY revision DESC LIMIT 1) AS d ON true
WHERE t.terminal = %s AND t.settings_group <> ''
"""
_LATEST = "SELECT DISTINCT ON (name) name, revision, sha256, document, set_by, set_at FROM settings_document"
_GROUPS = f"""
SELECT d.name, d.revision, d.sha256, d.document, d.set_by, d.set_at, count(t.terminal),
       count(*) FILTER (WHERE s.settings_sha256 = d.sha256),
       count(*) FILTER (WHERE s.settings_sha256 IS DISTINCT FROM d.sha256
                        AND s.settings_refused >= greatest(d.revision, t.settings_since))
FROM ({_LATEST} ORDER BY name, revision DESC LIMIT %s) AS d
LEFT JOIN terminal AS t ON t.settings_group = d.name AND t.revoked IS NULL
LEFT JOIN status AS s USING (terminal)
GROUP BY d.name, d.revision, d.sha256, d.document, d.set_by, d.set_at ORDER BY d.name
"""
_REFUSALS = f"""
SELECT terminal, t.shop, t.settings_group, s.settings_refused, s.settings_why
FROM terminal AS t JOIN status AS s USING (terminal)
JOIN ({_LATEST} ORDER BY name, revision DESC) AS d ON d.name = t.settings_group
WHERE t.revoked IS NULL AND s.settings_sha256 <> d.sha256
  AND s.settings_refused >= greatest(d.revision, t.settings_since)
ORDER BY terminal LIMIT %s
"""


class Group(NamedTuple):
    name: str
    revision: int
    sha256: str
    text: str
    set_by: str
    set_at: datetime
    counters: int
    running: int
    """How many of them say that they run it."""
    refused: int


class RefusalLine(NamedTuple):
    terminal: str
    shop: str
    group: str
    revision: int
    why: str


def problems_of(text: str) -> list[str]:
    """What no terminal would take. What is left each one checks with its own config.toml."""
    try:
        tables = tables_of(text)
    except ConfigError as error:
        return list(error.problems)
    config, problems = convert_sections(tables, Config)
    known = set(find_problems(Config()))
    return problems + [problem for problem in find_problems(config) if problem not in known]


async def set_document(connection: Connection, name: str, text: str, by: str) -> int:
    """For all terminals of the group, from now on; returns the revision. Raises ConfigError, TerminalError."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", name):
        raise TerminalError(f"{name[:60]!r} is no name of a group: letters a-z, digits, - and _ only, 40 at most")
    text = text.replace("\r\n", "\n")
    if problems := problems_of(text):
        raise ConfigError(problems)
    async with connection.transaction():
        revision = await _next_revision(connection)
        await connection.execute(_SET, (name, revision, sha256_of(text), text, by))
        await connection.execute(_NOTE, (by, "settings", f"{name}, {revision}, {sha256_of(text)[:12]}"))
    return revision


async def move(connection: Connection, terminal: str, group: str, by: str) -> None:
    """Into a group, or with "" out of any: then it keeps what it runs. Raises TerminalError."""
    async with connection.transaction():
        if group:
            cursor = await connection.execute("SELECT 1 FROM settings_document WHERE name = %s LIMIT 1", (group,))
            if await cursor.fetchone() is None:
                raise TerminalError(f"no group is called {group[:60]}: set its document first")
        revision = await _next_revision(connection)
        cursor = await connection.execute(_MOVE, (group, revision, terminal))
        if await cursor.fetchone() is None:
            raise TerminalError(f"terminal {terminal[:64]} is not known here")
        await connection.execute(_NOTE, (by, "settings_group", f"{terminal}, {group}"))


async def _next_revision(connection: Connection) -> int:
    await connection.execute(_LOCK)
    found = await (await connection.execute(_NEXT)).fetchone()
    assert found is not None
    return int(found[0])


async def offer(connection: Connection, terminal: str) -> SettingsOffer | None:
    """What this terminal should run; None: nothing was ever said."""
    found = await _one(connection, _WANTED.format("''"), terminal)
    return SettingsOffer(int(found[0]), str(found[1])) if found else None


async def document(connection: Connection, terminal: str) -> Document | None:
    found = await _one(connection, _WANTED.format("d.document"), terminal)
    return Document(int(found[0]), str(found[2])) if found else None


async def _one(connection: Connection, query: str, terminal: str) -> tuple[Any, ...] | None:
    return await (await connection.execute(query.encode(), (terminal,))).fetchone()


async def groups(connection: Connection) -> list[Group]:
    cursor = await connection.execute(_GROUPS.encode(), (MOST_GROUPS,))
    return [Group(*row) for row in await cursor.fetchall()]


async def refusals(connection: Connection) -> list[RefusalLine]:
    """Counters that do not run what they should, and why."""
    cursor = await connection.execute(_REFUSALS.encode(), (MOST_LAGGARDS,))
    return [RefusalLine(*row) for row in await cursor.fetchall()]
