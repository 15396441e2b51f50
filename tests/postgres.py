"""A PostgreSQL of one's own: made in a temporary folder, as a user who is not root, gone afterwards.

It listens on a socket in its folder only. ``fsync`` is off unless a test is about what survives.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

NEWEST_FIRST = tuple(f"/usr/lib/postgresql/{version}/bin" for version in range(20, 14, -1))
NOT_THERE = "PostgreSQL 15 or newer is not installed (Debian: apt install postgresql); the head office is not tested"
USERS = ("postgres", "nobody")
START_S = 60


def find_binaries() -> Path | None:
    """The folder of initdb and pg_ctl, which Debian keeps off the path."""
    on_path = shutil.which("pg_ctl")
    places = [*NEWEST_FIRST, *([str(Path(on_path).resolve().parent)] if on_path else [])]
    return next((Path(place) for place in places if Path(place, "pg_ctl").exists()), None)


class Cluster:
    """``url`` names its superuser; every test makes a database of its own with :meth:`create_database`."""

    def __init__(self, folder: Path, *, durable: bool = False) -> None:
        binaries = find_binaries()
        assert binaries is not None, NOT_THERE
        self._binaries = binaries
        self._data = folder / "data"
        self._socket = folder
        self._user = next(name for name in USERS if _is_user(name)) if os.geteuid() == 0 else None
        self._durable = durable
        self._databases = 0
        if self._user is not None:
            shutil.chown(folder, self._user)
        self._run("initdb", "--pgdata", str(self._data), "--username=owner", "--auth=trust", "--no-sync", "-E", "UTF8")

    def start(self) -> None:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self._socket),
            "max_connections": "100",
            "fsync": "on" if self._durable else "off",
            "max_wal_size": "1GB",
            "timezone": "UTC",
        }
        options = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
        log = self._socket / "postgresql.log"
        self._run(
            "pg_ctl",
            "--pgdata",
            str(self._data),
            "--wait",
            f"--timeout={START_S}",
            "-l",
            str(log),
            "-o",
            options,
            "start",
        )

    def stop(self, mode: str = "fast") -> None:
        """``immediate`` is what a power cut does: no checkpoint, the next start recovers."""
        self._run("pg_ctl", "--pgdata", str(self._data), "--wait", f"--timeout={START_S}", f"--mode={mode}", "stop")

    def url(self, database: str = "postgres", user: str = "owner") -> str:
        return f"postgresql://{user}@/{database}?host={self._socket}"

    def create_database(self) -> str:
        """The address of a new one."""
        import psycopg  # noqa: PLC0415

        self._databases += 1
        name = f"office_{self._databases}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.url(name)

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [self._binaries / program, *arguments],
            user=self._user,
            group=pwd.getpwnam(self._user).pw_gid if self._user else None,
            extra_groups=[] if self._user else None,
            cwd=self._socket,
            # Not a pipe: the server inherits it and would hold it open.
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=2 * START_S,
            check=False,
        )
        if done.returncode:
            log = self._socket / "postgresql.log"
            raise RuntimeError(f"{program} failed: {log.read_text('utf-8')[-2000:] if log.exists() else 'no log'}")


def _is_user(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


@contextlib.contextmanager
def running_cluster(*, durable: bool = False) -> Iterator[Cluster]:
    with tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        cluster = Cluster(Path(folder), durable=durable)
        try:  # also when somebody ends it while pg_ctl waits
            cluster.start()
            yield cluster
        finally:
            with contextlib.suppress(RuntimeError):
                cluster.stop("immediate")


def cluster_or_skip() -> Iterator[Cluster]:
    """For a fixture. With ``CI=true`` it must be there."""
    if find_binaries() is None:
        if os.environ.get("CI") == "true":
            pytest.fail(NOT_THERE)
        pytest.skip(NOT_THERE)
    pytest.importorskip("psycopg", reason="psycopg has no wheel for this machine; the head office is not tested")
    with running_cluster() as cluster:
        yield cluster
