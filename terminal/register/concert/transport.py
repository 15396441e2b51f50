"""The conversations of Concert: who calls, who speaks, what is sent again and when it is given up. Pure.

    register   ENQ        STX..ETX LRC        EOT
    terminal        ACK                 ACK

An answer goes the same way in the other direction. ENQ followed by EOT is a presence test; NAK asks for a repetition.
If both sides call at once, the register goes first: its request may change the answer that it is to get. If the
register calls while it listens to an answer, the terminal sends NAK: two conversations at once would be mixed up. If it
calls again, it does not listen, and its driver would soon give up. Then the register goes first, and the answer
follows.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from enum import Enum, auto
from typing import TypeAlias

import msgspec

from terminal.register.concert import format as cf

ENQ, ACK, NAK, EOT = 0x05, 0x06, 0x15, 0x04

TRIES = 3
CALL_TIMEOUT_S = 1.0
"""For the register's ACK to our ENQ; also the pause before the next one."""
TELL_TIMEOUT_S = 3.0
"""For its ACK to the answer: 83 characters take that long at 300 baud."""
LISTEN_TIMEOUT_S = 2.0
"""For the next byte of a register that has called."""
PAUSE_S = 0.3
"""Between two conversations."""
MOST_WAITING = 8
MOST_UNSENT_BYTES = 256
"""Single characters for a register that reads nothing; no conversation needs more."""


class Phase(Enum):
    """Whose turn it is."""

    IDLE = auto()
    LISTENING = auto()
    """The register has called; its message comes, and its EOT."""
    CALLING = auto()
    """We have called."""
    TELLING = auto()
    """Our message is out."""


class AnswerEnded(msgspec.Struct, frozen=True):
    """The register has acknowledged the answer, or it was given up."""

    answer: cf.Answer
    taken: bool


class MessageTaken(msgspec.Struct, frozen=True):
    """The register has said this and will find that we have acknowledged it. Nothing begins before its EOT."""

    request: cf.ConcertRequest


LinkEvent: TypeAlias = MessageTaken | cf.ConcertRequest | AnswerEnded
"""What comes of a conversation; a request only with its EOT, which shows that the register has our ACK."""


class ConcertLink:
    """One line. Answers wait in it until the register is silent and takes them."""

    def __init__(self) -> None:
        self.answers: deque[cf.Answer] = deque()
        """The first is told next, or just now."""
        self._receiver = cf.Receiver()
        self._last_byte_s = 0.0
        self._out = bytearray()
        self._phase = Phase.IDLE
        self._deadline_s = 0.0
        """When the phase ends by itself; in IDLE, when the next answer may begin."""
        self._is_unsent = False
        """The answer has not left yet, so an ACK that comes in is not for it."""
        self._tries = 0
        self._was_called = False
        """In the middle of our answer."""
        self._held: cf.ConcertRequest | None = None

    # --- the register speaks ------------------------------------------------------------------------------------------

    def receive(self, data: bytes, now_s: float) -> Iterator[LinkEvent]:
        """What comes of ``data``, one after the other; exhaust it."""
        if now_s - self._last_byte_s > LISTEN_TIMEOUT_S:
            self._receiver.reset()
        self._last_byte_s = now_s
        for item in self._receiver.feed(data):
            if isinstance(item, int):
                yield from self._receive_control(item, now_s)
            elif self._phase is Phase.LISTENING:
                yield from self._receive_message(item)
        if data and self._phase is Phase.LISTENING:
            self._deadline_s = now_s + LISTEN_TIMEOUT_S

    def _receive_control(self, control: int, now_s: float) -> Iterator[LinkEvent]:
        match control, self._phase:
            case 0x05, Phase.TELLING if not self._was_called:  # ENQ
                self._was_called = True
                self._say(NAK)
            case 0x05, _:
                self._phase, self._held = Phase.LISTENING, None
                self._say(ACK)
            case 0x04, Phase.LISTENING:  # EOT
                held, self._held = self._held, None
                self._pause(now_s)
                if held is not None:
                    yield held
            case 0x06, Phase.CALLING:  # ACK
                self._phase, self._tries, self._was_called = Phase.TELLING, 0, False
                yield from self._tell(now_s)
            case 0x06, Phase.TELLING if not self._is_unsent:
                self._say(EOT)
                yield self._end_answer(now_s, taken=True)
            case 0x15, Phase.TELLING:  # NAK
                yield from self._tell(now_s)

    def _receive_message(self, payload: bytes | None) -> Iterator[LinkEvent]:
        try:
            self._held = cf.parse_request(payload) if payload is not None else None
        except cf.ConcertError:
            self._held = None
        self._say(ACK if self._held is not None else NAK)
        if self._held is not None:
            yield MessageTaken(self._held)

    # --- the terminal speaks ------------------------------------------------------------------------------------------

    def tell(self, answer: cf.Answer) -> None:
        """Queue an answer. One that is no sale's is dropped if too many wait: such a register does not listen."""
        if answer.register_id is None and len(self.answers) >= MOST_WAITING:
            return
        self.answers.append(answer)

    def say_instead(self, status: str, register_id: str) -> bool:
        """Whether the answer of that sale waits here; it says this from now on, also if it is repeated."""
        for at, answer in enumerate(self.answers):
            if answer.register_id == register_id:
                self.answers[at] = msgspec.structs.replace(answer, status=status)
                return True
        return False

    def _call(self, now_s: float) -> Iterator[LinkEvent]:
        if self._must_give_up(now_s):
            yield self._end_answer(now_s, taken=False)
            return
        self._tries += 1
        self._deadline_s = now_s + CALL_TIMEOUT_S
        self._say(ENQ)

    def _tell(self, now_s: float) -> Iterator[LinkEvent]:
        if self._must_give_up(now_s):
            yield self._end_answer(now_s, taken=False)
            return
        self._tries += 1
        self._deadline_s = now_s + TELL_TIMEOUT_S
        self._is_unsent = True
        self._out += self.answers[0].frame

    def _must_give_up(self, now_s: float) -> bool:
        """Says so to the register, if it has heard of this answer at all."""
        given_up = self._tries >= TRIES or now_s > self.answers[0].expires_s
        if given_up and (self._tries or self._phase is Phase.TELLING):
            self._say(EOT)
        return given_up

    def _end_answer(self, now_s: float, *, taken: bool) -> AnswerEnded:
        self._pause(now_s)
        return AnswerEnded(self.answers.popleft(), taken)

    def _pause(self, now_s: float) -> None:
        self._phase = Phase.IDLE
        self._deadline_s = now_s + PAUSE_S

    # --- wire and time ------------------------------------------------------------------------------------------------

    def _say(self, control: int) -> None:
        if len(self._out) < MOST_UNSENT_BYTES:
            self._out.append(control)

    def data_to_send(self) -> bytes:
        data = bytes(self._out)
        self._out.clear()
        return data

    def data_sent(self) -> None:
        self._is_unsent = False

    @property
    def next_wakeup_s(self) -> float | None:
        return None if self._phase is Phase.IDLE and not self.answers else self._deadline_s

    def wake(self, now_s: float) -> Iterator[LinkEvent]:
        """Begin the next answer, try again, or give up; exhaust it."""
        if now_s < self._deadline_s:
            return
        match self._phase:
            case Phase.IDLE if self.answers:
                self._phase, self._tries = Phase.CALLING, 0
                yield from self._call(now_s)
            case Phase.LISTENING:  # without its EOT nothing has begun
                if self._receiver.in_frame:
                    self._say(NAK)
                self._receiver.reset()
                self._held = None
                self._pause(now_s)
            case Phase.CALLING:
                yield from self._call(now_s)
            case Phase.TELLING:
                yield from self._tell(now_s)

    def connection_lost(self) -> None:
        """Answers stay, and are told from the beginning once the line is back."""
        self._receiver.reset()
        self._out.clear()
        self._held = None
        self._phase, self._deadline_s = Phase.IDLE, 0.0
