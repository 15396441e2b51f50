"""Amounts that decide how a sale goes: type one at the register, and no other preparation is needed.

Where there is one, the amount is the ResultCode that comes of it (Netgíró docs, Result codes).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from terminal.netgiro.sandbox.faults import Fault
from terminal.netgiro.sandbox.settings import DeclineCode, Person


class Magic(msgspec.Struct, frozen=True, kw_only=True):
    """What an amount brings about. ``says`` is for people."""

    says: str
    refusal_code: int | None = None
    """InsertCart answers this; there is no cart."""
    decides_after_s: float | None = None
    """The customer answers on the phone by themselves after so many seconds."""
    decline_code: DeclineCode | None = None
    """And what they say is no, with this code."""
    faults: tuple[Fault, ...] = ()

    def changed(self, person: Person) -> Person:
        """The customer under the spell of the amount."""
        if self.decides_after_s is not None:
            person = msgspec.structs.replace(person, auto_accept_after_s=self.decides_after_s)
        if self.decline_code is not None:
            person = msgspec.structs.replace(person, decline_code=self.decline_code, declined_at="approval")
        return person


def _declined(code: DeclineCode) -> Magic:
    return Magic(says=f"the customer declines at once, code {code}", decides_after_s=0, decline_code=code)


def _one_call(fault: str, call: str, says: str, **fields: Any) -> Magic:
    return Magic(says=f"{call}: {says}", decides_after_s=0, faults=(Fault(fault, call, **fields),))


_IN_V2 = {"InsertCart": "payment", "CheckCart": "status", "ConfirmCart": "capture", "CancelCart": "cancel"}


def in_words_of(api: str, fault: Fault) -> Fault:
    """The fault as it happens to this API; V2 has no signature that could be wrong, so its answer cannot be read."""
    if api == "v1" or fault.call not in _IN_V2:
        return fault
    kind = "garbage" if fault.fault == "wrong_signature" else fault.fault
    call = "details" if kind == "wrong_amount" else _IN_V2[fault.call]
    return msgspec.structs.replace(fault, fault=kind, call=call)


MAGIC_AMOUNTS: Mapping[int, Magic] = {
    10200: Magic(says="the customer accepts at once", decides_after_s=0),
    10201: _declined(10201),
    10302: _declined(10302),
    10304: Magic(says="refused: the cart is not valid", refusal_code=10304),
    10305: Magic(says="refused: below the minimum amount", refusal_code=10305),
    10306: Magic(says="refused: the customer does not exist", refusal_code=10306),
    10307: _declined(10307),
    10408: _one_call("lost_after", "InsertCart", "done, but the answer is lost"),
    10409: _one_call("lost_after", "ConfirmCart", "done, but the answer is lost"),
    10410: _one_call("lost_before", "ConfirmCart", "lost on the way there, not done"),
    10422: _declined(10422),
    10423: _declined(10423),
    10425: Magic(says="the customer accepts after 20 seconds", decides_after_s=20),
    10427: Magic(says="refused: the confirmation type is not valid", refusal_code=10427),
    10500: _one_call("http_500_before", "InsertCart", "HTTP 500, not done"),
    10501: _one_call("http_500_after", "ConfirmCart", "done, then HTTP 500"),
    10502: _one_call("slow", "ConfirmCart", "done, answered after 20 seconds", seconds=20),
    10503: _one_call("wrong_signature", "ConfirmCart", "done, the answer's signature is wrong"),
    10504: _one_call("wrong_amount", "ConfirmCart", "done, the answer is about another amount"),
    10505: _one_call("garbage", "ConfirmCart", "done, the answer cannot be read"),
}
"""All of them, by amount in kronur. They work where ``Settings.magic_amounts`` is on."""
