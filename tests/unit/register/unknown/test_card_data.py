"""A card's number, tracks and check digits are found in the bytes of a ZVT register, however they come."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from terminal.register.unknown.card_data import card_data_spans, open_frame, rest_of_frame, whole_frames
from terminal.simulation.registers.zvt_frames import wrap
from tests.each import each_of
from tests.unit.register.zvt import zvt_dumps

NUMBER = bytes.fromhex("6724 4005 1010 1234")
"""With two 10 in a row, each of which goes over the line twice."""
TRACK_2 = bytes.fromhex("6724400500000000d28122211234567890123f")
TRACK_3 = bytes(range(0x10, 0x78)) + b"\x99"
CARD_FIELDS = {
    "number": (b"\x22\xf0\xf8", NUMBER),
    "track 2": (b"\x23\xf1\xf9", TRACK_2),
    "track 3": (b"\x24\xf1\xf0\xf5", TRACK_3),
    "track 1": (b"\x2d\xf0\xf5", b"B6724"),
    "check digits": (b"\x3a", b"\x10\x23"),
}
AMOUNT = b"\x04\x00\x00\x00\x00\x19\x90"
COMMANDS = {
    "payment": b"\x06\x01",
    "reversal": b"\x06\x30\x00\x00\x00",
    "refund": b"\x06\x31\x12\x34\x56",
    "result": b"\x04\x0f",
}


def apdu(command: bytes, *fields: bytes) -> bytes:
    data = command[2:] + b"".join(fields)
    return command[:2] + bytes([len(data)]) + data


def hidden(data: bytes) -> bytes:
    """What the spans leave, with stars."""
    clean = bytearray(data)
    for start, end in card_data_spans(data):
        clean[start:end] = b"*" * (end - start)
    return bytes(clean)


def on_wire(value: bytes) -> bytes:
    return value.replace(b"\x10", b"\x10\x10")


@each_of(("head", "value"), CARD_FIELDS.values(), ids=CARD_FIELDS)
@each_of("command", COMMANDS.values(), ids=COMMANDS)
def test_card_data_of_any_command_are_found_and_nothing_else(command: bytes, head: bytes, value: bytes) -> None:
    frame = wrap(apdu(command, AMOUNT, head + value, b"\x49\x03\x52"))
    assert (
        hidden(b"\x06" + frame + b"\x06")
        == b"\x06" + frame.replace(on_wire(value), b"*" * len(on_wire(value))) + b"\x06"
    )


def test_several_in_one_frame_and_several_frames_are_all_found() -> None:
    data = wrap(apdu(b"\x06\x01", AMOUNT, *(head + value for head, value in CARD_FIELDS.values()))) * 2
    found = hidden(data)
    assert not any(on_wire(value) in found for _head, value in CARD_FIELDS.values())
    assert found.count(AMOUNT) == 2


@each_of(("head", "value"), CARD_FIELDS.values(), ids=CARD_FIELDS)
def test_a_frame_that_is_cut_off_or_damaged_hides_no_less(head: bytes, value: bytes) -> None:
    frame = wrap(apdu(b"\x06\x01", AMOUNT, head + value, b"\x49\x03\x52"))
    start = frame.index(head) + len(head)
    for end in range(start, len(frame)):
        assert set(hidden(frame[:end])[start : start + len(on_wire(value))]) <= {ord("*")}
    spoilt = frame[:-1] + bytes([frame[-1] ^ 1])
    assert on_wire(value) not in hidden(spoilt)
    if len(head) > 1:
        assert on_wire(value) not in hidden(frame[2:])
        assert on_wire(value) not in hidden(b"\x82" + head + on_wire(value))


@each_of("dump", zvt_dumps.ALL.values(), ids=zvt_dumps.ALL)
def test_frames_without_a_card_stay_as_they_are(dump: bytes) -> None:
    assert card_data_spans(dump) == []


def test_text_that_has_such_bytes_in_it_stays_outside_of_payments() -> None:
    line = wrap(apdu(b"\x06\xd1", b"\x00Kl: 15:30"))
    assert hidden(line) == line
    assert hidden(b"Kl: 15:30, $5, #1, -1.990\r\n") == b"Kl: 15:30, $5, #1, -1.990\r\n"


def test_a_frame_that_goes_on_is_told_from_one_that_has_ended() -> None:
    frame = wrap(apdu(b"\x06\x01", AMOUNT, b"\x22\xf0\xf8" + NUMBER))
    for end in range(2, len(frame)):
        assert open_frame(b"\x06" + frame[:end]) == end
        assert rest_of_frame(frame[end:] + b"\x06") >= len(frame) - end - 2
    assert open_frame(frame) == 0
    assert open_frame(frame + b"\x06") == 0
    assert open_frame(frame + b"\x10") == 1, "the next one may begin"
    assert open_frame(zvt_dumps.FROM_REGISTER["log-off"][:-1] + b"\x10") == 0, "a checksum"
    assert open_frame(wrap(b"\x80\x00\x00")[:3]) == 0, "an answer names no card"
    assert open_frame(b"\x10\x02SAMTALS") == 0, "a display's cursor"
    assert rest_of_frame(b"\x10\x02\x06") == 0, "the next frame"


@given(st.binary(min_size=1, max_size=99), st.integers(0, 40))
def test_any_number_is_found_in_any_frame_cut_anywhere(number: bytes, cut: int) -> None:
    head = b"\x22" + bytes(0xF0 + int(digit) for digit in f"{len(number):02}")
    frame = wrap(apdu(b"\x06\x01", AMOUNT, head + number, b"\x49\x03\x52"))
    end = len(frame) - len(b"\x49\x03\x52" + b"\x10\x03..")
    start = end - len(on_wire(number))
    assert re.fullmatch(rb"\*+", hidden(frame)[start:end])
    assert set(hidden(frame[: len(frame) - cut])[start:end]) <= {ord("*")}


@given(st.binary(max_size=300))
def test_any_bytes_are_survived(data: bytes) -> None:
    assert all(0 <= start <= end <= len(data) for start, end in card_data_spans(data))
    assert 0 <= open_frame(data) <= len(data)
    assert 0 <= rest_of_frame(data) <= len(data)
    assert all(frame.end() <= len(data) for frame in whole_frames(data))
