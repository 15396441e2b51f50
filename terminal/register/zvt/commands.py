"""What a ZVT register wants by a command: a question to the terminal, or what can be said at once. Knows no session.

Source: PA00P015 rev. 13.08, chapter 2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import msgspec
from msgspec.structs import replace

from terminal.counter.register_words import (
    ConditionRequest,
    LastResultRequest,
    RefundRequest,
    RegisterQuestion,
    ReversalRequest,
    SaleRequest,
    TotalsRequest,
)
from terminal.register.zvt import format as za
from terminal.register.zvt import frames as zf
from terminal.register.zvt.format import Apdu, Command, Config, Registration, ZvtError, ZvtResult
from terminal.sale.money import AmountDecimals, AmountError, parse_register_amount


class AskedCommand(msgspec.Struct, frozen=True):
    """A command whose answer the terminal has to decide."""

    command: Command
    question: RegisterQuestion
    """As it is handed in: the answer comes with this very object."""
    service: int = 0
    amount_kr: int = 0
    payment: za.Authorisation | None = None
    """What begins a session that ends with a result."""

    @property
    def is_payment(self) -> bool:
        return self.command is Command.AUTHORISATION


class Said(msgspec.Struct, frozen=True):
    """The answer to a command, and what ends its session, if it began one."""

    response: bytes
    end: bytes | None = None
    registration: Registration | None = None
    """Under which the register goes on."""


Meaning: TypeAlias = AskedCommand | Said


class CommandReader:
    """``any_currency``: a register that names another one than kronur means kronur all the same. ``without``: of its
    configuration byte, what it asks for by habit and cannot take."""

    def __init__(self, terminal_id: str, decimals: AmountDecimals, *, any_currency: bool, without: int = 0) -> None:
        self._terminal_id = terminal_id
        self._decimals = decimals
        self._any_currency = any_currency
        self._without = without

    def read(self, apdu: Apdu, registration: Registration) -> Meaning:
        """Any command but an abort. What cannot be understood or done is refused; nothing raises."""
        try:
            read = _READERS.get(apdu.control)
            if read is None:
                raise ZvtError(f"{apdu.control:04X} is not a command", ZvtResult.NOT_POSSIBLE)
            return read(self, apdu.data, registration)
        except ZvtError as error:
            return Said(zf.refusal(error.result))

    def _register(self, data: bytes, _before: Registration) -> Meaning:
        registration = za.parse_registration(data)
        registration = replace(registration, config=registration.config & ~self._without)
        if not self._takes_currency(registration.currency):
            return Said(zf.wrong_currency_at_registration(za.ISK))
        return Said(zf.good(), zf.registered(self._terminal_id, registration.currency), registration)

    def _log_off(self, _data: bytes, _before: Registration) -> Meaning:
        return Said(zf.good(), registration=Registration(config=Config.AFTER_LOG_OFF & ~self._without))

    def _pay(self, data: bytes, registration: Registration) -> Meaning:
        payment = za.parse_authorisation(data)
        amount_kr = self._kronur(payment)
        question = SaleRequest(amount_kr, prints_receipt=registration.prints_receipts)
        return AskedCommand(Command.AUTHORISATION, question, amount_kr=amount_kr, payment=payment)

    def _refund(self, data: bytes, registration: Registration) -> Meaning:
        refund = za.parse_refund(data)
        amount_kr = self._kronur(refund)
        question = RefundRequest(amount_kr, prints_receipt=registration.prints_receipts)
        return AskedCommand(Command.REFUND, question, amount_kr=amount_kr, payment=refund)

    def _reverse(self, data: bytes, registration: Registration) -> Meaning:
        receipt, reversal = za.parse_reversal(data)
        self._check_currency(reversal)
        amount_kr = self._kronur(reversal) if reversal.digits else None
        question = ReversalRequest(receipt, amount_kr=amount_kr, prints_receipt=registration.prints_receipts)
        return AskedCommand(Command.REVERSAL, question, amount_kr=amount_kr or 0, payment=reversal)

    def _repeat_receipt(self, data: bytes, _registration: Registration) -> Meaning:
        return AskedCommand(Command.REPEAT_RECEIPT, LastResultRequest(), za.parse_service_byte(data))

    def _enquire_status(self, data: bytes, _registration: Registration) -> Meaning:
        return AskedCommand(Command.STATUS_ENQUIRY, ConditionRequest(), za.parse_service_byte(data))

    def _diagnose(self, _data: bytes, _registration: Registration) -> Meaning:
        return AskedCommand(Command.DIAGNOSIS, ConditionRequest())

    def _send_totals(self, _data: bytes, _registration: Registration) -> Meaning:
        return AskedCommand(Command.TOTALS, TotalsRequest())

    def _end_day(self, _data: bytes, registration: Registration) -> Meaning:
        return AskedCommand(Command.END_OF_DAY, TotalsRequest(close=True, prints_slip=registration.prints_slips))

    def _take_note(self, _data: bytes, _registration: Registration) -> Meaning:
        """Nothing here depends on it."""
        return Said(zf.good(), zf.completion())

    def _ignore(self, _data: bytes, _registration: Registration) -> Meaning:
        return Said(zf.good())

    def _keep_baud_rate(self, _data: bytes, _registration: Registration) -> Meaning:
        return Said(zf.refusal(ZvtResult.BAUD_RATE_NOT_SUPPORTED))

    def _takes_currency(self, currency: bytes | None) -> bool:
        return currency in (None, za.ISK) or self._any_currency

    def _check_currency(self, payment: za.Authorisation) -> None:
        if not self._takes_currency(payment.currency):
            raise ZvtError("only kronur are taken", ZvtResult.WRONG_CURRENCY)

    def _kronur(self, payment: za.Authorisation) -> int:
        """Raises ZvtError with what the register is answered."""
        self._check_currency(payment)
        try:
            return parse_register_amount(payment.digits, self._decimals)
        except AmountError as error:
            raise ZvtError(str(error)) from error


_READERS: Mapping[int, Callable[[CommandReader, bytes, Registration], Meaning]] = {
    Command.REGISTRATION: CommandReader._register,
    Command.LOG_OFF: CommandReader._log_off,
    Command.AUTHORISATION: CommandReader._pay,
    Command.REVERSAL: CommandReader._reverse,
    Command.REFUND: CommandReader._refund,
    Command.END_OF_DAY: CommandReader._end_day,
    Command.TOTALS: CommandReader._send_totals,
    Command.DIAGNOSIS: CommandReader._diagnose,
    Command.STATUS_ENQUIRY: CommandReader._enquire_status,
    Command.REPEAT_RECEIPT: CommandReader._repeat_receipt,
    Command.INITIALISATION: CommandReader._take_note,
    Command.SET_TIME: CommandReader._take_note,
    Command.SELF_TEST: CommandReader._take_note,
    Command.RESET: CommandReader._take_note,
    Command.PRINT_CONFIGURATION: CommandReader._take_note,
    Command.DISPLAY_TEXT: CommandReader._ignore,
    Command.PRINT_LINE: CommandReader._ignore,
    Command.PRINT_TEXT_BLOCK: CommandReader._ignore,
    Command.CHANGE_BAUD_RATE: CommandReader._keep_baud_rate,
}
