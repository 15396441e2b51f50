"""A storm of SIGKILLs on the real daemon: one a sale or refund, at points seen from outside, or at random.

    python -m tests.violence.storm --kills 500

No hook in the daemon: a kill follows upon what the register, the journal, the simulated Netgíró or the paper shows,
with a random bit of a millisecond on top, or comes at any moment of a sale, of a refund or of a start. Afterwards
everything is reconciled four ways: what the register was told, the journal, Netgíró's book and the paper.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

import httpx

from tests.integration.netgiro import PATIENT_KENNITALA, PATIENT_PHONE, QUICK_PHONE, NetgiroProcess
from tests.integration.process import POLL_S, Process, run_command, wait_until
from tests.violence.shops import REFUND_TROUBLES, SHOPS, Shop, Trouble
from tests.violence.tills import Returned, Sold
from tests.violence.witnesses import differences

STATES = ("entry", "authorization", "customer", "capture", "report", "closed")
WATCH_S = 1.5
"""A point that does not come within this time is taken as having come."""
SETTLE_S = 40.0


class Point(NamedTuple):
    """Something that can be seen from outside, upon which the plug is pulled."""

    name: str
    is_there: Callable[[], bool]


class Lane:
    """One shop: a terminal that gets killed, and everything around it that does not."""

    def __init__(self, folder: Path, shop: Shop, seed: int) -> None:
        self.kills: Counter[str] = Counter()
        self.sales: list[Sold] = []
        self._shop = shop
        self._rng = random.Random(f"{seed} {shop.name}")
        self.netgiro = NetgiroProcess(folder)
        self.counter, self.till = shop.open(folder, self.netgiro)

    def close(self) -> None:
        self.counter.close()
        self.netgiro.close()

    def run(self, kills: int) -> None:
        """Sales and refunds with a kill each, until there were so many; the last ones are left in peace."""
        self._start()
        while self.kills.total() < kills:
            sold = self._new_sale()
            self._sell(sold, killed=True)
            while self._is_paid(sold) and sold.left_kr and self._rng.random() < 0.5:
                self._give_back(sold, self._rng.choice((sold.left_kr, self._rng.randint(1, sold.left_kr))), killed=True)
        peace = self._new_sale()
        self._sell(peace, killed=False)
        self._give_back(peace, peace.left_kr, killed=False)

    # --- one sale -----------------------------------------------------------------------------------------------------

    def _new_sale(self) -> Sold:
        sold = Sold(f"{self._shop.name}-{len(self.sales)}", self._rng.choice((99, self._rng.randint(100, 250_000))))
        self.sales.append(sold)
        return sold

    def _sell(self, sold: Sold, *, killed: bool) -> None:
        rng = self._rng
        self._spoil(self._shop.troubles if killed else ())
        sold.rung_up_s = time.monotonic()
        self.till.ring_up(sold)
        sold.number = self._newest()
        patient = PATIENT_PHONE if self._shop.api == "v2" else PATIENT_KENNITALA
        if not killed or rng.random() < 0.9:
            self._identify(QUICK_PHONE if not killed or rng.random() < 0.85 else patient)
        if killed:
            self._pull_the_plug(self._points_of(sold))
        wait_until(
            f"the result of {sold.name}", lambda: self.till.ask(sold) or self._stands(sold) == "attention", SETTLE_S
        )
        wait_until(f"{sold.name} closed", lambda: self._is_closed(sold), SETTLE_S)

    def _points_of(self, sold: Sold) -> list[Point]:
        return [
            *(Point(f"journal says {state}", partial(self._stands_at, sold, state)) for state in STATES),
            Point("Netgíró has a reservation or payment", lambda: self._cart_state() in ("reserved", "paid")),
            Point("register is told", lambda: bool(self.till.told(sold))),
            self._paper_point("paper comes out"),
            *[self._any_moment("any moment")] * 4,
        ]

    def _identify(self, keys: str) -> None:
        with contextlib.suppress(httpx.TransportError):
            self.counter.press(keys + "#")

    def _is_closed(self, sold: Sold) -> bool:
        """What only staff can end they look up in Netgíró's book."""
        if self._stands(sold) == "attention":
            row = next(row for row in self.counter.journal() if row["sale_id"] == str(sold.number))
            is_paid = row["reference"] in [entry["Reference"] for entry in self.netgiro.ledger()]
            verdict = "paid" if is_paid else "unpaid"
            run_command("settle", str(sold.number), verdict, "--config", str(self.counter.config_path))
        return self._stands(sold) == "closed"

    def _is_paid(self, sold: Sold) -> bool:
        return f"OK {sold.amount_kr}" in self.till.told(sold)

    # --- one refund ---------------------------------------------------------------------------------------------------

    def _give_back(self, sold: Sold, amount_kr: int, *, killed: bool) -> None:
        returned = Returned(sold, amount_kr)
        sold.returned.append(returned)
        before = len(self.netgiro.refunds())
        self._spoil(REFUND_TROUBLES if killed else ())
        self.till.give_back(returned)
        if killed:
            newest = self._newest()
            self._pull_the_plug(
                [
                    Point("journal has the refund", lambda: self._newest() > newest),
                    Point(
                        "journal says refunded", lambda: self._newest() > newest and self._newest_state() == "closed"
                    ),
                    *[Point("Netgíró has the refund", lambda: len(self.netgiro.refunds()) > before)] * 2,
                    Point("register is told of the refund", lambda: bool(self.till.told(returned))),
                    self._paper_point("paper of the refund comes out"),
                    *[self._any_moment("any moment of a refund")] * 3,
                ]
            )
        wait_until(f"the result of {returned.name}", lambda: self.till.ask_again(returned), SETTLE_S)
        wait_until(f"{returned.name} closed", lambda: self._newest_state() == "closed", SETTLE_S)

    # --- violence -----------------------------------------------------------------------------------------------------

    def _spoil(self, troubles: Sequence[Trouble]) -> None:
        self.netgiro.spoil(*map(dict, self._rng.sample(troubles, min(len(troubles), self._rng.choice((0, 0, 1, 2))))))

    def _any_moment(self, name: str) -> Point:
        delay_end_s = time.monotonic() + self._rng.uniform(0, 0.6)
        return Point(name, lambda: time.monotonic() > delay_end_s)

    def _paper_point(self, name: str) -> Point:
        before = self._paper_length()
        return Point(name, lambda: self._paper_length() > before)

    def _pull_the_plug(self, points: Sequence[Point]) -> None:
        """At one of them, perhaps once more while it starts; then it starts in peace, with a Netgíró that is well."""
        rng = self._rng
        point = rng.choice(points)
        watched_until_s = time.monotonic() + WATCH_S  # also on a busy machine: nothing is awaited here
        while not point.is_there() and time.monotonic() < watched_until_s:
            time.sleep(POLL_S)
        time.sleep(rng.choice((0, rng.uniform(0, 0.003), rng.uniform(0, 0.03))))
        self._kill(point.name)
        while rng.random() < 0.2:
            self._start_and_kill()
        self.netgiro.spoil()
        self._start()

    def _kill(self, where: str) -> None:
        self.counter.kill()
        self.till.plug_is_pulled()
        self.kills[where] += 1

    def _start(self) -> None:
        """However busy the machine is."""
        try:
            self.counter.start()
        except AssertionError:
            process = self.counter.process
            wait_until("a start", lambda: process.exit_code is not None or "ready: " in process.output, SETTLE_S)
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

    def _stands(self, sold: Sold) -> str:
        return self._look("SELECT state FROM sales WHERE number = ?", sold.number)

    def _stands_at(self, sold: Sold, state: str) -> bool:
        return self._stands(sold) == state

    def _newest(self) -> int:
        """The number of the latest sale or refund."""
        return int(self._look("SELECT max(number) FROM sales") or 0)

    def _newest_state(self) -> str:
        return self._look("SELECT state FROM sales ORDER BY number DESC LIMIT 1")

    def _look(self, query: str, *values: object) -> str:
        """In the journal, beside the running terminal."""
        path = self.counter.folder / "journal.db"
        with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as db:
            found = db.execute(query, values).fetchone()
        return str(found[0]) if found and found[0] is not None else ""

    def _cart_state(self) -> str:
        carts = self.netgiro.carts()
        return str(carts[0]["State"]) if carts else ""

    def _paper_length(self) -> int:
        path = self.counter.paper_path
        return path.stat().st_size if path.exists() else 0


# --- running it -------------------------------------------------------------------------------------------------------


class Report(NamedTuple):
    """What a storm came to."""

    kills: Counter[str]
    sales: int
    refunds: int
    differences: list[str]


def storm(folder: Path, kills: int, lanes: int, seed: int, shops: Sequence[Shop] = SHOPS) -> Report:
    """Over every shop, so many of them side by side; each is reconciled."""

    def run(number: int) -> Report:
        own = folder / shops[number].name
        own.mkdir()
        lane = Lane(own, shops[number], seed)
        try:
            lane.run(kills // len(shops) + (number < kills % len(shops)))
            refunds = sum(len(sold.returned) for sold in lane.sales)
            found = differences(lane.sales, lane.till, lane.counter, lane.netgiro)
            return Report(lane.kills, len(lane.sales), refunds, [f"{shops[number].name}: {one}" for one in found])
        finally:
            lane.close()

    with ThreadPoolExecutor(lanes) as pool:
        reports = list(pool.map(run, range(len(shops))))
    return Report(
        sum((report.kills for report in reports), Counter()),
        sum(report.sales for report in reports),
        sum(report.refunds for report in reports),
        [difference for report in reports for difference in report.differences],
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.violence.storm", description=__doc__)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--lanes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    names = [shop.name for shop in SHOPS]
    parser.add_argument("--shop", choices=names, action="append", help="only this one; may be given several times")
    options = parser.parse_args()
    shops = [shop for shop in SHOPS if shop.name in (options.shop or names)]
    folder = Path(tempfile.mkdtemp(prefix="storm-"))
    began_s = time.monotonic()
    report = storm(folder, options.kills, options.lanes, options.seed, shops)
    for where, count in report.kills.most_common():
        print(f"{count:5} {where}")
    for difference in report.differences:
        print(f"DIFFERENCE: {difference}")
    print(
        f"{report.kills.total()} SIGKILLs, {report.sales} sales, {report.refunds} refunds, "
        f"{len(report.differences)} differences, {time.monotonic() - began_s:.0f} s, seed {options.seed}; "
        f"journals and logs: {folder}"
    )
    return 1 if report.differences else 0


if __name__ == "__main__":
    sys.exit(main())
