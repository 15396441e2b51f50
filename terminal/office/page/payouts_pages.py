"""The page on which each shop's payouts stand: what its counters found when they asked Netgíró, and what differs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import urlencode

from starlette.responses import Response

from terminal.office.page.asked import Visit, html
from terminal.office.page.markup import Child, Html, table, tag, together
from terminal.office.page.queries import MOST
from terminal.office.page.render import Frame, document, language_of, number
from terminal.office.page.words import Words
from terminal.office.page.words_chain import CHAIN_WORDS
from terminal.office.server.database import Connection
from terminal.office.server.reconciled import Reconciled, Settlement, read_kept
from terminal.sale.money import format_kr

SUMS = frozenset({1, 2, 3, 4, 5})

_SHOPS = f"""
SELECT coalesce(shop, ''), count(*), count(*) FILTER (WHERE coalesce(reconciled, '') = ''),
       coalesce(sum(reconciled_agree), 0)::bigint, coalesce(sum(reconciled_differ), 0)::bigint,
       coalesce(sum(reconciled_not_asked), 0)::bigint
FROM terminal LEFT JOIN status USING (terminal) WHERE revoked IS NULL
GROUP BY 1 ORDER BY 5 DESC, 6 DESC, 1 LIMIT {MOST}
"""
_COUNTERS = f"""
SELECT terminal, coalesce(reconciled, '') FROM terminal LEFT JOIN status USING (terminal)
WHERE revoked IS NULL AND coalesce(shop, '') = %s
ORDER BY coalesce(reconciled_differ, 0) DESC, coalesce(reconciled_not_asked, 0) DESC, terminal LIMIT {MOST}
"""


class ShopLine(NamedTuple):
    shop: str
    counters: int
    never: int
    """Counters without a result."""
    agree: int
    differ: int
    not_asked: int


async def overview(asked: Visit) -> Response:
    if "shop" in asked.request.query_params:
        shop = asked.given("shop")
        return html(shop_page(asked.frame, shop, await counters_of(asked.connection, shop)))
    cursor = await asked.connection.execute(_SHOPS.encode())
    return html(shops_page(asked.frame, [ShopLine(*row) for row in await cursor.fetchall()]))


async def counters_of(connection: Connection, shop: str) -> list[tuple[str, Reconciled | None]]:
    cursor = await connection.execute(_COUNTERS.encode(), (shop,))
    return [(terminal, read_kept(text)) for terminal, text in await cursor.fetchall()]


def shops_page(frame: Frame, lines: Sequence[ShopLine]) -> str:
    words = frame.words
    rows = [
        [
            tag("a", one.shop or words.no_shop, href="/payouts?" + urlencode({"shop": one.shop})),
            number(one.counters),
            number(one.agree),
            _bad(one.differ),
            _bad(one.not_asked),
            number(one.never),
        ]
        for one in lines
    ]
    heads = (words.shop, words.counters, words.agree, words.differ, words.not_asked, words.never_reconciled)
    return document(
        frame,
        words.payouts,
        tag("p", tag("a", CHAIN_WORDS[language_of(words)].chain, href="/payouts/chain")),
        tag("p", words.payouts_help, class_="quiet"),
        table(heads, rows, SUMS) if rows else tag("p", words.nothing),
        tag("p", words.first_only, class_="quiet") if len(lines) == MOST else None,
        here="/payouts",
    )


def shop_page(frame: Frame, shop: str, counters: Sequence[tuple[str, Reconciled | None]]) -> str:
    words = frame.words
    results = [(terminal, found) for terminal, found in counters if found is not None]
    rows = [
        [terminal, *_counts(words, found)] if found is not None else [terminal, words.never_reconciled, "", "", "", ""]
        for terminal, found in counters
    ]
    heads = (words.counter, words.time, words.agree, words.differ, words.not_asked, words.day_only)
    to_look_at = [[terminal, line] for terminal, found in results for line in found.lines][:MOST]
    return document(
        frame,
        f"{words.payouts}: {shop or words.no_shop}",
        tag("p", tag("a", f"← {words.by_shop}", href="/payouts")),
        table(heads, rows, SUMS - {1}) if rows else tag("p", words.nothing),
        tag("p", words.first_only, class_="quiet") if len(counters) == MOST else None,
        tag("h2", words.to_look_at),
        table((words.counter, words.what), to_look_at) if to_look_at else tag("p", words.nothing),
        tag("h2", words.settlements),
        _settlements(words, [one for _, found in results for one in found.settlements]),
        here="/payouts",
    )


def _counts(words: Words, found: Reconciled) -> list[Child]:
    day_only = f"{number(found.day_only)}: {words.fee_not_known}" if found.day_only else "0"
    when = f"{found.first} – {found.last}"
    return [when, number(found.agree), _bad(found.differ), _bad(found.not_asked), day_only]


def _settlements(words: Words, told: Sequence[Settlement]) -> Html:
    """Counters of one shop are told of the same ones. Where they say different things of one, each has a line."""
    each = sorted(set(told), key=lambda one: (one.date, one.number), reverse=True)[:MOST]
    if not each:
        return tag("p", words.nothing)
    rows = [
        [
            one.number if one.agrees else together(tag("b", one.number, class_="bad"), f" {words.differ}"),
            one.date,
            format_kr(one.total_kr),
            _known(words, one.fee_kr),
            _known(words, one.net_kr),
        ]
        for one in each
    ]
    return table((words.settlement, words.paid_out_on, words.amount, words.fee, words.net), rows, frozenset({2, 3, 4}))


def _known(words: Words, amount_kr: int | None) -> str:
    return format_kr(amount_kr) if amount_kr is not None else words.not_known


def _bad(count: int) -> Child:
    return tag("b", number(count), class_="bad") if count else "0"
