"""The page on which the chain's own reconciliation stands: what Netgíró paid out against the sales of all counters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from starlette.responses import Response

from terminal.office.page import queries
from terminal.office.page.asked import HEADERS, Visit, html
from terminal.office.page.markup import Child, table, tag
from terminal.office.page.queries import MOST
from terminal.office.page.render import Frame, document, language_of, message, number, time_of
from terminal.office.page.spreadsheet import csv_line
from terminal.office.page.words import Words
from terminal.office.page.words_chain import CHAIN_WORDS, ChainWords
from terminal.office.server import payout_runs
from terminal.office.server.payout_runs import Run
from terminal.office.server.payouts import MOST_LINES, Line, Sum
from terminal.sale.money import format_kr

HEADS = ("class", "kind", "shop", "terminal", "reference", "settlement", "created", "amount_kr", "fee_kr")


class ShopLine(NamedTuple):
    """A class's number of lines, and what they add up to."""

    shop: str
    agree: tuple[int, int] = (0, 0)
    ambiguous: tuple[int, int] = (0, 0)
    differ: tuple[int, int] = (0, 0)


def class_of(found: str) -> str:
    """``agree``: one sale fits one item. ``ambiguous``: several fit, and nobody chooses. ``differ``: all else."""
    return {"matched": "agree", "ambiguous": "ambiguous"}.get(found, "differ")


async def overview(asked: Visit) -> Response:
    run = await payout_runs.newest(asked.connection)
    if run is None:
        return html(empty_page(asked.frame))
    sums = await payout_runs.sums_of(asked.connection, run)
    return html(chain_page(asked.frame, run, sums, await payout_runs.lines_of(asked.connection, run, MOST)))


async def export(asked: Visit) -> Response:
    """Every line that does not simply agree, and the sums of what does."""
    run = await payout_runs.newest(asked.connection)
    if run is None:
        return html(message(asked.frame, _words(asked.frame.words).never), 404)
    sums = await payout_runs.sums_of(asked.connection, run)
    lines = await payout_runs.lines_of(asked.connection, run, MOST_LINES)
    await queries.note(asked.connection, asked.name, "export", f"payouts, {run.first} - {run.last}")
    headers = {**HEADERS, "Content-Disposition": f'attachment; filename="payouts-{run.first}-{run.last}.csv"'}
    return Response(csv_of(sums, lines), media_type="text/csv; charset=utf-8", headers=headers)


def csv_of(sums: Iterable[Sum], lines: Iterable[Line]) -> str:
    rows: list[tuple[object, ...]] = [HEADS]
    for one in sums:
        if one.found == "matched":
            rows.append(("agree", one.found, one.shop, "", f"{one.lines} lines", "", "", one.sum_kr, one.fee_kr))
    rows += [(class_of(line.found), *line) for line in lines]
    return "".join(map(csv_line, rows))


def by_shop(sums: Iterable[Sum]) -> list[ShopLine]:
    """What differs most comes first."""
    shops: dict[str, ShopLine] = {}
    for one in sums:
        name = class_of(one.found)
        line = shops.setdefault(one.shop, ShopLine(one.shop))
        lines, sum_kr = getattr(line, name)
        counted: dict[str, Any] = {name: (lines + one.lines, sum_kr + one.sum_kr)}
        shops[one.shop] = line._replace(**counted)
    return sorted(shops.values(), key=lambda line: (-line.differ[0], -line.ambiguous[0], line.shop))


def empty_page(frame: Frame) -> str:
    words = _words(frame.words)
    return document(frame, words.chain, tag("p", words.never), tag("p", words.help, class_="quiet"), here="/payouts")


def chain_page(frame: Frame, run: Run, sums: Sequence[Sum], lines: Sequence[Line]) -> str:
    words, chain = frame.words, _words(frame.words)
    shops = by_shop(sums)
    rows = [
        [one.shop or chain.no_one_shop, *_pair(one.agree), *_pair(one.ambiguous), *_pair(one.differ, bad=True)]
        for one in shops
    ]
    heads = (words.shop, words.agree, words.amount, chain.ambiguous, words.amount, words.differ, words.amount)
    told: list[list[Child]] = [
        [
            chain.kinds.get(line.found, line.found),
            line.shop,
            line.terminal,
            line.reference,
            line.settlement,
            line.created or words.not_known,
            format_kr(line.amount_kr),
        ]
        for line in lines
    ]
    of_lines = (words.what, words.shop, words.counter, words.reference, words.settlement, words.time, words.amount)
    return document(
        frame,
        chain.chain,
        tag("p", f"{run.first} – {run.last}. {chain.ran}: {time_of(run.ran_at)}, {run.ran_by}"),
        tag("p", chain.help, class_="quiet"),
        table(heads, rows[:MOST], frozenset(range(1, 7))) if rows else tag("p", words.nothing),
        tag("h2", words.to_look_at),
        tag("p", tag("a", words.export, href="/payouts/chain.csv")),
        table(of_lines, told, frozenset({6})) if told else tag("p", words.nothing),
        tag("p", words.first_only, class_="quiet") if len(lines) == MOST or len(rows) > MOST else None,
        here="/payouts",
    )


def _pair(counted: tuple[int, int], *, bad: bool = False) -> list[Child]:
    lines, sum_kr = counted
    shown: Child = tag("b", number(lines), class_="bad") if bad and lines else number(lines)
    return [shown, format_kr(sum_kr)]


def _words(words: Words) -> ChainWords:
    return CHAIN_WORDS[language_of(words)]
