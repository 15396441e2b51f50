"""``python -m tests.printer_moods --sales 10000``: sales over printers that change their mood, from a seed.

The real queue, printing, driver and journal, in virtual time; power cuts end some days in the middle of a receipt.
Afterwards the paper is counted: each receipt came out whole, at most one copy of it was not asked for, and none waited
for anything but its printer.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import random
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from hardware.printer.memory import MemoryFile
from hardware.printer.simulated import SimulatedPrinter
from terminal.sale.record import Record
from terminal.sale.sale import State
from tests.sales import walk_to
from tests.unit.paper.shopfront_bench import COPY_MARK, CUSTOMER, MERCHANT, Shopfront
from tests.virtual_time import run_virtual

SALES_A_DAY = 100
LONGEST_WAIT_S = 90.0
"""From when the printer is well to the receipt; looks are 5 s apart, pauses 30 s at most, a copy is a few seconds."""
KINDS = {"Eintak viðskiptavinar": CUSTOMER, "Eintak söluaðila": MERCHANT}

Mood = Callable[[SimulatedPrinter], None]


def _mood(name: str, value: object) -> Mood:
    return lambda printer: printer.set_mood(name, value)


def _attribute(name: str, value: object) -> Mood:
    return lambda printer: setattr(printer, name, value)


HARMLESS: Mapping[str, Mood] = {
    "well": lambda _printer: None,
    "paper low": _attribute("paper", "low"),
    "loses one answer in five": _mood("loses_every", 5),
    "answers in its turn": _mood("answers_in_turn", True),
    "hangs up at the knife": _mood("hangs_up_at_knife", True),
    "refuses for 0.3 s": _attribute("refuses_s", 0.3),
    "refuses for 3 s": _attribute("refuses_s", 3.0),
    "Chinese mode": _mood("chinese", True),
}
"""Receipts come out all the same."""
BAD: Mapping[str, Mood] = {
    "says nothing": _mood("answers", False),
    "engine hangs": _mood("hung", True),
    "says that it is off-line": _mood("stuck_offline", True),
    "off-line": _attribute("online", False),
    "cover open": _attribute("cover", "open"),
    "out of paper": _attribute("paper", "out"),
    "paper ends": lambda printer: setattr(printer, "lines_left", 7),
    "unplugged": SimulatedPrinter.unplug,
    "line echoes": _mood("echoes", True),
}
"""Nothing comes out, or nobody knows."""


class Sheet(NamedTuple):
    """What stands on paper of one receipt."""

    number: int
    kind: str
    is_copy: bool
    is_whole: bool
    at_s: float


class World:
    """One printer, one journal, many days."""

    def __init__(self, folder: Path, seed: int, *, confirms: bool = True) -> None:
        self.rng = random.Random(seed)
        self.folder = folder
        self.now_s = 0.0
        self.sheets: list[Sheet] = []
        self.queued_s: dict[int, float] = {}
        self.asked: Counter[tuple[int, str]] = Counter()
        self.bad_s: list[tuple[float, float]] = []
        self.moods: Counter[str] = Counter()
        self.power_cuts = 0
        self._sale = walk_to(State.REPORT).sale
        self._seen = 0
        self._mend: Mood = lambda _printer: None
        self.printer = SimulatedPrinter(columns=42, memory=MemoryFile(folder / "printer.json"))
        self.printer.set_mood("knows_in_order", confirms)
        self.printer.on_change = self._collect

    def _now(self) -> float:
        return self.now_s + asyncio.get_running_loop().time() - self._day_began_s

    def _collect(self) -> None:
        for piece in self.printer.receipts:
            if piece.id > self._seen and (piece.cut or piece is not self.printer.receipts[-1]):
                self._seen = piece.id
                self._read(piece.text)

    def _read(self, text: str) -> None:
        """A strip may hold a torn receipt and, behind it, its copy."""
        for one in text.split("Kaffihúsið")[1:]:
            _, _, behind = one.partition("T1-0")
            kind = next((kind for footer, kind in KINDS.items() if footer in one), None)
            if behind[:5].isdigit():
                number = int(behind[:5])
                self.sheets.append(Sheet(number, kind or "?", COPY_MARK in one, kind is not None, self._now()))

    # --- days ---------------------------------------------------------------------------------------------------------

    def day(self, sales: range) -> None:
        run_virtual(self._day(sales))

    async def _day(self, sales: range) -> None:
        self._day_began_s = asyncio.get_running_loop().time()
        await self._open_for(None, sales)

    async def _open_for(self, quiet_s: float | None, sales: range = range(0)) -> None:
        """The shop is open: for its sales, or for so long."""
        self.printer.refuses_s = self.printer.refuses_s  # each day has a loop and a clock of its own
        shopfront = Shopfront(self.folder / "journal.db", self.printer)
        await shopfront.journal.call(shopfront.disk.open)
        tasks = [asyncio.ensure_future(shopfront.printing.run()), asyncio.ensure_future(self._staff(shopfront))]
        try:
            for number in sales:
                self._change_mood()
                shopfront.printing.prepare()
                await asyncio.sleep(self.rng.uniform(2, 40))
                self.queued_s[number] = self._now()
                sale = replace(self._sale, number=number, register_id=str(number), reference=f"T1-0{number:05}-A1B2C3")
                await shopfront.journal.append(Record("StatusReceived", sale, (CUSTOMER, MERCHANT)))
                shopfront.printing.wake()
                await asyncio.sleep(self.rng.uniform(0, 20))
            if quiet_s is not None:
                await asyncio.sleep(quiet_s)
            elif self.rng.random() < 0.5:
                self.power_cuts += 1  # wherever it is
            else:
                self._be_well()
                await asyncio.sleep(300)
            for task in tasks:
                assert not task.done(), "printing and staff go on"
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await shopfront.journal.close()
            self.now_s = self._now()

    def last_day(self) -> None:
        """Nobody sells, and all is well: what waits comes out, and every question is answered."""

        async def quiet() -> None:
            self._day_began_s = asyncio.get_running_loop().time()
            self._be_well()
            await self._open_for(3600)

        run_virtual(quiet())

    def _change_mood(self) -> None:
        if self.rng.random() < 0.5:
            return
        self._be_well()
        table = BAD if self.rng.random() < 0.5 else HARMLESS
        name = self.rng.choice(list(table))
        self.moods[name] += 1
        table[name](self.printer)
        if table is BAD:
            self.bad_s.append((self._now(), float("inf")))

    def _be_well(self) -> None:
        printer = self.printer
        printer.plug_in()
        printer.paper, printer.cover, printer.online, printer.refuses_s = "ok", "closed", True, 0.0
        for name, value in {"answers": True, "loses_every": 0}.items():
            printer.set_mood(name, value)
        for name in ("hung", "stuck_offline", "answers_in_turn", "hangs_up_at_knife", "chinese", "echoes"):
            printer.set_mood(name, False)
        if self.bad_s and self.bad_s[-1][1] == float("inf"):
            self.bad_s[-1] = (self.bad_s[-1][0], self._now())

    async def _staff(self, shopfront: Shopfront) -> None:
        """Look at the screen now and then, and at the paper if it asks."""
        while True:
            await asyncio.sleep(self.rng.uniform(5, 30))
            doubt = shopfront.doubt
            if doubt is None or await shopfront.is_answered(doubt):
                continue
            is_whole = any(
                one.is_whole and (one.number, one.kind) == (doubt.sale_number, doubt.kind) for one in self.sheets
            )
            if not is_whole:
                self.asked[doubt.sale_number, doubt.kind] += 1
            await shopfront.answer("#" if is_whole else "*")

    # --- counting -----------------------------------------------------------------------------------------------------

    def problems(self) -> list[str]:
        sheets: defaultdict[tuple[int, str], list[Sheet]] = defaultdict(list)
        for sheet in self.sheets:
            sheets[sheet.number, sheet.kind].append(sheet)
        found = []
        for number, queued_s in self.queued_s.items():
            for kind in (CUSTOMER, MERCHANT):
                whole = sheets[number, kind]
                name = f"{kind} receipt of sale {number}"
                if not whole:
                    found.append(f"{name} never came out")
                    continue
                if sum(not one.is_copy for one in whole) > 1:
                    found.append(f"{name} came out twice unmarked")
                if len(whole) - self.asked[number, kind] > 2:
                    found.append(f"{name} came out {len(whole)} times, and {self.asked[number, kind]} were asked for")
                if (late_s := self._late_s(queued_s, whole[0].at_s)) > LONGEST_WAIT_S:
                    found.append(f"{name} was held up for {late_s:.0f} s by something else than its printer")
        return found

    def _late_s(self, queued_s: float, out_s: float) -> float:
        """How long it waited while its printer was well."""
        return out_s - max(
            [queued_s, *(min(end, out_s) for start, end in self.bad_s if start < out_s and end > queued_s)]
        )

    def summary(self) -> str:
        sheets = Counter((one.number, one.kind) for one in self.sheets if one.is_whole)
        wanted = 2 * len(self.queued_s)
        often = Counter(sheets[number, kind] for number in self.queued_s for kind in (CUSTOMER, MERCHANT))
        copies = sum(one.is_copy for one in self.sheets) - sum(self.asked.values())
        return (
            f"{len(self.queued_s)} sales, {wanted} receipts: {often[1]} whole once, {often[2]} with one copy, "
            f"{sum(count for times, count in often.items() if times > 2)} more often, {often[0]} never; "
            f"{copies} copies unasked, {sum(self.asked.values())} asked for; {self.power_cuts} power cuts, "
            f"{sum(self.moods.values())} changes of mood"
        )


def run(folder: Path, sales: int, seed: int, *, confirms: bool = True) -> World:
    """All days, and a last one on which everything is well."""
    world = World(folder, seed, confirms=confirms)
    for first in range(1, sales + 1, SALES_A_DAY):
        world.day(range(first, min(first + SALES_A_DAY, sales + 1)))
    for _ in range(2):
        world.last_day()
    return world


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.printer_moods", description=__doc__)
    parser.add_argument("--sales", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--never-confirms", action="store_true", help="a printer that does not know GS r")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        world = run(Path(folder), options.sales, options.seed, confirms=not options.never_confirms)
    print(f"seed {options.seed}: {world.summary()}; {time.monotonic() - began_s:.0f} s")
    for name, count in world.moods.most_common():
        print(f"  {count:5} {name}")
    problems = world.problems()
    for problem in problems[:20]:
        print(problem)
    print(f"{len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
