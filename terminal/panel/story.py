"""What the page tells of the terminal's inner life: timeline, journal rows, and whether the promises are kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from terminal.app.handles import Handles
from terminal.errors import JournalError
from terminal.journal.thread import Change
from terminal.panel.answers import answer_json
from terminal.panel.backend import RegisterMessage
from terminal.panel.promises import Captured, Promise, Told, promises
from terminal.panel.state_diagram import state_diagram
from terminal.panel.timeline import Timeline, TimelineEntry
from terminal.sale.sale import Sale

MOST_ROWS = 120


class JournalRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the journal. It names nobody, because the journal does not."""

    seq: int
    at: str
    sale: int
    amount_kr: int
    reference: str
    event: str
    state: str
    outcome: str | None
    reason: str | None


class Story:
    """Reads; changes nothing. ``ledger`` and ``register_log`` are there where both sides are simulated."""

    def __init__(
        self,
        timeline: Timeline,
        *,
        ledger: Callable[[], Sequence[Captured]] | None = None,
        register_log: Callable[[], Sequence[RegisterMessage]] = lambda: [],
    ) -> None:
        self.timeline = timeline
        self.terminal: Handles | None = None
        self._ledger = ledger
        self._register_log = register_log
        self._last_rows: list[Change] = []

    def after(self, seq: int) -> Sequence[TimelineEntry]:
        return self.timeline.after(seq)

    async def journal(self) -> Sequence[JournalRow]:
        """The latest rows, oldest first; while the terminal has no power, as they were last seen."""
        return [_row(entry) for entry in await self._entries()]

    async def sales(self) -> Sequence[Sale]:
        """The last word on each of the latest sales, oldest first."""
        return list({entry.sale.number: entry.sale for entry in await self._entries()}.values())

    async def promises(self) -> Sequence[Promise]:
        """Every promise that can be checked here; none where the service is not simulated."""
        if self._ledger is None:
            return []
        sales = await self.sales()
        oldest = min((sale.number for sale in sales), default=1)
        known = {sale.reference for sale in sales}
        captured = [one for one in self._ledger() if one.reference in known or oldest == 1]
        return promises(sales, captured, told(self._register_log()), await self._receipts_due())

    async def _entries(self) -> list[Change]:
        if self.terminal is not None:
            journal = self.terminal.journal
            with suppress(JournalError):  # the power went while it was being read
                self._last_rows = await journal.call(journal.file.last_entries, MOST_ROWS)
        return self._last_rows

    async def _receipts_due(self) -> Counter[int]:
        if self.terminal is None:
            return Counter()
        journal = self.terminal.journal
        with suppress(JournalError):
            return Counter(receipt.sale_number for receipt in await journal.call(journal.file.unprinted_receipts))
        return Counter()


def told(log: Sequence[RegisterMessage]) -> list[Told]:
    """The final answers of the line protocol that went over the cable."""
    answers = []
    for message in log:
        verb, *rest = message.text.partition("*")[0].split() or [""]
        register_id = next((word[3:] for word in rest if word.upper().startswith("ID=")), None)
        if message.sender != "terminal" or verb not in ("OK", "NO") or register_id is None:
            continue
        amount = rest[0] if verb == "OK" and rest[0].isdigit() else None
        answers.append(Told(register_id, verb == "OK", int(amount) if amount else None))
    return answers


def _row(entry: Change) -> JournalRow:
    sale = entry.sale
    return JournalRow(
        seq=entry.seq,
        at=entry.at,
        sale=sale.number,
        amount_kr=sale.amount_kr,
        reference=sale.reference,
        event=entry.event,
        state=sale.state,
        outcome=sale.outcome,
        reason=sale.reason if sale.outcome else None,
    )


def story_routes(story: Story) -> Sequence[BaseRoute]:
    """Looking on."""

    async def timeline(request: Request) -> Response:
        after = request.query_params.get("after", "0")
        if not (after.isascii() and after.isdigit() and len(after) < 16):
            raise HTTPException(400, "after is the seq of the last entry you have, for example ?after=20")
        return answer_json(story.after(int(after)))

    async def journal(request: Request) -> Response:
        return answer_json(await story.journal())

    async def promises(request: Request) -> Response:
        return answer_json(await story.promises())

    async def states(request: Request) -> Response:
        return Response(state_diagram(), media_type="image/svg+xml", headers={"Cache-Control": "no-cache"})

    return [
        Route("/api/timeline", timeline),
        Route("/api/journal", journal),
        Route("/api/promises", promises),
        Route("/api/states.svg", states),
    ]
