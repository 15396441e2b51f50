"""Whose turn it is in a ZVT session: one frame of ours at a time, and none before the last one has its answer.

    queue() -> on its way (the link repeats it) -> accepted (06) -> answered by an APDU, or its time is over

Our answer to a command of the register goes before everything that is queued. If the command crossed a frame of ours on
the line, that frame is sent again afterwards, or dropped if it says nothing that lasts.

Over a network an answer can come after its time is over. Only the order shows that it is not the answer to the next
frame. So the session counts the answers that were missed, and takes the next ones that come for those. A new connection
ends the count. So does a command of the register, unless it crossed a frame of ours: then the answers may follow it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from enum import Enum, auto
from typing import NamedTuple

import msgspec

from terminal.register.zvt.format import Apdu, ZvtError, ZvtResult, parse_apdu
from terminal.register.zvt.frames import refusal
from terminal.register.zvt.network import NetworkLink
from terminal.register.zvt.transport import Fate, FrameReceived, LinkEvent, ZvtLink

T3_S = 5.0
"""For the answer to a command."""


class Purpose(Enum):
    """What a frame of ours is for."""

    RESPONSE = auto()
    ACCEPTANCE = auto()
    """The answer to a payment command."""
    REFUSED_PAYMENT = auto()
    """The answer to a payment command in the middle of another payment. A register that does not hear it takes whatever
    is said next for a yes."""
    PROGRESS = auto()
    RESULT = auto()
    """Must be taken, like each line of its receipt."""
    PRINT = auto()
    REFUND = auto()
    """Of a refund, and each line of its receipt: whatever the register answers, it is done."""
    TOTALS = auto()
    """Of an end of day, and each line of its slip: told again another time if it is not taken."""
    INFORMATION = auto()
    END = auto()

    @property
    def is_response(self) -> bool:
        return self in (Purpose.RESPONSE, Purpose.ACCEPTANCE, Purpose.REFUSED_PAYMENT)

    @property
    def must_be_taken(self) -> bool:
        return self in (Purpose.RESULT, Purpose.PRINT)


class Frame(msgspec.Struct, frozen=True):
    """A frame of ours, and how long the register may take to answer it."""

    apdu: bytes
    purpose: Purpose
    answer_s: float = T3_S


class Answer(Enum):
    """What the register's answer to a frame of ours comes to."""

    GOOD = auto()
    WAIT = auto()
    REFUSED = auto()
    PARTLY = auto()
    """A part of the goods was given: what is to become of the money only people can say."""
    SILENT = auto()
    """Taken by the link, never answered."""
    LOST = auto()
    """Not even taken by the link: the register is off or gone."""


PARTIAL_ISSUE = 0x9D
_NOT_GOOD = {ZvtResult.PLEASE_WAIT: Answer.WAIT, PARTIAL_ISSUE: Answer.PARTLY}
"""By the error of the register's answer (PA00P015, 2.2.7)."""


class Ended(NamedTuple):
    """A frame of ours has had its answer, or never will. A response has none: it is GOOD once it is taken."""

    frame: Frame
    answer: Answer


class Turns:
    """Sends and receives APDUs in strict alternation."""

    def __init__(self, link: ZvtLink | NetworkLink) -> None:
        self._link = link
        self._responses: deque[Frame] = deque()
        self._frames: deque[Frame] = deque()
        self._flying: Frame | None = None
        self._awaiting: Frame | None = None
        self._answer_due_s = 0.0
        self._resume_s = 0.0
        """Not before this the next frame is sent."""
        self._line_is_down = False
        self._owed = 0
        """Answers that may still come, before that to the frame that is awaited."""

    # --- out ----------------------------------------------------------------------------------------------------------

    def queue(self, apdu: bytes, purpose: Purpose, answer_s: float = T3_S) -> None:
        """Send this when it is its turn."""
        self._frames.append(Frame(apdu, purpose, answer_s))

    def repeat(self, frame: Frame, at_s: float) -> None:
        """Send this again before anything else that is queued, but not before ``at_s``."""
        self._frames.appendleft(frame)
        self._resume_s = at_s

    def respond(self, apdu: bytes, purpose: Purpose = Purpose.RESPONSE) -> None:
        """Answer a command of the register, which does not wait any more for the answer to the one before."""
        self._responses = deque(frame for frame in self._responses if frame.purpose is Purpose.ACCEPTANCE)
        self._responses.append(Frame(apdu, purpose))
        crossed = self._flying
        if crossed is not None and not crossed.purpose.is_response:
            self._flying = None
            self._link.withdraw()
            if crossed.purpose is not Purpose.PROGRESS:
                self._frames.appendleft(crossed)

    def forget_queued(self) -> None:
        self._frames.clear()

    def forget_all(self) -> None:
        """The session is over, whatever was still to be said."""
        self._frames.clear()
        self._responses.clear()
        self._flying = self._awaiting = None
        self._link.withdraw()
        self._link.forget_received()

    @property
    def next_frame(self) -> Frame | None:
        return self._frames[0] if self._frames else None

    @property
    def current(self) -> Frame | None:
        """The frame that is on its way or waits for its answer."""
        return self._flying or self._awaiting

    def has_stale_acceptance(self, now_s: float) -> bool:
        """A payment was taken while the line was gone, and its register waits for the answer no longer.

        Whatever it says by now, our answer would be taken for the answer to that.
        """
        is_waiting = any(frame.purpose is Purpose.ACCEPTANCE for frame in self._responses)
        return is_waiting and now_s > self._link.last_heard_s + T3_S

    @property
    def is_over(self) -> bool:
        """Nothing is to be said, and nothing is to be answered."""
        return not (self._flying or self._awaiting or self._frames or self._responses)

    def has_unsaid(self, purpose: Purpose) -> bool:
        """The register has not heard this answer of ours."""
        waiting = (*self._responses, *([self._flying] if self._flying is not None else []))
        return any(frame.purpose is purpose for frame in waiting)

    def has_queued(self, *purposes: Purpose) -> bool:
        return any(frame.purpose in purposes for frame in self._frames)

    def may_begin(self, now_s: float) -> bool:
        """It is our turn to begin something."""
        return not (self._flying or self._awaiting or self._responses) and now_s >= self._resume_s

    def pump(self, now_s: float) -> None:
        """Send what may be sent now."""
        if self._flying is not None or self._line_is_down:
            return
        if self._responses:
            self._flying = self._responses.popleft()
        elif self._frames and self.may_begin(now_s):
            self._flying = self._frames.popleft()
        if self._flying is not None:
            self._link.send(self._flying.apdu, now_s)

    def data_to_send(self) -> bytes:
        """What is to be written now; whoever asks has a line again."""
        self._line_is_down = False
        return self._link.data_to_send()

    # --- in -----------------------------------------------------------------------------------------------------------

    def receive(self, data: bytes, now_s: float) -> Iterator[Apdu | Ended]:
        """The register's commands, and what became of our frames, in order."""
        for event in self._link.receive(data, now_s):
            if (item := self._link_event(event, now_s)) is not None:
                yield item

    def _link_event(self, event: LinkEvent, now_s: float) -> Apdu | Ended | None:
        if isinstance(event, FrameReceived):
            return self._apdu_received(event.apdu)
        frame, self._flying = self._flying, None
        if frame is None:
            return None
        if event is Fate.LOST:
            return Ended(frame, Answer.LOST)
        if frame.purpose.is_response:
            return Ended(frame, Answer.GOOD)
        self._awaiting, self._answer_due_s = frame, now_s + frame.answer_s
        return None

    def _apdu_received(self, raw: bytes) -> Apdu | Ended | None:
        try:
            apdu = parse_apdu(raw)
        except ZvtError as error:
            self.respond(refusal(error.result))
            return None
        if not apdu.is_answer:
            if self.current is None:  # else it may have left before what is still owed
                self._owed = 0
            return apdu
        if self._owed:
            self._owed -= 1
            return None
        frame, self._awaiting = self._awaiting, None
        if frame is None:
            return None
        if apdu.error == ZvtResult.GOOD:
            return Ended(frame, Answer.GOOD)
        return Ended(frame, _NOT_GOOD.get(apdu.error, Answer.REFUSED))

    # --- time ---------------------------------------------------------------------------------------------------------

    @property
    def next_wakeup_s(self) -> float | None:
        times = [self._link.next_wakeup_s]
        if self._responses and self._flying is None:
            times.append(0.0)
        if self._awaiting is not None:
            times.append(self._answer_due_s)
        elif self._frames and self._flying is None:
            times.append(self._resume_s)
        return min((time_s for time_s in times if time_s is not None), default=None)

    def wake(self, now_s: float) -> Iterator[Apdu | Ended]:
        """Time has passed."""
        for event in self._link.wake(now_s):
            if (item := self._link_event(event, now_s)) is not None:
                yield item
        if self._awaiting is not None and now_s >= self._answer_due_s:
            frame, self._awaiting = self._awaiting, None
            self._link.answer_missed()
            self._owed += self._link.answers_come_in_order
            yield Ended(frame, Answer.SILENT)

    def connection_lost(self) -> None:
        """What was on its way waits for the line; of the answers, only that to a payment is still worth sending."""
        flying, self._flying = self._flying, None
        self._responses = deque(frame for frame in self._responses if frame.purpose is Purpose.ACCEPTANCE)
        if flying is not None and flying.purpose is Purpose.ACCEPTANCE:
            self._responses.appendleft(flying)
        elif flying is not None and flying.purpose not in (Purpose.RESPONSE, Purpose.PROGRESS):
            self._frames.appendleft(flying)
        self._link.reset()
        self._line_is_down, self._owed = True, 0
