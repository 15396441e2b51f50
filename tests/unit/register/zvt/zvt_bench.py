"""The terminal's ZVT protocol and a register at the two ends of one line, in virtual time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from typing import Any

from msgspec.structs import replace

from hardware.interfaces import Cut, Document, TextLine
from terminal.counter.register_words import (
    CancelRequest,
    ConditionRequest,
    LastResultRequest,
    Progress,
    RegisterQuestion,
    RegisterReply,
    RegisterRequest,
    SaleAccepted,
    SaleRequest,
    SaleResult,
    TerminalCondition,
    TotalsReport,
    TotalsRequest,
)
from terminal.register.zvt.codec import ZvtProtocol
from terminal.sale.refund import Refund
from terminal.sale.sale import Reason, Sale
from terminal.sale.totals import ClosedPeriod, Totals
from terminal.simulation.registers.zvt_frames import (
    GOOD,
    Manners,
    ZvtRegister,
    always_good,
    payment,
    registration,
    unwrap,
)
from tests.sales import GUID, new_sale
from tests.unit.register.zvt import zvt_dumps

NAME = "T1-000007-A1B2C3"
RECEIPT: Document = (
    TextLine("KAFFIHÚSIÐ", align="center", bold=True),
    TextLine("Netgíró", align="center", double=True),
    TextLine("Samtals 1.990 kr."),
    TextLine("rétt", align="right"),
    Cut(),
)


def receipt_of(sale: Sale | Refund, copy: bool) -> Document:
    return (TextLine(f"{'AFRIT' if copy else 'KVITTUN'} {sale.number}"), *RECEIPT)


def result(
    reason: Reason = Reason.PAID,
    *,
    name: str = NAME,
    amount_kr: int = 1990,
    number: int = 7,
    acknowledged: bool = False,
) -> SaleResult:
    return SaleResult(
        register_id=name,
        amount_kr=amount_kr,
        reason=reason,
        authorization_id=GUID if reason is Reason.PAID else None,
        text="Heimild hafnað",
        sale=replace(new_sale(number, amount_kr=amount_kr, register_id=name), acknowledged=acknowledged),
    )


ANSWERS: dict[type, tuple[Any, ...]] = {
    SaleAccepted: (SaleRequest, LastResultRequest, CancelRequest),
    SaleResult: (LastResultRequest,),
    TerminalCondition: (ConditionRequest,),
    TotalsReport: (TotalsRequest,),
}


class Bench:
    """``requests`` is what the terminal was asked; it answers by ``say``, or at once by ``answers``."""

    def __init__(self, manners: Manners = always_good, decimals: Any = 0, **options: Any) -> None:
        options = {"terminal_id": "T12", "zone": UTC, "receipt_of": receipt_of} | options
        self.protocol = ZvtProtocol(decimals, **options)
        self.register = ZvtRegister(manners)
        self.requests: list[RegisterRequest] = []
        self.answers: Callable[[RegisterRequest], RegisterReply | None] = lambda _request: None
        self._unanswered: list[RegisterQuestion] = []
        self.now_s = 1000.0
        self.is_cut = False

    @property
    def questions(self) -> list[RegisterQuestion]:
        return [request for request in self.requests if isinstance(request, RegisterQuestion)]

    def send(self, apdu: bytes) -> Bench:
        """The register commands; returns once everything that needs no time has happened."""
        self.register.command(apdu)
        return self.settle()

    def cut(self) -> Bench:
        """Unplug the cable: neither end hears the other, and nobody wakes the protocol."""
        self.is_cut = True
        self._asked(self.protocol.connection_lost())
        return self

    def plug_in(self, after_s: float) -> Bench:
        self.now_s += after_s
        self.is_cut = False
        return self.settle()

    def say(self, reply: RegisterReply, to: RegisterQuestion | None = None) -> Bench:
        """The terminal's word: to the latest question that has no answer yet, or to this one."""
        question = to or self._question_for(reply)
        self._unanswered = [one for one in self._unanswered if one is not question]
        self.protocol.send(reply, self.now_s, question)
        return self.settle()

    def hear(self, told: Progress | TerminalCondition) -> Bench:
        """How far the terminal is."""
        self.protocol.hear(told, self.now_s)
        return self.settle()

    def _question_for(self, reply: RegisterReply) -> RegisterQuestion | None:
        """The first that this can be an answer to; a result without a question is told because its sale has ended."""
        kinds = ANSWERS.get(type(reply), (RegisterQuestion,))
        return next((one for kind in kinds for one in self._unanswered if isinstance(one, kind)), None)

    def settle(self) -> Bench:
        """Carry bytes both ways, and let short pauses pass, until nobody says anything."""
        for _ in range(500):
            moved = self._carry()
            due_s = None if self.is_cut else self.protocol.next_wakeup_s
            if due_s is not None and due_s <= self.now_s + 0.2:
                self.now_s = max(self.now_s, due_s)
                self._asked(self.protocol.wake(self.now_s))
            elif not moved:
                return self
        raise AssertionError("they never stop talking")

    def wait(self, delay_s: float) -> Bench:
        """Let time pass, waking the protocol when it wants to be."""
        end_s = self.now_s + delay_s
        while (due_s := self.protocol.next_wakeup_s) is not None and due_s <= end_s:
            self.now_s = max(self.now_s, due_s)
            self._asked(self.protocol.wake(self.now_s))
            while self._carry():
                pass
        self.now_s = end_s
        return self.settle()

    def _carry(self) -> bool:
        to_terminal = self.register.take_wire()
        if self.is_cut:
            return False
        to_register = self.protocol.data_to_send()
        if to_register:
            self.register.hear(to_register)
        if to_terminal:
            self._asked(self.protocol.receive_data(to_terminal, self.now_s))
        return bool(to_register or to_terminal)

    def _asked(self, requests: Any) -> None:
        for request in requests:
            self.requests.append(request)
            if not isinstance(request, RegisterQuestion):
                continue
            self._unanswered.append(request)
            if (reply := self.answers(request)) is not None:
                self.say(reply, request)

    # --- short cuts ---------------------------------------------------------------------------------------------------

    def paying(self, amount: int = 1990, **fields: Any) -> Bench:
        """A payment is accepted and waits for the customer."""
        self.send(payment(amount, **fields))
        assert isinstance(self.requests[-1], SaleRequest)
        return self.say(SaleAccepted(NAME))

    def registered(self, config: int, **fields: Any) -> Bench:
        self.send(registration(config, **fields))
        self.register.heard.clear()
        return self

    @property
    def heard(self) -> list[str]:
        """What the register heard, in hexadecimal."""
        return [apdu.hex() for apdu in self.register.heard]


COMPLETED = "060f00"
DAY = ClosedPeriod(number=4, since=None, until="2026-11-23T18:01:00.000Z", totals=Totals())


def dump(name: str) -> bytes:
    return unwrap(zvt_dumps.FROM_REGISTER[name])[0]


def refusing(answer: bytes | None, *, times: int = 1000, what: bytes = b"\x04\x0f") -> Bench:
    """A register that answers the first results, or other frames, in this way."""
    left = [times]

    def manners(apdu: bytes) -> bytes | None:
        if apdu[:2] == what and left[0] > 0:
            left[0] -= 1
            return answer
        return GOOD

    return Bench(manners)
