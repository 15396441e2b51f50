"""Where a demo or a test looks in, or puts something else in the place of this machine."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from terminal.counter.decision import Decision
from terminal.counter.inputs import Input
from terminal.journal.thread import JournalFile
from terminal.system.clock import EARLIEST_CREDIBLE_S, clock_is_synchronised, is_set
from terminal.system.timestamps import timestamp_of

if TYPE_CHECKING:
    import httpx


class Seams(NamedTuple):
    """Each with what a real terminal has there."""

    wall_clock: Callable[[], float] = time.time
    """Unix seconds."""
    clock_is_synchronised: Callable[[], bool | None] = clock_is_synchronised
    """None: nobody says."""
    latest_s: float = EARLIEST_CREDIBLE_S
    """It is at least so late: the journal has a row of that time."""
    journal_file: Callable[[Path, Callable[[], str]], JournalFile] = JournalFile
    transport: httpx.AsyncBaseTransport | None = None
    """Carries the calls to the payment service; None: the network."""
    on_decided: Callable[[Input, Decision], None] = lambda _event, _decision: None
    """Called with everything that happened and what was decided, once that is on disk."""

    def clock_is_set(self) -> bool:
        return is_set(self.clock_is_synchronised(), self.wall_clock(), self.latest_s)

    def timestamp(self) -> str:
        return timestamp_of(self.wall_clock())

    def local_now(self) -> datetime:
        return datetime.fromtimestamp(self.wall_clock()).astimezone()


NO_SEAMS = Seams()
