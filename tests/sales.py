"""A sale for tests to walk with: says in one word each what happens, and keeps what was asked for."""

from __future__ import annotations

from typing import Any, TypeVar

from msgspec.structs import replace

from terminal.sale import effects as fx
from terminal.sale import events as ev
from terminal.sale.customer import Customer, CustomerKind
from terminal.sale.gateway import AuthorizationStatus as Status
from terminal.sale.gateway import CaptureMode, OpenedAuthorization, Refusal, StatusReport
from terminal.sale.refund import Refund, RefundSource
from terminal.sale.sale import MISSES_UNTIL_UNKNOWN, Reason, Sale, State, Terms
from terminal.sale.sensitive import Sensitive
from terminal.sale.step import begin, step

GUID = "0f8fad5b-d9cb-469f-a165-70867728950e"
CUSTOMERS = {
    CustomerKind.PHONE: Customer(CustomerKind.PHONE, Sensitive("8223281")),
    CustomerKind.KENNITALA: Customer(CustomerKind.KENNITALA, Sensitive("1111111119")),
    CustomerKind.APP_CODE: Customer(CustomerKind.APP_CODE, Sensitive("5000041234")),
}

MANUAL, AUTOMATIC, SERVER_CALLBACK = CaptureMode.MANUAL, CaptureMode.AUTOMATIC, CaptureMode.SERVER_CALLBACK

E = TypeVar("E", bound=fx.Effect)


def new_sale(number: int = 7, *, amount_kr: int = 1990, register_id: str = "42", **terms: Any) -> Sale:
    return Sale(
        number=number,
        reference=f"T1-{number:06d}-A1B2C3",
        register_id=register_id,
        amount_kr=amount_kr,
        created="2026-11-23T12:00:00.000Z",
        terms=Terms(**terms),
    )


def new_refund(**changes: Any) -> Refund:
    """Of a part of ``new_sale()``, asked for by a register; its call has left."""
    refund = Refund(
        number=8,
        reference="T1-000008-A1B2C3",
        idempotency_key="ab" * 20,
        sale_number=7,
        sale_reference="T1-000007-A1B2C3",
        authorization_id=GUID,
        amount_kr=500,
        payment_kr=1990,
        created="2026-11-23T12:00:00.000Z",
        source=RefundSource.REGISTER,
        register_id="R8",
    )
    return replace(refund, **changes)


def refund_of(sale: Sale, number: int, amount_kr: int, **changes: Any) -> Refund:
    """Of so much of this sale, asked for by a command."""
    return new_refund(
        number=number,
        reference=f"T1-{number:06d}-REFUND",
        idempotency_key=f"{number:040x}",
        sale_number=sale.number,
        sale_reference=sale.reference,
        amount_kr=amount_kr,
        payment_kr=sale.amount_kr,
        **{"source": RefundSource.COMMAND, "register_id": "", **changes},
    )


def report_for(sale: Sale, status: Status, **said: Any) -> StatusReport:
    """An answer about this very sale; a paid or a cancelled one is proved unless ``said`` takes that back."""
    facts: dict[str, Any] = {"amount_kr": sale.amount_kr, "reference": sale.reference}
    if status is Status.PAID:
        facts |= {"confirmed": True, "invoice_number": "1001"}
    if status is Status.CANCELLED:
        facts |= {"is_final": True}
    return StatusReport(status=status, **(facts | said))


class Walk:
    """A sale and everything that it asked for so far. ``last`` is what the latest event asked for."""

    def __init__(self, sale: Sale | None = None, **terms: Any) -> None:
        self.sale = sale or new_sale(**terms)
        self.last: tuple[fx.Effect, ...] = ()
        self.all: list[fx.Effect] = []
        if sale is None:
            self._take(begin(self.sale))

    def _take(self, transition: Any) -> Walk:
        self.sale, self.last = transition
        self.all.extend(self.last)
        return self

    def happen(self, event: ev.SaleEvent) -> Walk:
        return self._take(step(self.sale, event))

    def asked(self, kind: type[E]) -> E:
        """The one effect of this kind that the latest event asked for."""
        (effect,) = (effect for effect in self.last if isinstance(effect, kind))
        return effect

    def count(self, kind: type[fx.Effect]) -> int:
        """How many effects of this kind were asked for in all."""
        return sum(isinstance(effect, kind) for effect in self.all)

    # --- what happens -------------------------------------------------------------------------------------------------

    def identified(self, kind: CustomerKind = CustomerKind.PHONE) -> Walk:
        return self.happen(ev.CustomerIdentified(self.sale.number, CUSTOMERS[kind]))

    def opened(self, poll_interval_s: float | None = 1.0) -> Walk:
        authorization = OpenedAuthorization(authorization_id=GUID, poll_interval_s=poll_interval_s)
        return self.happen(ev.AuthorizationOpened(self.sale.number, self.sale.calls, authorization))

    def found(self, **said: Any) -> Walk:
        facts: dict[str, Any] = {
            "amount_kr": self.sale.amount_kr,
            "reference": self.sale.reference,
            "authorization_id": GUID,
        }
        report = StatusReport(status=Status.UNCLEAR, **(facts | said))
        return self.happen(ev.AuthorizationFound(self.sale.number, self.sale.calls, report))

    def answered(self, status: Status, *, call: int | None = None, **said: Any) -> Walk:
        call = self.sale.calls if call is None else call
        return self.happen(ev.StatusReceived(self.sale.number, call, report_for(self.sale, status, **said)))

    def refused(self, refusal: Refusal) -> Walk:
        return self.happen(ev.RefusalReceived(self.sale.number, self.sale.calls, refusal))

    def lost(self) -> Walk:
        return self.happen(ev.AnswerLost(self.sale.number, self.sale.calls))

    def retried(self) -> Walk:
        return self.happen(ev.RetryDue(self.sale.number, self.sale.state))

    def trace_due(self) -> Walk:
        return self.happen(ev.TraceDue(self.sale.number))

    def timed_out(self) -> Walk:
        return self.happen(ev.DeadlinePassed(self.sale.number, self.sale.state))

    def cancelled(self, by: ev.Canceller = ev.Canceller.CASHIER) -> Walk:
        return self.happen(ev.CancelRequested(self.sale.number, by))

    def code_entered(self, code: str = "1234") -> Walk:
        return self.happen(ev.CodeEntered(self.sale.number, Sensitive(code)))

    def called_back(self, *, approved: bool = True, fits: bool = True) -> Walk:
        return self.happen(ev.CallbackReceived(self.sale.number, approved, fits))

    def acknowledged(self) -> Walk:
        return self.happen(ev.ResultAcknowledged(self.sale.number))

    def rejected(self) -> Walk:
        return self.happen(ev.ResultRejected(self.sale.number))

    def settled(self, verdict: ev.Verdict) -> Walk:
        return self.happen(ev.SettledByStaff(self.sale.number, verdict))

    def corrected(self, verdict: ev.Verdict, by: str = "gunnar (user 1000)") -> Walk:
        return self.happen(ev.SettlementCorrected(self.sale.number, verdict, by))

    def power_restored(self) -> Walk:
        return self.happen(ev.PowerRestored(self.sale.number))


def walk_to(state: State, mode: CaptureMode = CaptureMode.MANUAL, **terms: Any) -> Walk:
    """A sale that came to this state on its shortest ordinary way."""
    walk = Walk(capture_mode=mode, **terms)
    match state:
        case State.ENTRY:
            return walk
        case State.AUTHORIZATION:
            return walk.identified()
        case State.CUSTOMER:
            return walk.identified().opened()
        case State.CODE_ENTRY:
            return walk.identified(CustomerKind.KENNITALA).opened().answered(Status.CODE_REQUIRED)
        case State.CODE_CHECK:
            return walk_to(State.CODE_ENTRY, mode, **terms).code_entered()
        case State.CAPTURE:
            return walk.identified().opened().answered(Status.RESERVED)
        case State.VOID:
            return walk.identified().opened().cancelled()
        case State.REPORT:
            return walk.identified().opened().answered(Status.RESERVED).answered(Status.PAID)
        case State.ATTENTION:
            return walk_to(State.REPORT, mode, **terms).rejected()
        case State.CLOSED:
            return walk_to(State.REPORT, mode, **terms).acknowledged()


INTERRUPTIONS = [
    (Walk.cancelled, Reason.CASHIER_CANCELLED),
    (Walk.timed_out, Reason.TIMED_OUT),
    (Walk.power_restored, Reason.POWER_CUT),
]


def unknown_capture() -> Walk:
    """Its capture and every question since are lost; it is only asked about now."""
    walk = walk_to(State.CAPTURE).timed_out()
    for _ in range(MISSES_UNTIL_UNKNOWN):
        walk.lost().retried()
    return walk


def assert_ended(walk: Walk, reason: Reason) -> None:
    assert (walk.sale.state, walk.sale.reason) == (State.REPORT, reason)
    walk.asked(fx.ReportResult)
