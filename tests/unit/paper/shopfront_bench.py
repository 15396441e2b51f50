"""A shop's printer and journal: the real driver over a machine that behaves, the real journal."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

from hardware.simulated import SimulatedPrinter
from terminal.counter.decide import decide
from terminal.counter.inputs import ConditionsChanged, Input, KeyPressed, ReceiptJudged
from terminal.counter.rules import CounterRules
from terminal.counter.view import Conditions, Question, View
from terminal.errors import JournalError
from terminal.journal.thread import Journal, JournalFile
from terminal.paper.printing import ReceiptPrinting
from terminal.paper.receipt import Shop
from terminal.paper.reconciliation import Reconciled
from terminal.sale.effects import ReceiptKind
from terminal.sale.record import QueuedReceipt, ReceiptState, Record, reprint
from terminal.sale.sale import State
from tests.sales import walk_to
from tests.virtual_time import run_virtual

NOW = "2026-11-23T12:00:00.000Z"
CUSTOMER, MERCHANT = ReceiptKind.CUSTOMER, ReceiptKind.MERCHANT
COPY_MARK = "AFRIT"


class Disk(JournalFile):
    """The real journal. ``refuses`` is a state that it does not take down."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, lambda: NOW)
        self.refuses: ReceiptState | None = None
        self.notes = 0

    def note_receipt(self, receipt: QueuedReceipt) -> None:
        self.notes += 1
        if receipt.state is self.refuses:
            raise JournalError("no space left on device")
        super().note_receipt(receipt)


class Shopfront:
    """One start of the printing on a journal and a printer that outlive it."""

    def __init__(self, path: Path, printer: SimulatedPrinter) -> None:
        self.printer = printer
        self.disk = Disk(path)
        self.journal = Journal(self.disk)
        self.told: list[Input] = []
        self.clock_is_set = True
        self.reconciled: Reconciled | None = None
        self.plugged = asyncio.Event()
        self.printing = ReceiptPrinting(
            printer,
            self.journal,
            self.told.append,
            shop=Shop(name="Kaffihúsið"),
            terminal_id="T1",
            language="is",
            local_now=lambda: datetime(2026, 11, 23, 12, 0, tzinfo=UTC),
            clock_is_set=lambda: self.clock_is_set,
            reconciled=lambda: self.reconciled,
            plugged_in=self._plugged_in,
        )

    async def _plugged_in(self, timeout_s: float) -> bool:
        try:
            await asyncio.wait_for(self.plugged.wait(), timeout_s)
        except TimeoutError:
            return False
        self.plugged.clear()
        return True

    async def queue(self, *kinds: ReceiptKind) -> None:
        """A sale ends; its receipts are queued in the same commit."""
        await self.journal.append(Record("StatusReceived", walk_to(State.REPORT).sale, kinds))
        self.printing.wake()

    @property
    def texts(self) -> list[str]:
        return [receipt.text for receipt in self.printer.receipts if receipt.cut]

    @property
    def conditions(self) -> list[dict[str, object]]:
        """Of the printer and of how much waits, each time that changed."""
        known: dict[str, object] = {}
        seen: list[dict[str, object]] = []
        for event in self.told:
            if isinstance(event, ConditionsChanged):
                known |= {
                    name: value for name, value in event.changes.items() if name in ("printer", "pending_receipts")
                }
                seen += [dict(known)] if seen[-1:] != [known] else []
        return seen

    @property
    def known(self) -> dict[str, object]:
        """Everything that has been told, as it stands now."""
        return {
            name: value
            for event in self.told
            if isinstance(event, ConditionsChanged)
            for name, value in event.changes.items()
        }

    async def again(self, kind: ReceiptKind) -> None:
        """Somebody asks for that receipt once more."""
        number = walk_to(State.REPORT).sale.number
        prints = [one for one in await self.journal.call(self.disk.receipts_of, number) if one.kind is kind]
        await self.journal.call(self.disk.append_receipts, (reprint(number, kind, prints),))
        self.printing.wake()

    @property
    def doubt(self) -> QueuedReceipt | None:
        """The receipt that staff are asked about."""
        changes = [event.changes for event in self.told if isinstance(event, ConditionsChanged)]
        return next((one["receipt_in_doubt"] for one in reversed(changes) if "receipt_in_doubt" in one), None)

    async def is_answered(self, doubt: QueuedReceipt) -> bool:
        """Staff have pressed a key already, and the screen does not ask any more."""
        return doubt not in await self.waiting()

    async def answer(self, key: str) -> None:
        """Staff look at the receipt and press a key: the real counter decides."""
        assert self.doubt is not None
        view = View(conditions=Conditions(receipt_in_doubt=self.doubt), question=Question(self.doubt, is_read=True))
        pressed = decide(view, KeyPressed(key), CounterRules())
        judged = ReceiptJudged(self.doubt, is_whole=key == "#")
        decision = decide(pressed.view, judged, CounterRules())
        await self.journal.call(self.disk.append_receipts, decision.receipts)
        self.printing.wake()

    @property
    def notes(self) -> int:
        """How often the journal had to take down what became of a receipt."""
        return self.disk.notes

    async def waiting(self) -> list[QueuedReceipt]:
        return await self.journal.call(self.disk.unprinted_receipts)


Scenario = Callable[[Shopfront], Awaitable[None]]


def run(path: Path, *scenarios: Scenario, printer: SimulatedPrinter | None = None) -> None:
    """Each scenario after a start of its own, on the same journal and printer."""
    printer = printer or SimulatedPrinter(columns=48)

    async def whole(scenario: Scenario) -> None:
        shopfront = Shopfront(path, printer)
        await shopfront.journal.call(shopfront.disk.open)
        task = asyncio.ensure_future(shopfront.printing.run())
        try:
            await scenario(shopfront)
            assert not task.done(), "printing never gives up"
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await shopfront.journal.close()

    for scenario in scenarios:
        run_virtual(whole(scenario))
