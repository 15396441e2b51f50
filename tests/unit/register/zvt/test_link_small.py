"""ZVT's links and frames at the edges: lengths, times to the moment, and turns that cross."""

from __future__ import annotations

import pytest

from terminal.register.zvt import frames as zf
from terminal.register.zvt import network, transport, turns
from terminal.register.zvt.format import Apdu, ZvtResult, parse_apdu, parse_fields, parse_tlv
from terminal.register.zvt.network import HALF_APDU_S, LONGEST_APDU, NetworkLink
from terminal.register.zvt.transport import T1_S, T2_S, TURNAROUND_S, Fate, FrameReceived, ZvtLink
from terminal.register.zvt.turns import Purpose, Turns
from terminal.simulation.registers.zvt_frames import GOOD, WAIT, payment, wrap
from tests.each import each_of

ACK, NAK = b"\x06", b"\x15"
PAY, RESULT, END = payment(1990), bytes.fromhex("040f022700"), bytes.fromhex("060f00")


def long_apdu(size: int, *, high_first: bool = False) -> bytes:
    return b"\x06\x01\xff" + size.to_bytes(2, "big" if high_first else "little") + b"x" * size


def test_the_times_and_bounds_are_these() -> None:
    assert (transport.T1_S, transport.T2_S, transport.TRANSMISSIONS, turns.T3_S) == (0.5, 5.0, 3, 5.0)
    assert (transport.TURNAROUND_S, transport.SHORTEST_T2_S) == (0.08, 0.9)
    assert (HALF_APDU_S, LONGEST_APDU, network.MOST_HELD) == (5.0, 4096, 32_768)
    assert (zf.MOST_DATA, transport.LONGEST_APDU, transport.MOST_CONTROLS) == (254, 4096, 64)


# --- frames -----------------------------------------------------------------------------------------------------------


@each_of(
    ("size", "head"),
    [(0, "00"), (127, "7f"), (128, "8180"), (254, "81fe"), (255, "81ff"), (256, "820100"), (300, "82012c")],
)
def test_a_nested_value_is_written_with_the_shortest_length(size: int, head: str) -> None:
    value = b"v" * size
    assert zf.tlv(0x07, value) == bytes.fromhex("07" + head) + value
    assert parse_tlv(zf.tlv(0x07, value)) == [(0x07, value)]


@each_of(("tag", "written"), [(0x07, "07"), (0xFF, "ff"), (0x0100, "0100"), (0x1F07, "1f07")])
def test_a_tag_has_one_byte_or_two(tag: int, written: str) -> None:
    assert zf.tlv(tag, b"") == bytes.fromhex(written + "00")


@each_of(("text", "told"), [("Þ", "Th"), ("ÞÓR", "THOR"), ("Þór", "Thór"), ("ÞÐ", "THD"), ("Þ Þ", "Th Th")])
def test_a_letter_alone_is_no_word_of_capitals(text: str, told: str) -> None:
    assert zf.to_cp437(text).decode("cp437") == told


@each_of(("length", "is_cut"), [(253, False), (254, True)])
def test_a_printed_line_fills_a_frame_and_no_more(length: int, is_cut: bool) -> None:
    apdu = parse_apdu(zf.print_line("x" * length))
    assert len(apdu.data) == 1 + min(length, 253)
    assert (apdu.data[1:] != b"x" * length) is is_cut


def test_a_status_may_come_without_a_version() -> None:
    assert zf.terminal_status(0x9C, None) == bytes.fromhex("060f019c")
    assert zf.terminal_status(0, "NG1.0") == bytes.fromhex("060f09f0f0f5") + b"NG1.0\0"


def test_what_is_written_as_a_field_is_read_as_one() -> None:
    fields = parse_fields(zf.StatusInformation(result=ZvtResult.GOOD, amount="000000001990", text="já").encode()[3:])
    assert (fields[0x27], fields[0x04].hex()) == (b"\0", "000000001990")


# --- the network ------------------------------------------------------------------------------------------------------


@each_of(("size", "is_one"), [(LONGEST_APDU - 5, True), (LONGEST_APDU - 4, False)])
def test_the_longest_apdu_is_so_long_with_its_head(size: int, is_one: bool) -> None:
    heard = NetworkLink().receive(long_apdu(size), 0.0)
    assert heard == ([FrameReceived(long_apdu(size))] if is_one else [])


@each_of("high_first", [False, True])
@each_of("size", [255, 300, 4000])
def test_a_long_length_is_read_in_either_order_where_one_cannot_be(size: int, high_first: bool) -> None:
    apdu = long_apdu(size, high_first=high_first)
    swapped = int.from_bytes(size.to_bytes(2, "little"), "big")
    if high_first and swapped <= LONGEST_APDU:
        return  # it could be either
    link = NetworkLink()
    assert link.receive(apdu[:4], 0.0) == []
    assert link.receive(apdu[4:-1], 0.1) == []
    assert link.receive(apdu[-1:] + GOOD, 0.2) == [FrameReceived(apdu), FrameReceived(GOOD)]


@each_of(("pause_s", "is_whole"), [(4.9, True), (HALF_APDU_S, True), (5.1, False)])
def test_half_an_apdu_waits_for_its_rest_that_long(pause_s: float, is_whole: bool) -> None:
    link = NetworkLink()
    assert link.receive(PAY[:6], 100.0) == []
    assert bool(link.receive(PAY[6:], 100.0 + pause_s)) is is_whole


def test_a_pause_between_two_apdus_means_nothing() -> None:
    link = NetworkLink()
    assert link.receive(PAY, 0.0) == [FrameReceived(PAY)]
    assert link.receive(PAY[:4], 500.0) == []
    assert link.wake(504.9) == []
    assert link.receive(PAY[4:], 504.95) == [FrameReceived(PAY)]
    assert link.next_wakeup_s is None


@each_of("width", [0, 2, 4])
def test_a_fixed_length_before_each_apdu_stays_so_after_a_new_connection(width: int) -> None:
    link = NetworkLink(width)
    prefixed = len(PAY).to_bytes(width, "big") + PAY if width else PAY
    link.send(GOOD, 0.0)
    answer = len(GOOD).to_bytes(width, "big") + GOOD if width else GOOD
    assert link.data_to_send() == answer, "before anything was heard"
    assert link.receive(prefixed, 0.0)[-1] == FrameReceived(PAY)
    link.reset()
    link.send(GOOD, 1.0)
    assert link.data_to_send() == answer
    assert link.receive(prefixed, 1.0)[-1] == FrameReceived(PAY)


@each_of("width", [2, 4])
def test_a_length_that_the_register_sends_is_forgotten_with_its_connection(width: int) -> None:
    link = NetworkLink()
    assert link.receive(len(PAY).to_bytes(width, "big") + PAY, 0.0) == [FrameReceived(PAY)]
    link.send(GOOD, 0.0)
    assert link.data_to_send() == len(GOOD).to_bytes(width, "big") + GOOD
    link.send(END, 0.1)
    link.reset()
    assert link.data_to_send() == b"", "what was on its way is not said to another"
    link.send(GOOD, 1.0)
    assert link.data_to_send() == GOOD


def test_a_length_in_four_bytes_is_told_from_one_in_two_by_its_first_two() -> None:
    apdu = long_apdu(300)
    assert NetworkLink().receive(len(apdu).to_bytes(4, "big") + apdu, 0.0) == [FrameReceived(apdu)]
    assert NetworkLink().receive(len(PAY).to_bytes(2, "big") + PAY, 0.0) == [FrameReceived(PAY)]


def test_a_length_of_256_in_two_bytes_is_none_in_four() -> None:
    apdu = b"\x06\x01\xfd" + b"x" * 253
    assert NetworkLink().receive(b"\x01\x00" + apdu, 0.0) == [FrameReceived(apdu)]


@each_of("first", range(5, 256))
def test_only_what_a_register_says_is_heard(first: int) -> None:
    apdu = bytes((first, 0x70, 0))
    is_heard = first in (0x05, 0x06, 0x08, 0x0F, 0x80, 0x84)
    assert NetworkLink().receive(apdu, 0.0) == ([FrameReceived(apdu)] if is_heard else [])


def test_the_network_is_woken_for_what_comes_first() -> None:
    link = NetworkLink()
    link.receive(PAY[:4], 0.0)
    link.send(GOOD, 1.0)
    assert link.next_wakeup_s == 1.0
    link.send(GOOD, 9.0)
    assert link.next_wakeup_s == HALF_APDU_S
    link.wake(0.5)
    assert link.data_to_send() == GOOD, "it might leave, and still may"


# --- the cable --------------------------------------------------------------------------------------------------------


def test_an_answer_that_was_given_up_is_no_answer_to_the_next_frame() -> None:
    for is_waiting in (True, False):
        link = ZvtLink()
        link.send(RESULT, 0.0)
        if is_waiting:
            assert link.data_to_send() == wrap(RESULT)
        link.withdraw()
        assert link.data_to_send() == b""
        link.send(END, 1.0)
        assert link.data_to_send() == wrap(END)
        late = link.receive(wrap(GOOD), 1.1)
        assert (late == []) is is_waiting
        if not is_waiting:
            assert late == [Fate.TAKEN, FrameReceived(GOOD)]


def test_that_it_may_be_late_is_remembered_until_a_frame_is_acknowledged() -> None:
    link = ZvtLink()
    link.answer_missed()
    link.send(END, 1.0)
    link.withdraw()
    link.send(END, 2.0)
    assert link.data_to_send() == wrap(END)
    assert link.receive(wrap(GOOD), 2.1) == []
    assert link.receive(ACK, 2.2) == [Fate.TAKEN]
    link.send(END, 3.0)
    link.data_to_send()
    assert link.receive(wrap(WAIT), 3.1) == [Fate.TAKEN, FrameReceived(WAIT)]


def test_without_a_frame_of_ours_nothing_is_repeated_or_held_back() -> None:
    link = ZvtLink()
    assert link.wake(100.0) == []
    assert link.data_to_send() == b""
    assert link.receive(wrap(PAY), 100.0) == [FrameReceived(PAY)]
    assert link.next_wakeup_s is None
    link.send(GOOD, 200.0)
    assert link.data_to_send() == ACK + wrap(GOOD)


def test_a_frame_that_has_not_left_waits_out_the_turn_after_an_acknowledgement() -> None:
    link = ZvtLink()
    link.send(END, 0.0)
    assert link.receive(wrap(PAY), 1.0) == [FrameReceived(PAY)]
    assert link.data_to_send() == ACK
    assert link.next_wakeup_s == 1.0 + TURNAROUND_S
    assert link.wake(1.0 + TURNAROUND_S) == []
    assert link.data_to_send() == wrap(END)
    assert link.next_wakeup_s == 1.0 + TURNAROUND_S + T2_S
    assert link.receive(wrap(WAIT), 2.0) == [Fate.TAKEN, FrameReceived(WAIT)]


def test_one_that_has_left_is_not_sent_again_sooner_because_the_register_speaks() -> None:
    link = ZvtLink()
    link.send(END, 0.0)
    assert link.data_to_send() == wrap(END)
    assert link.receive(wrap(PAY), 1.0) == [FrameReceived(PAY)]
    assert link.next_wakeup_s == T2_S


def test_the_cable_is_woken_for_what_comes_first() -> None:
    link = ZvtLink()
    link.send(END, 0.0)
    link.data_to_send()
    link.receive(wrap(GOOD)[:4], 1.0)
    assert link.next_wakeup_s == 1.0 + T1_S
    assert link.wake(1.0 + T1_S) == []
    assert link.data_to_send() == NAK
    assert link.next_wakeup_s == T2_S


def test_half_a_frame_of_a_moment_ago_is_no_part_of_the_next_one() -> None:
    link = ZvtLink()
    assert link.receive(wrap(PAY)[:6], 100.0) == []
    assert link.receive(wrap(GOOD), 100.0 + T1_S + 0.1) == [FrameReceived(GOOD)]
    assert link.receive(wrap(PAY)[:6], 200.0) == []
    assert link.receive(wrap(PAY)[6:], 200.0 + T1_S - 0.1) == [FrameReceived(PAY)]


def test_a_frame_with_a_sign_that_means_nothing_is_asked_for_again_though_its_sum_is_right() -> None:
    link = ZvtLink()
    whole = wrap(PAY)
    assert link.receive(whole[:6] + b"\x10\x07" + whole[6:], 1.0) == []
    assert link.data_to_send() == NAK
    assert link.receive(whole, 2.0) == [FrameReceived(PAY)]


@each_of(("size", "is_one"), [(transport.LONGEST_APDU - 5, True), (transport.LONGEST_APDU - 4, False)])
def test_the_longest_frame_on_a_cable_is_so_long(size: int, is_one: bool) -> None:
    assert ZvtLink().receive(wrap(long_apdu(size)), 1.0) == ([FrameReceived(long_apdu(size))] if is_one else [])


def test_a_copy_that_was_held_back_is_none_of_the_three_that_leave() -> None:
    link = ZvtLink()
    link.send(END, 0.0)
    link.receive(wrap(PAY), 1.0)
    link.data_to_send()
    left = 0
    for _ in range(10):
        at_s = link.next_wakeup_s
        if at_s is None:
            break
        link.wake(at_s)
        left += link.data_to_send().count(wrap(END))
    assert left == transport.TRANSMISSIONS


# --- turns ------------------------------------------------------------------------------------------------------------


def heard(some: Turns, data: bytes, now_s: float) -> list[object]:
    return list(some.receive(data, now_s))


def test_a_response_takes_the_place_of_an_older_one_but_not_of_an_acceptance() -> None:
    some = Turns(ZvtLink())
    some.respond(WAIT)
    some.respond(GOOD, Purpose.ACCEPTANCE)
    some.respond(WAIT, Purpose.REFUSED_PAYMENT)
    assert some.has_unsaid(Purpose.ACCEPTANCE)
    assert some.has_unsaid(Purpose.REFUSED_PAYMENT)
    assert not some.has_unsaid(Purpose.RESPONSE)
    some.respond(GOOD)
    assert (some.has_unsaid(Purpose.ACCEPTANCE), some.has_unsaid(Purpose.REFUSED_PAYMENT)) == (True, False)


@pytest.mark.parametrize(("purpose", "is_said_again"), [(Purpose.RESULT, True), (Purpose.PROGRESS, False)])
def test_a_frame_that_crossed_a_command_is_said_again_after_its_answer(purpose: Purpose, is_said_again: bool) -> None:
    """The register is told how far it is another time anyway."""
    some = Turns(ZvtLink())
    some.queue(RESULT, purpose)
    some.pump(0.0)
    assert some.data_to_send() == wrap(RESULT)
    assert heard(some, wrap(PAY), 0.1) == [Apdu(0x0601, PAY[3:])]
    some.respond(WAIT)
    assert (some.next_frame is not None) is is_said_again
    assert not some.may_begin(0.5)


def test_it_is_our_turn_only_when_nothing_is_said_awaited_or_to_be_answered() -> None:
    some = Turns(ZvtLink())
    assert some.may_begin(0.0)
    assert some.is_over
    some.respond(GOOD)
    assert (some.may_begin(0.0), some.is_over, some.current) == (False, False, None)
    some.pump(0.0)
    assert some.current is not None, "on its way"
    some.data_to_send()
    assert [type(one).__name__ for one in heard(some, ACK, 0.1)] == ["Ended"]
    assert (some.may_begin(0.2), some.is_over, some.current) == (True, True, None)
    some.queue(RESULT, Purpose.RESULT)
    some.pump(0.3)
    some.data_to_send()
    assert heard(some, ACK, 0.4) == []
    assert some.current is not None, "its answer is awaited"
    assert not some.may_begin(0.5)


def test_an_acceptance_is_stale_when_the_register_was_last_heard_t3_ago() -> None:
    some = Turns(ZvtLink())
    heard(some, wrap(PAY), 100.0)
    assert not some.has_stale_acceptance(1000.0)
    some.respond(GOOD, Purpose.ACCEPTANCE)
    assert not some.has_stale_acceptance(105.0)
    assert some.has_stale_acceptance(105.1)
