"""Broken rules of the way to Netgíró, and of V2; the others stand in sabotage.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from unittest.mock import patch

from msgspec.structs import replace

from terminal.netgiro.carrier import RawAnswer
from terminal.netgiro.client import SignatureCheck, SignedAnswer, SignedClient
from terminal.netgiro.v2 import NetgiroV2
from terminal.sale import ending, moves
from terminal.sale import events as ev
from terminal.sale import step as rules
from terminal.sale.gateway import AuthorizationStatus as Status
from terminal.sale.gateway import CaptureMode, OpenedAuthorization, Refusal, StatusReport
from terminal.sale.sale import CallKind, Reason, Sale, State
from terminal.simulation.broken_rule import BrokenRule
from terminal.simulation.world import Rates


def _paid_while_a_void_is_on_its_way() -> Iterator[None]:
    """Whoever says "paid" is believed, though the void that was lost may still arrive."""
    with patch.object(Sale, "may_be_undone", False):
        yield


def _status_alone() -> Iterator[None]:
    """V2's status is a payment without the service's own record."""

    async def believe(_gateway: NetgiroV2, report: StatusReport, authorization_id: str) -> StatusReport:
        return replace(report, confirmed=report.status is Status.PAID, authorization_id=authorization_id.lower())

    with (
        patch.object(NetgiroV2, "_with_details", believe),
        patch.object(Sale, "agrees_with", lambda *_args, **_options: True),
    ):
        yield


def _no_manual_capture() -> Iterator[None]:
    """V2 is told that approval alone pays, while the terminal thinks that only its own capture does."""
    ask = NetgiroV2.open_authorization

    async def automatic(gateway: NetgiroV2, **asked: Any) -> OpenedAuthorization:
        return await ask(gateway, **(asked | {"capture_mode": CaptureMode.AUTOMATIC}))

    with patch.object(NetgiroV2, "open_authorization", automatic):
        yield


def _one_bare_word() -> Iterator[None]:
    """ "Cancelled" is believed at once, whatever may have been paid."""
    not_paid = moves.not_paid

    def believe(sale: Sale, event: ev.StatusReceived, reason: Reason) -> moves.Transition:
        return not_paid(sale, replace(event, report=replace(event.report, is_final=True)), reason)

    with patch.object(moves, "not_paid", believe), patch.object(ending, "not_paid", believe):
        yield


def _trust_idle_connections() -> Iterator[None]:
    """InsertCart goes over whatever connection there is."""
    post = SignedClient.post

    async def trusting(client: SignedClient, path: str, request: Any, *, may_repeat: bool = True) -> Any:
        return await post(client, path, request)

    with patch.object(SignedClient, "post", trusting):
        yield


def _believe_strangers() -> Iterator[None]:
    """An answer without a signature is as good as any."""
    with patch.object(SignedClient, "_read", _read_unsigned(SignedClient._read)):
        yield


def _read_unsigned(read: Callable[..., SignedAnswer]) -> Callable[..., SignedAnswer]:
    def believe(client: SignedClient, path: str, url: str, raw: RawAnswer) -> SignedAnswer:
        if "netgiro_signature" in raw.headers:
            return read(client, path, url, raw)
        with patch.object(client, "_signature_check", SignatureCheck.OFF):
            return read(client, path, url, raw)

    return believe


def _not_found_is_not_paid() -> Iterator[None]:
    """An authorization that the service does not find (yet) under our reference is told as not paid."""
    asked = rules.TABLE[State.AUTHORIZATION][ev.RefusalReceived]

    def believe(sale: Sale, event: ev.RefusalReceived) -> moves.Transition:
        is_answer = sale.asking is CallKind.FIND and event.refusal is Refusal.NOT_FOUND
        return moves.to_report(sale, Reason.NO_ANSWER) if is_answer else asked.decide(sale, event)

    with patch.dict(rules.TABLE[State.AUTHORIZATION], {ev.RefusalReceived: asked._replace(decide=believe)}):
        yield


def _whatever_is_found() -> Iterator[None]:
    """What the service finds under our reference is ours, though it names another amount and reference."""
    asked = rules.TABLE[State.AUTHORIZATION][ev.AuthorizationFound]

    def believe(sale: Sale, event: ev.AuthorizationFound) -> moves.Transition:
        ours = replace(event.report, amount_kr=sale.amount_kr, reference=sale.reference)
        return asked.decide(sale, replace(event, report=ours))

    with patch.dict(rules.TABLE[State.AUTHORIZATION], {ev.AuthorizationFound: asked._replace(decide=believe)}):
        yield


def _refused_code_reserved_nothing() -> Iterator[None]:
    """A code that is refused did not happen, though that may be its second copy: the next one commits to nothing."""
    asked = rules.TABLE[State.CODE_CHECK][ev.RefusalReceived]

    def believe(sale: Sale, event: ev.RefusalReceived) -> moves.Transition:
        moved = asked.decide(sale, event)
        return moved._replace(sale=replace(moved.sale, committed=sale.committed))

    with patch.dict(rules.TABLE[State.CODE_CHECK], {ev.RefusalReceived: asked._replace(decide=believe)}):
        yield


_LOST = Rates(call_trouble=0.6, customer_mood=0.4)

RULES_OF_NETGIRO: Mapping[str, BrokenRule] = {
    "paid while a void is on its way": BrokenRule(
        patches=_paid_while_a_void_is_on_its_way,
        api="v2",
        capture_mode=CaptureMode.AUTOMATIC,
        rates=Rates(call_trouble=0.6, cashier_mood=0.8, customer_mood=0.2, power_cut=0.03),
    ),
    "paid by V2's status alone": BrokenRule(
        patches=_status_alone, api="v2", rates=Rates(call_trouble=0.8, customer_mood=0.2)
    ),
    "V2 without manual capture": BrokenRule(patches=_no_manual_capture, api="v2"),
    'one bare "cancelled" believed': BrokenRule(
        patches=_one_bare_word, capture_mode=CaptureMode.AUTOMATIC, rates=Rates(call_trouble=0.9)
    ),
    "unsigned answer believed": BrokenRule(patches=_believe_strangers, rates=Rates(call_trouble=0.9)),
    "idle connection trusted": BrokenRule(patches=_trust_idle_connections),
    "refused code thought to have reserved nothing": BrokenRule(
        patches=_refused_code_reserved_nothing,
        rates=Rates(call_trouble=1.0, register_mood=0.9, cashier_mood=0.3),
        troubles=("twice",),
    ),
    "not found by reference taken for not paid": BrokenRule(
        patches=_not_found_is_not_paid, capture_mode=CaptureMode.AUTOMATIC, rates=_LOST
    ),
    "whatever is found by reference taken for ours": BrokenRule(
        patches=_whatever_is_found, capture_mode=CaptureMode.AUTOMATIC, rates=_LOST
    ),
}
