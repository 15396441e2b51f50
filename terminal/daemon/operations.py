"""What an operator can ask of the running daemon: the commands of its control socket, one function each."""

from __future__ import annotations

import asyncio
import math
import os
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from hardware.interfaces import DeviceError
from terminal import __version__
from terminal.app.handles import Handles
from terminal.app.reconciling import last_reconciled
from terminal.app.refunding import refund_and_wait
from terminal.config.schema import Config
from terminal.counter.inputs import EndOfDayRequested, RefundRequested, ReprintRequested
from terminal.counter.view import View
from terminal.daemon.programs import pairing_code, programs_status, revoke_program
from terminal.daemon.reconciled import last_reconciliation_told
from terminal.doctor.status import ReleaseStatus, SettingsStatus, TerminalStatus, status_of
from terminal.errors import TerminalError
from terminal.paper.jobs import NO_PRINTER, NOTHING_TO_PRINT, find_number, slip_for
from terminal.paper.reconciliation import reconciliation_slip
from terminal.sale.effects import ReceiptKind
from terminal.sale.events import SettledByStaff, SettlementCorrected, Verdict
from terminal.sale.refund import RefundSource, RefundState
from terminal.sale.refund_step import RefundSettledByStaff, RefundSettlementCorrected
from terminal.sale.sale import Sale
from terminal.sale.totals import figures
from terminal.system.control import BY, Command, Request

LONGEST_CALL_S = 75.0
"""A call to the service ends by itself within this time, one way or another."""
SILENT = ("status", "printer-status")
"""Commands that only look."""


class Desk(NamedTuple):
    """What the commands are about."""

    config: Config
    terminal: Handles
    started: str
    """RFC 3339, UTC."""
    restart_asked: asyncio.Event
    """Set when the daemon is to end for a new start."""


def commands_of(desk: Desk) -> Mapping[str, Command]:
    """For the control socket."""
    commands = {
        "status": _status,
        "settle": _settle,
        "restart": _restart,
        "reprint": _reprint,
        "end-of-day": _end_of_day,
        "x-report": _x_report,
        "refund": _refund,
        "printer-test": _printer_test,
        "printer-status": _printer_status,
        "doctor-slip": _doctor_slip,
        "reconciliation-slip": _reconciliation_slip,
        "pair": _pair,
        "revoke-program": _revoke_program,
    }
    return {name: partial(command, desk) for name, command in commands.items()}


async def status_now(desk: Desk) -> TerminalStatus:
    """How the terminal is at this moment."""
    reconciliation, reconciled = await asyncio.to_thread(last_reconciliation_told, desk.config)
    return status_of(
        await desk.terminal.looked_at(),
        version=__version__,
        terminal_id=desk.config.terminal.id,
        service=desk.config.netgiro.host,
        pid=os.getpid(),
        started=desk.started,
        journal_bytes=journal_bytes(desk.config),
        finds_by_reference=desk.terminal.finds(),
        reconciliation=reconciliation,
        reconciled=reconciled,
        wear=await desk.terminal.instruments.wear(),
        programs=programs_status(desk.terminal.programs),
        settings=await asyncio.to_thread(_settings_status, desk.config) if desk.config.office.takes_settings else None,
        release=await asyncio.to_thread(_release_status, desk.config) if desk.config.office.takes_releases else None,
    )


def _settings_status(config: Config) -> SettingsStatus | None:
    from terminal.daemon.from_office import settings_status  # noqa: PLC0415  only of a chain's terminal

    return settings_status(config)


def _release_status(config: Config) -> ReleaseStatus | None:
    from terminal.daemon.release_folder import release_status  # noqa: PLC0415  only of a chain's terminal

    return release_status(config)


def last_reconciliation(config: Config) -> tuple[float, float, float]:
    """How many lines of it differ, how many could not be asked about, and when it ended, in Unix seconds; not numbers
    before the first."""
    from terminal.reconciliation.report import kept  # noqa: PLC0415  not before it is asked for

    result = kept(Path(config.journal.path).parent)
    if result is None:
        return math.nan, math.nan, math.nan
    return result.differ, result.not_asked, datetime.fromisoformat(result.at).timestamp()


def journal_bytes(config: Config) -> int:
    """The database with its log, and its mirror."""
    journal = Path(config.journal.path)
    files = [*journal.parent.glob(f"{journal.name}*"), *journal.parent.glob(f"{journal.name}*/*")]
    return sum(file.stat().st_size for file in files if ".replaced-" not in str(file) and file.is_file())


async def _status(desk: Desk, _request: Request) -> Mapping[str, Any]:
    return dict(msgspec.to_builtins(await status_now(desk)))


async def _settle(desk: Desk, request: Request) -> Mapping[str, Any]:
    """Staff have looked the sale up at Netgíró and say how it ended."""
    if request.get("correct"):
        return await _correct(desk, request)
    number, view = request.get("sale"), desk.terminal.view
    if any(refund.number == number and refund.state is RefundState.ATTENTION for refund in view.refunds):
        return await _settle_refund(desk, int(str(number)), str(request.get("verdict")), str(request.get(BY, "")))
    if not any(sale.number == number for sale in (*view.attention, view.sale) if sale is not None):
        raise TerminalError(
            f"sale {number} does not wait for staff; see: netgiro-terminal status (what they have settled wrongly:"
            " settle --correct)"
        )
    verdict = _verdict_in(request)
    decision = await desk.terminal.put_and_wait(SettledByStaff(int(str(number)), verdict, by=str(request.get(BY, ""))))
    if decision.failure:
        raise TerminalError(f"nothing was noted, settle sale {number} again: {decision.failure}")
    if decision.record is None:
        raise TerminalError(f"sale {number} cannot be settled as {verdict} in its present state")
    sale = decision.record.sale
    if sale.said_by_staff is not None:
        sale = await _once_the_call_is_answered(desk, sale)
    return {"outcome": sale.outcome, "state": sale.state}


def _verdict_in(request: Request) -> Verdict:
    try:
        return Verdict(str(request.get("verdict")))
    except ValueError as error:
        raise TerminalError(f"the verdict must be {', '.join(Verdict)}") from error


async def _correct(desk: Desk, request: Request) -> Mapping[str, Any]:
    """Staff have settled a sale wrongly: a further entry says so, and the one before stays."""
    try:
        number = int(str(request.get("sale")))
    except ValueError as error:
        raise TerminalError("a sale has a number") from error
    verdict, by, journal = _verdict_in(request), str(request.get(BY, "")), desk.terminal.journal
    if await journal.call(journal.file.find_refund, number) is not None:
        return await _correct_refund(desk, number, verdict, by)
    decision = await desk.terminal.put_and_wait(SettlementCorrected(number, verdict, by))
    if decision.failure:
        raise TerminalError(f"nothing was noted, correct sale {number} again: {decision.failure}")
    if decision.record is None:
        raise TerminalError(
            f"sale {number} cannot be corrected to {verdict}: only what staff have settled can be, to what else could"
            f" have been said of it, once it is closed, and while nothing was given back on it;"
            f" see: netgiro-terminal journal show {number}"
        )
    sale = decision.record.sale
    return {"outcome": sale.outcome, "state": sale.state}


async def _correct_refund(desk: Desk, number: int, verdict: Verdict, by: str) -> Mapping[str, Any]:
    if verdict is Verdict.PAID:
        raise TerminalError(f"{number} is a refund: correct it to {Verdict.REFUNDED} or {Verdict.UNPAID}")
    decision = await desk.terminal.put_and_wait(RefundSettlementCorrected(number, verdict is Verdict.REFUNDED, by))
    if decision.failure:
        raise TerminalError(f"nothing was noted, correct refund {number} again: {decision.failure}")
    if decision.refund_record is None:
        raise TerminalError(
            f"refund {number} cannot be corrected to {verdict}: only what staff have settled can be, as long as no more"
            " is given back than was paid, and not what they have made a sale of: correct that first;"
            f" see: netgiro-terminal journal show {number}"
        )
    refund = decision.refund_record.refund
    return {"outcome": refund.outcome, "state": refund.state}


async def _settle_refund(desk: Desk, number: int, verdict: str, by: str) -> Mapping[str, Any]:
    """Staff have looked the refund up at Netgíró and say whether it was carried out."""
    if verdict not in (Verdict.REFUNDED, Verdict.UNPAID):
        raise TerminalError(f"{number} is a refund: settle it as {Verdict.REFUNDED} or {Verdict.UNPAID}")
    settled = RefundSettledByStaff(number, verdict == Verdict.REFUNDED, by)
    decision = await desk.terminal.put_and_wait(settled)
    if decision.failure:
        raise TerminalError(f"nothing was noted, settle refund {number} again: {decision.failure}")
    if decision.refund_record is None:
        raise TerminalError(f"refund {number} cannot be settled in its present state")
    refund = decision.refund_record.refund
    return {"outcome": refund.outcome, "state": refund.state}


async def _once_the_call_is_answered(desk: Desk, sale: Sale) -> Sale:
    """A call that may move money is on its way, and the word of staff waits for its answer."""

    def is_answered(view: View) -> bool:
        return view.sale is None or view.sale.number != sale.number or view.sale.said_by_staff is None

    if not await desk.terminal.until(is_answered, LONGEST_CALL_S):
        raise TerminalError(f"a call for sale {sale.number} is on its way: see netgiro-terminal status")
    journal = desk.terminal.journal
    now = await journal.call(journal.file.find_sale, sale.number)
    if now is None or not now.has_ended:
        raise TerminalError(
            f"sale {sale.number} is not settled: a call that may have changed it was on its way, and its answer does "
            "not say. Look the sale up once more, then settle it"
        )
    return now


async def _reprint(desk: Desk, request: Request) -> Mapping[str, Any]:
    """Queue receipts once more; they are printed as soon as the printer is ready."""
    if desk.config.printer.driver == "none":
        raise TerminalError(NO_PRINTER)
    try:
        kinds = tuple(ReceiptKind(kind) for kind in request.get("kinds", ()))
    except (ValueError, TypeError) as error:
        raise TerminalError(f"kinds must be of {', '.join(ReceiptKind)}") from error
    journal = desk.terminal.journal
    number = await journal.call(find_number, journal.file, str(request.get("sale") or ""), kinds)
    decision = await desk.terminal.put_and_wait(ReprintRequested(number, kinds))
    if decision.failure:
        raise TerminalError(f"nothing was queued, ask for it again: {decision.failure}")
    if not decision.receipts:
        raise TerminalError(NOTHING_TO_PRINT)
    return {"receipts": [receipt.receipt_id for receipt in decision.receipts]}


async def _end_of_day(desk: Desk, _request: Request) -> Mapping[str, Any]:
    """Close the period and print its slip, as a register's end of day does."""
    decision = await desk.terminal.put_and_wait(EndOfDayRequested())
    if decision.failure:
        raise TerminalError(f"nothing was closed, end the day again: {decision.failure}")
    close = decision.close
    if close is None:
        raise TerminalError("the day cannot end while a sale is open; nothing was closed: see status")
    return figures(close.number, close.totals)


async def _x_report(desk: Desk, request: Request) -> Mapping[str, Any]:
    """The figures of the open period, which goes on; on paper as well if that is wanted and there is a printer."""
    period = await desk.terminal.reports.open_period()
    answer = {**figures(period.number, period.totals), "not_printed": ""}
    if request.get("print") and desk.config.printer.driver != "none":
        try:
            await desk.terminal.reports.print_x_report(period)
        except DeviceError as error:
            answer["not_printed"] = str(error)
    return answer


async def _refund(desk: Desk, request: Request) -> Mapping[str, Any]:
    """Give money back on a paid sale, and wait a while for what becomes of it."""
    wanted = RefundRequested(
        number=_whole(request, "sale"),
        amount_kr=_whole(request, "amount"),
        source=RefundSource.COMMAND,
        description=str(request.get("reason") or ""),
    )
    config = desk.config
    return await refund_and_wait(desk.terminal, wanted, config.terminal.language, config.shop.service_phone)


def _whole(request: Request, name: str) -> int | None:
    value = request.get(name)
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise TerminalError(f"{name} must be a whole number")


async def _printer_test(desk: Desk, _request: Request) -> Mapping[str, Any]:
    """Print the slip with every code page."""
    try:
        await desk.terminal.instruments.print_now(await asyncio.to_thread(slip_for, desk.config.printer))
    except DeviceError as error:
        raise TerminalError(str(error)) from error
    return {}


async def _printer_status(desk: Desk, _request: Request) -> Mapping[str, Any]:
    """What the printer says of itself now, not when it was last needed."""
    try:
        return {"printer": await desk.terminal.instruments.printer_status()}
    except DeviceError as error:
        return {"unreachable": str(error)}


async def _doctor_slip(desk: Desk, _request: Request) -> Mapping[str, Any]:
    """Print the doctor's report, as the service itself sees the machine."""
    try:
        await desk.terminal.examination.print_slip()
    except DeviceError as error:
        raise TerminalError(str(error)) from error
    return {}


async def _reconciliation_slip(desk: Desk, _request: Request) -> Mapping[str, Any]:
    """Print the result of the last reconciliation."""
    result = await asyncio.to_thread(last_reconciled, desk.config)
    if result is None:
        raise TerminalError("there is no result yet: netgiro-terminal reconcile")
    document = reconciliation_slip(
        result,
        terminal_id=desk.config.terminal.id,
        printed_at=datetime.now().astimezone(),
        language=desk.config.receipt.language,
        columns=desk.config.printer.columns,
    )
    try:
        await desk.terminal.instruments.print_now(document)
    except DeviceError as error:
        raise TerminalError(str(error)) from error
    return {}


async def _pair(desk: Desk, _request: Request) -> Mapping[str, Any]:
    """Six digits for one register program on the network."""
    return pairing_code(desk.terminal.programs)


async def _revoke_program(desk: Desk, request: Request) -> Mapping[str, Any]:
    """A register program may call no more."""
    return {"revoked": await asyncio.to_thread(revoke_program, desk.terminal.programs, str(request.get("name")))}


async def _restart(desk: Desk, _request: Request) -> Mapping[str, Any]:
    """End so that systemd starts the terminal again, unless a sale is open."""
    sale = desk.terminal.view.sale
    if sale is not None:
        raise TerminalError(f"sale {sale.number} is open ({sale.state}); wait until it has ended")
    desk.restart_asked.set()
    return {"pid": os.getpid()}
