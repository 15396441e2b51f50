"""Tells a ZVT register totals, and how the terminal is doing; knows whether it has accepted an end of day.

An end of day is accepted when every frame of it is, like a result. One that is not is told again when the register asks
for it again: the counter sees to that.
"""

from __future__ import annotations

from collections.abc import Callable

from hardware.interfaces import Document
from terminal.counter.register_words import RegisterRequest, TerminalCondition, TotalsDelivered, TotalsReport
from terminal.register.zvt import frames as zf
from terminal.register.zvt.commands import AskedCommand
from terminal.register.zvt.format import Command, Registration, ZvtResult
from terminal.register.zvt.result import Wording, receipt_frames
from terminal.register.zvt.turns import Answer, Purpose, Turns
from terminal.sale.totals import ClosedPeriod

VERSION = "NG1.0"
WITHOUT_VERSION = 0x02
"""Of the service byte in 05 01."""


class EndOfDay:
    """``requests`` collects what the terminal is to know."""

    def __init__(
        self,
        turns: Turns,
        wording: Wording,
        slip_of: Callable[[ClosedPeriod], Document],
        requests: list[RegisterRequest],
    ) -> None:
        self._turns = turns
        self._wording = wording
        self._slip_of = slip_of
        self._requests = requests
        self._closing: int | None = None
        """The period whose end is being told, as long as the register accepts every frame of it."""

    def tell(self, report: TotalsReport, registration: Registration) -> None:
        """The totals, the slip for a register that prints it, and the end of the session."""
        purpose = Purpose.TOTALS if report.closed else Purpose.INFORMATION
        self._closing = report.number if report.closed else None
        self._turns.queue(self._wording.totals(report.totals), purpose)
        if report.slip is not None:
            blocks = registration.takes_text_blocks
            for frame in receipt_frames(self._slip_of(report.slip), as_text_blocks=blocks, kind=zf.ADMIN_RECEIPT):
                self._turns.queue(frame, purpose)
        self._turns.queue(zf.completion(), Purpose.END)

    def answered(self, answer: Answer) -> None:
        """What the register makes of a frame of it."""
        if answer is not Answer.GOOD:
            self._closing = None
        elif self._closing is not None and not self._turns.has_queued(Purpose.TOTALS):
            self._requests.append(TotalsDelivered(self._closing))
            self._closing = None


def condition_told(condition: TerminalCondition, asked: AskedCommand) -> bytes:
    """The completion of a status enquiry or a diagnosis."""
    if asked.command is not Command.STATUS_ENQUIRY:
        return zf.completion() if condition.service_reached else zf.aborted(ZvtResult.NO_CONNECTION)
    ready = ZvtResult.GOOD if condition.can_sell else ZvtResult.OUT_OF_ORDER
    status = ZvtResult.PLEASE_WAIT if condition.busy else ready
    return zf.terminal_status(status, None if asked.service & WITHOUT_VERSION else VERSION)
