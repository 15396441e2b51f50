"""A ZVT session's course: late words, aborts, silence, a restart, and a line that comes and goes."""

from __future__ import annotations

from msgspec.structs import replace

from terminal.counter.register_words import (
    CancelRequest,
    LastResultRequest,
    Progress,
    RefusalCode,
    RegisterReply,
    RequestRefused,
    ResultDelivered,
    ResultRefusal,
    SaleAccepted,
    SaleRequest,
    Step,
    TerminalCondition,
    TotalsDelivered,
    TotalsReport,
    TotalsRequest,
)
from terminal.register.zvt.transport import T2_S
from terminal.sale.sale import Outcome, Reason
from terminal.sale.totals import Tally, Totals
from terminal.simulation.registers.zvt_frames import (
    ABORT,
    GOOD,
    NOT_EXPECTED,
    WAIT,
    payment,
    registration,
    repeat_receipt,
)
from tests.each import each_of
from tests.sales import new_sale
from tests.unit.register.zvt.zvt_bench import DAY, NAME, RECEIPT, Bench, dump, refusing, result

PROGRESS = 0x08

# --- late words of the terminal ---------------------------------------------------------------------------------------


@each_of(
    ("command", "late"),
    [
        (dump("end of day"), TotalsReport(number=4, totals=Totals(), closed=True)),
        (dump("diagnosis"), TerminalCondition()),
        (dump("status enquiry, no password"), TerminalCondition()),
        (repeat_receipt(), result(name="T1-000006-AAAAAA")),
        (repeat_receipt(), SaleAccepted("T1-000006-AAAAAA")),
        (repeat_receipt(), RequestRefused(None, RefusalCode.NOT_FOUND, "")),
    ],
)
def test_a_late_word_to_one_command_is_not_taken_for_the_answer_to_the_next(
    command: bytes, late: RegisterReply
) -> None:
    bench = Bench().send(command).wait(4.5).send(payment(1990))
    first, second = bench.questions
    bench.say(late, first)
    assert bench.heard == ["849c00"]
    bench.say(SaleAccepted(NAME), second).say(result())
    assert bench.register.results == [0]
    assert bench.requests[2:] == [ResultDelivered(NAME)]


def test_a_payment_that_is_accepted_too_late_does_not_run_in_the_session_of_the_next() -> None:
    bench = Bench().send(payment(1990)).wait(4.5).send(payment(500))
    first, second = bench.questions
    bench.say(SaleAccepted(NAME), first)
    assert bench.requests[2:] == [CancelRequest(NAME)]
    bench.say(RequestRefused(None, RefusalCode.BUSY, ""), second)
    assert bench.heard == ["849c00", "849c00"]


def test_an_end_of_day_that_was_decided_too_late_is_asked_for_again() -> None:
    """The counter keeps it: it is not acknowledged."""
    bench = Bench().send(dump("end of day")).wait(4.5)
    bench.say(CLOSED).send(dump("end of day"))
    assert bench.requests == [TotalsRequest(close=True)] * 2


def test_an_end_of_day_is_acknowledged_when_every_frame_is() -> None:
    bench = Bench().send(dump("end of day")).say(CLOSED)
    assert bench.requests == [TotalsRequest(close=True), TotalsDelivered(4)]
    bench = Bench().registered(0x84).send(dump("end of day")).say(replace(CLOSED, slip=DAY))
    assert bench.requests[1:] == [TotalsDelivered(4)]


@each_of("what", [b"\x04\x0f", b"\x06\xd1"])
@each_of("answer", [NOT_EXPECTED, WAIT, None])
def test_an_end_of_day_that_is_not_taken_whole_is_not_acknowledged(what: bytes, answer: bytes | None) -> None:
    bench = Bench(slip_of=lambda _day: RECEIPT).registered(0x84)
    bench.register.manners = lambda apdu: answer if apdu[:2] == what else GOOD
    bench.send(dump("end of day")).say(replace(CLOSED, slip=DAY)).wait(60)
    assert bench.requests == [TotalsRequest(close=True, prints_slip=True)]


def test_totals_that_close_nothing_need_no_acknowledgement() -> None:
    bench = Bench().send(bytes.fromhex("061003123456")).say(replace(CLOSED, closed=False))
    assert bench.requests == [TotalsRequest()]


def test_a_payment_that_outlasts_its_session_is_told_to_nobody_who_has_not_asked() -> None:
    """The register gives up after T4, and the same amount is then the next customer's."""
    bench = Bench().paying().wait(181)
    assert bench.requests[1:] == [CancelRequest(NAME)]
    bench.send(payment(1990))
    bench.say(RequestRefused(None, RefusalCode.BUSY, ""), bench.questions[-1])
    assert bench.heard[-1] == "849c00"
    bench.register.heard.clear()
    bench.say(result()).wait(60)
    assert bench.heard == []


def test_intermediate_status_keeps_the_session_alive() -> None:
    bench = Bench().registered(0x08).paying().wait(400)
    assert bench.requests[1:] == []
    assert bench.say(result()).register.results == [0]


def test_the_same_amount_again_after_the_end_is_the_next_customer() -> None:
    bench = Bench().paying().say(result()).paying()
    assert bench.requests == [SaleRequest(1990), ResultDelivered(NAME), SaleRequest(1990)]


def test_a_register_that_did_not_answer_the_end_may_go_on_at_once() -> None:
    bench = Bench(lambda apdu: None if apdu[:2] == b"\x06\x0f" else GOOD).paying().say(result()).send(payment(500))
    assert bench.requests == [SaleRequest(1990), ResultDelivered(NAME), SaleRequest(500)]


def test_echoes_of_a_told_result_mean_nothing() -> None:
    bench = Bench().paying().say(result()).say(result()).say(SaleAccepted(NAME)).wait(600)
    assert bench.requests == [SaleRequest(1990), ResultDelivered(NAME)]
    assert len(bench.heard) == 3


# --- aborts and silence -----------------------------------------------------------------------------------------------


def test_an_abort_cancels_the_payment_and_its_result_follows() -> None:
    bench = Bench().paying().send(ABORT)
    assert bench.requests[1:] == [CancelRequest(NAME)]
    bench.say(SaleAccepted(NAME)).say(result(Reason.REGISTER_CANCELLED))
    assert bench.heard[:2] == ["800000", "800000"]
    assert bench.register.results == [0x6C]
    assert bench.heard[-1] == "061e016c"


def test_an_abort_that_comes_too_late_is_told_that_it_is_paid() -> None:
    bench = Bench().paying().send(ABORT).say(SaleAccepted(NAME)).say(result())
    assert bench.register.results == [0]
    assert bench.requests[-1] == ResultDelivered(NAME)


def test_an_abort_with_nothing_to_abort_is_good() -> None:
    bench = Bench().send(ABORT).send(ABORT)
    assert (bench.requests, bench.heard) == ([], ["800000", "800000"])


def test_an_abort_before_the_payment_is_accepted_reaches_it_all_the_same() -> None:
    bench = Bench().send(payment(1990)).send(ABORT)
    assert bench.requests == [SaleRequest(1990), CancelRequest()]
    bench.say(SaleAccepted(NAME)).say(SaleAccepted(NAME)).say(result(Reason.REGISTER_CANCELLED))
    assert bench.heard[:2] == ["800000", "800000"]
    assert bench.register.results == [0x6C]


def test_an_abort_while_the_result_is_told_does_not_undo_it() -> None:
    bench = Bench(lambda _apdu: None).paying().say(result()).send(ABORT)
    assert bench.heard[-1] == "800000"
    bench.send(GOOD)
    assert bench.requests == [SaleRequest(1990), ResultDelivered(NAME)]


def test_a_register_that_takes_no_frame_of_ours_gives_up_its_payment() -> None:
    bench = Bench()
    bench.register.acknowledges = False
    bench.paying().wait(3 * T2_S)
    assert bench.heard == 3 * ["800000"]
    assert bench.requests[1:] == [CancelRequest(NAME)]


# --- intermediate status ----------------------------------------------------------------------------------------------


def test_intermediate_status_is_told_to_a_register_that_asked_for_it() -> None:
    bench = Bench().registered(PROGRESS).paying().wait(32)
    assert bench.heard == ["800000", "04ff010e", "04ff0117", "04ff0117"]
    bench.say(result())
    assert bench.register.results == [0]
    assert bench.requests[-1] == ResultDelivered(NAME)


def test_intermediate_status_says_what_the_payment_waits_for() -> None:
    """Watch the PIN pad; the host has not answered yet; the same again while nothing changes."""
    bench = Bench().registered(PROGRESS).paying()
    waiting = replace(new_sale(), register_id=NAME)
    bench.hear(Progress(waiting, Step.CUSTOMER)).wait(1)
    bench.hear(Progress(waiting, Step.CUSTOMER)).wait(1)
    bench.hear(TerminalCondition(busy=True)).wait(1)
    bench.hear(Progress(replace(waiting, register_id="another"), Step.SERVICE)).wait(1)
    bench.hear(Progress(waiting, Step.SERVICE)).wait(16)
    bench.hear(Progress(waiting, None)).wait(1)
    assert bench.heard == ["800000", "04ff010e", "04ff0101", "04ff0104", "04ff0104"]
    bench.say(result())
    bench.hear(Progress(waiting, Step.RECEIPT)).wait(20)
    assert bench.register.results == [0]


def test_a_register_that_did_not_ask_for_it_hears_nothing_of_that() -> None:
    bench = Bench().registered(0x82).paying()
    bench.hear(Progress(replace(new_sale(), register_id=NAME), Step.CUSTOMER)).wait(20)
    assert bench.heard == ["800000"]


def test_intermediate_status_is_not_told_to_any_other() -> None:
    assert Bench().registered(0x82).paying().wait(100).heard == ["800000"]


def test_an_abort_among_intermediate_status_is_answered() -> None:
    bench = Bench(lambda apdu: None if apdu[:2] == b"\x04\xff" else GOOD).registered(PROGRESS).paying()
    bench.send(ABORT)
    assert bench.heard == ["800000", "04ff010e", "800000"]
    assert bench.requests[1:] == [CancelRequest(NAME)]


def test_a_register_that_takes_no_intermediate_status_is_gone() -> None:
    bench = Bench().registered(PROGRESS).paying()
    bench.register.acknowledges = False
    bench.wait(15 + 3 * T2_S)
    assert bench.requests[1:] == [CancelRequest(NAME)]


# --- the register prints ----------------------------------------------------------------------------------------------


CLOSED = TotalsReport(number=4, totals=Totals(by_outcome={Outcome.APPROVED: Tally(1, 1990)}), closed=True)

# --- after a restart of the terminal ----------------------------------------------------------------------------------


def test_a_payment_found_after_a_restart_is_not_pushed() -> None:
    bench = Bench().say(result()).wait(179)
    assert (bench.requests, bench.heard) == ([], [])
    bench.wait(2)
    assert bench.requests == [ResultRefusal(NAME)]
    assert bench.protocol.next_wakeup_s is None


def test_a_payment_found_after_a_restart_is_told_to_a_register_that_asks() -> None:
    bench = Bench().say(result()).wait(60).send(repeat_receipt()).say(result())
    assert bench.register.results == [0]
    assert bench.requests == [LastResultRequest(), ResultDelivered(NAME)]
    assert bench.wait(600).requests[2:] == []


def test_the_time_for_that_is_not_prolonged_by_asking() -> None:
    bench = refusing(WAIT).say(result()).wait(170).send(repeat_receipt()).say(result()).wait(30)
    assert bench.requests[1:] == [ResultRefusal(NAME)]


def test_a_register_that_begins_anew_has_given_up_what_was_before() -> None:
    bench = Bench().say(result()).send(payment(500))
    assert bench.requests == [ResultRefusal(NAME), SaleRequest(500)]


def test_what_was_not_paid_needs_nobody_to_ask() -> None:
    bench = Bench().say(result(Reason.POWER_CUT)).wait(1)
    assert (bench.requests, bench.heard) == ([ResultRefusal(NAME)], [])


# --- the line ---------------------------------------------------------------------------------------------------------


def test_a_result_waits_for_a_line_that_comes_back() -> None:
    bench = Bench().paying().cut().say(result()).plug_in(after_s=20)
    assert bench.requests[1:] == [ResultDelivered(NAME)]
    assert bench.register.results == [0]


def test_a_result_that_the_line_swallowed_is_told_again() -> None:
    bench = Bench().paying()
    bench.register.acknowledges = False
    bench.say(result()).cut()
    bench.register.acknowledges = True
    bench.plug_in(after_s=3)
    assert bench.register.results == [0, 0]
    assert bench.requests[1:] == [ResultDelivered(NAME)]


def test_who_did_not_hear_that_its_second_payment_must_wait_is_told_nothing_of_the_first() -> None:
    """It gave up the first one in silence; what is said next would be its answer, and the result another customer's."""
    for lose in (lambda bench: bench.wait(3 * T2_S), lambda bench: bench.cut().plug_in(after_s=2)):
        for is_told in (False, True):
            bench = Bench(lambda _apdu: None).paying()
            if is_told:
                bench.say(result())
            bench.register.acknowledges = False
            bench.send(payment(1990))
            lose(bench)
            bench.register.acknowledges = True
            assert bench.register.results == [0] * is_told, "not once more"
            bench.say(result()).wait(1)
            assert bench.register.results == [0] * is_told
            assert bench.requests[1:] == [] if is_told else [CancelRequest(NAME)]
            bench.send(repeat_receipt()).say(result())
            assert bench.register.results == [0] * (is_told + 1), "as it asks for it"


def test_who_heard_that_its_second_payment_must_wait_is_told_of_the_first() -> None:
    bench = Bench().paying().send(payment(1990)).say(result())
    assert bench.heard[:2] == ["800000", "849c00"]
    assert (bench.register.results, bench.requests[1:]) == ([0], [ResultDelivered(NAME)])


def test_a_payment_whose_acceptance_the_line_swallowed_is_accepted_again() -> None:
    bench = Bench()
    bench.register.acknowledges = False
    bench.paying().cut()
    bench.register.acknowledges = True
    assert bench.plug_in(after_s=2).heard == ["800000", "800000"]
    assert bench.requests == [SaleRequest(1990)]


def unheard_acceptance() -> Bench:
    """The line goes before the register has heard that its payment was taken."""
    bench = Bench()
    bench.register.acknowledges = False
    bench.paying().cut()
    bench.register.acknowledges = True
    return bench


def test_an_acceptance_that_comes_too_late_is_not_said_and_its_payment_cancelled() -> None:
    bench = unheard_acceptance().plug_in(after_s=6)
    assert bench.heard == ["800000"]  # a second one would answer whatever the register has said since
    assert bench.requests[1:] == [CancelRequest(NAME)]
    assert bench.say(result(Reason.REGISTER_CANCELLED)).requests[2:] == [ResultRefusal(NAME)]


def test_a_payment_made_in_such_a_session_is_told_only_to_a_register_that_asks() -> None:
    bench = unheard_acceptance().say(result()).plug_in(after_s=6)
    assert (bench.heard, bench.register.results) == (["800000"], [])
    bench.send(repeat_receipt()).say(result())
    assert bench.register.results == [0]
    assert bench.requests[1:] == [LastResultRequest(), ResultDelivered(NAME)]


def test_a_decline_in_such_a_session_needs_nobody_to_ask() -> None:
    bench = unheard_acceptance().say(result(Reason.CUSTOMER_DECLINED)).plug_in(after_s=6)
    assert bench.requests[1:] == [ResultRefusal(NAME)]


def test_the_same_command_after_such_a_session_is_a_new_one() -> None:
    bench = unheard_acceptance().plug_in(after_s=6).send(payment(1990))
    assert bench.requests[2:] == [SaleRequest(1990)]


def test_what_was_being_said_of_no_payment_is_forgotten_with_the_line() -> None:
    bench = Bench(lambda _apdu: None).send(registration(0x82)).cut().plug_in(after_s=1)
    assert bench.wait(60).heard == ["800000", "060f0a19002900000012490352"]
    assert bench.paying().requests == [SaleRequest(1990, prints_receipt=True)]


def test_a_command_that_was_not_decided_when_the_line_went_starts_nothing() -> None:
    bench = Bench().send(payment(1990)).cut().say(SaleAccepted(NAME)).plug_in(after_s=1)
    assert bench.requests == [SaleRequest(1990), CancelRequest(NAME)]
