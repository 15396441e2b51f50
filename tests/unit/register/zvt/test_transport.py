"""ZVT's link: frames and checksums against real dumps, acknowledgement, repetition and silence in virtual time."""

from __future__ import annotations

import pytest

from terminal.register.zvt.transport import (
    LONGEST_APDU,
    MOST_CONTROLS,
    SHORTEST_T2_S,
    T1_S,
    T2_S,
    TURNAROUND_S,
    Broken,
    Fate,
    Framer,
    FrameReceived,
    ZvtLink,
    checksum,
    encode_frame,
)
from terminal.simulation.registers.zvt_frames import crc, unwrap, wrap
from tests.each import each_of
from tests.unit.register.zvt import zvt_dumps

PAY = unwrap(zvt_dumps.FROM_REGISTER["pay 1990 ISK"])[0]
GOOD = bytes.fromhex("800000")
STATUS = bytes.fromhex("040f022700")
ABORT = bytes.fromhex("06b000")
RESULT = bytes.fromhex("06d10100")


def test_the_checksum_is_kermits_over_the_apdu_and_its_end_mark() -> None:
    assert crc(b"123456789") == 0x2189  # the check value that catalogues of CRCs give
    for apdu in (b"", b"\x00", b"\x10\x10\x03", bytes(range(256))):
        assert checksum(apdu) == crc(apdu + b"\x03").to_bytes(2, "little")


@each_of("name", zvt_dumps.ALL)
def test_real_frames_are_read_and_written_byte_for_byte(name: str) -> None:
    wire = zvt_dumps.ALL[name]
    apdu = unwrap(wire)[0]
    assert list(Framer().feed(wire)) == [apdu]
    assert encode_frame(apdu) == wire


@each_of("name", zvt_dumps.ALL)
def test_a_frame_is_read_byte_by_byte_between_noise(name: str) -> None:
    framer = Framer()
    wire = b"\x00\xff\x10" + zvt_dumps.ALL[name] + b"\x02\x03" + zvt_dumps.ALL[name]
    items = [item for byte in wire for item in framer.feed(bytes([byte]))]
    assert items == [unwrap(zvt_dumps.ALL[name])[0]] * 2


@each_of("name", zvt_dumps.FROM_REGISTER)
def test_no_flipped_bit_makes_another_frame(name: str) -> None:
    wire = zvt_dumps.ALL[name]
    apdu = unwrap(wire)[0]
    for bit in range(len(wire) * 8):
        flipped = bytearray(wire)
        flipped[bit // 8] ^= 1 << bit % 8
        frames = [item for item in Framer().feed(bytes(flipped) + wire) if isinstance(item, bytes)]
        assert frames in ([apdu], []), f"bit {bit}"


def test_a_frame_that_begins_anew_is_read_from_there() -> None:
    assert list(Framer().feed(wrap(PAY)[:9] + wrap(GOOD))) == [GOOD]


def test_a_frame_with_a_stray_escape_is_broken_as_a_whole() -> None:
    assert list(Framer().feed(b"\x10\x02\x06\x01\x10\x41\x06\x15\x10\x03\x00\x00" + wrap(GOOD))) == [Broken(), GOOD]


def test_a_frame_that_is_too_long_is_broken_and_not_kept() -> None:
    framer = Framer()
    assert list(framer.feed(b"\x10\x02" + bytes(LONGEST_APDU + 1))) == []
    assert len(framer._apdu) == 0
    assert list(framer.feed(b"\x10\x03\x00\x00" + wrap(GOOD))) == [Broken(), GOOD]


# --- receiving --------------------------------------------------------------------------------------------------------


def test_a_good_frame_is_acknowledged_at_once() -> None:
    link = ZvtLink()
    assert link.receive(wrap(PAY), 0.0) == [FrameReceived(PAY)]
    assert link.data_to_send() == b"\x06"


def test_a_damaged_frame_is_asked_for_again() -> None:
    link = ZvtLink()
    wire = bytearray(wrap(PAY))
    wire[5] ^= 1
    assert link.receive(bytes(wire), 0.0) == []
    assert link.data_to_send() == b"\x15"


def test_a_frame_in_which_the_line_falls_silent_is_asked_for_again() -> None:
    link = ZvtLink()
    link.receive(wrap(PAY)[:-1], 0.0)
    assert link.next_wakeup_s == T1_S
    assert link.wake(T1_S - 0.01) == []
    assert link.data_to_send() == b""
    assert link.wake(T1_S) == []
    assert link.data_to_send() == b"\x15"
    assert link.next_wakeup_s is None
    assert link.receive(wrap(PAY), 2.0) == [FrameReceived(PAY)]


def test_half_a_frame_does_not_spoil_the_next_even_without_a_timer() -> None:
    link = ZvtLink()
    link.receive(b"\x10\x02\x06\x01\x0a\x10", 0.0)
    assert link.receive(wrap(PAY)[1:], 5.0) == []
    assert link.receive(wrap(PAY), 6.0) == [FrameReceived(PAY)]


def test_a_repeated_frame_is_acknowledged_and_taken_once() -> None:
    link = ZvtLink()
    link.receive(wrap(PAY), 0.0)
    for now_s in (1.0, 5.0, 10.0):
        assert link.receive(wrap(PAY), now_s) == []
    assert link.data_to_send() == b"\x06" * 4


def test_a_frame_is_still_a_repetition_while_our_answer_is_not_acknowledged() -> None:
    link = ZvtLink()
    link.receive(wrap(PAY), 0.0)
    link.send(GOOD, 0.0)
    link.wake(TURNAROUND_S)
    assert link.data_to_send() == b"\x06" + wrap(GOOD)
    assert link.receive(wrap(PAY), 5.0) == []


def test_the_same_frame_after_our_answer_was_taken_is_a_new_one() -> None:
    link = ZvtLink()
    link.receive(wrap(PAY), 0.0)
    link.send(GOOD, 1.0)
    link.data_to_send()
    assert link.receive(b"\x06", 1.1) == [Fate.TAKEN]
    assert link.receive(wrap(PAY), 1.2) == [FrameReceived(PAY)]


def test_the_same_frame_long_after_is_a_new_one() -> None:
    link = ZvtLink()
    link.receive(wrap(PAY), 0.0)
    assert link.receive(wrap(PAY), 20.0) == [FrameReceived(PAY)]


def test_acknowledgements_do_not_pile_up() -> None:
    link = ZvtLink()
    for number in range(10 * MOST_CONTROLS):
        link.receive(wrap(bytes([6, 2, 0, number % 256])), 0.0)
    assert link.data_to_send() == b"\x06" * MOST_CONTROLS


# --- sending ----------------------------------------------------------------------------------------------------------


def sent(apdu: bytes = STATUS) -> ZvtLink:
    link = ZvtLink()
    link.send(apdu, 0.0)
    assert link.data_to_send() == wrap(apdu)
    return link


def test_a_frame_is_sent_once_and_ends_with_its_acknowledgement() -> None:
    link = sent()
    assert link.receive(b"\x06", 0.1) == [Fate.TAKEN]
    assert link.next_wakeup_s is None
    assert link.wake(100.0) == []
    assert link.data_to_send() == b""


def test_a_frame_keeps_away_from_our_acknowledgement() -> None:
    link = ZvtLink()
    link.receive(wrap(PAY), 1.0)
    link.send(GOOD, 1.0)
    assert link.data_to_send() == b"\x06"
    assert link.next_wakeup_s == 1.0 + TURNAROUND_S
    link.wake(1.0 + TURNAROUND_S)
    assert link.data_to_send() == wrap(GOOD)


def test_a_frame_that_has_not_left_yet_waits_when_another_comes_in() -> None:
    link = ZvtLink()
    link.send(STATUS, 0.0)
    link.receive(wrap(ABORT), 0.0)
    assert link.data_to_send() == b"\x06"
    link.wake(TURNAROUND_S)
    assert link.data_to_send() == wrap(STATUS)
    assert link.next_wakeup_s == TURNAROUND_S + T2_S


def test_silence_makes_it_repeat_twice_and_then_give_up() -> None:
    link = sent()
    for number in (1, 2):
        assert link.next_wakeup_s == number * T2_S
        assert link.wake(number * T2_S - 0.1) == []
        assert link.data_to_send() == b""
        assert link.wake(number * T2_S) == []
        assert link.data_to_send() == wrap(STATUS)
    assert link.wake(3 * T2_S) == [Fate.LOST]
    assert link.next_wakeup_s is None
    assert link.data_to_send() == b""


def test_a_nak_makes_it_repeat_at_once_and_give_up_after_three() -> None:
    link = sent()
    for _ in range(2):
        assert link.receive(b"\x15", 0.1) == []
        assert link.data_to_send() == wrap(STATUS)
    assert link.receive(b"\x15", 0.1) == [Fate.LOST]


def test_a_shower_of_naks_is_one_repetition_each_time_the_frame_has_left() -> None:
    link = sent()
    link.receive(b"\x15" * 50, 0.1)
    assert link.data_to_send() == wrap(STATUS)


def test_stray_acknowledgements_mean_nothing() -> None:
    link = ZvtLink()
    assert link.receive(b"\x06\x15\x06", 0.0) == []
    link.send(STATUS, 0.0)
    assert link.receive(b"\x06", 0.0) == []  # it has not left
    assert link.data_to_send() == wrap(STATUS)
    assert link.receive(b"\x06", 0.0) == [Fate.TAKEN]


def test_an_answer_proves_that_our_command_was_taken() -> None:
    assert sent().receive(wrap(GOOD), 1.0) == [Fate.TAKEN, FrameReceived(GOOD)]


def test_a_new_command_proves_that_our_answer_was_taken() -> None:
    assert sent(GOOD).receive(wrap(ABORT), 1.0) == [Fate.TAKEN, FrameReceived(ABORT)]


def test_a_command_that_crosses_ours_proves_nothing() -> None:
    assert sent().receive(wrap(ABORT), 1.0) == [FrameReceived(ABORT)]


def test_an_old_answer_is_not_taken_for_a_new_one() -> None:
    """The register repeats its answer to our frame before, because our 06 got lost."""
    link = sent()
    link.receive(wrap(GOOD), 0.1)
    link.send(STATUS + b"\x00", 0.5)
    link.data_to_send()
    assert link.receive(wrap(GOOD), 5.0) == []


@pytest.mark.parametrize(("after_s", "is_new"), [(0.2, True), (SHORTEST_T2_S + 0.01, False), (4.9, False)])
def test_the_same_answer_at_once_answers_the_next_command_even_if_its_06_got_lost(after_s: float, is_new: bool) -> None:
    """Later it may be the old one again, whose 06 from us got lost."""
    link = sent()
    assert link.receive(b"\x06" + wrap(GOOD), 0.1) == [Fate.TAKEN, FrameReceived(GOOD)]
    link.send(RESULT, 0.1)
    link.wake(0.1 + TURNAROUND_S)
    assert wrap(RESULT) in link.data_to_send()
    assert link.receive(wrap(GOOD), 0.1 + after_s) == ([Fate.TAKEN, FrameReceived(GOOD)] if is_new else [])


def test_the_same_answer_before_our_next_command_has_left_is_a_repetition() -> None:
    link = sent()
    link.receive(b"\x06" + wrap(GOOD), 0.1)
    link.send(RESULT, 0.1)
    assert link.receive(wrap(GOOD), 0.15) == []


def test_an_old_answer_that_comes_twice_at_once_is_not_taken_for_a_new_one() -> None:
    """Our 06 and then our command are damaged, and the line doubles the repetition."""
    link = sent()
    link.receive(b"\x06" + wrap(GOOD), 0.1)
    link.send(RESULT, 0.1)
    link.wake(0.1 + TURNAROUND_S)
    assert wrap(RESULT) in link.data_to_send()
    assert link.receive(wrap(GOOD) * 2, 5.0) == []
    link.wake(0.1 + TURNAROUND_S + T2_S)
    assert wrap(RESULT) in link.data_to_send()
    assert link.receive(b"\x06" + wrap(GOOD), 5.3) == [Fate.TAKEN, FrameReceived(GOOD)]


def test_a_late_answer_to_an_earlier_frame_is_none_to_the_next() -> None:
    """Ours is damaged on the line, while the register says once more what it answered to the one before."""
    link = sent()
    assert link.receive(b"\x06", 0.1) == [Fate.TAKEN]
    link.answer_missed()
    link.send(RESULT, 5.1)
    assert wrap(RESULT) in link.data_to_send()
    assert link.receive(wrap(GOOD), 5.11) == []
    assert link.receive(b"\x15", 5.12) == []
    assert link.data_to_send() == b"\x06" + wrap(RESULT)
    assert link.receive(b"\x06" + wrap(GOOD), 5.2) == [Fate.TAKEN, FrameReceived(GOOD)]


def test_an_answer_that_we_asked_for_again_is_none_to_the_next() -> None:
    """Our 06 is lost and noise follows the answer, so our 15 makes the register repeat itself at once."""
    link = sent()
    assert link.receive(b"\x06" + wrap(GOOD), 0.1) == [Fate.TAKEN, FrameReceived(GOOD)]
    link.send(RESULT, 0.1)
    link.wake(0.1 + TURNAROUND_S)
    assert wrap(RESULT) in link.data_to_send()
    link.receive(b"\x10\x02\x80", 0.2)
    link.wake(0.2 + T1_S)
    assert link.data_to_send() == b"\x15"
    assert link.receive(wrap(GOOD), 0.75) == []
    assert link.receive(b"\x06" + wrap(GOOD), 0.8) == [Fate.TAKEN, FrameReceived(GOOD)]


def test_a_line_that_is_gone_leaves_nothing_half_said() -> None:
    link = sent()
    link.receive(wrap(ABORT) + b"\x10\x02\x06", 1.0)
    link.reset()
    assert link.next_wakeup_s is None
    assert link.data_to_send() == b""
    assert link.receive(wrap(PAY), 1.1) == [FrameReceived(PAY)]
