"""Metrics, as Prometheus itself would read them."""

from __future__ import annotations

import asyncio
import threading

import httpx
import pytest

from hardware.interfaces import PrinterStatus
from terminal.config.checks import find_problems
from terminal.config.schema import Config, MetricsSettings
from terminal.counter.decision import Decision
from terminal.counter.view import Conditions, View
from terminal.sale import effects as fx
from terminal.sale import events as ev
from terminal.sale.gateway import AuthorizationStatus, Refusal, StatusReport
from terminal.sale.record import Record
from terminal.sale.sale import Reason, Sale, State
from tests.each import each_of
from tests.loopback import LOOPBACK

prometheus_client = pytest.importorskip("prometheus_client", reason="optional: pip install prometheus-client")

from terminal.daemon.metrics import Metrics, MetricsServer  # noqa: E402


class Bench:
    """Metrics with a clock and a view of its own."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.view = View()
        self.metrics = Metrics(
            "1.2.3",
            lambda: self.now_s,
            view=lambda: self.view,
            journal_bytes=lambda: 8192,
            register_silent_s=lambda: self.now_s - 40,
            damaged_bytes=lambda: 17,
            reconciliation=lambda: (2, 1, 1_700_000_000),
            reconciles_daily=True,
        )

    def value(self, name: str, **labels: str) -> float | None:
        value: float | None = self.metrics.registry.get_sample_value(f"netgiro_terminal_{name}", labels)
        return value

    def call(self, number: int, took_s: float, answer: type[ev.AnswerReceived], **fields: object) -> None:
        query = fx.QueryStatus(sale_number=1, call=number, authorization_id="A")
        self.metrics.decided(ev.RetryDue(1, State.CUSTOMER), Decision(view=self.view, effects=(query,)))
        self.now_s += took_s
        self.metrics.decided(answer(1, number, **fields), Decision(view=self.view))  # type: ignore[arg-type]


def closed(reason: Reason) -> Record:
    sale = Sale(number=1, reference="R", register_id="1", amount_kr=1990, created="", state=State.CLOSED, reason=reason)
    return Record("ResultAcknowledged", sale)


def test_sales_count_by_outcome_once_they_have_ended() -> None:
    bench = Bench()
    assert bench.value("sales_total", outcome="approved") == 0

    bench.metrics.decided(ev.ResultAcknowledged(1), Decision(view=View(), record=closed(Reason.PAID)))
    bench.metrics.decided(ev.ResultAcknowledged(1), Decision(view=View(), record=closed(Reason.TIMED_OUT)))
    bench.metrics.decided(ev.ResultAcknowledged(1), Decision(view=View()))

    assert bench.value("sales_total", outcome="approved") == 1
    assert bench.value("sales_total", outcome="cancelled") == 1


def test_calls_are_timed_from_the_effect_to_the_answer() -> None:
    bench = Bench()

    bench.call(1, 0.2, ev.StatusReceived, report=StatusReport(status=AuthorizationStatus.PENDING))
    bench.call(2, 15.0, ev.AnswerLost)
    bench.call(3, 0.1, ev.RefusalReceived, refusal=Refusal.NOT_FOUND)

    assert bench.value("call_seconds_count", call="QueryStatus") == 3
    assert bench.value("call_seconds_sum", call="QueryStatus") == pytest.approx(15.3)
    assert bench.value("calls_lost_total") == 1
    assert bench.value("calls_refused_total", refusal="not_found") == 1


def test_an_answer_to_nobodys_call_is_not_timed() -> None:
    bench = Bench()

    bench.metrics.decided(ev.AnswerLost(9, 9), Decision(view=View()))

    assert bench.value("call_seconds_count", call="QueryStatus") is None
    assert bench.value("calls_lost_total") == 1


def test_devices_are_read_at_the_scrape() -> None:
    bench = Bench()
    bench.view = View(conditions=Conditions(register_ok=False, printer=PrinterStatus.PAPER_OUT, pending_receipts=3))

    assert bench.value("up", part="register") == 0
    assert bench.value("up", part="network") == 1
    assert bench.value("printer", status="paper_out") == 1
    assert bench.value("printer", status="ok") == 0
    assert bench.value("receipts_pending") == 3
    assert bench.value("journal_bytes") == 8192
    assert bench.value("register_silent_seconds") == 60
    assert bench.value("register_damaged_bytes") == 17
    assert bench.value("reconciliation_differences") == 2
    assert bench.value("reconciliation_unasked") == 1
    assert bench.value("reconciliation_timestamp_seconds") == 1_700_000_000
    assert bench.value("reconciliation_daily") == 1


def scraped(path: str = "/metrics", method: str = "GET", **headers: str) -> httpx.Response:
    async def scrape() -> httpx.Response:
        server = MetricsServer(Bench().metrics, ("127.0.0.1", 0))
        await server.start()
        try:
            async with httpx.AsyncClient(**LOOPBACK) as client:
                return await client.request(method, server.base_url + path, headers=headers)
        finally:
            await server.stop()

    return asyncio.run(scrape())


def test_prometheus_gets_them_over_http() -> None:
    answer = scraped()

    assert answer.headers["content-type"].startswith("text/plain")
    assert 'netgiro_terminal_build_info{version="1.2.3"} 1.0' in answer.text


@each_of("host", ["shop.example", "shop.example:9825", "127.0.0.1.evil.example", "10.0.0.5"])
def test_a_web_page_that_points_its_own_name_here_reads_no_metrics(host: str) -> None:
    answer = scraped(host=host)

    assert answer.status_code == 403
    assert "netgiro_terminal_" not in answer.text


def test_there_is_nothing_else_and_nothing_can_be_written() -> None:
    assert scraped("/status").status_code == 404
    assert scraped(method="POST").status_code == 405


def test_a_scrape_needs_no_thread_that_waits_for_callers() -> None:
    async def scenario() -> None:
        server = MetricsServer(Bench().metrics, ("127.0.0.1", 0))
        before = threading.active_count()
        await server.start()
        port = int(server.base_url.rpartition(":")[2])
        callers = [await asyncio.open_connection("127.0.0.1", port) for _ in range(20)]
        assert threading.active_count() <= before  # a thread of an earlier test may end meanwhile
        for _reader, writer in callers:
            writer.close()
        await server.stop()

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("listen", "problem"),
    [("0.0.0.0:9825", "only 127.0.0.1"), ("shop.example:9825", "only 127.0.0.1"), ("9825", "must be an address")],
)
def test_nobody_outside_this_machine_may_ask(listen: str, problem: str) -> None:
    (found,) = find_problems(Config(metrics=MetricsSettings(listen=listen)))

    assert found.startswith("metrics.listen: ")
    assert problem in found
