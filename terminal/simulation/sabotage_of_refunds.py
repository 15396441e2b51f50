"""Broken rules of money on its way back; the others stand in sabotage.py."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterator, Mapping
from unittest.mock import patch

from msgspec.structs import replace

from terminal.counter import of_refund
from terminal.counter.decision import Decision
from terminal.netgiro import refunds
from terminal.netgiro.v2 import NetgiroV2
from terminal.sale import refund_step as rs
from terminal.sale.gateway import CallLost, RecordStatus, Refusal
from terminal.sale.record import RefundRecord
from terminal.sale.refund import Refund, RefundReason
from terminal.simulation.broken_rule import BrokenRule
from terminal.simulation.disk import SimulatedDisk
from terminal.simulation.terminal import SimulatedTerminal
from terminal.simulation.world import Rates

LOSSES = Rates(call_trouble=0.5)


def _new_key_per_retry() -> Iterator[None]:
    """Each call has a key of its own, so the service carries out each of them."""
    again = rs._again

    def with_another_key(refund: Refund) -> rs.RefundTransition:
        key = hashlib.sha1(f"{refund.idempotency_key}{refund.calls}".encode()).hexdigest()
        return again(replace(refund, idempotency_key=key))

    with patch.object(rs, "_again", with_another_key):
        yield


def _lost_is_refused() -> Iterator[None]:
    """A refund whose answer was lost is said not to have happened."""

    def refused(refund: Refund) -> rs.RefundTransition:
        return rs._ended(refund, RefundReason.REFUSED)

    with patch.object(rs, "_missed", refused):
        yield


def _refusal_is_proof() -> Iterator[None]:
    """A refusal counts though an earlier call may have arrived."""
    refused = rs._refused

    def believe(refund: Refund, refusal: Refusal) -> rs.RefundTransition:
        return refused(replace(refund, may_have_left=False), refusal)

    with patch.object(rs, "_refused", believe):
        yield


def _sent_is_done() -> Iterator[None]:
    """Whoever asked is told "done" as soon as the call has left."""

    def done(refund: Refund) -> rs.RefundTransition:
        return rs._ended(refund, RefundReason.DONE)

    with patch.object(rs, "_missed", done):
        yield


def _forget_refunds(_terminal: SimulatedTerminal, disk: SimulatedDisk) -> None:
    """Nothing goes on after a power cut."""
    disk.open_refunds = lambda: []  # type: ignore[method-assign]


def _call_before_commit(_terminal: SimulatedTerminal, disk: SimulatedDisk) -> None:
    """What is written of a refund is there only once the next is written: its call has left by then."""
    append, late = disk.append_refund, deque[RefundRecord]()

    def append_later(record: RefundRecord) -> None:
        while late:
            append(late.popleft())
        late.append(record)

    disk.append_refund = append_later  # type: ignore[method-assign]


def _due_is_forgotten() -> Iterator[None]:
    """What a register did not accept is neither returned nor left to staff."""
    with patch.object(of_refund, "_by_itself", lambda view, _asked, _rules: Decision(view=view)):
        yield


def _look_after_cancel_believed() -> Iterator[None]:
    """A payment that V2 has undone is told as a refund that was refused, if the look after it fails or lags."""

    async def take_back(gateway: NetgiroV2, authorization_id: str) -> bool:
        record = await gateway.look_up(authorization_id)
        if record.status is RecordStatus.PAID and record.is_refundable is not False and record.settled is None:
            await gateway.void(authorization_id)
            record = await gateway.look_up(authorization_id)
        return record.status is RecordStatus.CANCELLED

    with patch.object(NetgiroV2, "_take_back", take_back):
        yield


def _lost_cancel_believed() -> Iterator[None]:
    """A payment counts as undone once its cancel has left, though it may come too late or never."""
    take_back = NetgiroV2._take_back

    async def believe(gateway: NetgiroV2, authorization_id: str) -> bool:
        record = await gateway.look_up(authorization_id)
        try:
            return await take_back(gateway, authorization_id)
        except CallLost:
            return record.status is RecordStatus.PAID

    with patch.object(NetgiroV2, "_take_back", believe):
        yield


def _page_is_believed() -> Iterator[None]:
    """HTTP 200 is all that the partner API has to say, whatever comes with it."""
    with patch.object(refunds, "is_page", lambda _answer: False):
        yield


RULES_OF_REFUNDS: Mapping[str, BrokenRule] = {
    "a new key for each refund call": BrokenRule(patches=_new_key_per_retry, rates=LOSSES, api=None),
    "lost refund told as refused": BrokenRule(patches=_lost_is_refused, rates=LOSSES, api=None),
    "refusal after a lost refund believed": BrokenRule(patches=_refusal_is_proof, rates=LOSSES, api=None),
    "refund told done when it was sent": BrokenRule(patches=_sent_is_done, rates=LOSSES, api=None),
    "page taken for a refund": BrokenRule(patches=_page_is_believed, rates=LOSSES),
    "refund called before it is in the journal": BrokenRule(sabotage=_call_before_commit, rates=LOSSES, api=None),
    "refunds forgotten by a power cut": BrokenRule(
        sabotage=_forget_refunds, rates=Rates(power_cut=0.1, call_trouble=0.5), api=None
    ),
    "payment undone and its refund told as refused": BrokenRule(
        patches=_look_after_cancel_believed, rates=LOSSES, api="v2"
    ),
    "lost cancel taken for a refund": BrokenRule(patches=_lost_cancel_believed, rates=LOSSES, api="v2"),
    "refund due left to nobody": BrokenRule(patches=_due_is_forgotten, protocol="zvt", api=None),
}
"""Each must turn the simulation red."""
