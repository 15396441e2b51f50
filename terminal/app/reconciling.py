"""The daily reconciliation: at night, by itself, and never while a sale is open."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from terminal.app.handles import Handles
from terminal.config.schema import Config
from terminal.doctor.nightly import until_night_s
from terminal.errors import TerminalError
from terminal.paper.reconciliation import Case, Reconciled

if TYPE_CHECKING:
    from terminal.reconciliation.report import Report

AFTER_SELF_TEST_S = 1800.0
LONGEST_SALE_S = 3600.0
"""A sale that is open for longer than this waits for somebody, not for the next second."""

log = logging.getLogger(__name__)


async def reconcile_every_night(
    reconcile: Callable[[Callable[[float], Awaitable[None]]], Awaitable[Report]],
    *,
    local_now: Callable[[], datetime],
    until_free: Callable[[], Awaitable[None]],
) -> None:
    """Until cancelled. ``reconcile`` is given how to sleep before each call: longer, while a sale is open."""

    async def sleep(seconds: float) -> None:
        await asyncio.sleep(seconds)
        await until_free()

    while True:
        await asyncio.sleep(until_night_s(local_now()) + AFTER_SELF_TEST_S)
        await until_free()
        try:
            log_report(await reconcile(sleep))
        except (TerminalError, OSError) as error:
            log.error("reconciliation: %s", error)


def log_report(report: Report) -> None:
    """One line, and one for each thing to look at."""
    from terminal.reconciliation.findings import Ending  # noqa: PLC0415  it is there by now
    from terminal.reconciliation.report import result_of, summary  # noqa: PLC0415

    result = result_of(report)
    log.log(logging.INFO if result.ending is Ending.AGREES else logging.WARNING, "reconciliation: %s", summary(result))
    for line in result.lines:
        log.warning("reconciliation: %s", line)


def last_reconciled(config: Config) -> Reconciled | None:
    """What came of the last one, for paper; None if there is none that can be read."""
    from terminal.reconciliation.report import kept  # noqa: PLC0415  not before it is asked for

    result = kept(Path(config.journal.path).parent)
    if result is None:
        return None
    return Reconciled(
        first=result.first,
        last=result.last,
        agree=result.agree,
        differ=result.differ,
        not_asked=result.not_asked,
        cases=tuple(Case(case.number, case.reference, case.amount_kr) for case in result.cases),
    )


async def reconcile_nightly(config: Config, terminal: Handles) -> None:
    """Reconcile the last days once a night, for as long as this task runs, and never while a sale is open."""

    async def reconcile(sleep: Callable[[float], Awaitable[None]]) -> Report:
        from terminal.netgiro.factory import build_gateway  # noqa: PLC0415  not before the first night
        from terminal.reconciliation.run import BACK  # noqa: PLC0415
        from terminal.reconciliation.run import reconcile as run  # noqa: PLC0415

        today = datetime.now().astimezone().date()
        return await run(
            Path(config.journal.path),
            build_gateway(config.netgiro),
            service=config.netgiro.base_url,
            first=today - timedelta(days=BACK),
            last=today - timedelta(days=1),
            on_damaged=log.warning,
            sleep=sleep,
        )

    async def until_free() -> None:
        await terminal.until(lambda view: view.sale is None, LONGEST_SALE_S)

    await reconcile_every_night(reconcile, local_now=lambda: datetime.now().astimezone(), until_free=until_free)
