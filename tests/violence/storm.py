"""A storm of SIGKILLs on the real daemon: one a sale, at points that can be observed from outside, or at random.

    python -m tests.violence.storm --kills 500

No hook in the daemon: a kill follows upon what the register, the journal, the simulated Netgíró or the paper shows,
with a random bit of a millisecond on top, or comes at any moment of a sale or of a start. Afterwards every sale is
reconciled four ways: what the register was told, the journal, Netgíró's ledger and the paper.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import re
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

import httpx

from terminal.counter.register_ids import REPEATED_WITHIN_S
from tests.integration.counter import ShopCounter
from tests.integration.netgiro import PATIENT_KENNITALA, QUICK_PHONE, NetgiroProcess
from tests.integration.process import POLL_S, Process, wait_until
from tests.patience import at_most

STATES = ("entry", "authorization", "customer", "capture", "report", "closed")
TROUBLES = (
    {"fault": "slow", "call": "ConfirmCart", "seconds": 0.15},
    {"fault": "slow_before", "call": "ConfirmCart", "seconds": 0.15},
    {"fault": "slow", "call": "InsertCart", "seconds": 0.1},
    {"fault": "slow", "call": "CheckCart", "seconds": 0.1},
    {"fault": "lost_after", "call": "ConfirmCart"},
    {"fault": "lost_before", "call": "ConfirmCart"},
    {"fault": "lost_after", "call": "InsertCart"},
)
WATCH_S = 1.5
"""A point that does not come within this time is taken as having come."""
SETTLE_S = 40.0

RESULT = re.compile(r"(OK|NO) (\S+) ID=(\S+)")


class Sold(NamedTuple):
    """A sale as it was rung up."""

    register_id: str
    amount_kr: int


class Lane:
    """One shop: a terminal that gets killed, and everything around it that does not."""

    def __init__(self, folder: Path, name: str, seed: int) -> None:
        self.kills: Counter[str] = Counter()
        self.sold: list[Sold] = []
        self._name = name
        self._rng = random.Random(f"{seed} {name}")
        self._rung_up_s = 0.0
        self.netgiro = NetgiroProcess(folder)
        self.counter = ShopCounter(folder, self.netgiro)

    def close(self) -> None:
        self.counter.close()
        self.netgiro.close()

    def run(self, kills: int) -> None:
        """Sales with a kill each, until there were so many; the last one is left in peace."""
        self._start()
        while self.kills.total() < kills:
            self._sell_and_kill(Sold(f"{self._name}{len(self.sold)}", self._rng.choice((99, 1990, 250_000))))
        peace = Sold(f"{self._name}-peace", 1990)
        self.sold.append(peace)
        self._ring_up(peace)
        self._identify(QUICK_PHONE)
        self._settle(peace)

    # --- one sale -----------------------------------------------------------------------------------------------------

    def _sell_and_kill(self, sold: Sold) -> None:
        rng = self._rng
        self.sold.append(sold)
        self.netgiro.spoil(*rng.sample(TROUBLES, rng.choice((0, 0, 1, 2))))
        self._ring_up(sold)
        if rng.random() < 0.9:
            self._identify(QUICK_PHONE if rng.random() < 0.85 else PATIENT_KENNITALA)
        point = rng.choice(self._points(sold))
        watched_until_s = time.monotonic() + WATCH_S  # also on a busy machine: nothing is awaited here
        while not point.is_there() and time.monotonic() < watched_until_s:
            time.sleep(POLL_S)
        time.sleep(rng.choice((0, rng.uniform(0, 0.003), rng.uniform(0, 0.03))))
        self._kill(point.name)
        while rng.random() < 0.2:
            self._start_and_kill()
        self.netgiro.spoil()
        self._start()
        self._settle(sold)

    def _points(self, sold: Sold) -> list[Point]:
        paper_before = self._paper_length()
        delay_end_s = time.monotonic() + self._rng.uniform(0, 0.6)
        return [
            *(Point(f"journal says {state}", partial(self._stands_at, sold, state)) for state in STATES),
            Point("Netgíró has a reservation or payment", lambda: self._cart_state() in ("reserved", "paid")),
            Point("register is told", lambda: any(f" ID={sold.register_id} " in line for line in self._hear())),
            Point("paper comes out", lambda: self._paper_length() > paper_before),
            *[Point("any moment", lambda: time.monotonic() > delay_end_s)] * 4,
        ]

    def _ring_up(self, sold: Sold) -> None:
        """Until it is taken: the last sale may still be closing."""
        wanted = f"WAIT ID={sold.register_id}"
        self._rung_up_s = time.monotonic()

        def taken() -> bool:
            self.counter.register.send(f"PAY {sold.amount_kr} ID={sold.register_id}")
            return any(line.startswith(wanted) for line in self._hear(until=("WAIT", "ERR"), deadline_s=5.0))

        wait_until(wanted, taken)

    def _identify(self, keys: str) -> None:
        with contextlib.suppress(httpx.TransportError):
            self.counter.press(keys + "#")

    def _settle(self, sold: Sold) -> None:
        """The register asks for its sale until it knows.

        After a "no" it asks at once or not at all: later the same request would be the next attempt.
        """
        told_no = any(line.startswith("NO ") and f" ID={sold.register_id} " in line for line in self._all_heard())
        may_be_too_late = told_no and time.monotonic() - self._rung_up_s > REPEATED_WITHIN_S / 2

        def told() -> bool:
            if may_be_too_late:
                return True
            self.counter.register.send(f"PAY {sold.amount_kr} ID={sold.register_id}")
            lines = self._hear(until=(f"OK {sold.amount_kr} ID={sold.register_id} ", "NO "), deadline_s=at_most(0.5))
            return any(match and match[3] == sold.register_id for match in map(RESULT.match, lines))

        wait_until(f"the result of {sold.register_id}", told, SETTLE_S)
        wait_until(f"{sold.register_id} closed", lambda: self._stands(sold) == "closed", SETTLE_S)

    # --- violence -----------------------------------------------------------------------------------------------------

    def _kill(self, where: str) -> None:
        self.counter.kill()
        self.kills[where] += 1

    def _start(self) -> None:
        """However busy the machine is."""
        try:
            self.counter.start()
        except AssertionError:
            process = self.counter.process
            wait_until("a start", lambda: process.exit_code is not None or "ready: line" in process.output, SETTLE_S)
            assert process.exit_code is None, process.output

    def _start_and_kill(self) -> None:
        """The next power cut comes while it is starting."""
        counter = self.counter
        counter.process = Process(
            "run", "--config", str(counter.config_path), log_path=counter.log_path, env=counter.env
        )
        time.sleep(self._rng.uniform(0.1, 1.2))
        self._kill("while starting")

    # --- looking ------------------------------------------------------------------------------------------------------

    def _hear(self, until: tuple[str, ...] = (), deadline_s: float = 0.0) -> list[str]:
        """What the terminal has said, and what it says until a line begins with one of ``until``."""
        lines: list[str] = []
        end_s = time.monotonic() + deadline_s
        while not any(line.startswith(until) for line in lines if until):
            try:
                lines.append(self.counter.register.line(max(0.0, end_s - time.monotonic())))
            except AssertionError:
                return lines
        return lines

    def _all_heard(self) -> list[str]:
        self._hear()
        return self.counter.register.heard

    def _stands(self, sold: Sold) -> str:
        """The sale's state in the journal, read beside the running terminal."""
        path = self.counter.folder / "journal.db"
        with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as db:
            found = db.execute("SELECT state FROM sales WHERE register_id = ?", (sold.register_id,)).fetchone()
        return str(found[0]) if found else ""

    def _stands_at(self, sold: Sold, state: str) -> bool:
        return self._stands(sold) == state

    def _cart_state(self) -> str:
        carts = self.netgiro.carts()
        return str(carts[0]["State"]) if carts else ""

    def _paper_length(self) -> int:
        path = self.counter.paper_path
        return path.stat().st_size if path.exists() else 0


class Point(NamedTuple):
    """Something that can be seen from outside, upon which the plug is pulled."""

    name: str
    is_there: Callable[[], bool]


# --- reconciliation ---------------------------------------------------------------------------------------------------


def differences(lane: Lane) -> Iterator[str]:
    """Everything on which register, journal, ledger and paper do not agree."""
    told: dict[str, set[str]] = {}
    for match in filter(None, map(RESULT.match, lane.counter.register.heard)):
        told.setdefault(match[3], set()).add(f"{match[1]} {match[2]}")
    rows = {row["register_id"]: row for row in lane.counter.journal()}
    paid: dict[str, list[int]] = {}
    for entry in lane.netgiro.ledger():
        paid.setdefault(entry["Reference"], []).append(entry["Amount"])

    for sold in lane.sold:
        results, row = told.get(sold.register_id, set()), rows.pop(sold.register_id, None)
        if row is None:
            yield f"{sold.register_id} is not in the journal"
            continue
        captured = paid.pop(row["reference"], [])
        expected = [sold.amount_kr] if row["outcome"] == "approved" else []
        if captured != expected:
            yield f"{sold.register_id}: the journal says {row['outcome']}, the ledger {captured}"
        if row["state"] != "closed" or row["amount"] != sold.amount_kr:
            yield f"{sold.register_id}: {row['state']}, {row['amount']} kr."
        if len(results) != 1 or (f"OK {sold.amount_kr}" in results) != (row["outcome"] == "approved"):
            yield f"{sold.register_id}: the journal says {row['outcome']}, the register was told {results or 'nothing'}"
        yield from _paper_differences(lane, row)
    yield from (f"{reference} is in the ledger and in no sale" for reference in paid)
    yield from (f"{register_id} is in the journal and was never rung up" for register_id in rows)


def _paper_differences(lane: Lane, row: dict[str, object]) -> Iterator[str]:
    """A paid sale's two receipts; whatever came more often is marked as a copy."""
    reference = str(row["reference"])
    wanted = 2 if row["outcome"] == "approved" else 0
    with contextlib.suppress(AssertionError):
        wait_until("the paper", lambda: len(lane.counter.paper(reference)) >= wanted)
    pieces = lane.counter.paper(reference)
    unmarked = [piece for piece in pieces if "DUPLICATE" not in piece]
    if len(pieces) < wanted or len(unmarked) > wanted:
        yield f"{row['register_id']}: {len(pieces)} receipts came out, {len(unmarked)} of them unmarked"


# --- running it -------------------------------------------------------------------------------------------------------


class Report(NamedTuple):
    """What a storm came to."""

    kills: Counter[str]
    sales: int
    differences: list[str]


def storm(folder: Path, kills: int, lanes: int, seed: int) -> Report:
    """Run lanes side by side and reconcile each."""

    def run(number: int) -> Report:
        own = folder / f"lane{number}"
        own.mkdir()
        lane = Lane(own, "abcdefgh"[number], seed)
        try:
            lane.run(kills // lanes + (number < kills % lanes))
            return Report(lane.kills, len(lane.sold), list(differences(lane)))
        finally:
            lane.close()

    with ThreadPoolExecutor(lanes) as pool:
        reports = list(pool.map(run, range(lanes)))
    return Report(
        sum((report.kills for report in reports), Counter()),
        sum(report.sales for report in reports),
        [difference for report in reports for difference in report.differences],
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.violence.storm", description=__doc__)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--lanes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="storm-"))
    began_s = time.monotonic()
    report = storm(folder, options.kills, options.lanes, options.seed)
    for where, count in report.kills.most_common():
        print(f"{count:5} {where}")
    for difference in report.differences:
        print(f"DIFFERENCE: {difference}")
    print(
        f"{report.kills.total()} SIGKILLs, {report.sales} sales, {len(report.differences)} differences, "
        f"{time.monotonic() - began_s:.0f} s, seed {options.seed}; journals and logs: {folder}"
    )
    return 1 if report.differences else 0


if __name__ == "__main__":
    sys.exit(main())
