"""``netgiro-terminal status``: how the running terminal is, in words and as JSON. Nothing here names a customer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from hardware.interfaces import LineSignals, PrinterStatus
from terminal.counter.view import View
from terminal.sale.money import format_kr
from terminal.sale.sale import Sale


class SaleStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A sale as an operator may see it."""

    number: int
    reference: str
    amount_kr: int
    state: str
    created: str
    outcome: str | None = None
    reason: str | None = None


class RegisterLine(msgspec.Struct, frozen=True, kw_only=True):
    """What has been heard of the register since the start. Silence alone is no fault: it may have nothing to say."""

    heard_bytes: int = 0
    silent_s: float = 0.0
    """Since its last byte; before the first, since the start."""
    signals: LineSignals | None = None
    """None where the port has none, or does not tell."""


class Wear(msgspec.Struct, frozen=True, kw_only=True):
    """What devices have been through since the start."""

    display_lit_h: float = 0.0
    display_lost: int = 0
    """How often it did not answer any more."""
    damaged_bytes: int = 0
    """From the register, with a wrong parity or frame."""
    register: RegisterLine = RegisterLine()
    last_code: str = ""
    """What the scanner read last, described and not told."""
    last_code_age_s: float = 0.0


class ProgramsStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Where register programs call."""

    url: str
    certificate_sha256: str = ""
    """In hex; empty where they call in plain text."""
    paired: tuple[str, ...] = ()
    """Their names."""


class SettingsStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What the head office has set here."""

    revision: int = 0
    """In effect; 0: config.toml alone counts."""
    sha256: str = ""
    on_trial: bool = False
    """Not yet known to do."""
    refused_revision: int = 0
    """The last one that was not taken, or not kept."""
    refused_sha256: str = ""
    refused: str = ""
    """Why."""


class ReleaseStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the version that the head office asks for."""

    wanted: str = ""
    """Empty: none, or it runs."""
    loaded_percent: int = 0
    handed_over: bool = False
    """Loaded whole; the machine is at it."""
    trouble: str = ""
    """What has kept it so far; it is tried again."""
    refused_version: str = ""
    """The last one that was not taken, or not kept."""
    refused: str = ""
    """Why."""


class SettlementStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One payment to the shop's account."""

    number: str
    date: str
    total_kr: int
    fee_kr: int | None = None
    net_kr: int | None = None
    agrees: bool = True
    """False: its own sums do not add up."""


class ReconciliationStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What came of the last reconciliation. Bounded: the head office is sent this every minute."""

    first: str
    last: str
    """Days, both included."""
    at: str
    agree: int
    differ: int
    not_asked: int
    day_only: int = 0
    """Paid out, but settlement, fee and net are not known."""
    lines: tuple[str, ...] = ()
    """What to look at: the first few."""
    settlements: tuple[SettlementStatus, ...] = ()
    """The newest first."""


class TerminalStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to the control command ``status``."""

    version: str
    terminal_id: str
    service: str
    """Netgíró's host."""
    training: bool = False
    """No sale is real."""
    pid: int
    started: str
    """RFC 3339, UTC, as all times here."""
    state: str
    """The open sale's ``terminal.sale.sale.State``, or "idle"."""
    sale: SaleStatus | None = None
    attention: tuple[SaleStatus, ...] = ()
    """Sales that only staff can bring to an end."""
    network_ok: bool = True
    finds_by_reference: bool | None = None
    """Whether Netgíró finds payments by our reference; None: it was not asked since the start."""
    register_ok: bool = True
    keypad_ok: bool = True
    stuck_keys: str = ""
    journal_ok: bool = True
    printer: PrinterStatus = PrinterStatus.UNKNOWN
    paper_low: bool = False
    pending_receipts: int = 0
    receipt_in_doubt: str = ""
    """The one that staff are asked about, by its id."""
    journal_bytes: int = 0
    reconciliation: str = ""
    """What came of the last one, in words; empty if there was none."""
    reconciled: ReconciliationStatus | None = None
    """The same in figures."""
    wear: Wear = Wear()
    programs: ProgramsStatus | None = None
    """None: the register is on a line of its own."""
    settings: SettingsStatus | None = None
    """None: it takes none of an office."""
    release: ReleaseStatus | None = None
    """None: it takes none of an office."""


def sale_status(sale: Sale) -> SaleStatus:
    return SaleStatus(
        number=sale.number,
        reference=sale.reference,
        amount_kr=sale.amount_kr,
        state=sale.state,
        created=sale.created,
        outcome=sale.outcome,
        reason=sale.reason,
    )


def status_of(
    view: View,
    *,
    version: str,
    terminal_id: str,
    service: str,
    pid: int,
    started: str,
    journal_bytes: int,
    wear: Wear,
    reconciliation: str = "",
    reconciled: ReconciliationStatus | None = None,
    finds_by_reference: bool | None = None,
    programs: ProgramsStatus | None = None,
    settings: SettingsStatus | None = None,
    release: ReleaseStatus | None = None,
) -> TerminalStatus:
    """The status at this moment."""
    conditions = view.conditions
    return TerminalStatus(
        version=version,
        terminal_id=terminal_id,
        service=service,
        training=view.is_training,
        pid=pid,
        started=started,
        state=view.sale.state if view.sale else "idle",
        sale=sale_status(view.sale) if view.sale else None,
        attention=tuple(sale_status(sale) for sale in view.attention),
        network_ok=conditions.network_ok,
        finds_by_reference=finds_by_reference,
        register_ok=conditions.register_ok,
        keypad_ok=conditions.keypad_is_read,
        stuck_keys=conditions.jam.stuck,
        journal_ok=conditions.journal_ok,
        printer=conditions.printer,
        paper_low=conditions.paper_low,
        pending_receipts=conditions.pending_receipts,
        receipt_in_doubt=conditions.receipt_in_doubt.receipt_id if conditions.receipt_in_doubt is not None else "",
        journal_bytes=journal_bytes,
        reconciliation=reconciliation,
        reconciled=reconciled,
        wear=wear,
        programs=programs,
        settings=settings,
        release=release,
    )


_ready = msgspec.json.Decoder(TerminalStatus)
"""Makes msgspec read the class now: checks of the doctor convert to it in several threads at once, and a msgspec before
0.23 crashed the interpreter if they were the first."""


def read_status(fields: dict[str, Any]) -> TerminalStatus:
    """A daemon's answer. Raises msgspec.ValidationError if a daemon of another version means something else."""
    return msgspec.convert(fields, TerminalStatus)


def status_lines(status: TerminalStatus, now: datetime) -> Iterator[str]:
    """For people: the sale, what waits for staff, what is wrong."""
    age_s = int((now.astimezone(UTC) - datetime.fromisoformat(status.started)).total_seconds())
    if status.training:
        yield "TRAINING   no sale is real; real ones wait until training has ended"
    yield f"terminal   {status.terminal_id}, version {status.version}, process {status.pid}, up {duration(age_s)}"
    yield f"service    {status.service}{'' if status.network_ok else ': the last call got no answer'}"
    if status.finds_by_reference is not None:
        yield f"look-up    by reference: {'offered' if status.finds_by_reference else 'not offered'} by Netgíró"
    if status.sale is None:
        yield "sale       none open"
    else:
        yield f"sale       {_describe(status.sale)}"
    for sale in status.attention:
        yield f"attention  {_describe(sale)}; look it up at Netgíró, then: netgiro-terminal settle {sale.number} ..."
    devices = {"register": status.register_ok, "keypad": status.keypad_ok, "journal": status.journal_ok}
    troubles = [name for name, is_ok in devices.items() if not is_ok]
    yield f"devices    {', '.join(troubles) + ' in trouble, see: netgiro-terminal doctor' if troubles else 'ok'}"
    if status.stuck_keys:
        yield f"keypad     stuck: {' '.join(status.stuck_keys)}"
    yield f"register   {_heard(status.wear)}"
    if status.programs is not None:
        names = ", ".join(status.programs.paired) or "none is paired: netgiro-terminal pair"
        yield f"programs   {status.programs.url}: {names}"
        if status.programs.certificate_sha256:
            yield f"           certificate SHA-256 {status.programs.certificate_sha256}"
    yield f"display    lit for {status.wear.display_lit_h:.1f} h, lost {status.wear.display_lost} times since the start"
    low = ", paper near its end" if status.paper_low else ""
    yield f"printer    {status.printer}{low}, receipts waiting: {status.pending_receipts}"
    if status.receipt_in_doubt:
        yield f"receipt    {status.receipt_in_doubt}: is it whole? The screen asks; # is yes, * prints it again"
    yield f"journal    {status.journal_bytes / 1024:.0f} KiB"
    if status.reconciliation:
        yield f"reconciled {status.reconciliation}"
    if status.settings is not None:
        yield from _settings_lines(status.settings)
    if status.release is not None:
        yield from _release_lines(status.release)


def _settings_lines(settings: SettingsStatus) -> Iterator[str]:
    if settings.revision:
        trial = ", on trial" if settings.on_trial else ""
        yield f"settings   of the office, revision {settings.revision} ({settings.sha256[:12]}){trial}"
    else:
        yield "settings   none of the office in effect"
    if settings.refused:
        yield f"           revision {settings.refused_revision} refused: {settings.refused}"


def _release_lines(release: ReleaseStatus) -> Iterator[str]:
    if release.wanted:
        stage = "is being installed" if release.handed_over else f"{release.loaded_percent} % loaded"
        yield f"release    {release.wanted} is asked for: {stage}"
    if release.trouble:
        yield f"           {release.trouble}"
    if release.refused:
        yield f"release    {release.refused_version} refused: {release.refused}"


def _heard(wear: Wear) -> str:
    line = wear.register
    if not line.heard_bytes:
        return f"no byte for {duration(line.silent_s)}, since the start; if it was used: netgiro-terminal doctor"
    damaged = f", {wear.damaged_bytes} of them damaged" if wear.damaged_bytes else ""
    return f"{line.heard_bytes} bytes since the start{damaged}, the last {duration(line.silent_s)} ago"


def _describe(sale: SaleStatus) -> str:
    result = f", {sale.outcome}" if sale.outcome else ""
    return f"{sale.number} ({sale.reference}): {format_kr(sale.amount_kr)}, {sale.state}{result}"


def duration(seconds: float) -> str:
    """For people: the two largest units."""
    days, rest = divmod(max(0, int(seconds)), 86400)
    hours, rest = divmod(rest, 3600)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {rest // 60} min" if hours else f"{rest // 60} min {rest % 60} s"
