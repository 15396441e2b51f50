"""A disk with SQLite's promises: a commit that returned is there after a power cut, and a torn one never shows.

Rows are kept as the bytes that the real journal writes; after a power cut everything is read back from them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from terminal.errors import JournalError
from terminal.sale.effects import ReceiptKind
from terminal.sale.record import JournalHealth, QueuedReceipt, ReceiptState, Record, RefundRecord, original
from terminal.sale.refund import Refund, RefundState
from terminal.sale.sale import Outcome, Sale, State
from terminal.sale.totals import ENDED, Close, ClosedPeriod, Period, totals_of
from terminal.simulation.world import EPOCH_S, PowerCut, World
from terminal.system.timestamps import timestamp_of

PLENTY_BYTES = 1 << 30

_sale_decoder = msgspec.json.Decoder(Sale)
_refund_decoder = msgspec.json.Decoder(Refund)


class SimulatedDisk:
    """What :class:`terminal.journal.thread.JournalFile` is to the bookkeeper, the receipt queue and the nonces."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.rows: list[bytes] = []
        """Everything durable, for whoever searches it for what must not be there."""
        self.is_full = False
        self.latest: dict[int, Sale] = {}
        self.refunds: dict[int, Refund] = {}
        """Where each refund stands."""
        self.forgets_last_commit = False
        """Sabotage: as with ``synchronous = OFF``."""
        self._by_register_id: dict[str, int] = {}
        self._changed_at: dict[int, str] = {}
        self.begun_s: dict[int, float] = {}
        """When each sale was begun, in true time."""
        self.acknowledged_s: dict[int, float] = {}
        """When each was acknowledged."""
        self.now: Callable[[], str] = lambda: timestamp_of(world.wall_clock())
        """The terminal's wall clock, right or wrong."""
        self._receipts: dict[str, QueuedReceipt] = {}
        self.outcomes: dict[int, list[Outcome | None]] = {}
        """What each sale has come to stand as once it had ended, one after the other."""
        self.queued: dict[int, list[ReceiptKind]] = {}
        """What each sale has put on paper by itself; reprints are not among it."""
        self.closes: list[Close] = []
        self.committed: list[Sale | Refund | Close] = []
        """Sales, refunds and ends of day, in the order in which they became durable."""
        self.closed_by_staff: set[int] = set()
        """Numbers of the periods that the shop itself has ended."""
        self._high_water = 0
        self._answers_signed = False
        self._period = 1
        self._ended: dict[int, None] = {}
        """Numbers of the sales that ended in this period."""
        self._ghost: Callable[[], None] | None = None
        """A commit that ended with an error; its bytes are there all the same, until the next one replaces them."""
        self._undo: Callable[[], None] = lambda: None
        self._held: list[tuple[str, Callable[[], None]]] | None = None

    # --- writing ------------------------------------------------------------------------------------------------------

    def append(self, record: Record) -> None:
        self._commit(f"commit of {record.event} -> {record.sale.state}", lambda: self._store(record))

    def append_refund(self, record: RefundRecord) -> None:
        self._commit(f"commit of {record.event} -> refund {record.refund.state}", lambda: self._store_refund(record))

    def append_close(self, close: Close) -> str:
        """It keeps no chain."""

        def store() -> None:
            if close.number < self._period:
                return  # a period ends once
            self.rows.append(msgspec.json.encode(close.totals))
            self._period, self._ended = close.number + 1, {}
            self.closes.append(close)
            self.committed.append(close)
            if close.is_printed:
                slip = original(close.number, ReceiptKind.END_OF_DAY)
                self._receipts[slip.receipt_id] = slip

        self._commit(f"commit of end of day {close.number}", store)
        return ""

    def append_receipts(self, receipts: Sequence[QueuedReceipt]) -> None:
        def store() -> None:
            for receipt in receipts:
                self._receipts[receipt.receipt_id] = receipt
                self.rows.append(msgspec.json.encode(receipt))

        self._commit(f"commit of {len(receipts)} receipts to be printed once more", store)

    def note_receipt(self, receipt: QueuedReceipt) -> None:
        def store() -> None:
            self._receipts[receipt.receipt_id] = receipt
            self.rows.append(msgspec.json.encode(receipt))

        self._commit(f"commit of receipt {receipt.receipt_id} {receipt.state}", store)

    def reserve_nonces(self, high_water: int, answers_signed: bool = False) -> None:
        def store() -> None:
            self._high_water = high_water
            self._answers_signed = answers_signed

        self._commit("commit of the nonces", store)

    def _commit(self, what: str, store: Callable[[], None]) -> None:
        if self.is_full:
            raise JournalError("the simulated disk is full")
        if self._held is not None:
            self._held.append((what, store))
            return
        self._world.cut_point(f"before the {what}")
        if self._world.happens(self._world.rates.disk_full, "disk says no"):
            self._ghost = store
            raise JournalError("the simulated disk says no")
        try:
            self._world.cut_point(f"during the {what}")
        except PowerCut:
            if self._world.rng.random() < 0.5:  # torn: all of it is there, or nothing
                store()
            raise
        store()
        self._ghost = None
        self._world.tell("journal", what)
        self._world.cut_point(f"after the {what}")

    def _store_refund(self, record: RefundRecord) -> None:
        row = msgspec.json.encode(record.refund)
        refund = _refund_decoder.decode(row)
        before = self.refunds.get(refund.number)
        self.rows.append(row)
        self.refunds[refund.number] = refund
        self.committed.append(refund)
        if refund.register_id:
            newest = max(refund.number, self._by_register_id.get(refund.register_id, 0))
            self._by_register_id[refund.register_id] = newest
        self._changed_at[refund.number] = self.now()
        self.begun_s.setdefault(refund.number, self._world.now_s)
        if refund.state is RefundState.CLOSED:
            self._ended[refund.number] = None
        self._queue(refund.number, record.receipts)

        def undo() -> None:
            if before is not None:
                self.refunds[refund.number] = before

        self._undo = undo

    def _queue(self, number: int, kinds: Sequence[ReceiptKind]) -> None:
        queued = self.queued.setdefault(number, [])
        for receipt in (original(number, kind) for kind in kinds):
            if receipt.receipt_id not in self._receipts:
                self._receipts[receipt.receipt_id] = receipt
                queued.append(receipt.kind)

    def _store(self, record: Record) -> None:
        sale = record.sale
        row = msgspec.json.encode(sale)
        before = self.latest.get(sale.number)
        self.rows.append(row)
        self.latest[sale.number] = _sale_decoder.decode(row)
        self.committed.append(self.latest[sale.number])
        self._by_register_id[sale.register_id] = max(sale.number, self._by_register_id.get(sale.register_id, 0))
        self._changed_at[sale.number] = self.now()
        self.begun_s.setdefault(sale.number, self._world.now_s)
        if sale.acknowledged:
            self.acknowledged_s.setdefault(sale.number, self._world.now_s)
        if sale.state in ENDED:
            self._ended[sale.number] = None
            outcomes = self.outcomes.setdefault(sale.number, [])
            outcomes += [sale.outcome] if outcomes[-1:] != [sale.outcome] else []
        self._queue(sale.number, record.receipts)

        def undo() -> None:
            if before is not None:
                self.latest[sale.number] = before

        self._undo = undo

    def hold_back(self) -> None:
        """Sabotage: keep commits in memory until :meth:`let_go`."""
        self._held = []

    def let_go(self) -> None:
        """Commit what was held back."""
        held, self._held = self._held or [], None
        for what, store in held:
            self._commit(what, store)

    def power_lost(self) -> None:
        """What was not safely on disk is gone."""
        if self.forgets_last_commit:
            self._undo()
        if self._ghost is not None and self._world.rng.random() < 0.5:
            self._ghost()
        self._ghost = None
        self._undo = lambda: None
        self._held = None

    @property
    def clock_was_wrong(self) -> bool:
        """The times on it may be anything."""
        return any(fault in self._world.faults for fault in ("clock jump", "clock off after a start"))

    @property
    def health(self) -> JournalHealth:
        """Its mirror may fail at any time, which must not matter to any sale."""
        unmirrored = self._world.happens(self._world.rates.disk_full, "mirror fails")
        return JournalHealth.UNMIRRORED if unmirrored else JournalHealth.SOUND

    # --- reading ------------------------------------------------------------------------------------------------------

    def next_number(self) -> int:
        return max(*self.latest, *self.refunds, 0, 0) + 1

    def open_sales(self) -> list[Sale]:
        return [sale for sale in self.latest.values() if sale.state is not State.CLOSED]

    def find_sale(self, number: int) -> Sale | None:
        return self.latest.get(number)

    def find_register_id(self, register_id: str) -> Sale | Refund | None:
        number = self._by_register_id.get(register_id, 0)
        return self.latest.get(number) or self.refunds.get(number)

    def find_payment(self, register_id: str) -> Sale | None:
        return self._newest_payment(lambda sale: sale.register_id == register_id)

    def find_payment_by_receipt(self, receipt_number: int) -> Sale | None:
        return self._newest_payment(lambda sale: (sale.number - 1) % 9999 + 1 == receipt_number)

    def last_payment(self) -> Sale | None:
        return self._newest_payment(lambda _sale: True)

    def _newest_payment(self, wanted: Callable[[Sale], bool]) -> Sale | None:
        paid = [one for one in self.latest.values() if one.outcome in (Outcome.APPROVED, Outcome.REFUND_DUE)]
        return max((one for one in paid if wanted(one)), key=lambda one: one.number, default=None)

    def find_refund(self, number: int) -> Refund | None:
        return self.refunds.get(number)

    def refunds_of(self, sale_number: int) -> list[Refund]:
        return [one for one in self.refunds.values() if one.sale_number == sale_number]

    def open_refunds(self) -> list[Refund]:
        return [one for one in self.refunds.values() if one.state is not RefundState.CLOSED]

    def changed_at(self, number: int) -> str | None:
        return self._changed_at.get(number)

    def last_ended_sale(self) -> Sale | None:
        ended = [sale for sale in self.latest.values() if sale.state in (State.REPORT, *ENDED)]
        return max(ended, key=lambda sale: sale.number, default=None)

    def open_period(self) -> Period:
        return Period(
            self._period, totals_of(self.latest.get(number) or self.refunds[number] for number in self._ended)
        )

    def closed_period(self, number: int | None = None) -> ClosedPeriod | None:
        found = [close for close in self.closes if number in (None, close.number)][-1:]
        return next((_closed(close) for close in found), None)

    def unprinted_receipts(self) -> list[QueuedReceipt]:
        return [receipt for receipt in self._receipts.values() if receipt.state is not ReceiptState.PRINTED]

    def receipts_of(self, number: int) -> list[QueuedReceipt]:
        return [receipt for receipt in self._receipts.values() if receipt.sale_number == number]

    def answers_signed(self) -> bool:
        return self._answers_signed

    def nonce_high_water(self) -> int:
        return self._high_water

    def gap_since(self) -> str | None:
        return None

    def free_bytes(self) -> int:
        return 0 if self.is_full else PLENTY_BYTES


def _closed(close: Close) -> ClosedPeriod:
    """Its times are no matter of this disk."""
    return ClosedPeriod(number=close.number, since=None, until=timestamp_of(EPOCH_S), totals=close.totals)
