"""The register's line while the terminal is in training and the register takes no part: that is all it is told.

The codec below speaks as ever, so a real register hears "unavailable" in its own words. No request reaches the counter
and no result reaches the codec: what is sold in training cannot be told as paid, whatever the counter decides.
"""

from __future__ import annotations

from collections.abc import Sequence

from terminal.counter.register_words import (
    ConditionRequest,
    RefusalCode,
    RegisterQuestion,
    RegisterReply,
    RegisterRequest,
    RequestRefused,
    ResultDelivered,
    SaleResult,
    TerminalCondition,
    register_id_of,
)
from terminal.register.protocol import RegisterProtocol
from terminal.register.wording import worded
from terminal.texts.words import Language


class TakesNoPart:
    """Implements :class:`terminal.register.protocol.RegisterProtocol` around another one."""

    longest_sale_s: float | None = None
    longest_report_s: float | None = None
    """No register waits for what is sold in training."""

    def __init__(self, inner: RegisterProtocol, language: Language) -> None:
        self._inner = inner
        self._language: Language = language
        self._told: list[RegisterRequest] = []

    def receive_data(self, data: bytes, now_s: float) -> Sequence[RegisterRequest]:
        self._refuse(self._inner.receive_data(data, now_s), now_s)
        return self._take_told()

    def send(self, reply: RegisterReply, now_s: float, to: RegisterQuestion | None = None) -> None:
        """Nobody hears it. A result counts as told, so that the sale ends."""
        if isinstance(reply, SaleResult):
            self._told.append(ResultDelivered(reply.register_id))

    def data_to_send(self) -> bytes:
        return self._inner.data_to_send()

    def data_sent(self) -> Sequence[RegisterRequest]:
        self._inner.data_sent()
        return self._take_told()

    @property
    def next_wakeup_s(self) -> float | None:
        return 0.0 if self._told else self._inner.next_wakeup_s

    def wake(self, now_s: float) -> Sequence[RegisterRequest]:
        self._refuse(self._inner.wake(now_s), now_s)
        return self._take_told()

    def connection_lost(self) -> Sequence[RegisterRequest]:
        self._inner.connection_lost()
        return self._take_told()

    def _refuse(self, requests: Sequence[RegisterRequest], now_s: float) -> None:
        """Of a result it is not said that there is none: a real sale may have that name."""
        for request in requests:
            if isinstance(request, ConditionRequest):
                self._inner.send(TerminalCondition(can_sell=False), now_s, request)
            elif isinstance(request, RegisterQuestion):
                refused = RequestRefused(register_id_of(request), RefusalCode.UNAVAILABLE)
                self._inner.send(worded(refused, self._language), now_s, request)

    def _take_told(self) -> Sequence[RegisterRequest]:
        told, self._told = self._told, []
        return told
