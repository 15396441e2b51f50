"""A register that speaks ZVT, whole: it numbers nothing, repeats what is not acknowledged and gives up after a while.

Written from PA00P015 and PA00P016. The frames are in zvt_frames.py.
"""

from __future__ import annotations

import random
import re
from collections import deque
from collections.abc import Callable, Mapping
from typing import Literal

import msgspec

from terminal.sale.money import AmountDecimals
from terminal.simulation.registers.driver import RegisterDriver
from terminal.simulation.registers.zvt_frames import (
    ABORT,
    GOOD,
    NOT_EXPECTED,
    WAIT,
    payment,
    registration,
    repeat_receipt,
    status_fields,
    unwrap,
    wrap,
)

T2_S = 5.0
"""For the 06."""
ANSWER_S = 15.0
"""For the answer to a command; by the specification 5 s, real registers wait longer."""
T4_S = 180.0
TRANSMISSIONS = 3
PAUSE_S = 0.1
LONGEST_UNREAD = 8192
TAKES_TEXT_BLOCKS = "0301" + "0606" + "26040A0206D3"
"""Service byte, and in TLV the commands it takes: 06 D3."""
STATUS_ENQUIRY = bytes.fromhex("050100")
DIAGNOSIS = bytes.fromhex("067000")
END_OF_DAY = bytes.fromhex("065003123456")

RECEIPT_NUMBER = re.compile(rb"(?:AFRIT|KVITTUN) ([0-9]+)")

Kind = Literal["pay", "repeat", "day", "other"]


class Session(msgspec.Struct):
    """A command that the terminal has taken, until it hands back."""

    kind: Kind
    ends_s: float
    has_paid: bool = False
    """The register has taken "paid" in this session."""


class ZvtDriver(RegisterDriver):
    """``config``: the byte of its registration; None: it pays without one. ``takes_text_blocks``: it asks for receipts
    whole instead of line by line."""

    acknowledges = True
    pause_after_giving_up_s = TRANSMISSIONS * T2_S

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        decimals: AmountDecimals = 0,
        config: int | None = None,
        takes_text_blocks: bool = False,
    ) -> None:
        super().__init__(clock, decimals=decimals)
        self._is_registering = config is not None
        self._is_registered = config is None
        self._registration = registration(config or 0, extra=TAKES_TEXT_BLOCKS if takes_text_blocks else "")
        self._unread = b""
        self._commands: deque[tuple[Kind, bytes]] = deque()
        self._answers: deque[bytes] = deque()
        self._flying: bytes | None = None
        """Sent and not acknowledged yet."""
        self._tries = 0
        self._due_s = 0.0
        self._asked: tuple[Kind, bytes] | None = None
        """The command that waits for its answer."""
        self._asked_until_s = 0.0
        self._session: Session | None = None
        self._last_heard = b""
        self._receipts: dict[bytes, int] = {}
        """Receipt numbers of payments it has taken, and for which attempt."""
        self._is_over = True
        self._was_accepted = False
        """The terminal has said that it will carry out the latest request."""

    # --- what it can be asked -----------------------------------------------------------------------------------------

    def _pay(self, amount_kr: int, name: str) -> None:
        self._is_over = self._was_accepted = False
        self._forget_session()
        if not self._is_registered:
            self._commands.append(("other", self._registration))
        self._commands.append(("pay", payment(int(self._digits(amount_kr)))))
        self._pump()

    def cancel(self) -> None:
        self._commands.appendleft(("other", ABORT))
        self._pump()

    def repeat_last(self) -> None:
        self._repeat(1)

    def _repeat(self, service: int | None) -> None:
        self._commands.append(("repeat", repeat_receipt(service)))
        self._pump()

    def give_up(self) -> None:
        super().give_up()
        self._forget_session()

    def nudge(self, rng: random.Random) -> None:
        """Once the session is gone: ask for the result of what was accepted, begin anew what was not."""
        if self.is_free and self._was_accepted:
            if self._is_registering and rng.random() < 0.5:  # many do so whenever they connect
                self._commands.append(("other", self._registration))
            self._repeat(rng.choice((1, 3, None, 0)))
        elif self.is_free:
            self.pay(self.amount_kr)

    @property
    def moods(self) -> Mapping[str, Callable[[], None]]:
        return {
            "asks for the status": lambda: self._interrupt(STATUS_ENQUIRY),
            "asks for a diagnosis": lambda: self._interrupt(DIAGNOSIS),
            "sends the payment again": self.pay_again,
            "ends the day": lambda: self._interrupt(END_OF_DAY, "day"),
            "aborts": self.cancel,
        }

    def _interrupt(self, apdu: bytes, kind: Kind = "other") -> None:
        """In the middle of whatever is running; nothing that has to wait is worth it."""
        if self._asked is None and self._flying is None:
            self._send_command(kind, apdu)

    def pay_again(self) -> None:
        """In the middle of the session: the terminal must not begin a second payment."""
        if self._session is not None and self._was_accepted and not self._is_over:
            self._interrupt(payment(int(self._digits(self.amount_kr))), "pay")

    @property
    def waits(self) -> bool:
        return not self._is_over

    @property
    def is_free(self) -> bool:
        """Nothing is running: a command may be sent."""
        return self._session is None and self._asked is None and not self._commands

    def _forget_session(self) -> None:
        self._session = self._asked = self._flying = None
        self._commands.clear()
        self._answers.clear()
        self._last_heard = b""

    # --- the wire -----------------------------------------------------------------------------------------------------

    def hear(self, data: bytes) -> None:
        if self.is_silent:
            return
        self._unread += data
        while self._unread:
            first = self._unread[0]
            if first == 0x06:
                self._unread = self._unread[1:]
                self._acknowledged()
            elif first == 0x15:
                self._unread = self._unread[1:]
                self._transmit()
            elif first != 0x10:
                self._unread = self._unread[1:]
            elif not self._hear_frame():
                break
        self._pump()

    def _hear_frame(self) -> bool:
        try:
            apdu, self._unread = unwrap(self._unread)
        except IndexError:
            self._unread = self._unread[:LONGEST_UNREAD]
            return False
        except ValueError:
            self._unread = b""
            self.wire += b"\x15"
            return True
        self.wire += b"\x06"
        self._hear_apdu(apdu)
        return True

    def line_was_cut(self) -> None:
        self._unread = b""

    def _acknowledged(self) -> None:
        if self._flying is None:
            return
        sent, self._flying = self._flying, None
        self._last_heard = b""
        if self._asked is not None and sent == self._asked[1]:
            self._asked_until_s = self._clock() + ANSWER_S

    def _pump(self) -> None:
        """One frame at a time; answers first, and a command only when none is being answered."""
        if self._flying is not None:
            return
        if self._answers:
            self._flying = self._answers.popleft()
        elif self._commands and self._asked is None and (self._session is None or self._commands[0][1] == ABORT):
            self._send_command(*self._commands.popleft())
            return
        else:
            return
        self._tries = 0
        self._transmit()

    def _send_command(self, kind: Kind, apdu: bytes) -> None:
        self._asked, self._flying, self._tries = (kind, apdu), apdu, 0
        self._asked_until_s = self._clock() + TRANSMISSIONS * T2_S + ANSWER_S
        self._transmit()

    def _transmit(self) -> None:
        if self._flying is None:
            return
        if self._tries == TRANSMISSIONS:
            lost, self._flying = self._flying, None
            if self._asked is not None and self._asked[1] == lost:
                self._asked = None
            return
        self._tries += 1
        self._due_s = self._clock() + T2_S
        self.wire += wrap(self._flying)

    # --- time ---------------------------------------------------------------------------------------------------------

    @property
    def next_wakeup_s(self) -> float | None:
        times = []
        if self._flying is not None:
            times.append(self._due_s)
        if self._asked is not None:
            times.append(self._asked_until_s)
        if self._session is not None:
            times.append(self._session.ends_s)
        return min(times, default=None)

    def wake(self) -> None:
        now_s = self._clock()
        if self._flying is not None and now_s >= self._due_s:
            self._transmit()
        if self._asked is not None and now_s >= self._asked_until_s:
            self._asked = None
        if self._session is not None and now_s >= self._session.ends_s:
            self._session = None
        self._pump()

    # --- the session --------------------------------------------------------------------------------------------------

    def _hear_apdu(self, apdu: bytes) -> None:
        if apdu[0] in (0x80, 0x84):
            self._answered(apdu)
            return
        if apdu == self._last_heard and (self._flying is not None or self._answers):
            return  # the terminal has not heard our 06; the answer is on its way
        self._last_heard = apdu
        if self._flying is not None and self._flying[0] in (0x80, 0x84):
            self._flying = None  # whoever goes on has our answer, even if its 06 got lost: not to be sent again
        if self._asked is not None and self._session is None and self._flying is None:
            self._answered(GOOD)  # it has our command and leads already: only its answer got lost
        answer = self._answer_to(apdu)
        if answer is not None:
            self._answers.append(answer)

    def _answered(self, apdu: bytes) -> None:
        """A frame that follows ours proves that ours was taken, even if its 06 got lost."""
        if self._asked is None:
            return
        (kind, command), self._asked = self._asked, None
        if self._flying == command:
            self._flying = None
        if command == ABORT:
            return
        if apdu[:1] == b"\x80" or apdu[1] == 0x00:
            self._is_registered = self._is_registered or command[:2] == b"\x06\x00"
            self._was_accepted = self._was_accepted or kind == "pay"
            self._session = Session(kind, self._clock() + T4_S)
        elif kind != "other":
            self.refusals.append(f"{apdu[1]:02X}")

    def _answer_to(self, apdu: bytes) -> bytes | None:
        control, session = apdu[:2], self._session
        if session is None:
            return NOT_EXPECTED
        session.ends_s = self._clock() + T4_S
        if control == b"\x04\x0f" and session.kind == "day":
            sum_kr = self._kronur(status_fields(apdu)[0x04].hex())
            self.on_totals(sum_kr)
            self.booked_kr.append(sum_kr)
            return GOOD
        if control == b"\x04\x0f" and session.kind != "other":
            return self._hear_result(session, apdu)
        if (printed := RECEIPT_NUMBER.search(apdu)) is not None and control in (b"\x06\xd1", b"\x06\xd3"):
            number = int(printed[1])
            if bytes.fromhex(f"{number:04d}") not in self._receipts:
                self.printed_untaken.append(number)
        if control in (b"\x06\x0f", b"\x06\x1e"):
            self._session = None
            if control == b"\x06\x1e" and session.kind == "pay" and (session.has_paid or not self._is_over):
                self._take(paid=False, words=f"06 1E {apdu[3:].hex()}")
        return GOOD

    def _hear_result(self, session: Session, apdu: bytes) -> bytes | None:
        fields = status_fields(apdu)
        code, amount_kr = fields[0x27][0], self._kronur(fields[0x04].hex())
        if code != 0:
            if session.kind == "pay" or not self._is_over:
                session.has_paid = False
                self._take(paid=False, words=f"27 {code:02X}")
            return GOOD
        number = fields[0x87]
        if self._receipts.get(number, self.attempts) != self.attempts:
            return GOOD  # another sale's, which it has already
        answer = {"takes": GOOD, "waits": WAIT, "refuses": NOT_EXPECTED, "ignores": None}[self.manner()]
        if amount_kr != self.amount_kr:
            return NOT_EXPECTED
        if answer == GOOD:
            session.has_paid = True
            self._receipts[number] = self.attempts
            self._take(paid=True, words=f"27 00, receipt {number.hex()}")
        return answer

    def _take(self, *, paid: bool, words: str) -> None:
        self._is_over = True
        self._commands = deque(command for command in self._commands if command[0] != "pay")
        self._tell(paid=paid, amount_kr=self.amount_kr, words=words)
