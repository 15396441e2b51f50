"""Looks through a journal that is too large for a start, on a thread of the lowest priority, once."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

from terminal.journal import check
from terminal.journal.database import open_for_reading


class BackgroundCheck:
    """It reads on a connection of its own. What it finds is raised by whoever uses the journal next."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._damage: sqlite3.DatabaseError | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="journal check", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """It ends within one table, which SQLite looks through in one go; nobody has to wait for that."""
        self._stop.set()

    def wait(self) -> None:
        """Until all is looked through."""
        self._thread.join()

    def raise_damage(self) -> None:
        """Once: whoever hears of it makes the journal anew."""
        damage, self._damage = self._damage, None
        if damage is not None:
            raise damage

    def _run(self) -> None:
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 19)
        try:
            with closing(open_for_reading(self._path)) as db:
                check.check(db, check.BACKGROUND_CHECK_S, self._stop.is_set)
        except sqlite3.DatabaseError as error:  # anything else the journal itself will come upon
            if check.is_damage(error):
                self._damage = error
