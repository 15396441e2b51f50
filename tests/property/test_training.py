"""Whatever a register says and whatever is sold: one that takes no part in training never hears "paid"."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from terminal.counter.register_words import (
    RefundResult,
    RegisterQuestion,
    RegisterReply,
    RequestRefused,
    ResultDelivered,
    SaleAccepted,
    SaleResult,
    TerminalBusy,
    TerminalCondition,
    TerminalReady,
    TotalsReport,
)
from terminal.register.factory import build_protocol
from terminal.register.http.frames import Call, line_of
from terminal.register.settings import RegisterSettings
from terminal.register.training import TakesNoPart
from terminal.sale.sale import Reason
from terminal.sale.totals import Totals
from tests.each import each_of
from tests.golden.samples import REFUND_DONE

PROTOCOLS = ("line", "zvt", "concert", "http", "display", "receipt")
REPLIES = st.sampled_from(
    [
        SaleResult(register_id="42", amount_kr=1990, reason=Reason.PAID, authorization_id="x"),
        SaleResult(register_id="T1-TRAINING-1", amount_kr=1990, reason=Reason.PAID, authorization_id="x"),
        RefundResult(register_id="42", refund=REFUND_DONE),
        SaleAccepted("42"),
        TotalsReport(number=1, totals=Totals(), closed=True),
        TerminalReady(),
        TerminalBusy("42"),
    ]
)
LINES = st.sampled_from(
    [
        b"PAY 1990 ID=42\r\n",
        b"STATUS ID=42\r\n",
        b"CANCEL\r\n",
        b"TOTALS CLOSE\r\n",
        b"VOID OF=42 ID=7\r\n",
        b"PING\r\n",
    ]
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("hear"), LINES | st.binary(max_size=40)),
        st.tuples(st.just("reply"), REPLIES),
        st.tuples(st.just("wait"), st.floats(0.0, 60.0)),
        st.tuples(st.just("lose"), st.none()),
    ),
    max_size=20,
)


class Overheard:
    """The real codec; what it is told to say is noted."""

    def __init__(self, protocol: str) -> None:
        self.real: Any = build_protocol(RegisterSettings(protocol=protocol))  # type: ignore[arg-type]
        self.said: list[RegisterReply] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def send(self, reply: RegisterReply, now_s: float, to: RegisterQuestion | None = None) -> None:
        self.said.append(reply)
        self.real.send(reply, now_s, to)


@each_of("protocol", PROTOCOLS)
def test_a_register_that_takes_no_part_is_only_refused(protocol: str) -> None:
    @given(STEPS)
    def any_day(steps: list[tuple[str, Any]]) -> None:
        inner = Overheard(protocol)
        line = TakesNoPart(inner, "is")
        now_s, heard = 0.0, []
        for kind, what in steps:
            match kind:
                case "hear":
                    heard += line.receive_data(what, now_s)
                case "reply":
                    line.send(what, now_s)
                case "wait":
                    now_s += what
                    heard += line.wake(now_s)
                case _:
                    heard += line.connection_lost()
            line.data_to_send()
            heard += line.data_sent()
        assert all(isinstance(reply, RequestRefused | TerminalCondition) for reply in inner.said)
        assert not any(isinstance(reply, TerminalCondition) and reply.can_sell for reply in inner.said)
        assert all(isinstance(request, ResultDelivered) for request in heard), "nothing real is begun, either"

    any_day()


@each_of(
    ("asked", "answer"),
    [
        (b"PAY 1990 ID=42\r\n", b"ERR UNAVAILABLE "),
        (b"STATUS ID=42\r\n", b"ERR UNAVAILABLE "),
        (b"CANCEL\r\n", b"ERR UNAVAILABLE "),
        (b"TOTALS\r\n", b"ERR UNAVAILABLE "),
    ],
)
def test_it_hears_that_the_terminal_is_unavailable_and_never_that_there_is_no_such_sale(
    asked: bytes, answer: bytes
) -> None:
    line = TakesNoPart(build_protocol(RegisterSettings()), "en")
    assert line.receive_data(asked, 0.0) == []
    assert line.data_to_send().startswith(answer)


def test_what_is_sold_in_training_counts_as_told_so_that_it_ends() -> None:
    line = TakesNoPart(build_protocol(RegisterSettings()), "en")
    result = SaleResult(register_id="T1-1", amount_kr=1990, reason=Reason.PAID, authorization_id="x")
    line.send(result, 0.0)
    assert line.data_to_send() == b""
    assert line.next_wakeup_s == 0.0
    assert line.wake(0.0) == [ResultDelivered("T1-1")]


@each_of(
    ("method", "path", "query", "body"),
    [
        ("POST", "/v1/payments", {}, '{"amount": 1990}'),
        ("GET", "/v1/payments/T1-000042-ABCDEF", {}, ""),
        ("GET", "/v1/payments", {"key": "42"}, ""),
        ("DELETE", "/v1/payments/T1-000042-ABCDEF", {}, ""),
        ("GET", "/v1/totals", {}, ""),
        ("POST", "/v1/end-of-day", {}, ""),
    ],
)
def test_a_program_on_the_network_is_told_unavailable_and_never_that_there_is_no_such_payment(
    method: str, path: str, query: dict[str, str], body: str
) -> None:
    line = TakesNoPart(build_protocol(RegisterSettings(protocol="http")), "en")
    call = Call(number=1, program="till", method=method, path=path, query=query, key="42", body=body)
    assert line.receive_data(line_of(call), 0.0) == []
    assert json.loads(line.data_to_send())["status"] == 503
