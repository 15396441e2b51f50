"""The head office's page of payouts: what each shop's counters found at Netgíró."""

from __future__ import annotations

import httpx

from terminal.office.page.words import ENGLISH
from terminal.office.server import access
from terminal.office.server.database import connect
from terminal.office.server.reconciled import Reconciled, kept_text, read_kept, told
from terminal.sale.sensitive import Sensitive
from tests.each import each_of
from tests.office_bench import Office
from tests.unit.office.page.test_site import at_page

DIFFERS = "differs    sale 7 (T1-7), 1.990 kr.: <b>Netgíró knows no such payment</b>"
SETTLED = {"number": "100000-000069", "date": "2026-11-20", "total_kr": 153_000, "fee_kr": 3000, "net_kr": 150_000}
RESULT = {"first": "2026-11-16", "last": "2026-11-23", "at": "2026-11-24T04:00:00Z", "not_asked": 0}


async def report(office: Office, terminal: str, reconciled: object) -> None:
    status = {"terminal": terminal, "status": {"reconciled": reconciled}}
    assert (await office.post("/v1/status", status)).status_code == 200


def test_a_shop_shows_what_differs_and_what_was_paid_to_it(database: str) -> None:
    async def work(office: Office, http: httpx.AsyncClient) -> None:
        async with await connect(Sensitive(database)) as connection:
            for terminal, shop in (("T1", "Kría"), ("T2", "Kría"), ("T3", "Lóa"), ("T4", "Lóa")):
                await access.make_code(connection, terminal, shop)
        await report(office, "T1", RESULT | {"agree": 40, "differ": 1, "lines": [DIFFERS], "settlements": [SETTLED]})
        await report(office, "T2", RESULT | {"agree": 2, "differ": 0, "settlements": [SETTLED]})
        nameless = {"number": "100000-000070", "date": "2026-11-21", "total_kr": 500}
        await report(office, "T3", RESULT | {"agree": 5, "differ": 0, "day_only": 5, "settlements": [nameless]})
        shops = (await http.get("/payouts", params={"lang": "en"})).text
        assert shops.index("Kría") < shops.index("Lóa"), "what differs comes first"
        assert '<b class="bad">1</b>' in shops
        kria = (await http.get("/payouts", params={"shop": "Kría"})).text
        assert "sale 7 (T1-7), 1.990 kr.: &lt;b&gt;Netgíró knows no such payment" in kria
        assert kria.count("100000-000069") == 1, "two counters of a shop are told of the same settlement"
        assert all(amount in kria for amount in ("153.000 kr.", "3.000 kr.", "150.000 kr.", "2026-11-20"))
        loa = (await http.get("/payouts", params={"shop": "Lóa"})).text
        assert ENGLISH.never_reconciled in loa, "T4 has told nothing"
        assert f"5: {ENGLISH.fee_not_known}" in loa
        assert loa.count(f">{ENGLISH.not_known}<") == 2, "neither fee nor net is made up"
        assert "T1-7" not in loa

    at_page(database, work)


def test_the_newest_result_counts_and_what_is_not_understood_is_none(database: str) -> None:
    async def work(office: Office, http: httpx.AsyncClient) -> None:
        await report(office, "T1", RESULT | {"agree": 1, "differ": 3})
        await report(office, "T1", RESULT | {"agree": 4, "differ": 0})
        query = "SELECT reconciled_agree, reconciled_differ FROM status"
        assert await office.rows(query) == [(4, 0)]
        await report(office, "T1", {"agree": "many"})
        assert await office.rows(query) == [(0, 0)]
        assert ENGLISH.never_reconciled in (await http.get("/payouts?shop=&lang=en")).text

    at_page(database, work)


@each_of(
    "value",
    [None, "text", 5, [], {"differ": -1}, {"agree": 1 << 60}, {"lines": ["x" * 501]}, {"settlements": [SETTLED] * 21}],
)
def test_what_no_counter_says_is_not_kept(value: object) -> None:
    assert told(value) is None
    assert kept_text(None) == ""
    assert read_kept("") is None
    assert read_kept("{") is None


def test_what_was_kept_is_read_again() -> None:
    result = told(RESULT | {"agree": 1, "differ": 0, "lines": [DIFFERS, "\0"], "settlements": [SETTLED], "new": 1})
    assert isinstance(result, Reconciled)
    assert "\0" not in kept_text(result), "PostgreSQL keeps none"
    assert read_kept(kept_text(result)) == result
    assert kept_text(Reconciled(lines=("\ud800",))) == ""
