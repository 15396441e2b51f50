"""Looks through both files of a journal to the end, and makes good what can be: ``journal mend``."""

from __future__ import annotations

from collections.abc import Callable

from terminal.journal import chain, check, rebuild, tables
from terminal.journal.database import telling
from terminal.journal.pair import Pair
from terminal.journal.schema import DamageFound


def mend(pair: Pair, now: Callable[[], str]) -> list[str]:
    """Look through everything and make anew what is damaged; returns what was done since the start, in words."""
    done: list[str] = []
    compared = pair.repairing(lambda: _compare_all(pair))
    with pair.database.transaction() as db:
        tables.refold(db)
    if pair.repaired is not None:
        done.append(rebuild.tell(pair.repaired))
    if compared.different:
        kept = rebuild.set_mirror_aside(pair.mirror, now())
        done.append(f"the mirror said something else and was begun anew; the old one is kept as {kept}")
    elif lacking := sum(map(len, compared.lacking.values())):
        pair.mirror.append(compared.rows_lacking(pair.connection))
        done.append(f"{lacking} rows that the mirror had lost were written to it anew")
    pair.catch_up()
    return [*done, "every entry was read, and where sales and receipts stand was worked out anew"]


def _compare_all(pair: Pair) -> check.Comparison:
    db = pair.connection
    with telling(db, pair.on_progress):
        check.read_through(db)
        compared = check.Comparison(db, pair.mirror)
        broken = next(chain.broken_links(db), None)
    if broken is not None:
        raise DamageFound(f"row {broken[0]} of the chain ({broken[1]}) was changed, or what came before it")
    if compared.absent:
        raise DamageFound(f"{len(compared.absent)} rows are in the mirror only")
    return compared
