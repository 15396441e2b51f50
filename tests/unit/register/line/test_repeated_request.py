"""A register that asks once more in the very moment in which its answer leaves: it hears that, and no WAIT after it."""

from __future__ import annotations

from terminal.counter import register_words as reg
from terminal.register.line.codec import LineProtocol
from terminal.sale.sale import Sale, State
from tests.each import each_of
from tests.sales import walk_to
from tests.unit.counter.desk_bench import Desk, desk_with

REPEATED = b"PAY 1990 ID=42\n"
QUEUED, TAKEN, LEFT, CLOSED = "queued", "taken for the wire", "left, unknown to the counter", "closed"


class Counter:
    """The counter and its line, with the result of sale 42 on its way."""

    def __init__(self) -> None:
        self.desk: Desk = desk_with(walk_to(State.REPORT).sale)
        self.sale: Sale = self.desk.sale
        self.line = LineProtocol(0)
        self.line.send(reg.SaleAccepted("42"), 0.0)
        self.line.data_to_send()
        sale = self.sale
        assert sale.reason is not None
        self.line.send(
            reg.SaleResult(register_id="42", amount_kr=1990, reason=sale.reason, authorization_id="A1", sale=sale), 1.0
        )

    def repeat(self) -> None:
        (request,) = self.line.receive_data(REPEATED, 1.0)
        for reply in self.desk.ask(request, known=self.desk.view.sale or walk_to(State.CLOSED).sale):
            self.line.send(reply, 1.0, request)

    def deliver(self) -> None:
        for told in self.line.data_sent():
            self.desk.ask(told)


@each_of("when", [QUEUED, TAKEN, LEFT, CLOSED])
def test_a_request_repeated_while_its_result_leaves_is_answered_with_it_and_waits_for_nothing(when: str) -> None:
    counter = Counter()
    steps = {
        QUEUED: lambda: None,
        TAKEN: lambda: said.append(counter.line.data_to_send()),
        LEFT: lambda: delivered.extend(counter.line.data_sent()),
        CLOSED: lambda: [counter.desk.ask(told) for told in delivered],
    }
    said: list[bytes] = []
    delivered: list[reg.RegisterRequest] = []
    for step, happens in steps.items():
        happens()
        if step == when:
            counter.repeat()
    said.append(counter.line.data_to_send())
    counter.deliver()
    told = b"".join(said).decode().splitlines()
    assert [line[:14] for line in told] == ["OK 1990 ID=42 "] * 2
    assert counter.desk.view.sale is None
    assert counter.line.next_wakeup_s is None
    counter.line.wake(3600.0)
    assert counter.line.data_to_send() == b""
