"""What is asked of a printer, how often, and what its silence means.

A question is asked again before silence is believed: lines lose bytes. What a printer can do (GS r, GS a) is tried
once, while it rests, and remembered; a command that it does not know may come out as letters, so it is never sent
again. From then on a missing answer is no property of the printer but a fault.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from typing import Literal

from msgspec.structs import replace

from hardware.interfaces import PrinterStatus
from hardware.printer import status as words
from hardware.printer.encoder import RESET
from hardware.printer.memory import Known, Memory
from hardware.printer.transport import Transport

log = logging.getLogger(__name__)

STATUS_WAITS_S = (0.4, 0.4, 0.7)
"""DLE EOT is answered within some ten milliseconds, on a bad network within some hundred."""
MOST_UNREAD_READS = 128
FILL_BYTES = (1024, 1024, 2048, 4096, 8192)
"""Together more than the largest picture that is sent in one command. Between commands NUL means nothing."""


class Conversation:
    """One printer's questions and answers, over any number of connections."""

    def __init__(
        self, transport: Transport, memory: Memory, *, answers: Literal["auto", "none"], may_report: bool
    ) -> None:
        """``may_report``: nobody else is on the transport, so the printer may speak unasked (ASB)."""
        self._transport = transport
        self._memory = memory
        self._is_asked = answers == "auto"
        self._may_report = may_report
        self._recalled: Known | None = None
        self._replies = words.Replies()
        self._echoes = self._has_told_of_echo = self._is_in_step = False
        self.is_silent = False
        """It says nothing now, and it did before."""
        self.is_stuck = False
        """It answers, and carries out nothing."""
        self.paper_is_low = False
        """As its near-end sensor said last."""

    @property
    def known(self) -> Known:
        return self._recalled or Known()

    @property
    def is_mute(self) -> bool:
        """Nothing that comes back on this line is an answer."""
        return self._echoes or not self._is_asked or not self._transport.has_answers

    @property
    def confirms(self) -> bool:
        """Whether it says when everything is on paper."""
        return self.known.confirms is True and not self.is_mute

    @property
    def reports(self) -> bool:
        return self._may_report and self.known.reports is True and not self.is_mute

    async def begin(self) -> None:
        """On a new connection."""
        self._replies = words.Replies()
        self._echoes = False
        if self._recalled is None:
            self._recalled = await asyncio.to_thread(self._memory.recall, self._transport.address)

    def lose_step(self) -> None:
        """Nobody knows how much of what was sent the printer has got."""
        self._is_in_step = False

    # --- how it is ----------------------------------------------------------------------------------------------------

    async def status(self) -> PrinterStatus:
        """Now. Silence is UNKNOWN of a printer that has never answered, and OFFLINE of one that has."""
        heard = await self.heard_status()
        self.is_silent = heard is None and self._is_asked and self.known.answers
        if heard is not None:
            return heard
        return PrinterStatus.OFFLINE if self.is_silent else PrinterStatus.UNKNOWN

    async def heard_status(self, patience_s: float = 0.0) -> PrinterStatus | None:
        """None if it says nothing. ``patience_s``: it may be busy for so long with what it was sent."""
        waits_s = STATUS_WAITS_S if patience_s <= 0 else tuple(growing(STATUS_WAITS_S[0], patience_s))
        printer = await self._ask(words.PRINTER, words.is_answer, waits_s)
        if printer is None:
            return None
        if not self.known.answers:
            await self._learn(replace(self.known, answers=True))
        if words.is_offline(printer):
            cause = await self._ask(words.OFFLINE_CAUSE)
            return words.offline_cause(cause, await self._ask(words.PAPER_SENSOR))
        sensor = await self._ask(words.PAPER_SENSOR)
        if sensor is None:
            return PrinterStatus.OK
        self.paper_is_low = words.is_paper_low(sensor)
        return PrinterStatus.OK if words.has_paper(sensor) else PrinterStatus.PAPER_OUT

    async def hears_report(self, timeout_s: float) -> PrinterStatus | None:
        """Sends nothing: what the printer has reported by itself last."""
        self._replies.take(await self._transport.ask(b"", timeout_s))
        return self._replies.reported

    # --- whether it keeps up ------------------------------------------------------------------------------------------

    async def is_on_paper(self, wait_s: float) -> bool:
        """DLE EOT is answered while paper still moves, GS r only after the last line. False if it is not in time."""
        return await self._ask(words.IN_ORDER, words.is_answer_in_order, (wait_s,)) is not None

    async def get_in_step(self) -> PrinterStatus:
        """Before a document, on a printer that is well: try what it can, and fill up what it may still wait for.

        Half a picture whose rest was lost would swallow the next receipts. How it is then; OFFLINE if nothing helps.
        """
        self.is_stuck = False
        if self.is_mute or not self.known.answers:
            return PrinterStatus.UNKNOWN
        if self.known.confirms is None:
            await self._try_confirming()
        if self._may_report and self.known.reports is None:
            await self._try_reporting()
        if self._is_in_step or not self.known.confirms:
            return PrinterStatus.OK
        for fill in (*FILL_BYTES, 0):
            if await self._ask(words.IN_ORDER, words.is_answer_in_order, STATUS_WAITS_S) is not None:
                self._is_in_step = True
                return PrinterStatus.OK
            if (status := await self.status()) is not PrinterStatus.OK:
                return status
            await self._transport.send(bytes(fill))
        self.is_stuck = True
        return PrinterStatus.OFFLINE

    async def _try_confirming(self) -> None:
        confirms = await self._ask(words.IN_ORDER, words.is_answer_in_order, STATUS_WAITS_S) is not None
        if not confirms:
            log.info("%s does not know GS r: nobody tells when a receipt is on paper", self._transport.description)
        await self._after_a_try(replace(self.known, confirms=confirms), knows=confirms)

    async def _try_reporting(self) -> None:
        self._replies.reported = None
        await self._ask(words.REPORT_BY_ITSELF, lambda _byte: False, STATUS_WAITS_S[:2], until=self._has_reported)
        await self._after_a_try(replace(self.known, reports=self._has_reported()), knows=self._has_reported())

    def _has_reported(self) -> bool:
        return self._replies.reported is not None

    async def _after_a_try(self, known: Known, *, knows: bool) -> None:
        if not knows:
            await self._transport.send(RESET)  # or the command's letters would stand before the shop's name
        await self._learn(known)

    async def _learn(self, known: Known) -> None:
        self._recalled = known
        await asyncio.to_thread(self._memory.keep, self._transport.address, known)

    # --- asking -------------------------------------------------------------------------------------------------------

    async def _ask(
        self,
        question: bytes,
        fits: Callable[[int], bool] = words.is_answer,
        waits_s: tuple[float, ...] = STATUS_WAITS_S,
        until: Callable[[], bool] = lambda: False,
    ) -> int | None:
        """The first byte of the answer's form that comes after the question; None if none does in time."""
        for number, wait_s in enumerate(waits_s):
            if self.is_mute:
                return None
            await self._read_late_answers(0)
            answer = await self._hear(question, fits, wait_s, until)
            if answer is not None or until():
                await self._read_answers_to_earlier(number, fits)
                return answer
        return None

    async def _read_answers_to_earlier(self, asked: int, fits: Callable[[int], bool]) -> None:
        """Questions that were given up may still be answered: that must not be taken for an answer to the next."""
        loop = asyncio.get_running_loop()
        end_s = loop.time() + sum(STATUS_WAITS_S)
        while asked > 0 and (left_s := end_s - loop.time()) > 0:
            if not (received := await self._transport.ask(b"", left_s)):
                return
            asked -= sum(fits(byte) for byte in self._replies.take(received))

    async def _read_late_answers(self, wait_s: float) -> None:
        """What came too late, or was not asked for."""
        for _ in range(MOST_UNREAD_READS):
            if not (unread := await self._transport.ask(b"", wait_s)):
                return
            self._replies.take(unread)
            wait_s = 0

    async def _hear(
        self, question: bytes, fits: Callable[[int], bool], wait_s: float, until: Callable[[], bool]
    ) -> int | None:
        loop = asyncio.get_running_loop()
        end_s = loop.time() + wait_s
        received = heard = await self._transport.ask(question, wait_s)
        while received:
            if heard.startswith(question):
                self._note_echo()
                return None
            for byte in self._replies.take(received):
                if fits(byte):
                    return byte
            if until() or (left_s := end_s - loop.time()) <= 0:
                return None
            received = await self._transport.ask(b"", left_s)
            heard = (heard + received)[: len(question)]
        return None

    def _note_echo(self) -> None:
        self._echoes = True
        level = logging.DEBUG if self._has_told_of_echo else logging.WARNING
        self._has_told_of_echo = True
        log.log(
            level,
            "%s sends back what the printer is sent, so nobody hears the printer: look at the cable (2 and 3 joined?)",
            self._transport.description,
        )


def growing(first_s: float, patience_s: float) -> Iterator[float]:
    """Waits, each twice as long as the one before, until they are as long as the patience."""
    spent_s, wait_s = 0.0, first_s
    while spent_s < patience_s:
        yield wait_s
        spent_s, wait_s = spent_s + wait_s, wait_s * 2
