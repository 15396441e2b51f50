"""The last reconciliation, as ``status`` tells it and as the head office is sent it: in words, and in a few figures."""

from __future__ import annotations

from pathlib import Path

from terminal.config.schema import Config
from terminal.doctor.status import ReconciliationStatus, SettlementStatus

MOST_LINES = 8
LONGEST_LINE = 300


def last_reconciliation_told(config: Config) -> tuple[str, ReconciliationStatus | None]:
    """Reads a file. Empty and None before the first one."""
    from terminal.reconciliation.findings import Ending  # noqa: PLC0415  not before it is asked for
    from terminal.reconciliation.report import kept, summary  # noqa: PLC0415

    result = kept(Path(config.journal.path).parent)
    if result is None:
        return "", None
    settlements = tuple(
        SettlementStatus(
            number=one.number,
            date=one.date,
            total_kr=one.total_kr,
            fee_kr=one.fee_kr,
            net_kr=one.net_kr,
            agrees=one.ending is Ending.AGREES,
        )
        for one in result.settlements
    )
    return summary(result), ReconciliationStatus(
        first=result.first,
        last=result.last,
        at=result.at,
        agree=result.agree,
        differ=result.differ,
        not_asked=result.not_asked,
        day_only=result.day_only,
        lines=tuple(line[:LONGEST_LINE] for line in result.lines[:MOST_LINES]),
        settlements=settlements,
    )
