"""A register that speaks Concert E or E+, written from what pyTeliumManager, pypostelium and EveConnector send.

It calls (ENQ), speaks, hangs up (EOT), and waits two minutes to be called back.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from enum import Enum, auto

import msgspec

from terminal.sale.money import AmountDecimals
from terminal.simulation.registers.driver import RegisterDriver

ENQ, ACK, NAK, EOT, STX, ETX = b"\x05", b"\x06", b"\x15", b"\x04", b"\x02", b"\x03"
CALL_S = 1.0
"""For the terminal's ACK, and the pause before another try."""
TRIES = 3
PATIENCE_S = 120.0
LISTEN_S = 5.0
SHORT, LONG = 25, 80
"""Characters of an answer without and with a report."""
LONGEST_UNREAD = 512
CANCEL_PRIVATE = "EXT0100000"


class Phase(Enum):
    """What it is doing."""

    IDLE = auto()
    CALLING = auto()
    SPEAKING = auto()
    PAUSING = auto()
    """The terminal did not take the call; it tries again."""
    LISTENING = auto()
    """The terminal has called."""


class Message(msgspec.Struct, frozen=True):
    """One request on its way."""

    payload: str

    @property
    def frame(self) -> bytes:
        text = self.payload.encode("ascii") + ETX
        return STX + text + bytes([_lrc(text)])


def _lrc(text: bytes) -> int:
    lrc = 0
    for byte in text:
        lrc ^= byte
    return lrc


def _first_frame(unread: bytes) -> tuple[bytes, bool, bytes] | None:
    """Its text, whether it is an answer that came whole, and what follows; None if its end has not come yet."""
    end = unread.find(ETX)
    if end < 0 or end + 1 == len(unread):
        return None
    text, lrc = unread[1:end], unread[end + 1]
    return text, lrc == _lrc(text + ETX) and len(text) in (SHORT, LONG), unread[end + 2 :]


def _command(flag: str, name: str) -> str:
    return f"0100000000{flag}10352{CANCEL_PRIVATE}A010B010CMD={name}"


class ConcertDriver(RegisterDriver):
    """``is_plus``: E+; ``wants_report``: the long answer; ``names_sales``: it writes something of its own into the
    private field, and believes no answer without it."""

    acknowledges = True
    can_ask_again = False
    forgets_after_s = 90.0

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        decimals: AmountDecimals = 0,
        is_plus: bool = True,
        wants_report: bool = True,
        names_sales: bool = False,
    ) -> None:
        super().__init__(clock, decimals=decimals)
        self._options = "A010B010" if is_plus else ""
        self._flag = "1" if wants_report else "0"
        self.tells_apart = self.names_each_try = self._names_sales = names_sales
        self._unread, self._phase = b"", Phase.IDLE
        self._due_s, self._tries = 0.0, 0
        self._outgoing: list[Message] = []
        self._request = ""
        """What it waits for the answer to."""
        self._waits_until_s: float | None = None
        self._is_over, self._cancel_is_open = True, False
        self._was_delivered = False
        """The terminal has acknowledged the latest request."""
        self.cancel_answers: list[str] = []
        """Statuses of the answers to its CMD=CANCEL."""

    # --- what it can be asked -----------------------------------------------------------------------------------------

    def _pay(self, amount_kr: int, name: str) -> None:
        private = f"{self.attempts:010d}" if self._names_sales else " " * 10
        self._request = f"01{self._digits(amount_kr):0>8}{self._flag}10352{private}{self._options}"
        self._is_over = self._cancel_is_open = self._was_delivered = False
        self._outgoing.clear()
        self._say(self._request)

    def cancel(self) -> None:
        """Of what the terminal has; of anything else there is nothing to cancel."""
        if not self._was_delivered:
            return
        self._cancel_is_open = True
        self._say(_command(self._flag, "CANCEL"))

    def pay_again(self) -> None:
        """The same request again: while the sale is open it is the same sale."""
        self._say(self._request)

    def give_up(self) -> None:
        super().give_up()
        self._outgoing.clear()
        self._phase, self._waits_until_s, self._cancel_is_open = Phase.IDLE, None, False

    def nudge(self, rng: random.Random) -> None:
        """It waits as long as it has patience, and then asks for the same again."""
        if self.is_free and self._waits_until_s is None:
            self.pay(self.amount_kr)

    @property
    def is_free(self) -> bool:
        return self._phase is Phase.IDLE and not self._outgoing and not self._cancel_is_open

    @property
    def moods(self) -> Mapping[str, Callable[[], None]]:
        return {
            "looks whether the terminal is there": self._test_presence,
            "asks for the state": lambda: self._say(_command(self._flag, "STATE")),
            "cancels": self.cancel,
        }

    def _test_presence(self) -> None:
        if self._phase is Phase.IDLE:
            self.wire += ENQ + EOT

    @property
    def waits(self) -> bool:
        return not self._is_over

    def _say(self, payload: str) -> None:
        self._outgoing.append(Message(payload))
        self._waits_until_s = self._clock() + PATIENCE_S
        if self._phase is Phase.IDLE:
            self._tries = 0
            self._call()

    # --- its own conversation -----------------------------------------------------------------------------------------

    def _call(self) -> None:
        if not self._outgoing:
            self._phase = Phase.IDLE
            return
        if self._tries == TRIES:  # nobody there: then there is nothing to wait for
            self._outgoing.pop(0)
            self._tries = 0
            self._waits_until_s, self._cancel_is_open = None, False
            self._call()
            return
        self._tries += 1
        self._phase, self._due_s = Phase.CALLING, self._clock() + CALL_S
        self.wire += ENQ

    def _call_again_later(self) -> None:
        self.wire += EOT
        self._phase, self._due_s = Phase.PAUSING, self._clock() + CALL_S

    def _hung_up(self) -> None:
        """The terminal has the message."""
        self.wire += EOT
        said = self._outgoing.pop(0)
        self._was_delivered = self._was_delivered or said.payload == self._request
        self._waits_until_s = self._clock() + PATIENCE_S
        self._phase, self._tries = Phase.IDLE, 0
        if self._outgoing:
            self._phase, self._due_s = Phase.PAUSING, self._clock() + CALL_S

    @property
    def next_wakeup_s(self) -> float | None:
        times = [] if self._phase is Phase.IDLE else [self._due_s]
        if self._waits_until_s is not None:
            times.append(self._waits_until_s)
        return min(times, default=None)

    def wake(self) -> None:
        now_s = self._clock()
        if self._waits_until_s is not None and now_s >= self._waits_until_s:
            self._waits_until_s, self._cancel_is_open = None, False
        if self._phase is Phase.IDLE or now_s < self._due_s:
            return
        if self._phase in (Phase.PAUSING, Phase.LISTENING):
            self._unread = b""
            self._call()
        else:
            self._call_again_later()

    # --- what it hears ------------------------------------------------------------------------------------------------

    def line_was_cut(self) -> None:
        self._unread = b""

    def hear(self, data: bytes) -> None:
        if self.is_silent:
            return
        self._unread += data
        while self._unread and self._hear_one():
            pass

    def _hear_one(self) -> bool:
        first = self._unread[:1]
        if first == STX:
            return self._hear_frame()
        self._unread = self._unread[1:]
        if first == ENQ and self._phase in (Phase.IDLE, Phase.LISTENING) and self._waits_until_s is not None:
            self.wire += ACK
            self._phase, self._due_s = Phase.LISTENING, self._clock() + LISTEN_S
        elif first == ACK and self._phase is Phase.CALLING:
            self._phase, self._due_s = Phase.SPEAKING, self._clock() + CALL_S
            self.wire += self._outgoing[0].frame
        elif first == ACK and self._phase is Phase.SPEAKING:
            self._hung_up()
        elif first == NAK and self._phase in (Phase.CALLING, Phase.SPEAKING):
            self._call_again_later()
        elif first == EOT and self._phase is Phase.LISTENING:
            self._phase, self._due_s = Phase.PAUSING, self._clock() + CALL_S
        return True

    def _hear_frame(self) -> bool:
        frame = _first_frame(self._unread)
        if frame is None:
            self._unread = self._unread[-LONGEST_UNREAD:]
            return False
        text, is_whole, self._unread = frame
        if self._phase is Phase.LISTENING and is_whole:
            self._hear_answer(text.decode("ascii"))
        elif self._phase is Phase.LISTENING:
            self.wire += NAK
        return True

    def _hear_answer(self, answer: str) -> None:
        status, digits, private = answer[2], answer[3:11], answer[-10:]
        is_answer = digits == self._request[2:10] and private == self._request[16:26]
        manner = self.manner() if status == "0" else "takes"
        if self._names_sales and not is_answer and private != CANCEL_PRIVATE:
            manner = "refuses"  # it can tell, and so it does not say that it has taken this
        if manner != "ignores":
            self.wire += ACK if manner == "takes" else NAK
        if manner != "takes":
            return
        if private == CANCEL_PRIVATE:
            self.cancel_answers.append(status)
            self._cancel_is_open = False
        elif is_answer and not self._is_over:
            self._is_over = True
            self._outgoing = [message for message in self._outgoing if message.payload != self._request]
            self._waits_until_s = self._clock() + PATIENCE_S if self._cancel_is_open else None
            self._tell(paid=status == "0", amount_kr=self._kronur(digits), words=f"status {status}")
