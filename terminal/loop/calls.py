"""Makes a call to the payment service and says how it ended."""

from __future__ import annotations

import logging

from terminal.sale import effects as fx
from terminal.sale import events as ev
from terminal.sale import refund_step as rs
from terminal.sale.gateway import AuthorizationStatus, CallLost, CallRefused, Gateway, OpenedAuthorization, StatusReport

log = logging.getLogger(__name__)


async def call_gateway(gateway: Gateway, effect: fx.Call) -> ev.AnswerReceived:
    """Make the call and say how it ended. Never raises: what cannot be told apart counts as lost."""
    number, call, name = effect.sale_number, effect.call, type(effect).__name__
    try:
        if isinstance(effect, fx.RequestAuthorization):
            return ev.AuthorizationOpened(number, call, await _open_authorization(gateway, effect))
        if isinstance(effect, fx.FindAuthorization):
            return ev.AuthorizationFound(number, call, await gateway.find(effect.reference))
        report = await _ask(gateway, effect)
        if report.status is not AuthorizationStatus.PENDING:  # what a sale stands unknown for is found out from this
            log.info("sale %d: %s: %s", number, name, _said(report))
        return ev.StatusReceived(number, call, report)
    except CallRefused as refused:
        log.warning("sale %d: %s refused: %s", number, name, refused)
        return ev.RefusalReceived(number, call, refused.refusal, refused.support_reference)
    except CallLost as lost:
        log.warning("sale %d: %s lost: %s", number, name, lost)
        return ev.AnswerLost(number, call, str(lost))
    except Exception as error:
        # A fault in the gateway must not strand the sale: nobody knows whether the call happened.
        log.exception("sale %d: %s failed in an unforeseen way", number, name)
        return ev.AnswerLost(number, call, type(error).__name__)


async def call_refund(gateway: Gateway, effect: rs.RequestRefund) -> rs.RefundAnswer:
    """Make the call that returns money and say how it ended. Never raises."""
    number, call = effect.refund_number, effect.call
    try:
        await gateway.refund(
            effect.authorization_id,
            amount_kr=effect.amount_kr,
            is_whole=effect.is_whole,
            idempotency_key=effect.idempotency_key,
            description=effect.description,
        )
    except CallRefused as refused:
        log.warning("refund %d: refused: %s", number, refused)
        return rs.RefundRefused(number, call, refused.refusal, refused.support_reference)
    except CallLost as lost:
        log.warning("refund %d: lost: %s", number, lost)
        return rs.RefundAnswerLost(number, call)
    except Exception:
        log.exception("refund %d: failed in an unforeseen way", number)
        return rs.RefundAnswerLost(number, call)
    return rs.RefundConfirmed(number, call)


def _said(report: StatusReport) -> str:
    amount = "no amount" if report.amount_kr is None else f"{report.amount_kr} kr."
    record = "" if report.confirmed else ", not by its own record"
    return f"{report.status}{record if report.status is AuthorizationStatus.PAID else ''}, {amount}, {report.reference}"


async def _open_authorization(gateway: Gateway, effect: fx.RequestAuthorization) -> OpenedAuthorization:
    return await gateway.open_authorization(
        reference=effect.reference,
        amount_kr=effect.amount_kr,
        customer=effect.customer,
        capture_mode=effect.capture_mode,
    )


async def _ask(gateway: Gateway, effect: fx.Call) -> StatusReport:
    match effect:
        case fx.QueryStatus(authorization_id=name):
            return await gateway.query_status(name)
        case fx.SubmitCode(authorization_id=name, code=code):
            return await gateway.submit_code(name, code)
        case fx.RequestCapture(authorization_id=name):
            return await gateway.capture(name)
        case fx.RequestVoid(authorization_id=name):
            return await gateway.void(name)
    raise TypeError(f"nobody knows how to perform {type(effect).__name__}")
