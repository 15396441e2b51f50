"""A ZVT session alone: what begins it anew, what calls it off, and how long its register waits."""

from __future__ import annotations

from datetime import UTC

from terminal.counter.register_words import CancelRequest, RegisterRequest
from terminal.register.zvt import session as zs
from terminal.register.zvt.format import Apdu, Authorisation, Command, Config, Registration
from terminal.register.zvt.refunding import Refunding
from terminal.register.zvt.result import Wording
from terminal.register.zvt.session import Payment, Session
from terminal.register.zvt.telling import Telling
from terminal.register.zvt.transport import ZvtLink
from terminal.register.zvt.turns import Purpose, Turns
from tests.each import each_of
from tests.unit.register.zvt.zvt_bench import NAME, receipt_of, result

SAME, OTHER = bytes.fromhex("04000000001990"), bytes.fromhex("04000000002990")
FRAME = b"\x80\x00\x00"
WORDING = Wording(terminal_id="00000012", decimals=0, zone=UTC)


class Talk:
    """A session with a payment, or a refund, that is accepted and not over."""

    def __init__(self, *, is_refund: bool = False, config: int = 0) -> None:
        self.turns = Turns(ZvtLink())
        self.requests: list[RegisterRequest] = []
        told = (self.turns, WORDING, receipt_of, self.requests, 180.0)
        self.telling = Telling(*told)
        self.telling.registration = Registration(config=config)
        self.session = Session(self.turns, self.telling, Refunding(*told), self.requests)
        self.session.payment = Payment(NAME, Authorisation(digits="000000001990"), 180.0, is_refund=is_refund)


def test_the_times_are_these() -> None:
    assert (zs.T4_S, zs.PROGRESS_INTERVAL_S) == (180.0, 15.0)


@each_of(
    ("is_refund", "control", "data", "is_anew"),
    [
        (False, Command.AUTHORISATION, SAME, False),
        (False, Command.AUTHORISATION, OTHER, True),
        (True, Command.AUTHORISATION, SAME, True),
        (False, Command.AUTHORISATION, b"\x04\x00", False),
        (False, Command.REFUND, OTHER, False),
        (False, Command.REGISTRATION, b"", True),
    ],
)
def test_a_register_that_knows_nothing_of_the_payment_begins_anew(
    is_refund: bool, control: int, data: bytes, is_anew: bool
) -> None:
    assert Talk(is_refund=is_refund).session.is_begun_anew_by(Apdu(control, data)) is is_anew


@each_of(("is_refund", "requests"), [(False, [CancelRequest(NAME)]), (True, [])])
def test_a_payment_is_called_off_once_and_a_refund_never(is_refund: bool, requests: list[RegisterRequest]) -> None:
    talk = Talk(is_refund=is_refund)
    for _ in range(2):
        talk.session.cancel_payment()
    assert talk.requests == requests


def test_please_wait_is_said_only_between_two_turns() -> None:
    talk = Talk(config=Config.WANTS_INTERMEDIATE_STATUS)
    talk.turns.queue(FRAME, Purpose.INFORMATION)
    talk.session.queue_progress(0.0)
    assert not talk.turns.has_queued(Purpose.PROGRESS)
    talk.turns.forget_queued()
    talk.session.queue_progress(0.0)
    assert talk.turns.has_queued(Purpose.PROGRESS)


@each_of(
    ("is_running", "control", "purpose"),
    [
        (True, Command.AUTHORISATION, Purpose.REFUSED_PAYMENT),
        (False, Command.AUTHORISATION, Purpose.RESPONSE),
        (True, Command.DIAGNOSIS, Purpose.RESPONSE),
    ],
)
def test_only_a_payment_beside_another_is_remembered_as_refused(
    is_running: bool, control: int, purpose: Purpose
) -> None:
    talk = Talk()
    if not is_running:
        talk.session.payment = None
    talk.session.put_off(Apdu(control))
    assert talk.turns.has_unsaid(purpose)


@each_of(
    ("is_refund", "unsaid", "left_behind", "requests"),
    [
        (False, None, NAME, []),
        (False, Purpose.ACCEPTANCE, None, [CancelRequest(NAME)]),
        (True, None, None, []),
    ],
)
def test_only_a_sale_that_its_register_knows_to_be_accepted_goes_on_without_its_connection(
    is_refund: bool, unsaid: Purpose | None, left_behind: str | None, requests: list[RegisterRequest]
) -> None:
    talk = Talk(is_refund=is_refund)
    if unsaid is not None:
        talk.turns.respond(FRAME, unsaid)
    talk.turns.queue(FRAME, Purpose.PROGRESS)
    talk.session.leave()
    assert (talk.session.left_behind, talk.session.payment, talk.requests) == (left_behind, None, requests)
    assert (talk.turns.next_frame, talk.turns.has_unsaid(Purpose.ACCEPTANCE)) == (None, False)


def test_what_could_not_be_told_in_a_session_is_held_and_its_frames_are_forgotten() -> None:
    talk = Talk()
    talk.session.tell(result(), 10.0)
    talk.session.lose()
    assert talk.turns.next_frame is None
    assert talk.telling.held_until_s == 190.0
