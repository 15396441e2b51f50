"""The page of the chain's own reconciliation: by shop what agrees, is ambiguous or differs; and its export."""

from __future__ import annotations

import csv
import io
from datetime import date

import httpx

from terminal.office.page.words_chain import ENGLISH, ICELANDIC
from terminal.office.server import payout_runs
from terminal.office.server.database import connect
from terminal.office.server.payouts import HeldAgainst, Line, Sum
from terminal.sale.sensitive import Sensitive
from tests.office_bench import Office
from tests.unit.office.page.test_site import at_page

FIRST, LAST = date(2026, 11, 1), date(2026, 11, 30)
SUMS = [
    Sum("ambiguous", "Kría", 2, 3000, 60),
    Sum("matched", "Kría", 40, 90_000, 1800),
    Sum("matched", "Lóa", 7, 7000, 140),
    Sum("no_sale", "", 1, 123_456, 2469),
    Sum("not_paid_out", "Lóa", 1, 500, 0),
]
LINES = [
    Line("ambiguous", "Kría", "T1 T2", "", "100000-000069", "2026-11-30T12:00:00Z", 1500, 30),
    Line("no_sale", "", "", "", "100000-000069", None, 123_456, 2469),
    Line("not_paid_out", "Lóa", "T3", "=cmd()<b>", "", "2026-11-29T12:00:00Z", 500, 0),
]


async def keep(database: str, result: HeldAgainst) -> None:
    async with await connect(Sensitive(database)) as connection:
        await payout_runs.keep(connection, result, FIRST, LAST, "sigga")


def test_each_shop_shows_what_agrees_what_is_ambiguous_and_what_differs(database: str) -> None:
    async def work(_office: Office, http: httpx.AsyncClient) -> None:
        assert "office reconcile --from" in (await http.get("/payouts/chain?lang=en")).text
        assert (await http.get("/payouts/chain.csv")).status_code == 404
        await keep(database, HeldAgainst([Sum("matched", "Old", 1, 1, 0)], []))
        await keep(database, HeldAgainst(SUMS, LINES))
        page = (await http.get("/payouts/chain")).text
        assert "Old" not in page, "the newest run counts"
        assert "2026-11-01 – 2026-11-30" in page
        assert page.index(ENGLISH.no_one_shop) < page.index("Kría</td>"), "what differs comes first"
        assert page.count('<b class="bad">1</b>') == 2
        assert all(text in page for text in ("90.000 kr.", "3.000 kr.", "123.456 kr.", "T1 T2", "=cmd()&lt;b&gt;"))
        assert all(kind in page for name, kind in ENGLISH.kinds.items() if name != "uneven")
        assert ICELANDIC.chain in (await http.get("/payouts/chain?lang=is")).text
        assert "/payouts/chain" in (await http.get("/payouts")).text

    at_page(database, work)


def test_the_export_has_every_line_with_its_class_and_no_formula(database: str) -> None:
    async def work(office: Office, http: httpx.AsyncClient) -> None:
        await keep(database, HeldAgainst(SUMS, LINES))
        answer = await http.get("/payouts/chain.csv")
        assert "payouts-2026-11-01-2026-11-30.csv" in answer.headers["content-disposition"]
        rows = list(csv.DictReader(io.StringIO(answer.text)))
        assert [row["class"] for row in rows] == ["agree", "agree", "ambiguous", "differ", "differ"]
        assert [int(row["amount_kr"]) for row in rows] == [90_000, 7000, 1500, 123_456, 500]
        assert rows[-1]["reference"] == "'=cmd()<b>"
        assert await office.rows("SELECT name FROM audit WHERE did = 'export'") == [("sigga",)]

    at_page(database, work, role="look")


def test_only_the_last_runs_are_kept(database: str) -> None:
    async def work(office: Office, _http: httpx.AsyncClient) -> None:
        for _ in range(payout_runs.RUNS_KEPT + 2):
            await keep(database, HeldAgainst(SUMS[:1], LINES[:1]))
        for table in ("run", "sum", "line"):
            kept = await office.rows(f"SELECT count(DISTINCT ran_at)::int FROM reconciliation_{table}")
            assert kept == [(payout_runs.RUNS_KEPT,)], table

    at_page(database, work)


def test_nobody_sees_it_without_a_login(database: str) -> None:
    async def work(_office: Office, http: httpx.AsyncClient) -> None:
        http.cookies.clear()
        for path in ("/payouts/chain", "/payouts/chain.csv"):
            assert (await http.get(path)).headers["location"] == "/login"

    at_page(database, work)
