"""The simulated disk answers as the real journal does, whatever is written: else the simulation would prove nothing."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest
from msgspec.structs import replace

from terminal.journal.thread import JournalFile
from terminal.sale.effects import ReceiptKind
from terminal.sale.record import QueuedReceipt, ReceiptState, Record
from terminal.sale.sale import Reason, Sale, State
from terminal.sale.totals import ENDED, Close, ClosedPeriod, Period
from terminal.simulation.disk import SimulatedDisk
from terminal.simulation.world import NO_TROUBLE, World
from tests.unit.journal.journal_samples import a_sale, opened

STEPS = 60
OF_A_SALE = (ReceiptKind.CUSTOMER, ReceiptKind.MERCHANT, ReceiptKind.ATTENTION)
ENDS = (State.REPORT, State.ATTENTION, State.CLOSED)
FAST_DISK = Path("/dev/shm")


class Disk(Protocol):
    """What the terminal asks of a journal."""

    def append(self, record: Record) -> None: ...
    def append_close(self, close: Close) -> None: ...
    def append_receipts(self, receipts: list[QueuedReceipt]) -> None: ...
    def note_receipt(self, receipt: QueuedReceipt) -> None: ...
    def reserve_nonces(self, high_water: int) -> None: ...
    def next_number(self) -> int: ...
    def open_sales(self) -> list[Sale]: ...
    def traced_sales(self) -> list[Sale]: ...
    def find_sale(self, number: int) -> Sale | None: ...
    def find_register_id(self, register_id: str) -> Sale | None: ...
    def last_ended_sale(self) -> Sale | None: ...
    def open_period(self) -> Period: ...
    def closed_period(self, number: int | None = None) -> ClosedPeriod | None: ...
    def unprinted_receipts(self) -> list[QueuedReceipt]: ...
    def receipts_of(self, sale_number: int) -> list[QueuedReceipt]: ...
    def nonce_high_water(self) -> int: ...


@pytest.fixture
def real() -> Iterator[JournalFile]:
    with (
        tempfile.TemporaryDirectory(dir=FAST_DISK if FAST_DISK.is_dir() else None) as folder,
        opened(Path(folder) / "journal.db") as journal,
    ):
        yield journal


def next_write(rng: random.Random, disk: Disk) -> Callable[[Disk], None]:
    """Something that a terminal could write now; sales only move on."""
    number = rng.randint(1, disk.next_number())
    match rng.choice(("sale", "sale", "sale", "receipt", "copy", "close", "nonces")):
        case "receipt" if waiting := disk.unprinted_receipts():
            receipt = replace(rng.choice(waiting), state=rng.choice(list(ReceiptState)))
            return lambda disk: disk.note_receipt(receipt)
        case "copy" if disk.find_sale(number) is not None:
            name = f"{number}-customer-{len(disk.receipts_of(number)) + 10}"
            copy = QueuedReceipt(name, number, ReceiptKind.CUSTOMER, 1, ReceiptState.QUEUED)
            return lambda disk: disk.append_receipts([copy])
        case "close":
            period = disk.open_period()
            close = Close(period.number, period.totals, is_printed=rng.random() < 0.5)
            return lambda disk: disk.append_close(close)
        case "nonces":
            mark = disk.nonce_high_water() + rng.randint(1, 99)
            return lambda disk: disk.reserve_nonces(mark)
    record = next_record(rng, disk, number)
    return lambda disk: disk.append(record)


def next_record(rng: random.Random, disk: Disk, number: int) -> Record:
    """The sale in the same state or in a later one; what has ended as paid is not written again."""
    states, before = list(State), disk.find_sale(number)
    if before is not None and before.state in ENDED and before.reason is Reason.PAID:
        number, before = disk.next_number(), None
    state = rng.choice(states[states.index(before.state) if before else 0 :])
    said = (Reason.SETTLED_PAID, Reason.SETTLED_UNPAID)
    reason = rng.choice((Reason.PAID, Reason.NOT_TRACEABLE, *said)) if state in ENDS else None
    kinds = OF_A_SALE if state is State.REPORT and not disk.receipts_of(number) else ()
    sale = replace(a_sale(number, state, reason), tracing=reason in said and rng.random() < 0.8)
    return Record("x", sale, kinds)


def answers(disk: Disk, highest: int) -> list[object]:
    """Everything that can be asked, with whatever order is not promised taken out."""
    period, closed = disk.open_period(), disk.closed_period()
    return [
        disk.next_number(),
        sorted(disk.open_sales(), key=lambda sale: sale.number),
        sorted(disk.traced_sales(), key=lambda sale: sale.number),
        [disk.find_sale(number) for number in range(highest + 2)],
        [disk.find_register_id(f"R{number}") for number in range(highest + 2)],
        disk.last_ended_sale(),
        (period.number, period.totals),
        (closed.number, closed.totals) if closed is not None else None,
        disk.unprinted_receipts(),
        [sorted(disk.receipts_of(number), key=lambda receipt: receipt.receipt_id) for number in range(highest + 2)],
        disk.nonce_high_water(),
    ]


@pytest.mark.parametrize("seed", [*range(6), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(6, 20))])
def test_both_answer_the_same(real: JournalFile, seed: int) -> None:
    rng = random.Random(seed)
    simulated = SimulatedDisk(World(seed, NO_TROUBLE))
    for step in range(STEPS):
        write = next_write(rng, simulated)
        write(simulated)
        write(real)
        highest = simulated.next_number()
        assert answers(simulated, highest) == answers(real, highest), f"after step {step}"
