"""A disk with SQLite's promises: a commit that returned is there after a power cut, and a torn one never shows.

Rows are kept as the bytes that the real journal writes; after a power cut everything is read back from them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum, auto

import msgspec

from terminal.errors import JournalError
from terminal.sale.effects import ReceiptKind
from terminal.sale.record import JournalHealth, QueuedReceipt, Record, RefundRecord, original
from terminal.sale.refund import Refund, RefundState
from terminal.sale.sale import Sale
from terminal.sale.totals import ENDED, Close, billed_kr
from terminal.simulation.disk_contents import DiskContents, Vanished
from terminal.simulation.world import PowerCut, World

PLENTY_BYTES = 1 << 30


class DayEnder(Enum):
    """Who ends a day, beside the register."""

    STAFF = auto()
    CLOCK = auto()


_sale_decoder = msgspec.json.Decoder(Sale)
_refund_decoder = msgspec.json.Decoder(Refund)


class SimulatedDisk(DiskContents):
    """What :class:`terminal.journal.thread.JournalFile` is to the bookkeeper, the receipt queue and the nonces."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world
        self.is_full = False
        self.forgets_last_commit = False  # sabotage: as with ``synchronous = OFF``
        self.now: Callable[[], float] = world.wall_clock
        """The terminal's wall clock, right or wrong."""
        self.ends_day_for: DayEnder | None = None
        """Who has asked for the end of day that is being committed; None: the register."""
        self.misread_as_paid: set[int] = set()  # by staff, while they were open: no bits, but for the checks
        self._ghost: Callable[[], None] | None = None
        """A commit that ended with an error; its bytes are there until the next one replaces them."""
        self._undo: Callable[[], None] = lambda: None
        self._held: list[tuple[str, Callable[[], None]]] | None = None
        self.vanished = Vanished()
        self.before_commit: Callable[[], None] = lambda: None
        self.when_dark: Callable[[], None] = lambda: None
        """The card under it: lying_card.py."""

    @property
    def clock_was_wrong(self) -> bool:
        """The times on it may be anything."""
        return any(fault in self._world.faults for fault in ("clock jump", "clock off after a start"))

    @property
    def health(self) -> JournalHealth:
        """Its mirror may fail at any time, which must not matter to any sale."""
        fails = self._world.happens(self._world.rates.disk_full, "mirror fails")
        return JournalHealth.UNMIRRORED if fails else self.health_of_records

    def free_bytes(self) -> int:
        return 0 if self.is_full else PLENTY_BYTES

    def append(self, record: Record) -> None:
        self._commit(f"commit of {record.event} -> {record.sale.state}", lambda: self._store(record))

    def append_refund(self, record: RefundRecord) -> None:
        self._commit(f"commit of {record.event} -> refund {record.refund.state}", lambda: self._store_refund(record))

    def append_both(self, record: Record, refunded: RefundRecord) -> None:
        def store() -> None:
            self._store(record)
            undo_sale = self._undo
            self._store_refund(refunded)
            self._undo = _in_turn(self._undo, undo_sale)

        self._commit(f"commit of {refunded.event} -> sale {record.sale.state}", store)

    def append_close(self, close: Close) -> str:
        """It keeps no chain."""

        def store() -> None:
            if close.number < self._period:
                return  # a period ends once
            self.rows.append(msgspec.json.encode(close.totals))
            self._note_end_of_day(close)
            self.add_close(close, self.now(), self._world.now_s)
            self.committed.append(close)
            if close.is_printed:
                slip = original(close.number, ReceiptKind.END_OF_DAY)
                self._receipts[slip.receipt_id] = slip

        self._commit(f"commit of end of day {close.number}", store)
        return ""

    def _note_end_of_day(self, close: Close) -> None:
        self._period, self._ended = close.number + 1, {}
        self._billed = {number for number, sale in self.latest.items() if billed_kr(sale)}
        self._billed |= {number for number, refund in self.refunds.items() if billed_kr(refund)}
        self._since, self._began, self.first_s = self.now(), None, None
        if self.ends_day_for is not None:
            self.closed_by_staff.add(close.number)
        if self.ends_day_for is DayEnder.CLOCK:
            self.closed_by_clock.append(close.number)
        if any(sale.state not in ENDED for sale in self.latest.values()):
            self.closed_in_a_sale.append(close.number)

    def _note_begin(self) -> None:
        if self.first_s is None:
            self._began, self.first_s = self.now(), self._world.now_s

    def note_told(self, number: int) -> None:
        """The register has heard how that one ended, whatever the disk says of it."""
        self.acknowledged_s.setdefault(number, self._world.now_s)

    def note_close_told(self, number: int) -> None:
        self._commit(f"commit that the register has end of day {number}", lambda: self.tell_close(number))

    def acknowledge_gap(self, repair: int) -> None:
        self._commit(f"commit that staff know of gap {repair}", lambda: self.note_gap_known(self._world.now_s))

    def append_receipts(self, receipts: Sequence[QueuedReceipt]) -> None:
        self._commit(f"commit of {len(receipts)} receipts to be printed once more", lambda: self._keep(receipts))

    def note_receipt(self, receipt: QueuedReceipt) -> None:
        self._commit(f"commit of receipt {receipt.receipt_id} {receipt.state}", lambda: self._keep([receipt]))

    def reserve_nonces(self, high_water: int, answers_signed: bool = False) -> None:
        self._commit("commit of the nonces", lambda: self.mark_nonces(high_water, answers_signed))

    def try_writing(self) -> None:
        self._commit("commit of nothing new", lambda: None)

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
                self.before_commit()
                store()
            raise
        self.before_commit()
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
        self._note_begin()
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

    def _store(self, record: Record) -> None:
        sale = record.sale
        row = msgspec.json.encode(sale)
        before = self.latest.get(sale.number)
        self.rows.append(row)
        self.latest[sale.number] = _sale_decoder.decode(row)
        self.committed.append(self.latest[sale.number])
        self._note_begin()
        self._by_register_id[sale.register_id] = max(sale.number, self._by_register_id.get(sale.register_id, 0))
        self._changed_at[sale.number] = self.now()
        self._note_times(sale, self._world.now_s)
        if sale.state in ENDED:
            self._ended[sale.number] = None
            outcomes = self.outcomes.setdefault(sale.number, [])
            outcomes += [sale.outcome] if outcomes[-1:] != [sale.outcome] else []
        self._queue(sale.number, record.receipts)

        def undo() -> None:
            if before is not None:
                self.latest[sale.number] = before

        self._undo = undo

    def known_as_unpaid_for_s(self, number: int) -> float:
        """How long the record's word has contradicted staff who say that this sale is paid."""
        return self._world.now_s - self.proved_unpaid_s.get(number, self._world.now_s)

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
        self.when_dark()


def _in_turn(*steps: Callable[[], None]) -> Callable[[], None]:
    def run() -> None:
        for step in steps:
            step()

    return run
