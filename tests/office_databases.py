"""Databases with the office's tables, lent to one test after the other: to make one costs more than most tests do."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

import psycopg

from terminal.office.server.database import migrate
from terminal.sale.sensitive import Sensitive
from tests.postgres import Cluster

EMPTY = b"""
DO $$
DECLARE
    one regclass;
    has_rows boolean;
    filled text[];
BEGIN
    FOR one IN SELECT inhrelid FROM pg_inherits WHERE inhparent = 'journal'::regclass LOOP
        EXECUTE format('DROP TABLE %s', one);
    END LOOP;
    FOR one IN SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' LOOP
        EXECUTE format('LOCK TABLE %s IN SHARE MODE', one);  -- nobody is to commit into it later
        EXECUTE format('SELECT EXISTS (SELECT FROM %s)', one) INTO has_rows;
        IF has_rows AND one <> 'schema_migration'::regclass THEN
            filled := filled || one::text;
        END IF;
    END LOOP;
    IF filled IS NOT NULL THEN
        EXECUTE 'TRUNCATE ' || array_to_string(filled, ', ');
    END IF;
END $$
"""
"""Its partitions are all that the journal has, and go away whole: nobody else can empty it."""
SHAPE = b"""
SELECT md5(string_agg(part, E'\\n' ORDER BY part)) FROM (
    SELECT concat_ws(' ', oid::regclass, relkind, relowner, relacl, reloptions) AS part FROM pg_class
    WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT concat_ws(' ', attrelid::regclass, attname, atttypid, attnotnull, attacl) FROM pg_attribute
    WHERE attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)
    UNION ALL SELECT concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid)) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT concat_ws(' ', tgrelid::regclass, tgname, tgenabled) FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT concat_ws(' ', proname, proacl, prosrc) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT concat_ws(' ', nspname, nspowner, nspacl) FROM pg_namespace WHERE nspname !~ '^pg_'
    UNION ALL SELECT concat_ws(' ', datacl, datdba, datallowconn) FROM pg_database WHERE datname = current_database()
    UNION ALL SELECT concat_ws(' ', setrole, setconfig) FROM pg_db_role_setting
    UNION ALL SELECT concat_ws(' ', name, sha256) FROM schema_migration
) AS parts
"""
"""Whatever a test may change beside rows."""


class _Database:
    """One of them, and a connection of ours: to open one costs more than to empty the tables."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._connection = psycopg.connect(url, autocommit=True, options="-c lock_timeout=100ms")
        self._shape = self._empty()

    def is_as_new(self) -> bool:
        """Once it is emptied. Not if somebody still holds one of its tables, or has changed more than rows."""
        try:
            return self._empty() == self._shape
        except psycopg.Error:
            return False

    def _empty(self) -> object:
        self._connection.execute(EMPTY)
        return self._connection.execute(SHAPE).fetchone()

    def close(self) -> None:
        self._connection.close()


class LentDatabases:
    """What a test has changed the shape of is lent to nobody else."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._free: list[_Database] = []

    @contextlib.contextmanager
    def lend(self) -> Iterator[str]:
        database = self._free.pop() if self._free else self._made()
        yield database.url
        if database.is_as_new():
            self._free.append(database)
        else:
            database.close()

    def _made(self) -> _Database:
        url = self._cluster.create_database()
        asyncio.run(migrate(Sensitive(url)))
        return _Database(url)

    def close(self) -> None:
        for database in self._free:
            database.close()
