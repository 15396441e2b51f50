"""What the simulated server does wrong next: a short list that calls consume in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta

V1_CALLS = ("InsertCart", "CheckCart", "ConfirmCart", "CancelCart")
V1_LOOK_UP = "PaymentGet"
"""GET Payment/Get, where it is offered."""
V2_CALLS = ("payment", "status", "capture", "cancel", "settlements", "settlement_items", "details", "refund")
"""The last two also name the calls of the partner API, beside V1."""
CALLS = (*V1_CALLS, V1_LOOK_UP, *V2_CALLS)
CALLBACK = "Callback"
ANY_CALL = "any"

KINDS: Mapping[str, str] = {
    "lost_before": "the connection is dropped and the work is not done",
    "lost_after": "the work is done, then the connection is dropped without an answer",
    "unreachable": "every call is dropped undone, until the faults are cleared (or for so many times)",
    "slow": "the work is done at once, the answer comes after so many seconds",
    "slow_before": "nothing happens for so many seconds, then the work is done and answered",
    "http_500_before": "HTTP 500, the work is not done",
    "http_500_after": "the work is done, then HTTP 500",
    "garbage": "the work is done, the answer's body is not JSON",
    "truncated": "the work is done, the connection is closed in the middle of the answer's body",
    "wrong_signature": "the work is done, the answer's signature does not match",
    "no_signature": "the work is done, the answer carries no signature",
    "wrong_amount": "the next answer with an amount (PaymentInfo, details) carries another TotalAmount",
    "wrong_reference": "the next answer with an amount is about another ReferenceNumber (details: TransactionId)",
    "result_code": "the work is not done, the answer carries the ResultCode given as code (V2: a refusal that says it)",
    "refused": "V2 and refunds: the work is not done, the answer is a refusal with the sentence given as message",
    "nonce_refused": "refused as if the nonce had been used before; the work is not done (V1)",
    "unauthorized": "HTTP 401 as if the credentials were wrong; the work is not done",
    "lags": "the answer is about how things stood before the last change (CheckCart, status, details)",
    "forgets": "the answer says that it is paid, without the record that proves it; the work is not done",
    "drops_reservation": "every reservation is cancelled by Netgíró itself just before the work is done",
    "stale": "a call over a connection that was idle for so many seconds (default 1) is dropped undone, as by a server "
    "that was just about to close it; until cleared",
}

DROPPED_BEFORE = frozenset({"lost_before", "unreachable", "stale"})
NEEDS_PAYMENT_INFO = frozenset({"wrong_amount", "wrong_reference"})
SIGNATURE_KINDS = frozenset({"wrong_signature", "no_signature", "nonce_refused"})
"""Only V1 and its callbacks are signed."""
CALLBACK_KINDS = frozenset(
    {"lost_before", "unreachable", "slow_before", "garbage", "wrong_signature", "no_signature"} | NEEDS_PAYMENT_INFO
)

FIELDS = {
    "fault": "one of the kinds",
    "call": f"{', '.join(CALLS)}, or {ANY_CALL} of them (default); {CALLBACK}: the sandbox's own calls to CallbackUrl "
    f"and CallbackCancelUrl, with {', '.join(sorted(CALLBACK_KINDS))}",
    "times": "how many calls it spoils (default 1); null: until cleared (default of unreachable and stale)",
    "seconds": "for slow and slow_before (default 5) and stale (default 1)",
    "code": "for result_code (default 10302)",
    "message": "for refused (default: Customer is blacklisted)",
}
HELP: dict[str, Any] = {
    "use": "PUT one object or a list; the list replaces what stood there. DELETE clears. Earlier entries go first.",
    "kinds": KINDS,
    "fields": FIELDS,
    "example": {"fault": "lost_after", "call": "ConfirmCart", "times": 1},
}


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing to go wrong; the fields are explained in FIELDS."""

    fault: str
    call: str = ANY_CALL
    times: Annotated[int, Meta(ge=1, le=1_000_000)] | msgspec.UnsetType | None = msgspec.UNSET
    """How many calls it spoils; None: until cleared. Never unset once :class:`Faults` has it."""
    seconds: Annotated[float, Meta(gt=0, le=300)] | msgspec.UnsetType = msgspec.UNSET
    """Never unset once :class:`Faults` has it."""
    code: Annotated[int, Meta(ge=100, le=99_999)] = 10302
    message: Annotated[str, Meta(max_length=200)] = "Customer is blacklisted"

    @property
    def delay_s(self) -> float:
        if isinstance(self.seconds, float | int):
            return self.seconds
        return 1.0 if self.fault == "stale" else 5.0

    def is_for(self, call: str) -> bool:
        """Whether it can spoil this call."""
        if call == CALLBACK:
            return self.call == CALLBACK
        if self.call not in (call, ANY_CALL):
            return False
        return not (call in V2_CALLS and self.fault in SIGNATURE_KINDS) and not (
            call in (*V1_CALLS, V1_LOOK_UP) and self.fault == "refused"
        )


class Faults:
    """The faults still to happen, in order. ``on_change`` hears of every change of the list."""

    def __init__(self, on_change: Callable[[], None] = lambda: None) -> None:
        self._on_change = on_change
        self._waiting: list[Fault] = []

    def __iter__(self) -> Iterator[Fault]:
        return iter(self._waiting)

    def replace(self, faults: list[Fault]) -> None:
        """Put these in place of what stood there. Raises ValueError for a kind or call that does not exist."""
        self._waiting = [_checked(fault) for fault in faults]
        self._on_change()

    def next_for(self, call: str) -> Fault | None:
        """The fault that spoils this call; None if it goes well. It stays in the list until :meth:`use`."""
        for fault in self._waiting:
            if fault.is_for(call):
                return fault
        return None

    def add(self, *faults: Fault) -> None:
        """Let these happen too, after those that wait already. Raises ValueError that says what a fault lacks."""
        self._waiting += [_checked(fault) for fault in faults]
        self._on_change()

    def use(self, fault: Fault) -> None:
        """Count a fault down that :meth:`next_for` gave, now that it really spoils something."""
        index = next((i for i, waiting in enumerate(self._waiting) if waiting is fault), None)
        if index is None:
            return
        if fault.times == 1:
            del self._waiting[index]
        elif isinstance(fault.times, int):
            self._waiting[index] = msgspec.structs.replace(fault, times=fault.times - 1)
        self._on_change()


def _checked(fault: Fault) -> Fault:
    if fault.fault not in KINDS:
        raise ValueError(f"Unknown fault {fault.fault!r}. Known: {', '.join(KINDS)}.")
    known = {name.lower(): name for name in (*CALLS, CALLBACK, ANY_CALL)} | {"*": ANY_CALL}
    call = known.get(fault.call.lower())
    if call is None:
        raise ValueError(f"Unknown call {fault.call!r}. Known: {', '.join((*CALLS, CALLBACK, ANY_CALL))}.")
    if call == CALLBACK and fault.fault not in CALLBACK_KINDS:
        raise ValueError(f"{fault.fault!r} does not apply to {CALLBACK}; use {', '.join(sorted(CALLBACK_KINDS))}.")
    if call != ANY_CALL and not msgspec.structs.replace(fault, call=call).is_for(call):
        raise ValueError(f"{fault.fault!r} does not apply to {call}.")
    times = fault.times
    if times is msgspec.UNSET:
        times = None if fault.fault in ("unreachable", "stale") else 1
    return msgspec.structs.replace(fault, call=call, times=times, seconds=fault.delay_s)
