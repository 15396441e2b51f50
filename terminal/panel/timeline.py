"""What the terminal did lately, for the page: every decision and every HTTP call, with nothing personal in it.

Bounded, in memory only, gone with the program. Entries are numbered, so that a page asks only for what it lacks.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import msgspec

from terminal.counter.decision import Decision
from terminal.counter.inputs import ConditionsChanged, Input, KeyPressed

MAX_ENTRIES = 400
MAX_TEXT = 300

SHOWN_KEYS = frozenset(
    {
        *("Amount", "Reference", "ConfirmationType", "TransactionId", "Success", "Message", "ResultCode"),
        *("PaymentSuccessful", "PaymentInfo", "ProcessCartCheckIntervalMiliseconds"),
        *("InvoiceNumber", "ReferenceNumber", "StatusId", "TotalAmount", "Created"),
        *("ManualCapture", "Status", "PollIntervalMs", "IsRefundable", "SettlementDate", "RefundAmount"),
    }
)
"""Fields of Netgíró's JSON that name no customer. Every other value is masked."""


class TimelineEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened."""

    seq: int
    at: str
    """RFC 3339, UTC."""
    kind: Literal["event", "call", "power"]
    name: str
    """The event's or the call's."""
    sale: int | None = None
    before: str | None = None
    state: str | None = None
    """Of the sale, after it."""
    written: bool = False
    """It is in the journal."""
    effects: tuple[str, ...] = ()
    """What was decided to be done."""
    duration_ms: int | None = None
    http_status: int | None = None
    request: dict[str, Any] | None = None
    answer: dict[str, Any] | None = None
    trouble: str | None = None
    """Why a call brought no answer."""


class Timeline:
    """``decided`` and ``called`` are hooks; ``after`` is what the page reads. ``on_change`` hears of every entry."""

    def __init__(self, now: Callable[[], str], on_change: Callable[[], None] = lambda: None) -> None:
        self.on_change = on_change
        self._now = now
        self._entries: deque[TimelineEntry] = deque(maxlen=MAX_ENTRIES)
        self._seq = 0
        self._sale: int | None = None
        self._states: dict[int, str] = {}

    def decided(self, event: Input, decision: Decision) -> None:
        """A hook for the loop. Keys are left out unless they decide something: they spell people's numbers."""
        record = decision.record
        if isinstance(event, KeyPressed | ConditionsChanged) and record is None:
            return
        effects = [*map(_name, decision.replies), *map(_name, decision.effects)]
        if record is None and not effects:
            return
        sale = record.sale if record else decision.view.sale
        before = self._states.get(sale.number) if sale else None
        if sale:
            self._sale = sale.number
            self._states = {sale.number: sale.state}
        if record is not None:
            effects += [f"PrintReceipt {kind}" for kind in record.receipts]
        self._add(
            kind="event",
            name=record.event if record else _name(event),
            sale=sale.number if sale else None,
            before=before,
            state=sale.state if sale else None,
            written=record is not None,
            effects=tuple(effects),
        )

    def called(
        self,
        name: str,
        duration_s: float,
        request: bytes,
        *,
        http_status: int | None = None,
        answer: bytes | None = None,
        trouble: str | None = None,
    ) -> None:
        """A hook for whatever carries HTTP calls; bodies are masked here."""
        self._add(
            kind="call",
            name=name,
            sale=self._sale,
            duration_ms=round(duration_s * 1000),
            http_status=http_status,
            request=masked(request),
            answer=None if answer is None else masked(answer),
            trouble=trouble,
        )

    def power(self, what: str) -> None:
        """The power went or came back."""
        self._add(kind="power", name=what, sale=self._sale)

    def after(self, seq: int) -> Sequence[TimelineEntry]:
        """What came after that entry, oldest first."""
        return [entry for entry in self._entries if entry.seq > seq]

    def _add(self, **fields: Any) -> None:
        self._seq += 1
        self._entries.append(TimelineEntry(seq=self._seq, at=self._now(), **fields))
        self.on_change()


def masked(body: bytes) -> dict[str, Any]:
    """A JSON body with every value hidden that might name a customer; anything else in a few words."""
    try:
        fields = msgspec.json.decode(body)
    except (ValueError, RecursionError):
        return {"not JSON": f"{len(body)} bytes"}
    return _masked_fields(fields) if isinstance(fields, dict) else {"not an object": f"{len(body)} bytes"}


def _masked_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _masked_value(key, value) for key, value in fields.items() if value not in (None, "", [])}


def _masked_value(key: str, value: Any) -> Any:
    if key not in SHOWN_KEYS:
        return "•••"
    if isinstance(value, dict):
        return _masked_fields(value)
    return value[:MAX_TEXT] if isinstance(value, str) else value


def _name(thing: object) -> str:
    return type(thing).__name__
