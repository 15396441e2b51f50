"""ZVT's commands and fields: what is read from a register, what is written to it, against real dumps."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import pytest

from terminal.register.zvt import format as za
from terminal.register.zvt import frames as zf
from terminal.register.zvt.format import Apdu, Authorisation, Config, Registration, ZvtError, ZvtResult
from terminal.register.zvt.frames import StatusInformation
from terminal.simulation.registers.zvt_frames import unwrap
from tests.each import each_of
from tests.unit.register.zvt import zvt_dumps

ICELANDIC = "ÁÉÍÓÚÝÞÆÖÐ áéíóúýþæöð €"


def dump(name: str) -> bytes:
    return unwrap(zvt_dumps.ALL[name])[0]


def data_of(name: str) -> bytes:
    return za.parse_apdu(dump(name)).data


# --- reading ----------------------------------------------------------------------------------------------------------


def test_an_apdu_is_class_instruction_length_and_data() -> None:
    assert za.parse_apdu(bytes.fromhex("0601 02 aabb")) == Apdu(0x0601, b"\xaa\xbb")


def test_a_long_apdu_has_its_low_length_byte_first() -> None:
    assert za.parse_apdu(bytes.fromhex("0601 ff 0001") + bytes(256)) == Apdu(0x0601, bytes(256))


@each_of("raw", ["", "06", "0601", "060102aa", "060101aabb", "0601ff01", "0601ff020000"])
def test_an_apdu_that_is_not_whole_is_refused(raw: str) -> None:
    with pytest.raises(ZvtError):
        za.parse_apdu(bytes.fromhex(raw))


@each_of(("raw", "error"), [("800000", 0), ("840000", 0), ("849c00", 0x9C), ("800003aabbcc", 0)])
def test_answers_tell_whether_it_went_well(raw: str, error: int) -> None:
    apdu = za.parse_apdu(bytes.fromhex(raw))
    assert apdu.is_answer
    assert apdu.error == error


@each_of(
    ("name", "registration"),
    [
        ("registration, BA, EUR", Registration(config=0xBA, currency=b"\x09\x78")),
        ("registration, BE, ISK", Registration(config=0xBE, currency=za.ISK)),
        ("registration, no currency", Registration(config=0xBE)),
        (
            "registration, text blocks",
            Registration(config=0xB6, currency=b"\x09\x78", takes_text_blocks=True),
        ),
    ],
)
def test_registrations_are_read(name: str, registration: Registration) -> None:
    assert za.parse_registration(data_of(name)) == registration


@each_of(
    ("rest", "currency"),
    [
        ("", None),
        ("0352", za.ISK),
        ("0301", None),  # a service byte
        ("0600", None),  # an empty TLV
        ("06062604 0a0206d3", None),
        ("0352 0301", za.ISK),
        ("0352 0600", za.ISK),
        ("0348", b"\x03\x48"),
        ("0643", b"\x06\x43"),
    ],
)
def test_a_currency_is_told_from_the_fields_after_it(rest: str, currency: bytes | None) -> None:
    registration = za.parse_registration(bytes.fromhex("00000082" + rest))
    assert registration.currency == currency
    assert registration.has(Config.PRINTS_RECEIPTS | Config.WANTS_PRINT_LINES)


@each_of(
    ("name", "digits", "currency"),
    [
        ("pay 1990 EUR", "000000001990", b"\x09\x78"),
        ("pay 1990 EUR, empty TLV", "000000001990", b"\x09\x78"),
        ("pay 1990 ISK", "000000001990", za.ISK),
        ("pay 199000 ISK", "000000199000", za.ISK),
        ("pay 1990", "000000001990", None),
        ("pay 199000", "000000199000", None),
        ("pay 1000 EUR", "000000001000", b"\x09\x78"),
    ],
)
def test_payments_are_read(name: str, digits: str, currency: bytes | None) -> None:
    assert za.parse_authorisation(data_of(name)) == Authorisation(digits=digits, currency=currency)


def test_a_payment_may_say_how_its_result_is_to_be_told() -> None:
    data = bytes.fromhex("04000000001990 0145 0203 1940 22f1f1eeeeeeeeeeee1234567890 0e2812 8aff")
    payment = za.parse_authorisation(data)
    assert (payment.answer_timeout_s, payment.repetitions) == (0x45, 3)


@each_of(
    "data",
    [
        "",
        "490352",
        "0400000000199a",
        "040000000019",
        "04000000001990 04000000001990",
        "04000000001990 77",
        "04000000001990 22f1",
        "04000000001990 22f1fa",
        "04000000001990 2205f5",
        "04000000001990 06",
        "04000000001990 0680",
        "04000000001990 0683000000",
        "04000000001990 068210",
        "04000000001990 0605aa",
    ],
)
def test_a_payment_that_is_not_valid_is_a_protocol_error(data: str) -> None:
    with pytest.raises(ZvtError) as refused:
        za.parse_authorisation(bytes.fromhex(data))
    assert refused.value.result is ZvtResult.PROTOCOL_ERROR


def test_the_other_commands_are_read() -> None:
    assert za.parse_reversal(data_of("reversal of receipt 1")) == (1, za.Authorisation(digits=""))
    assert za.parse_refund(data_of("refund 1990")).digits == "000000001990"
    assert za.parse_service_byte(data_of("repeat receipt")) == 0
    assert za.parse_service_byte(data_of("repeat with status")) == 1
    assert za.parse_service_byte(b"") == 0


def test_nested_values_are_read_with_short_and_long_tags_and_lengths() -> None:
    raw = bytes.fromhex("1f070102 2581 80") + bytes(128) + bytes.fromhex("07 82 0001 41")
    assert za.parse_tlv(raw) == [(0x1F07, b"\x02"), (0x25, bytes(128)), (0x07, b"A")]
    for cut in ("1f", "07", "0702aa", "0784", "0781"):
        with pytest.raises(ZvtError):
            za.parse_tlv(bytes.fromhex(cut))


# --- writing ----------------------------------------------------------------------------------------------------------

PAID = StatusInformation(
    result=0,
    amount="000000001990",
    trace=1,
    at=datetime(2026, 11, 23, 15, 30),
    terminal_id="12345678",
    receipt_number=1,
    card_type=0xFF,
    card_name=b"Netgiro\0\0",
)


@each_of(
    ("name", "frame"),
    [
        ("good", zf.good()),
        ("not possible", zf.refusal(ZvtResult.NOT_POSSIBLE)),
        ("please wait", zf.refusal(ZvtResult.PLEASE_WAIT)),
        ("wrong currency, ISK", zf.wrong_currency_at_registration(za.ISK)),
        ("registered", zf.registered("12345678", None)),
        ("registered, ISK", zf.registered("12345678", za.ISK)),
        ("status, NG1.0, ready", zf.terminal_status(0, "NG1.0")),
        ("progress 0A", zf.intermediate_status(0x0A)),
        ("progress 0E", zf.intermediate_status(0x0E)),
        ("progress 17", zf.intermediate_status(0x17)),
        ("paid", PAID.encode()),
        ("result 00, ISK", StatusInformation(result=0, amount="000000001990", currency=za.ISK).encode()),
        ("result 6C, ISK", StatusInformation(result=0x6C, amount="000000001990", currency=za.ISK).encode()),
        ("print line", zf.print_line("** Netgiro **")),
        ("print empty line", zf.print_line("")),
        ("text block", zf.text_blocks(["** Netgiro **", "Upphaed 1.990 kr"])[0]),
        ("completion", zf.completion()),
        ("aborted 6C", zf.aborted(0x6C)),
        ("aborted 05", zf.aborted(0x05)),
    ],
)
def test_frames_are_written_as_real_terminals_write_them(name: str, frame: bytes) -> None:
    assert frame == dump(name)


def test_fields_of_a_status_stand_in_the_specifications_order() -> None:
    full = za.parse_apdu(
        StatusInformation(
            **{name: getattr(PAID, name) for name in PAID.__struct_fields__} | {"currency": za.ISK, "text": "0f8fad5b"}
        ).encode()
    )
    assert list(za.parse_fields(full.data)) == [0x27, 0x04, 0x0B, 0x0C, 0x0D, 0x29, 0x49, 0x87, 0x8A, 0x3C, 0x8B]


def test_numbers_fill_their_field() -> None:
    assert zf.to_bcd(7, 2) == bytes.fromhex("0007")
    assert zf.to_bcd(234_567, 3) == bytes.fromhex("234567")


def test_totals_stand_among_the_other_cards() -> None:
    field = zf.totals_field(1, 17, 12, "000000023880")
    assert len(field) == 53
    assert field == bytes.fromhex("0001 0017") + bytes(42) + bytes.fromhex("0c 000000023880")
    assert zf.totals_field(1, 9999, 1000, "0")[-7] == 255


def test_icelandic_becomes_what_the_registers_code_page_has() -> None:
    assert zf.to_cp437(ICELANDIC).decode("cp437") == "AÉIOUYTHÆÖD áéíóúythæöd EUR"
    assert zf.to_cp437("ÞÓR Þór þór Þ").decode("cp437") == "THOR Thór thór Th"
    assert zf.to_cp437("a\x00\x1b\n\x10b") == b"a    b"


def test_long_receipts_are_cut_into_blocks_of_which_the_last_says_so() -> None:
    lines = [f"{number:03d} {'x' * 28}" for number in range(40)]
    blocks = [za.parse_apdu(block) for block in zf.text_blocks(lines)]
    assert len(blocks) > 3
    read = []
    for block in blocks:
        (kind, text) = za.parse_tlv(za.parse_fields(block.data)[0x06])
        assert kind == (0x1F07, b"\x02")
        assert text[0] == 0x25
        read += za.parse_tlv(text[1])
    assert read == [*((0x07, line.encode()) for line in lines), (0x09, b"\xff")]


def test_texts_are_cut_to_what_a_frame_takes() -> None:
    assert len(zf.print_line("x" * 500)) == 3 + zf.MOST_DATA
    text = za.parse_fields(za.parse_apdu(StatusInformation(result=0, text="þ" * 500).encode()).data)[0x3C]
    assert text == b"th" * 49 + b"t"


@each_of("length", [255, 256, 300, 0x0201])
def test_a_long_length_may_have_either_byte_first_where_only_that_fits(length: int) -> None:
    data = bytes(length)
    orders: tuple[Literal["little", "big"], ...] = ("little", "big")
    for order in orders:
        assert za.parse_apdu(b"\x06\xd3\xff" + length.to_bytes(2, order) + data).data == data
    for wrong in (length - 1, length + 1):
        for order in orders:
            with pytest.raises(ZvtError, match="do not fit"):
                za.parse_apdu(b"\x06\xd3\xff" + wrong.to_bytes(2, order) + data)
