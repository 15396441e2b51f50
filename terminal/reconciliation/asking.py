"""Asks the service about one payment after the other: slowly, and no longer than it makes sense."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, timedelta
from typing import NamedTuple, Protocol

from terminal.reconciliation.compare import compare
from terminal.reconciliation.findings import Answer, Ending, Finding, Kind, NoRecord, Unanswered
from terminal.reconciliation.gathering import Payment
from terminal.reconciliation.payouts import with_payouts
from terminal.reconciliation.progress import Progress
from terminal.sale.gateway import (
    CallLost,
    CallRefused,
    Gateway,
    GatewayError,
    PaymentRecord,
    Payouts,
    Refusal,
    SettledItem,
    Settlement,
    StatusReport,
)
from terminal.sale.sale import Sale

PACE_S = 0.25
"""Between two calls: at most four a second."""
MOST_MISSES = 5
"""So many calls in a row without an answer, and the rest is not asked."""
MOST_SETTLEMENTS = 1000
"""Years of daily ones; with the pause between two calls, minutes."""
NAMELESS = "Netgíró's name for it is not known, and its look-up by reference finds none"
PAID_OUT_WITHIN = timedelta(days=31)
"""After the last day that is asked about."""

_NO_USE_TO_GO_ON = (Refusal.CREDENTIALS, Refusal.REQUEST_NOT_VALID)


class Service(Protocol):
    """The part of a gateway that is needed here."""

    async def look_up(self, authorization_id: str) -> PaymentRecord: ...

    async def find(self, reference: str) -> StatusReport: ...

    @property
    def payouts(self) -> Payouts | None: ...


class Days(NamedTuple):
    """Both included."""

    first: date
    last: date


class Asker:
    """``sleep`` paces the calls; whoever has something better to do first waits in it."""

    def __init__(
        self,
        service: Service,
        progress: Progress,
        *,
        now_s: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._service = service
        self._progress = progress
        self._now_s = now_s
        self._sleep = sleep
        self._misses = 0
        self._given_up = ""
        self._can_find = True
        self._left_out = 0

    async def ask(self, payments: Sequence[Payment], days: Days, today: date) -> tuple[list[Finding], int]:
        """What was found, and how many items of settlements are of no sale of these."""
        findings: list[Finding] = []
        created_there: dict[int, str] = {}
        for payment in payments:
            answer = await self._about(payment)
            if isinstance(answer, PaymentRecord) and answer.created:
                created_there[payment.sale.number] = answer.created
            findings += compare(payment, answer)
        if self._service.payouts is None or self._given_up:
            return self._ended(findings), 0
        try:
            contents = await self._contents(self._service.payouts, days, today)
        except GatewayError as error:
            what = f"the settlements: {_why(error)}"
            missing = Finding(kind=Kind.SETTLEMENT, ending=Ending.NOT_ASKED, what=what, advice="reconcile again later")
            return [*findings, missing], 0
        matched, others = with_payouts(findings, created_there, contents)
        if self._left_out:
            what = f"{self._left_out} settlements more than the {MOST_SETTLEMENTS} that are looked into at once"
            advice = "reconcile fewer days at once: --from, --to"
            matched.append(Finding(kind=Kind.SETTLEMENT, ending=Ending.NOT_ASKED, what=what, advice=advice))
        return self._ended(matched), others

    def _ended(self, findings: list[Finding]) -> list[Finding]:
        if not any(finding.ending is Ending.NOT_ASKED for finding in findings):
            self._progress.forget()
        return findings

    async def _about(self, payment: Payment) -> Answer:
        if (known := self._progress.get(payment.mark)) is not None:
            return known
        if self._given_up:
            return Unanswered(self._given_up)
        authorization_id = payment.sale.authorization_id
        try:
            if authorization_id is None:
                authorization_id = await self._find(payment.sale)
            if authorization_id is None:
                return Unanswered(NAMELESS)
            await self._sleep(PACE_S)
            answer: PaymentRecord | NoRecord = await self._service.look_up(authorization_id)
        except CallRefused as error:
            if error.refusal is not Refusal.NOT_FOUND:
                return self._missed(error, is_final=error.refusal in _NO_USE_TO_GO_ON)
            answer = NoRecord()
        except CallLost as error:
            return self._missed(error, is_final=False)
        self._misses = 0
        self._progress.put(payment.mark, answer, self._now_s())
        return answer

    async def _find(self, sale: Sale) -> str | None:
        """What the service calls it, where it can be asked by our reference. Raises CallLost, CallRefused."""
        if not self._can_find:
            return None
        await self._sleep(PACE_S)
        try:
            found = await self._service.find(sale.reference)
        except CallRefused as refused:
            self._can_find = refused.refusal is not Refusal.NOT_OFFERED
            if refused.refusal in (Refusal.NOT_OFFERED, Refusal.NOT_FOUND):
                return None
            raise
        return found.authorization_id if sale.agrees_with(found, strictly=True) else None

    def _missed(self, error: GatewayError, *, is_final: bool) -> Unanswered:
        self._misses += 1
        if is_final or self._misses >= MOST_MISSES:
            self._given_up = _why(error)
        return Unanswered(_why(error))

    async def _contents(self, payouts: Payouts, days: Days, today: date) -> dict[Settlement, Sequence[SettledItem]]:
        """Raises GatewayError."""
        last = max(days.first, min(today, days.last + PAID_OUT_WITHIN))
        await self._sleep(PACE_S)
        contents: dict[Settlement, Sequence[SettledItem]] = {}
        settlements = await payouts.settlements(days.first, last)
        self._left_out = max(0, len(settlements) - MOST_SETTLEMENTS)
        numbers: set[str] = set()
        for settlement in settlements[:MOST_SETTLEMENTS]:
            if settlement.number in numbers:  # what it is made of counts once, however often it is listed
                contents.setdefault(settlement, ())
                continue
            if (items := self._progress.items_of(settlement)) is None:
                await self._sleep(PACE_S)
                items = tuple(await payouts.items(settlement.number))
                self._progress.put_items(settlement, items, self._now_s())
            contents[settlement] = items
            numbers.add(settlement.number)
        return contents


async def paid_out_of(gateway: Gateway, first: date, last: date) -> list[tuple[str, SettledItem]]:
    """What was paid out of these days' sales or of others, with each settlement's number. Closes the gateway.

    Raises GatewayError, also for more settlements than can be looked into at once.
    """
    try:
        if gateway.payouts is None:
            raise CallRefused(Refusal.NOT_OFFERED, "it tells of no settlements")
        settlements = await gateway.payouts.settlements(first, last + PAID_OUT_WITHIN)
        if len(settlements) > MOST_SETTLEMENTS:
            raise CallRefused(
                Refusal.REQUEST_NOT_VALID, f"{len(settlements)} settlements are too many at once: take fewer days"
            )
        found: list[tuple[str, SettledItem]] = []
        for number in dict.fromkeys(settlement.number for settlement in settlements):  # each once, however often listed
            await asyncio.sleep(PACE_S)
            found += [(number, item) for item in await gateway.payouts.items(number)]
        return found
    finally:
        await gateway.close()


def _why(error: GatewayError) -> str:
    if isinstance(error, CallRefused):
        return {
            Refusal.CREDENTIALS: "Netgíró does not accept the key: see netgiro-terminal doctor",
            Refusal.NOT_SENT: "there is no connection to Netgíró",
        }.get(error.refusal, f"Netgíró was not asked: {error}")
    return f"no usable answer of Netgíró ({error})"
