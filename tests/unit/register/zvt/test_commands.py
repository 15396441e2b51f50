"""What each command of a ZVT register asks of the terminal, field by field."""

from __future__ import annotations

from typing import Any

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
from terminal.register.zvt.commands import AskedCommand, CommandReader, Said
from terminal.register.zvt.format import Apdu, Authorisation, Command, Config, Registration
from terminal.simulation.registers.zvt_frames import payment, refund, registration, repeat_receipt, reversal
from tests.each import each_of

PRINTS = Registration(config=Config.PRINTS_RECEIPTS | Config.WANTS_PRINT_LINES)
SLIPS = Registration(config=Config.PRINTS_ADMIN_RECEIPTS | Config.WANTS_PRINT_LINES)
BARE = Registration()


def reader(decimals: Any = 0, *, any_currency: bool = False, **more: int) -> CommandReader:
    return CommandReader("00000012", decimals, any_currency=any_currency, **more)


def read(apdu: bytes, under: Registration = BARE, of: CommandReader | None = None) -> AskedCommand | Said:
    return (of or reader()).read(Apdu(int.from_bytes(apdu[:2]), apdu[3:]), under)


@each_of("prints", [False, True])
@each_of(
    ("apdu", "command", "question", "also"),
    [
        (payment(1990), Command.AUTHORISATION, lambda prints: SaleRequest(1990, prints_receipt=prints), (1990, 0)),
        (refund(500), Command.REFUND, lambda prints: RefundRequest(500, prints_receipt=prints), (500, 0)),
        (reversal(b"\0\7"), Command.REVERSAL, lambda prints: ReversalRequest(7, prints_receipt=prints), (0, 0)),
        (
            reversal(b"\0\7", 250),
            Command.REVERSAL,
            lambda prints: ReversalRequest(7, amount_kr=250, prints_receipt=prints),
            (250, 0),
        ),
        (repeat_receipt(None), Command.REPEAT_RECEIPT, lambda _prints: LastResultRequest(), (0, 0)),
        (repeat_receipt(1), Command.REPEAT_RECEIPT, lambda _prints: LastResultRequest(), (0, 1)),
        (b"\x05\x01\x05\0\0\0\x03\x02", Command.STATUS_ENQUIRY, lambda _prints: ConditionRequest(), (0, 2)),
        (b"\x06\x70\x00", Command.DIAGNOSIS, lambda _prints: ConditionRequest(), (0, 0)),
        (b"\x06\x50\x03\0\0\0", Command.END_OF_DAY, lambda _prints: TotalsRequest(close=True), (0, 0)),
    ],
    ids=["pay", "refund", "reverse", "a part", "repeat", "unprinted", "status", "diagnosis", "day"],
)
def test_a_command_is_read_with_all_that_its_answer_needs(
    apdu: bytes, command: Command, question: Any, also: tuple[int, int], prints: bool
) -> None:
    """``also``: amount and service byte."""
    asked = read(apdu, PRINTS if prints else BARE)
    assert isinstance(asked, AskedCommand)
    wanted: RegisterQuestion = question(prints)
    assert (asked.command, asked.question, (asked.amount_kr, asked.service)) == (command, wanted, also)
    assert type(asked.amount_kr) is int
    begins_session = command in (Command.AUTHORISATION, Command.REFUND, Command.REVERSAL)
    assert isinstance(asked.payment, Authorisation) is begins_session
    assert asked.is_payment is (command is Command.AUTHORISATION)


def test_an_end_of_day_asks_for_a_slip_only_where_the_register_prints_it() -> None:
    for under, prints in ((BARE, False), (PRINTS, False), (SLIPS, True)):
        asked = read(b"\x06\x50\x03\0\0\0", under)
        assert isinstance(asked, AskedCommand)
        assert asked.question == TotalsRequest(close=True, prints_slip=prints)


def test_what_an_asked_command_has_by_itself() -> None:
    plain = AskedCommand(Command.DIAGNOSIS, ConditionRequest())
    assert (plain.service, plain.amount_kr, plain.payment) == (0, 0, None)


EURO = b"\x49\x09\x78"


@each_of(
    "apdu",
    [payment(1990, "0978"), b"\x06\x30\x09\0\0\0\x87\0\7" + EURO, b"\x06\x31\x0d\0\0\0\x04\0\0\0\0\1\0" + EURO],
    ids=["pay", "reverse", "refund"],
)
def test_another_currency_is_refused_unless_the_shop_says_what_it_means(apdu: bytes) -> None:
    refused = read(apdu)
    assert isinstance(refused, Said)
    assert refused.response.hex().startswith("84")
    assert isinstance(read(apdu, of=reader(any_currency=True)), AskedCommand)


@each_of(("without", "left"), [(0, 0x8F), (0x80, 0x0F), (0x82, 0x0D)])
def test_a_registration_is_kept_without_what_the_register_cannot_take(without: int, left: int) -> None:
    said = read(registration(0x8F), of=reader(without=without))
    assert isinstance(said, Said)
    assert said.registration == Registration(config=left, currency=za.ISK)
    log_off = read(b"\x06\x02\x00", PRINTS, of=reader(without=without))
    assert isinstance(log_off, Said)
    assert log_off.registration == Registration(config=Config.AFTER_LOG_OFF & ~without)


def test_by_itself_nothing_is_taken_from_a_registration() -> None:
    said = read(registration(0xFF))
    assert isinstance(said, Said)
    assert said.registration is not None
    assert said.registration.config == 0xFF
