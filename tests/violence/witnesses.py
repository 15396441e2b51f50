"""Register, journal, Netgíró's book and paper of one shop, after the storm: on what do they not agree?"""

from __future__ import annotations

import contextlib
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from tests.integration.counter import ShopCounter
from tests.integration.netgiro import SimulatedNetgiro
from tests.integration.process import wait_until
from tests.violence.tills import NOT_KNOWN, Returned, Sold, Till

Row = dict[str, Any]


def differences(sales: Sequence[Sold], till: Till, counter: ShopCounter, netgiro: SimulatedNetgiro) -> Iterator[str]:
    """One sentence for each thing on which they do not agree."""
    rows = {int(row["sale_id"]): row for row in counter.journal() if "sale_id" in row}
    paid, returned = by_reference(netgiro.ledger()), by_reference(netgiro.refunds())
    if (doubled := len(netgiro.refunds()) - len({one["IdempotencyKey"] for one in netgiro.refunds()})) > 0:
        yield f"{doubled} refunds under a key that was used before"
    ours_kr = sum(_kept_kr(row) for row in rows.values())
    theirs_kr = sum(map(sum, paid.values())) - sum(map(sum, returned.values()))
    if ours_kr != theirs_kr:
        yield f"the journal comes to {ours_kr} kr., Netgíró's book to {theirs_kr} kr."
    for sold in sales:
        row = rows.pop(sold.number, None)
        if row is None:
            yield f"{sold.name} is not in the journal"
            continue
        yield from _of_sale(sold, row, till.told(sold), paid.pop(row["reference"], []))
        yield from _of_refunds(sold, row, till, returned.pop(row["reference"], []))
        yield from _on_paper(counter, row, row["outcome"] == "approved")
        for refund in row["refunds"]:
            yield from _on_paper(counter, refund, refund["outcome"] == "refunded")
    yield from (f"{reference} is in the ledger and in no sale" for reference in (*paid, *returned))
    yield from (f"{number} is in the journal and was never rung up" for number in rows)


def by_reference(entries: Sequence[Row]) -> dict[str, list[int]]:
    amounts: defaultdict[str, list[int]] = defaultdict(list)
    for entry in entries:
        amounts[entry["Reference"]].append(entry["Amount"])
    return dict(amounts)


def _kept_kr(row: Row) -> int:
    """What the journal says that Netgíró owes the shop for this sale."""
    captured_kr = row["amount"] if row["outcome"] == "approved" else 0
    return captured_kr - sum(one["amount"] for one in row["refunds"] if one["outcome"] == "refunded")


def _of_sale(sold: Sold, row: Row, told: set[str], captured: list[int]) -> Iterator[str]:
    is_paid = row["outcome"] == "approved"
    if captured != ([sold.amount_kr] if is_paid else []):
        yield f"{sold.name}: the journal says {row['outcome']}, the ledger {captured}"
    if row["state"] != "closed" or row["amount"] != sold.amount_kr:
        yield f"{sold.name}: {row['state']}, {row['amount']} kr."
    if row["settled_by"] is not None:  # staff looked it up, and the register was told before that
        told = told - {NOT_KNOWN} or {f"OK {sold.amount_kr}" if is_paid else "NO"}
    if len(told) != 1 or (f"OK {sold.amount_kr}" in told) != is_paid:
        yield f"{sold.name}: the journal says {row['outcome']}, the register was told {told or 'nothing'}"


def _of_refunds(sold: Sold, row: Row, till: Till, at_netgiro: list[int]) -> Iterator[str]:
    asked = [one.amount_kr for one in sold.returned]
    in_journal = [one["amount"] for one in row["refunds"] if one["outcome"] == "refunded"]
    if not sorted(asked) == sorted(in_journal) == sorted(at_netgiro) or len(row["refunds"]) != len(asked):
        yield f"{sold.name}: {asked} asked back, {row['refunds']} in the journal, {at_netgiro} at Netgíró"
    for one in sold.returned:
        yield from _told_of(one, till.told(one) - {NOT_KNOWN})


def _told_of(returned: Returned, told: set[str]) -> Iterator[str]:
    if told != {f"OK {returned.amount_kr}"}:
        yield f"{returned.name}: {returned.amount_kr} kr. asked back, the register was told {told or 'nothing'}"


def _on_paper(counter: ShopCounter, row: Row, is_done: bool) -> Iterator[str]:
    """Two receipts of what was paid or returned; whatever came more often is marked as a copy.

    One that met two kills while it was printed may be missing: the terminal asks staff whether it is whole.
    """
    if row["settled_by"] is not None:
        return
    wanted = 2 if is_done else 0
    reference = str(row["reference"])
    doubtful = _doubtful(counter, int(row.get("refund_id") or row["sale_id"]))
    with contextlib.suppress(AssertionError):
        wait_until("the paper", lambda: len(counter.paper(reference)) >= wanted - doubtful)
    pieces = counter.paper(reference)
    unmarked = [piece for piece in pieces if "DUPLICATE" not in piece]
    if len(pieces) < wanted - doubtful or len(unmarked) > wanted:
        yield f"{reference}: {len(pieces)} receipts came out, {len(unmarked)} of them unmarked"


def _doubtful(counter: ShopCounter, number: int) -> int:
    """How many receipts of this sale or refund staff are asked about."""
    path = counter.folder / "journal.db"
    query = "SELECT count(*) FROM receipt_queue WHERE sale_number = ? AND state = 'doubtful'"
    with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as db:
        return int(db.execute(query, (number,)).fetchone()[0])
