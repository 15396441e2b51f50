"""Prometheus metrics, only with ``[metrics] listen`` and the optional library prometheus-client.

Everything is read off what the loop decided (``Seams.on_decided``) and off the view, so no part of a sale knows that it
is counted. Names follow Prometheus' conventions: base units, ``_total`` for counters.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from hardware.interfaces import PrinterStatus
from terminal.counter.decision import Decision
from terminal.counter.inputs import CounterEvent
from terminal.counter.view import View
from terminal.errors import TerminalError
from terminal.sale import effects as fx
from terminal.sale import events as ev
from terminal.sale.sale import Outcome, State
from terminal.system.accept import Limits

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from terminal.counter.inputs import Input

# prometheus-client takes 60 ms to import and is wanted by few shops.
# ruff: noqa: PLC0415

LATENCY_BUCKETS_S = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20)
MOST_CALLS_AWAITED = 100
SCRAPERS = Limits(connections=4)


class Metrics:
    """Counts what :meth:`decided` is told. What is given to the constructor is asked at every scrape."""

    def __init__(
        self,
        version: str,
        clock: Callable[[], float],
        *,
        view: Callable[[], View],
        journal_bytes: Callable[[], int],
        register_silent_s: Callable[[], float],
        damaged_bytes: Callable[[], int],
        reconciliation: Callable[[], tuple[float, float, float]],
        reconciles_daily: bool,
    ) -> None:
        """``reconciliation``: of the last one how many lines differ, how many were not asked about, and when it was.

        Raises TerminalError without prometheus-client.
        """
        try:
            from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info
        except ImportError as error:
            raise TerminalError(
                "metrics.listen is set, but the library prometheus-client is not installed; empty it, or run"
                " the installer again: sudo make install"
            ) from error
        self.registry = CollectorRegistry()
        self._clock = clock
        self._sent_at_s: dict[tuple[int, int], tuple[str, float]] = {}
        Info("netgiro_terminal_build", "The running version", registry=self.registry).info({"version": version})
        self._sales = Counter("netgiro_terminal_sales", "Sales that ended", ["outcome"], registry=self.registry)
        for outcome in Outcome:
            self._sales.labels(outcome)  # from the start, so that rate() sees the first one
        self._calls = Histogram(
            "netgiro_terminal_call_seconds",
            "Time from a call to Netgíró to its end",
            ["call"],
            buckets=LATENCY_BUCKETS_S,
            registry=self.registry,
        )
        self._lost = Counter("netgiro_terminal_calls_lost", "Calls without a usable answer", registry=self.registry)
        self._refused = Counter(
            "netgiro_terminal_calls_refused", "Calls that were refused", ["refusal"], registry=self.registry
        )
        self._gauges(Gauge, view)
        self._gauge(Gauge, "journal_bytes", "Size of the journal on disk", journal_bytes)
        self._gauge(Gauge, "register_silent_seconds", "Since the register's last byte, or the start", register_silent_s)
        helps = {
            "reconciliation_differences": "Lines of the last reconciliation that differ; not a number before the first",
            "reconciliation_unasked": "Lines of it about which Netgíró could not be asked",
            "reconciliation_timestamp_seconds": "When it ended",
        }
        for place, (name, help_text) in enumerate(helps.items()):
            self._gauge(Gauge, name, help_text, partial(_nth, reconciliation, place))
        self._gauge(Gauge, "reconciliation_daily", "1 if there is to be one every night", lambda: reconciles_daily)
        self._gauge(Gauge, "register_damaged_bytes", "Bytes of the register that came damaged", damaged_bytes)

    def _gauge(self, gauge: Any, name: str, help_text: str, read: Callable[[], float]) -> None:
        gauge(f"netgiro_terminal_{name}", help_text, registry=self.registry).set_function(read)

    def _gauges(self, gauge: Any, view: Callable[[], View]) -> None:
        self._gauge(gauge, "sale_open", "1 while a sale is open", lambda: view().sale is not None)
        self._gauge(gauge, "sales_attention", "Sales that wait for staff", lambda: len(view().attention))
        pending = "Receipts not known to be on paper"
        self._gauge(gauge, "receipts_pending", pending, lambda: view().conditions.pending_receipts)
        self._gauge(gauge, "paper_low", "1 while the roll is near its end", lambda: view().conditions.paper_low)
        device = gauge("netgiro_terminal_up", "1 while it works", ["part"], registry=self.registry)
        for part in ("network", "register", "keypad", "journal"):
            device.labels(part).set_function(lambda part=part: getattr(view().conditions, f"{part}_ok"))
        printer = gauge("netgiro_terminal_printer", "1 for what the printer says", ["status"], registry=self.registry)
        for status in PrinterStatus:
            printer.labels(status).set_function(lambda status=status: view().conditions.printer is status)

    def decided(self, event: Input | CounterEvent, decision: Decision) -> None:
        """Take note of one turn of the loop."""
        match event:
            case ev.AnswerReceived():
                self._answered(event)
        for effect in decision.effects:
            if isinstance(effect, fx.Call) and len(self._sent_at_s) < MOST_CALLS_AWAITED:
                self._sent_at_s[effect.sale_number, effect.call] = (type(effect).__name__, self._clock())
        record = decision.record
        if record is not None and record.sale.state is State.CLOSED and record.sale.outcome is not None:
            self._sales.labels(record.sale.outcome).inc()
            self._sent_at_s = {key: sent for key, sent in self._sent_at_s.items() if key[0] != record.sale.number}

    def _answered(self, event: ev.AnswerReceived) -> None:
        name, sent_at_s = self._sent_at_s.pop((event.sale_number, event.call), ("", 0.0))
        if name:
            self._calls.labels(name).observe(self._clock() - sent_at_s)
        match event:
            case ev.AnswerLost():
                self._lost.inc()
            case ev.RefusalReceived(refusal=refusal):
                self._refused.labels(refusal).inc()


def _nth(read: Callable[[], tuple[float, float, float]], place: int) -> float:
    return read()[place]


class MetricsServer:
    """Serves a registry, to programs on this machine only."""

    def __init__(self, metrics: Metrics, address: tuple[str, int]) -> None:
        from terminal.panel.guard import Guard
        from terminal.system.web import WebServer

        self._metrics = metrics
        self.decided = metrics.decided
        self._rendering = asyncio.Lock()
        self._server = WebServer(Guard(self._answer), *address, limits=SCRAPERS)

    @property
    def base_url(self) -> str:
        return self._server.base_url

    async def start(self) -> None:
        """Listen. Raises TerminalError if the address cannot be had."""
        try:
            await self._server.start()
        except TerminalError as error:
            raise TerminalError(f"metrics.listen: {error}") from error

    async def stop(self) -> None:
        await self._server.stop()

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI: GET / and /metrics. A gauge looks at files, so the loop does not wait for it."""
        from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
        from starlette.responses import PlainTextResponse, Response

        if scope["type"] != "http":
            return
        answer: Response
        if scope["method"] not in ("GET", "HEAD"):
            answer = PlainTextResponse("GET only\n", 405)
        elif scope["path"] not in ("/", "/metrics"):
            answer = PlainTextResponse("see /metrics\n", 404)
        else:
            async with self._rendering:
                text = await asyncio.to_thread(generate_latest, self._metrics.registry)
            answer = Response(text, media_type=CONTENT_TYPE_LATEST)
        await answer(scope, receive, send)
