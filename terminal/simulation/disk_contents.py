"""What is on a simulated disk, and everything that can be asked of it. disk.py writes it, power cuts and all."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from terminal.sale.effects import ReceiptKind
from terminal.sale.record import Gap, JournalHealth, QueuedReceipt, ReceiptState, after_loss, original
from terminal.sale.refund import Refund, RefundState, left_to_refund_kr
from terminal.sale.sale import Outcome, Reason, Sale, State
from terminal.sale.totals import ENDED, Close, ClosedPeriod, Period, ToldCloses, totals_of
from terminal.system.timestamps import timestamp_of


class Vanished:
    """What a card had reported as durable, and has lost of both files: no bits, but for the checks."""

    def __init__(self) -> None:
        self.sales: list[Sale] = []
        """As they stood."""
        self.refunds: list[Refund] = []
        self.receipts: set[str] = set()
        """Of which a note is gone: what is on paper may wait to be printed."""
        self.marks = 0
        """How often a mark of nonces was among it."""

    @property
    def references(self) -> set[str]:
        return {sale.reference for sale in self.sales}

    @property
    def paid_numbers(self) -> set[int]:
        return {sale.number for sale in self.sales if sale.outcome is Outcome.APPROVED}


class KeptMarks:
    """What the newest mark of the nonces says."""

    def __init__(self) -> None:
        self._high_water, self._answers_signed = 0, False
        self._told_closes = ToldCloses()

    def mark_nonces(self, high_water: int, answers_signed: bool) -> None:
        self._high_water, self._answers_signed = high_water, answers_signed

    def keep_marks(self, high_water: int, answers_signed: bool) -> None:
        """As a restore brings them together."""
        self._high_water, self._answers_signed = max(high_water, self._high_water), answers_signed

    def tell_close(self, number: int) -> None:
        """The register has it."""
        self._told_closes = self._told_closes.with_told(number)

    def told_closes(self) -> ToldCloses:
        return self._told_closes

    def answers_signed(self) -> bool:
        return self._answers_signed

    def nonce_high_water(self) -> int:
        return self._high_water


class KeptCloses(KeptMarks):
    """Every end of day."""

    def __init__(self) -> None:
        super().__init__()
        self.closes: list[Close] = []
        self.closed_s: dict[int, float] = {}
        """When each period ended, in true time."""
        self._closed_at: dict[int, float] = {}
        """The same by the terminal's clock."""
        self.closes_taken: set[int] = set()
        """Numbers of the ends of day that the register has acknowledged, whatever the disk says of it."""
        self.closes_presumed: set[int] = set()
        """Those of them from before a start, after which a program went on to something else."""
        self.closed_by_staff: set[int] = set()
        """Numbers of the periods that the shop itself has ended."""
        self.closed_by_clock: list[int] = []
        """Numbers of the periods that the terminal has ended by itself."""
        self.closed_in_a_sale: list[int] = []
        """Numbers of the periods that ended while a sale was open."""

    def add_close(self, close: Close, at: float, now_s: float) -> None:
        self.closes.append(close)
        self._closed_at[close.number], self.closed_s[close.number] = at, now_s
        if close.asked_by is not None:
            self._told_closes = self._told_closes._replace(untold=close.number, asked_by=close.asked_by)

    def closed_period(self, number: int | None = None) -> ClosedPeriod | None:
        found = [close for close in self.closes if number in (None, close.number)][-1:]
        return next((self._closed(close) for close in found), None)

    def _closed(self, close: Close) -> ClosedPeriod:
        until = timestamp_of(self._closed_at[close.number])
        return ClosedPeriod(number=close.number, since=None, until=until, totals=close.totals)


class KeptGap:
    """What is known of records that a restore has lost. There is one at most: a world has one restore."""

    gap_is_dated = True
    """The clock was set when the gap was found."""

    def __init__(self) -> None:
        super().__init__()
        self.gap_s: float | None = None
        """When a backup was restored, whose end is missing; by the wall clock."""
        self.acknowledged_gap_s: float | None = None
        """When somebody has, in true time."""

    def note_gap_known(self, now_s: float) -> None:
        self.acknowledged_gap_s = now_s

    @property
    def health_of_records(self) -> JournalHealth:
        return JournalHealth.SOUND if self.gap_since() is None else JournalHealth.INCOMPLETE

    def gap(self) -> Gap | None:
        since = self.gap_since()
        return Gap(repair=1, until=since, may_be_more=True) if since is not None else None

    def gap_since(self) -> str | None:
        """As terminal/journal/file.py does."""
        if self.acknowledged_gap_s is not None or self.gap_s is None:
            return None
        return _stamp(self.gap_s) if self.gap_is_dated else ""


class DiskContents(KeptGap, KeptCloses):
    """The reading half of :class:`terminal.simulation.disk.SimulatedDisk`."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[bytes] = []
        """Everything durable, for whoever searches it for what must not be there."""
        self.latest: dict[int, Sale] = {}
        self.refunds: dict[int, Refund] = {}
        """Where each refund stands."""
        self._by_register_id: dict[str, int] = {}
        self._changed_at: dict[int, float] = {}
        self.begun_s: dict[int, float] = {}
        """When each sale was begun, in true time."""
        self.acknowledged_s: dict[int, float] = {}
        """When each was acknowledged on disk, or the register heard how it had ended; whichever was first."""
        self.proved_unpaid_s: dict[int, float] = {}
        """Since when each is known to be unpaid, though staff have said otherwise; in true time."""
        self._receipts: dict[str, QueuedReceipt] = {}
        self.outcomes: dict[int, list[Outcome | None]] = {}
        """What each sale has come to stand as once it had ended, one after the other."""
        self.queued: dict[int, list[ReceiptKind]] = {}
        """What each sale has put on paper by itself; reprints are not among it."""
        self.committed: list[Sale | Refund | Close] = []
        """Sales, refunds and ends of day, in the order in which they became durable."""
        self._first_free = 1
        """Sales are numbered from here on, so that none that was lost gives its number twice."""
        self.lost: dict[int, Sale] = {}
        """Sales as they stood when a restore forgot them, how they had gone on, or that they had not."""
        self.lost_refunds: list[Refund] = []
        """Refunds that it forgot, as they stood then."""
        self._period = 1
        self._began: float | None = None
        """When the first thing of this period was written, by the terminal's clock."""
        self._since: float | None = None
        """When the period before it ended, by the same."""
        self.first_s: float | None = None
        """When the first thing of this period was written, in true time."""
        self._ended: dict[int, None] = {}
        """Numbers of the sales that ended in this period."""
        self._billed: set[int] = set()
        """Numbers of what the last end of day, or one before it, has left billed or returned."""

    def newest_s(self) -> float:
        """When anything was last written, by the terminal's clock."""
        return max([*self._changed_at.values(), self._since or 0.0, self._began or 0.0])

    def _note_times(self, sale: Sale, now_s: float) -> None:
        self.begun_s.setdefault(sale.number, now_s)
        if sale.acknowledged:
            self.acknowledged_s.setdefault(sale.number, now_s)
        self.proved_unpaid_s.pop(sale.number, None)
        if sale.reason is Reason.PROVED_UNPAID:
            self.proved_unpaid_s[sale.number] = now_s

    def next_number(self) -> int:
        return max(*self.latest, *self.refunds, self._first_free - 1, 0) + 1

    def mark_gap(
        self, at_s: float, first_free: int, high_water: int, lost: dict[int, Sale], lost_refunds: list[Refund]
    ) -> None:
        self.gap_s, self._first_free, self._high_water = at_s, first_free, high_water
        self.lost, self.lost_refunds = lost, lost_refunds

    @property
    def lost_keys(self) -> set[str]:
        return {refund.idempotency_key for refund in self.lost_refunds}

    def as_it_is_queued(self, receipt: QueuedReceipt) -> QueuedReceipt:
        """As terminal/journal/file.py does."""
        return after_loss(receipt) if 0 < receipt.sale_number < self._first_free else receipt

    def _keep(self, receipts: Sequence[QueuedReceipt]) -> None:
        for receipt in map(self.as_it_is_queued, receipts):
            self._receipts[receipt.receipt_id] = receipt
            self.rows.append(msgspec.json.encode(receipt))

    def _queue(self, number: int, kinds: Sequence[ReceiptKind]) -> None:
        queued = self.queued.setdefault(number, [])
        for receipt in (original(number, kind) for kind in kinds):
            if receipt.receipt_id not in self._receipts:
                self._receipts[receipt.receipt_id] = self.as_it_is_queued(receipt)
                queued.append(receipt.kind)

    def mark_waiting_receipts(self) -> None:
        """As terminal/journal/rebuild.py does with what waits in a backup."""
        self._receipts |= {one.receipt_id: after_loss(one) for one in self.unprinted_receipts()}

    def may_be_printed_anew(self, receipt: QueuedReceipt) -> bool:
        """A restore has forgotten what had come out of it."""
        return self.gap_s is not None and receipt.sale_number < self._first_free

    def open_sales(self) -> list[Sale]:
        return [sale for sale in self.latest.values() if sale.state is not State.CLOSED]

    def traced_sales(self) -> list[Sale]:
        return [sale for sale in self.latest.values() if sale.state is State.CLOSED and sale.tracing]

    def find_sale(self, number: int) -> Sale | None:
        return self.latest.get(number)

    def find_register_id(self, register_id: str) -> Sale | Refund | None:
        number = self._by_register_id.get(register_id, 0)
        return self.latest.get(number) or self.refunds.get(number)

    def find_payment(self, register_id: str) -> Sale | None:
        return self._newest_payment(lambda sale: sale.register_id == register_id)

    def find_payment_by_receipt(self, receipt_number: int) -> Sale | None:
        return self._newest_payment(lambda sale: (sale.number - 1) % 9999 + 1 == receipt_number)

    def find_payments_of_amount(self, amount_kr: int) -> list[Sale]:
        return [
            sale
            for _, sale in sorted(self.latest.items(), reverse=True)
            if (sale.amount_kr, sale.outcome) == (amount_kr, Outcome.APPROVED)
            and left_to_refund_kr(sale, self.refunds_of(sale.number)) == amount_kr
        ][:2]

    def last_payment(self) -> Sale | None:
        return self._newest_payment(lambda _sale: True)

    def _newest_payment(self, wanted: Callable[[Sale], bool]) -> Sale | None:
        paid = [one for one in self.latest.values() if one.outcome in (Outcome.APPROVED, Outcome.REFUND_DUE)]
        return max((one for one in paid if wanted(one)), key=lambda one: one.number, default=None)

    def find_refund(self, number: int) -> Refund | None:
        return self.refunds.get(number)

    def refunds_of(self, sale_number: int) -> list[Refund]:
        return [one for one in self.refunds.values() if one.sale_number == sale_number]

    def last_register_refund(self) -> Refund | None:
        asked = [number for number, refund in self.refunds.items() if refund.register_id]
        return self.refunds[max(asked)] if asked else None

    def open_refunds(self) -> list[Refund]:
        return [one for one in self.refunds.values() if one.state is not RefundState.CLOSED]

    def changed_at(self, number: int) -> str | None:
        return _stamp(self._changed_at.get(number))

    def last_ended_sale(self) -> Sale | None:
        ended = [sale for sale in self.latest.values() if sale.state in (State.REPORT, *ENDED)]
        return max(ended, key=lambda sale: sale.number, default=None)

    def open_period(self) -> Period:
        return Period(
            self._period,
            totals_of(
                (self.latest.get(number) or self.refunds[number] for number in self._ended), billed_before=self._billed
            ),
            _stamp(self._since),
        )

    def open_period_began(self) -> str | None:
        return _stamp(self._began)

    def unprinted_receipts(self) -> list[QueuedReceipt]:
        return [receipt for receipt in self._receipts.values() if receipt.state is not ReceiptState.PRINTED]

    def receipts_of(self, number: int) -> list[QueuedReceipt]:
        return [receipt for receipt in self._receipts.values() if receipt.sale_number == number]

    def first_since_loss(self) -> int:
        return self._first_free


def _stamp(at_s: float | None) -> str | None:
    return timestamp_of(at_s) if at_s is not None else None
