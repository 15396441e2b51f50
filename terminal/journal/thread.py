"""The journal: nothing irrevocable leaves this machine before it is on disk here.

Rows are only ever added: ``entries`` holds every durable change of every sale as the whole sale, ``receipts`` the life
of every receipt. Identifiers cannot get here: a sale has no field for them, and ``Sensitive`` text refuses to be
encoded.

README.md says which file does what.

Nothing is ever deleted. An entry takes about 1.1 kB in each of the two files, and a paid sale has six. A shop with 100
sales a day writes half a gigabyte a year, and any card of today has room for the seven years that it keeps them.

:class:`JournalFile` blocks; :class:`Journal` runs it on a thread of its own, so that a slow SD card never delays the
event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from terminal.journal.file import MIN_FREE_BYTES, JournalFile
from terminal.journal.rows import Change
from terminal.journal.schema import APPLICATION_ID, SCHEMA_VERSION
from terminal.sale.record import JournalHealth, QueuedReceipt, ReceiptState, Record

__all__ = [
    "APPLICATION_ID",
    "MIN_FREE_BYTES",
    "SCHEMA_VERSION",
    "Change",
    "Journal",
    "JournalFile",
    "JournalHealth",
    "QueuedReceipt",
    "ReceiptState",
    "Record",
]

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Journal:
    """The journal for the event loop: the same methods, awaited, one at a time and in order."""

    def __init__(self, file: JournalFile) -> None:
        self.file = file
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")

    async def call(self, method: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Run one of ``file``'s methods on the journal's thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: method(*args, **kwargs))

    async def append(self, record: Record) -> None:
        await self.call(self.file.append, record)

    async def close(self) -> None:
        await self.call(self.file.close)
        self._thread.shutdown()
