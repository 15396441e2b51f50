"""A register that speaks ZVT, whole: it numbers nothing, repeats what is not acknowledged and gives up after a while.

Written from PA00P015 and PA00P016. The line is in zvt_line.py, the frames in zvt_frames.py.
"""

from __future__ import annotations

import random
import re
from collections import deque
from collections.abc import Callable, Mapping

from terminal.sale.money import AmountDecimals
from terminal.simulation.registers.driver import Told
from terminal.simulation.registers.zvt_frames import (
    ABORT,
    GOOD,
    NOT_EXPECTED,
    WAIT,
    payment,
    refund,
    registration,
    repeat_receipt,
    reversal,
    status_fields,
)
from terminal.simulation.registers.zvt_line import T2_S, TRANSMISSIONS, Kind, Session, ZvtLine

T4_S = 180.0
TAKES_TEXT_BLOCKS = "0301" + "0606" + "26040A0206D3"
"""Service byte, and in TLV the commands it takes: 06 D3."""
WANTS_PROGRESS, WANTS_LINES = 0x08, 0x80
AFTER_NO_REGISTRATION = 0x00
STATUS_ENQUIRY = bytes.fromhex("050100")
DIAGNOSIS = bytes.fromhex("067000")
END_OF_DAY = bytes.fromhex("065003123456")

RECEIPT_NUMBER = re.compile(rb"(?:AFRIT|KVITTUN) ([0-9]+)")


class ZvtDriver(ZvtLine):
    """``config``: the byte of its registration; None: it pays without one. ``takes_text_blocks``: it asks for receipts
    whole instead of line by line."""

    acknowledges = ends_days = True
    pause_after_giving_up_s = TRANSMISSIONS * T2_S
    cannot_take_progress = cannot_take_lines = False
    """Although it asks for them by habit."""

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        decimals: AmountDecimals = 0,
        config: int | None = None,
        takes_text_blocks: bool = False,
    ) -> None:
        super().__init__(clock, decimals=decimals)
        self._config = AFTER_NO_REGISTRATION if config is None else config
        self._is_registering = config is not None
        self._is_registered = config is None
        self._registration = registration(config or 0, extra=TAKES_TEXT_BLOCKS if takes_text_blocks else "")
        self._receipts: dict[bytes, int] = {}
        """Receipt numbers of payments it has taken, and for which attempt."""
        self._name = ""
        self._receipt_of: dict[str, tuple[bytes, int]] = {}
        """By the name of what it rang up: the receipt number that it was told, and the amount."""
        self._is_over = True
        self._was_accepted = False
        """The terminal has said that it will carry out the latest request."""

    # --- what it can be asked -----------------------------------------------------------------------------------------

    def _pay(self, amount_kr: int, name: str) -> None:
        self._name = name or self._name
        self._is_over = self._was_accepted = False
        self._forget_session()
        if not self._is_registered:
            self._commands.append(("other", self._registration))
        self._command("pay", payment(int(self._digits(amount_kr))))

    def refund(self, of: str, amount_kr: int | None) -> None:
        """By the receipt's number; a whole one by its amount alone."""
        if of not in self._receipt_of or not self.is_free or self.waits:
            return
        receipt, paid_kr = self._receipt_of[of]
        digits = int(self._digits(amount_kr)) if amount_kr is not None else None
        by_amount = digits is not None and amount_kr == paid_kr
        self._command("refund", refund(digits) if by_amount and digits else reversal(receipt, digits))

    def end_day(self) -> None:
        self._command("day", END_OF_DAY)

    def cancel(self) -> None:
        self._commands.appendleft(("other", ABORT))
        self._pump()

    def repeat_last(self) -> None:
        self._repeat(1)

    def _repeat(self, service: int | None) -> None:
        self._command("repeat", repeat_receipt(service))

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
        self._look_for_offences(control)
        if session is None:
            return NOT_EXPECTED
        session.ends_s = self._clock() + T4_S
        if control == b"\x04\x0f" and session.kind == "day" and not self._is_awaited(apdu):
            sum_kr = self._kronur(status_fields(apdu)[0x04].hex())
            self.on_totals(sum_kr)
            self.booked_kr.append(sum_kr)
            return GOOD
        if control == b"\x04\x0f" and (session.kind != "other" or self._is_awaited(apdu)):
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

    def _is_awaited(self, apdu: bytes) -> bool:
        """A payment's result, though it thinks that the answer to its payment was one to what it asked after it."""
        return not self._is_over and 0x87 in status_fields(apdu)

    def _look_for_offences(self, control: bytes) -> None:
        """It has not asked for this when it registered, or is known not to take it."""
        bears_progress = self._config & WANTS_PROGRESS and not self.cannot_take_progress
        bears_lines = self._config & WANTS_LINES and not self.cannot_take_lines
        if control == b"\x04\xff" and not bears_progress:
            self.offences.append("it was told 04 FF, which it has not asked for or cannot take")
        if control in (b"\x06\xd1", b"\x06\xd3") and not bears_lines:
            self.offences.append("it was sent a line to print, which it has not asked for or cannot take")

    def _hear_result(self, session: Session, apdu: bytes) -> bytes | None:
        fields = status_fields(apdu)
        code, amount_kr = fields[0x27][0], self._kronur(fields[0x04].hex())
        if 0x37 in fields:  # it names what it is a refund of
            refund_number = int(fields[0x87].hex()) if code == 0 else None
            told = Told(self.attempts, code == 0, amount_kr, f"refund 27 {code:02X}", receipt_number=refund_number)
            self.on_refund_told(told)
            return GOOD
        if code != 0:
            if session.kind == "pay" or not self._is_over:
                session.has_paid = False
                self._take(paid=False, words=f"27 {code:02X}")
            return GOOD
        if (number := fields.get(0x87)) is None:
            return NOT_EXPECTED  # the totals of a day that it wanted to end in the middle of this
        if self._receipts.get(number, self.attempts) != self.attempts:
            return GOOD  # another sale's, which it has already
        answer = {"takes": GOOD, "waits": WAIT, "refuses": NOT_EXPECTED, "ignores": None}[self.manner()]
        if amount_kr != self.amount_kr:
            return NOT_EXPECTED
        if answer == GOOD:
            session.has_paid = True
            self._receipts[number] = self.attempts
            self._receipt_of[self._name] = (number, amount_kr)
            self._take(paid=True, words=f"27 00, receipt {number.hex()}")
        return answer

    def _take(self, *, paid: bool, words: str) -> None:
        self._is_over = True
        self._commands = deque(command for command in self._commands if command[0] != "pay")
        self._tell(paid=paid, amount_kr=self.amount_kr, words=words)
