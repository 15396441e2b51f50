"""What every register protocol is: bytes in, requests out; replies in, bytes out. No I/O and no clock inside.

A protocol object lives as long as its line. The link feeds it with bytes and with the monotonic time, sends what
``data_to_send()`` returns, and wakes it at ``next_wakeup_s``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, cast

from msgspec.structs import replace

from terminal.counter.register_words import (
    Progress,
    RegisterQuestion,
    RegisterReply,
    RegisterRequest,
    TerminalCondition,
)
from terminal.sale.refund import RefundTerms
from terminal.sale.sale import Terms


class RegisterProtocol(Protocol):
    """One register's language. Never raises on any bytes, never grows without bound."""

    longest_sale_s: float | None
    """The register waits no longer for an outcome; None: as long as it takes."""
    longest_report_s: float | None
    """Within so long of an outcome the register has taken it or never will: after that time the protocol does not
    tell it any more. None: a result counts as told once it has left, and can be asked for later."""

    def receive_data(self, data: bytes, now_s: float) -> Sequence[RegisterRequest]:
        """Take bytes as they come, in any chunking; return the complete requests in them."""

    def send(self, reply: RegisterReply, now_s: float, to: RegisterQuestion | None = None) -> None:
        """Queue a reply.

        ``to`` is the question that it answers, the very object that was handed in; None: it is told unasked. A reply
        may come long after its question, or never, and must not be taken for the answer to another one.
        """

    def data_to_send(self) -> bytes:
        """Take everything that is queued for the wire."""

    def data_sent(self) -> Sequence[RegisterRequest]:
        """What ``data_to_send()`` returned has left the machine."""

    @property
    def next_wakeup_s(self) -> float | None:
        """Monotonic time at which ``wake`` wants to be called, if any."""

    def wake(self, now_s: float) -> Sequence[RegisterRequest]:
        """Time has passed: repeat, keep alive, give up."""

    def connection_lost(self) -> Sequence[RegisterRequest]:
        """The line is gone; what was half received or not yet sent is forgotten, an open result is not."""


class HearsProgress(Protocol):
    """A protocol that can say more than results: also told, after each decision, what it has changed."""

    def hear(self, told: Progress | TerminalCondition, now_s: float) -> None:
        """It is on disk; nothing has to come of it."""


def follower(protocol: RegisterProtocol) -> HearsProgress | None:
    """The protocol itself, if it is one. Not by isinstance, which compares each member anew at every start."""
    return cast(HearsProgress, protocol) if hasattr(protocol, "hear") else None


REPORT_MARGIN_S = 10.0
"""So much later than the protocol the sale itself gives up telling its result."""


def terms_for(terms: Terms, protocol: RegisterProtocol) -> Terms:
    """The terms under which a sale can be carried out for a register of this protocol."""
    terms = replace(terms, longest_sale_s=protocol.longest_sale_s)
    if protocol.longest_report_s is None:
        return terms
    patience_s = max(terms.report_timeout_s, protocol.longest_report_s + REPORT_MARGIN_S)
    return replace(terms, report_timeout_s=patience_s, final_when_taken=True)


def refund_terms_for(terms: RefundTerms, protocol: RegisterProtocol) -> RefundTerms:
    """The same of a refund: its register is told within its own patience that the end is not known yet."""
    if protocol.longest_sale_s is not None:
        terms = replace(terms, patience_s=min(terms.patience_s, protocol.longest_sale_s))
    if protocol.longest_report_s is not None:
        terms = replace(terms, report_timeout_s=protocol.longest_report_s + REPORT_MARGIN_S)
    return terms
