"""What a status information of ZVT says of a sale, a refund and a day, byte by byte; and why a command is refused."""

from __future__ import annotations

from datetime import UTC, timedelta, timezone

from msgspec.structs import replace

from hardware.interfaces import Document, TextLine
from terminal.counter.register_words import RefundResult, RefusalCode, RequestRefused, ResultRefusal, SaleResult
from terminal.register.zvt.format import Command, ZvtResult
from terminal.register.zvt.result import PRINT_COLUMNS, Wording, receipt_frames, receipt_number, refusal_code
from terminal.register.zvt.telling import RESULT_ANSWER_S, WITH_STATUS, WITHOUT_PRINT
from terminal.sale.refund import RefundReason
from terminal.sale.sale import Reason
from terminal.simulation.registers.zvt_frames import GOOD, repeat_receipt, status_fields
from tests.each import each_of
from tests.sales import GUID, new_refund
from tests.unit.register.zvt.zvt_bench import NAME, Bench, refusing, result

WORDING = Wording(terminal_id="00000012", decimals=0, zone=UTC)
PRINTS = 0x82


def of_refund(
    reason: RefundReason | None, number: int = 8, sale_number: int = 7, text: str = "nei"
) -> dict[int, bytes]:
    refund = new_refund(number=number, sale_number=sale_number, reason=reason)
    told = RefundResult(register_id=NAME, refund=refund, text="nei")
    return status_fields(WORDING.refund_status(told, currency=b"\x03\x52"))


# --- a refund ---------------------------------------------------------------------------------------------------------


def test_a_refund_is_told_with_all_that_names_it() -> None:
    fields = of_refund(RefundReason.DONE)
    told = {tag: value.hex() for tag, value in fields.items() if tag != 0x3C}
    assert told == {
        0x27: "00",
        0x04: "000000000500",
        0x0B: "000008",
        0x37: "000007",
        0x0C: "120000",
        0x0D: "1123",
        0x29: "00000012",
        0x49: "0352",
        0x87: "0008",
        0x8A: "ff",
        0x8B: told[0x8B],
    }
    assert bytes.fromhex(told[0x8B]).rstrip(b"\0") == b"Netgiro"
    assert fields[0x3C] == GUID.encode()


def test_a_refund_that_was_not_done_has_no_receipt_and_no_card_and_says_why() -> None:
    fields = of_refund(RefundReason.REFUSED)
    assert fields[0x3C] == b"nei"
    assert not {0x87, 0x8A, 0x8B} & set(fields)


@each_of(
    ("number", "sale_number", "traces"),
    [
        (999_999, 999_998, ("999999", "999998")),
        (1_000_001, 1_000_000, ("000001", "000000")),
        (12_345_678, 2_345_677, ("345678", "345677")),
    ],
)
def test_beyond_a_million_a_refund_names_itself_and_its_sale_as_the_sale_was_named(
    number: int, sale_number: int, traces: tuple[str, str]
) -> None:
    fields = of_refund(RefundReason.DONE, number, sale_number)
    assert (fields[0x0B].hex(), fields[0x37].hex()) == traces
    sale = status_fields(WORDING.status(result(number=sale_number), currency=None))
    assert sale[0x0B] == fields[0x37]


# --- a sale -----------------------------------------------------------------------------------------------------------


def test_a_payment_names_its_authorization_and_without_one_nothing() -> None:
    paid = result()
    assert status_fields(WORDING.status(paid, currency=None))[0x3C] == GUID.encode()
    assert 0x3C not in status_fields(WORDING.status(replace(paid, authorization_id=None), currency=None))


@each_of(("hours", "time", "date"), [(0, "120000", "1123"), (13, "010000", "1124"), (-13, "230000", "1122")])
def test_the_time_is_that_of_the_shop(hours: int, time: str, date: str) -> None:
    wording = replace(WORDING, zone=timezone(timedelta(hours=hours)))
    fields = status_fields(wording.status(result(), currency=None))
    assert (fields[0x0C].hex(), fields[0x0D].hex()) == (time, date)


@each_of(("amount_kr", "digits"), [(1, "000000000001"), (10**12 - 1, "9" * 12), (1_234_567_890_123, "234567890123")])
def test_an_amount_has_twelve_digits(amount_kr: int, digits: str) -> None:
    assert WORDING.digits(amount_kr) == digits


@each_of(("number", "told"), [(None, 0), (1, 1), (9999, 9999), (10_000, 1), (1_000_000, 100)])
def test_receipt_numbers_go_round(number: int | None, told: int) -> None:
    assert receipt_number(number) == told


# --- refused ----------------------------------------------------------------------------------------------------------


@each_of(
    ("command", "amount_kr", "limit_kr", "code"),
    [
        (Command.REVERSAL, 0, None, ZvtResult.AMOUNT_TOO_HIGH),
        (Command.REVERSAL, 0, 500, ZvtResult.AMOUNT_TOO_HIGH),
        (Command.REVERSAL, 250, 500, ZvtResult.AMOUNT_TOO_SMALL),
        (Command.REVERSAL, 250, 100, ZvtResult.AMOUNT_TOO_HIGH),
        (Command.AUTHORISATION, 0, 100, ZvtResult.AMOUNT_TOO_SMALL),
        (Command.AUTHORISATION, 500, 500, ZvtResult.AMOUNT_TOO_SMALL),
        (Command.AUTHORISATION, 501, 500, ZvtResult.AMOUNT_TOO_HIGH),
        (Command.AUTHORISATION, 501, None, ZvtResult.PROTOCOL_ERROR),
    ],
)
def test_an_amount_is_refused_with_its_direction(
    command: Command, amount_kr: int, limit_kr: int | None, code: ZvtResult
) -> None:
    refused = RequestRefused(None, RefusalCode.AMOUNT, limit_kr=limit_kr)
    assert refusal_code(refused, command, amount_kr) is code


# --- printed ----------------------------------------------------------------------------------------------------------


def test_a_text_block_centres_and_aligns_as_paper_does() -> None:
    document: Document = (
        TextLine("KAFFI", align="center"),
        TextLine("rétt", align="right"),
        TextLine("vinstri"),
    )
    (block,) = receipt_frames(document, as_text_blocks=True)
    for line in ("KAFFI".center(PRINT_COLUMNS).rstrip(), "rétt".rjust(PRINT_COLUMNS), "vinstri"):
        assert b"\x07" + bytes([len(line)]) + line.encode("cp437") in block


# --- asked for again --------------------------------------------------------------------------------------------------


def test_the_service_byte_and_the_time_for_an_answer_are_those_of_the_standard() -> None:
    assert (WITH_STATUS, WITHOUT_PRINT, RESULT_ANSWER_S) == (0x01, 0x02, 30.0)


def again(bench: Bench, service: int | None, told: SaleResult) -> Bench:
    return bench.send(repeat_receipt(service)).say(told)


@each_of(
    ("service", "results", "prints"),
    [(None, [], True), (0x00, [], True), (0x01, [0], True), (0x02, [], False), (0x03, [0], False)],
)
def test_the_service_byte_chooses_what_is_repeated_of_an_acknowledged_payment(
    service: int | None, results: list[int], prints: bool
) -> None:
    bench = again(Bench().registered(PRINTS), service, result(acknowledged=True))
    assert bench.register.results == results
    assert any(apdu.startswith("06d1") for apdu in bench.heard) is prints


def test_a_result_without_its_sale_is_repeated_by_what_is_known_of_it() -> None:
    bare = replace(result(), sale=None)
    assert again(Bench().registered(PRINTS), None, bare).heard == ["800000", "060f00"]
    assert again(Bench().registered(PRINTS), 0x01, bare).register.results == [0]


def test_what_is_held_for_one_sale_is_not_told_before_the_copy_of_another() -> None:
    bench = Bench().registered(PRINTS).say(result())
    again(bench, None, result(name="T1-000005-AAAAAA", number=5, acknowledged=True))
    assert bench.register.results == []


def test_a_decline_is_repeated_without_a_copy() -> None:
    bench = again(Bench().registered(PRINTS), 0x01, result(Reason.CUSTOMER_DECLINED))
    assert bench.register.results == [0x05]
    assert not any(apdu.startswith("06d1") for apdu in bench.heard)


def test_a_good_answer_in_the_moment_the_time_is_over_is_too_late() -> None:
    bench = refusing(None).paying().say(result())
    bench.now_s += 180
    bench.send(GOOD)
    assert bench.requests[1:] == [ResultRefusal(NAME)]
