"""The office's metrics: all that rules and dashboard name is served, rightly counted, and to this machine alone."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from pathlib import Path

import httpx
import psycopg
import pytest

from terminal.office.server import releases
from terminal.office.server.collector import Counts
from terminal.office.server.database import Pool, build_pool, connect
from terminal.office.server.metrics import METRICS, metrics_app
from terminal.office.server.waves import Plan
from terminal.sale.sensitive import Sensitive
from tests.office_bench import chained, running_office, sale_rows

MONITORING = Path(__file__).parents[4] / "systemd/monitoring"


async def scraped(pool: Pool, counts: Counts | None = None, host: str = "127.0.0.1:9825") -> httpx.Response:
    transport = httpx.ASGITransport(app=metrics_app(pool, counts or Counts()))
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as http:
        return await http.get("/metrics")


def values_of(text: str) -> dict[str, float]:
    """Each sample by its name and labels, all of the form that Prometheus reads."""
    samples = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            match = re.fullmatch(r'(netgiro_office_\w+(?:\{\w+="\w+"\})?) ([0-9.e+-]+)', line)
            assert match, line
            samples[match[1]] = float(match[2])
    return samples


def test_what_rules_and_dashboard_name_is_served_and_counted_rightly(database: str) -> None:
    async def run() -> None:
        async with running_office(database) as office, build_pool(Sensitive(database), "netgiro_page", 2) as pool:
            counts = Counts()
            counts.rows, counts.answers[200] = 7, 3
            for terminal, keypad in (("T1", True), ("T2", False), ("T3", True)):
                status = {"keypad_ok": keypad, "version": "1.0.0"}
                await office.post("/v1/status", {"terminal": terminal, "status": status})
            await office.rows("UPDATE status SET received = now() - interval '1 hour' WHERE terminal = 'T3'")
            await office.rows("UPDATE status SET reconciled_differ = 4 WHERE terminal = 'T1'")
            await office.send(chained(sale_rows(1)))
            await office.rows("UPDATE turnover_day SET day = (now() AT TIME ZONE 'UTC')::date")
            async with await connect(Sensitive(database)) as connection:
                await releases.start(connection, Plan("1.1.0", (1,), 5, timedelta(hours=1)), "sigga")
                await releases.advance(connection)
            answer = await scraped(pool, counts)
            served = values_of(answer.text)
            assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
            assert served | {"netgiro_office_last_row_age_seconds": 0} == {
                "netgiro_office_database_up": 1,
                "netgiro_office_counters": 3,
                "netgiro_office_counters_silent": 1,
                "netgiro_office_counters_ill": 1,
                'netgiro_office_counters_in_trouble{trouble="keypad"}': 1,
                "netgiro_office_open_cases": 0,
                "netgiro_office_alarms": 0,
                "netgiro_office_sales_today": 1,
                "netgiro_office_turnover_today_kronur": 1990,
                "netgiro_office_reconciliation_differences": 4,
                "netgiro_office_reconciliation_unasked": 0,
                "netgiro_office_last_row_age_seconds": 0,
                **{f'netgiro_office_release{{state="{one}"}}': 0 for one in ("paused", "stopped", "done")},
                'netgiro_office_release{state="running"}': 1,
                **{f'netgiro_office_release_counters{{state="{one}"}}': 0 for one in ("proving", "well", "failed")},
                'netgiro_office_release_counters{state="waiting"}': 1,
                "netgiro_office_rows_total": 7,
                'netgiro_office_answers_total{status="200"}': 3,
            }
            names = {name.partition("{")[0] for name in served}
            assert names == {f"netgiro_office_{name}" for name in METRICS}
            for file in ("office_alerts.yml", "office_dashboard.json"):
                used = set(re.findall(r"\bnetgiro_office_\w+", (MONITORING / file).read_text("utf-8")))
                assert used <= names, file
                assert len(used) > 5

    asyncio.run(run())


def test_an_office_that_is_new_or_has_lost_its_database_says_so(database: str) -> None:
    async def run() -> None:
        async with running_office(database), build_pool(Sensitive(database), "netgiro_page", 1) as pool:
            assert values_of((await scraped(pool)).text)["netgiro_office_counters"] == 0

    asyncio.run(run())

    class NoPool:
        def connection(self) -> None:
            raise psycopg.OperationalError("the connection is closed")

    served = values_of(asyncio.run(scraped(NoPool())).text)  # type: ignore[arg-type]
    assert served == {"netgiro_office_database_up": 0, "netgiro_office_rows_total": 0}


@pytest.mark.parametrize("host", ["evil.example", "10.0.0.1:9825", "office.example.is"])
def test_a_name_from_outside_that_leads_here_is_not_answered(host: str) -> None:
    answer = asyncio.run(scraped(None, host=host))  # type: ignore[arg-type]
    assert answer.status_code == 403
    assert "netgiro" not in answer.text
