"""The release that the head office names for this terminal: loaded while the counter is quiet, then root's affair.

Never on a sale's path: the answer to a status brings the wish, once a minute; loading is a task of its own over a
connection of its own, and a sale that begins ends the call that is on its way. What was loaded stays and is gone on
with. Once it is whole, a ticket in the spool folder wakes systemd, and install/from_office.py does the rest.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from msgspec.structs import replace

from terminal import __version__
from terminal.config.office_release import BEGUN, INSTALLED, NOT_NOW, OUTCOME, Outcome, machine_word, read_outcome
from terminal.config.schema import Config
from terminal.daemon.release_folder import Kept, Part, ReleaseFolder
from terminal.errors import TerminalError
from terminal.office.uplink.client import OfficeClient, OfficeError
from terminal.office.wire import ArchiveOffer

QUIET_S = 30.0
"""No sale for so long: a customer may stand there with the next one."""
AGAIN_S = 1800.0
"""What went wrong for another reason than a sale or the network is tried again after so long."""
SILENT_S = 7200.0
"""Root has taken the ticket, and says nothing for so long: the power went in the middle."""
MOST_TICKETS = 3
SERVER_ERROR = 500
MOST_BAD_ARCHIVES = 2

T = TypeVar("T")
log = logging.getLogger(__name__)


class _SaleOpened(Exception):
    """The line is the sale's now."""


class ReleaseFromOffice:
    """``heard`` what the office asks for; ``sale`` at each change; ``stop`` at the end."""

    def __init__(
        self,
        config: Config,
        connect: Callable[[], Awaitable[OfficeClient]],
        quiet_since_s: Callable[[], float],
        outcome: Path = OUTCOME,
    ) -> None:
        """``connect`` makes a client that is closed here. ``quiet_since_s``: by the event loop's clock."""
        self._terminal = config.terminal.id
        self._folder = ReleaseFolder(config)
        self._connect = connect
        self._quiet_since_s = quiet_since_s
        self._outcome = outcome
        self._sale_open = asyncio.Event()
        self._next_s = 0.0
        self._waits_since_s: float | None = None
        self._bad_archives = 0
        self._following: asyncio.Task[None] | None = None

    def sale(self, *, is_open: bool) -> None:
        """From the event loop; takes no time."""
        if is_open:
            self._sale_open.set()
        else:
            self._sale_open.clear()

    def heard(self, wanted: str) -> None:
        """Begins what there is to do; waits for nothing."""
        if self._following is None or self._following.done():
            self._following = asyncio.create_task(self._follow(wanted), name="the office's release")

    async def stop(self) -> None:
        if self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)

    async def _follow(self, wanted: str) -> None:
        try:
            await self._follow_to_the_end(wanted if wanted != __version__ else "")
        except _SaleOpened:
            log.debug("the office's release waits for the sale")
        except (TerminalError, OSError) as error:
            await self._in_trouble(error)
        except Exception:
            log.exception("the office's release: sales go on")
            self._next_s = self._now_s() + AGAIN_S

    async def _follow_to_the_end(self, wanted: str) -> None:
        kept = await asyncio.to_thread(self._folder.read)
        if wanted != kept.wanted:
            kept = await asyncio.to_thread(self._begin, kept, wanted)
        if kept.handed_over:
            kept = await self._look_after(kept)
        if not wanted or kept.handed_over or self._now_s() < self._next_s or not self._is_quiet:
            return
        if kept.offer is not None and kept.tickets:  # whole since long; the machine could not, at that time
            await asyncio.to_thread(self._folder.hand_over, kept)
            return
        client = await self._connect()
        try:
            await self._load(client, kept)
        finally:
            await client.close()

    def _begin(self, kept: Kept, wanted: str) -> Kept:
        """The office asks for something else, or for nothing more; what root has begun with goes on."""
        self._next_s = 0.0
        if wanted:
            log.warning("the head office asks for version %s", ascii(wanted)[1:-1])
        if kept.offer is not None and (not kept.handed_over or kept.wanted == __version__ or self._folder.withdraw()):
            self._folder.drop()
            kept = replace(kept, offer=None, tickets=0, handed_over=False)
        return self._folder.write(replace(kept, wanted=wanted, trouble=""))

    # --- loading ------------------------------------------------------------------------------------------------------

    async def _load(self, client: OfficeClient, kept: Kept) -> None:
        offer = await self._unless_a_sale_opens(client.archive(self._terminal, machine_word()))
        if offer.version != kept.wanted:
            return  # it was changed meanwhile: the next status tells
        if kept.refused is not None and kept.refused.sha256 == offer.sha256:
            self._next_s = self._now_s() + AGAIN_S
            return
        if offer != kept.offer:
            kept = await asyncio.to_thread(self._begin_with, kept, offer)
        with await asyncio.to_thread(Part, self._folder, offer) as part:
            while not part.is_whole:
                number, length = part.next_piece
                piece = await self._unless_a_sale_opens(client.piece(self._terminal, offer.sha256, number))
                if len(piece) != length:
                    raise TerminalError("the office's piece of the archive is cut short")
                await asyncio.to_thread(part.add, piece)
            try:
                await asyncio.to_thread(part.finish)
            except TerminalError as error:
                self._bad_archives += 1
                if self._bad_archives >= MOST_BAD_ARCHIVES:
                    await asyncio.to_thread(self._folder.write, kept.refuse(str(error)))
                raise
        await asyncio.to_thread(self._folder.hand_over, kept)
        log.warning("version %s is loaded, and is installed now", offer.version)

    def _begin_with(self, kept: Kept, offer: ArchiveOffer) -> Kept:
        self._folder.drop()
        self._bad_archives = 0
        return self._folder.write(replace(kept, offer=offer, tickets=0, trouble=""))

    async def _unless_a_sale_opens(self, call: Coroutine[Any, Any, T]) -> T:
        """Raises _SaleOpened, and the call is given up."""
        calling = asyncio.ensure_future(call)
        opening = asyncio.ensure_future(self._sale_open.wait())
        try:
            await asyncio.wait({calling, opening}, return_when=asyncio.FIRST_COMPLETED)
            if not calling.done():
                raise _SaleOpened
            return calling.result()
        finally:
            calling.cancel()
            opening.cancel()
            await asyncio.gather(calling, opening, return_exceptions=True)

    # --- what came of it ----------------------------------------------------------------------------------------------

    async def _look_after(self, kept: Kept) -> Kept:
        outcome = await asyncio.to_thread(read_outcome, self._outcome)
        if outcome is None or outcome.ticket != kept.ticket or outcome.result == BEGUN:
            return await self._still_waits(kept)
        self._waits_since_s = None
        if outcome.result == NOT_NOW:
            self._next_s = self._now_s() + AGAIN_S
        return await asyncio.to_thread(self._take_note, kept, outcome)

    def _take_note(self, kept: Kept, outcome: Outcome) -> Kept:
        if outcome.result == NOT_NOW:
            log.warning("version %s could not be installed now: %s", kept.wanted, outcome.why)
            return self._folder.write(replace(kept, handed_over=False, trouble=outcome.why))
        why = outcome.why if outcome.result != INSTALLED else "it was installed, and then taken back"
        log.error("version %s is not taken: %s", kept.wanted, why)
        self._folder.drop()
        return self._folder.write(kept.refuse(why))

    async def _still_waits(self, kept: Kept) -> Kept:
        """An upgrade takes minutes, half an hour on a slow machine."""
        if self._waits_since_s is None:
            self._waits_since_s = self._now_s()
        if self._now_s() - self._waits_since_s < SILENT_S:
            return kept
        self._waits_since_s = None
        if kept.tickets >= MOST_TICKETS:
            await asyncio.to_thread(self._folder.drop)
            return await asyncio.to_thread(
                self._folder.write, kept.refuse(f"cut short {kept.tickets} times; see netgiro-terminal-upgrade.service")
            )
        return await asyncio.to_thread(self._folder.write, replace(kept, handed_over=False))

    async def _in_trouble(self, error: Exception) -> None:
        """An office that is away may be back in a minute; a full card, or an archive that is missing, is not."""
        is_away = isinstance(error, OfficeError) and (not error.status or error.status >= SERVER_ERROR)
        if not is_away:
            self._next_s = self._now_s() + AGAIN_S
        try:
            if isinstance(error, OSError):
                await asyncio.to_thread(self._folder.drop)  # the journal needs the room
            kept = await asyncio.to_thread(self._folder.read)
            if kept.trouble != str(error)[:300] and kept.wanted:
                log.warning("the office's release: %s", error)
                await asyncio.to_thread(self._folder.write, replace(kept, trouble=str(error)[:300]))
        except OSError as another:
            log.warning("the office's release: %s", another)

    @property
    def _is_quiet(self) -> bool:
        return not self._sale_open.is_set() and self._now_s() - self._quiet_since_s() >= QUIET_S

    def _now_s(self) -> float:
        return asyncio.get_running_loop().time()
