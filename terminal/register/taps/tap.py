"""What every tap does: it looks once the register has been silent, and the register never hears a result."""

from __future__ import annotations

from collections.abc import Sequence

from terminal.counter.register_words import (
    RegisterQuestion,
    RegisterReply,
    RegisterRequest,
    ResultDelivered,
    SaleResult,
)


class Tap:
    """The part of :class:`terminal.register.protocol.RegisterProtocol` that needs no bytes."""

    longest_sale_s: float | None = None
    longest_report_s: float | None = None
    """Nobody waits at the other end, and no result is reported."""

    def __init__(self) -> None:
        self._look_at_s: float | None = None
        """When the silence is long enough, on the clock of ``now_s``; None: there is nothing to look at."""
        self._delivered: list[RegisterRequest] = []

    def send(self, reply: RegisterReply, now_s: float, to: RegisterQuestion | None = None) -> None:
        """A result counts as delivered, because nobody is there who could get it."""
        if isinstance(reply, SaleResult):
            self._delivered.append(ResultDelivered(reply.register_id))

    def data_sent(self) -> Sequence[RegisterRequest]:
        return ()

    @property
    def next_wakeup_s(self) -> float | None:
        return 0.0 if self._delivered else self._look_at_s

    def wake(self, now_s: float) -> Sequence[RegisterRequest]:
        """What was delivered, and what the look shows if it is due."""
        requests, self._delivered = self._delivered, []
        if self._look_at_s is not None and now_s >= self._look_at_s:
            self._look_at_s = None
            requests += self._after_silence()
        return requests

    def _after_silence(self) -> Sequence[RegisterRequest]:
        """What is there to be seen now."""
        raise NotImplementedError
