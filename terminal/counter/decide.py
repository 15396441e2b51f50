"""The counter: which sale is open, what is typed, who is answered what. Pure, like the sale it holds.

:func:`Counter.decide` takes one thing that happened and the view before it, and returns the view after it together with
what must be on disk first and what is then to be done. The runner applies a decision only when its record is committed,
so a full disk leaves the counter where it was.
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from terminal.counter import menu as menus
from terminal.counter import register_words as reg
from terminal.counter.decision import (
    CheckService,
    CounterEffect,
    Decision,
    ExamineTerminal,
    KeepOfferFor,
    LockMenuFor,
    ShowMenuFor,
    ShowResultFor,
)
from terminal.counter.inputs import (
    CodeScanned,
    ConditionsChanged,
    CounterEvent,
    EndOfDayRequested,
    KeyPressed,
    MenuLeft,
    MenuUnlocked,
    OfferExpired,
    RegisterRequestLookedUp,
    ReprintLookedUp,
    ReprintRequested,
    ResultSeen,
    TerminalExamined,
)
from terminal.counter.typing import Cancelled, Entry, EntryResult, press_code, press_identifier, scan_identifier
from terminal.counter.view import Offer, View
from terminal.sale import effects as fx
from terminal.sale import events as ev
from terminal.sale.customer import Customer, IdentifierRules
from terminal.sale.effects import ReceiptKind
from terminal.sale.gateway import Refusal
from terminal.sale.moves import Transition
from terminal.sale.record import QueuedReceipt, Record, reprint
from terminal.sale.sale import Outcome, Sale, State, Terms, differs_durably
from terminal.sale.sensitive import Sensitive
from terminal.sale.step import begin, step
from terminal.sale.totals import Close, ClosedPeriod, Period, totals_of

RESULT_SHOWN_S = 12.0
LOOK_AFTER_LOSS_S = 5.0
"""Between a call that was lost and a look at the service: the sale's own next call may come first and tell as much."""
TAKE_OFFER_KEYS = "A#"
_NOT_PAID = (Outcome.DECLINED, Outcome.CANCELLED, Outcome.FAILED)
MOST_PRINTS = 20
"""Of one receipt, the first included."""


class CounterRules(msgspec.Struct, frozen=True, kw_only=True):
    """What the shop has configured."""

    terms: Terms = Terms()
    identifiers: IdentifierRules = IdentifierRules()
    min_amount_kr: int = 1
    max_amount_kr: int = 500_000
    has_printer: bool = True
    menu: menus.MenuRules = menus.MenuRules()


class Counter:
    """Decides about everything that happens on the counter. Holds rules only; what changes is in the view."""

    def __init__(self, rules: CounterRules) -> None:
        self._rules = rules

    def decide(self, view: View, event: CounterEvent) -> Decision:
        """Never raises on any event."""
        match event:
            case ev.SaleEvent():
                return self._happened(view, event)
            case RegisterRequestLookedUp():
                return self._asked(view, event)
            case KeyPressed(key, is_long):
                return self._long_key(view, key) if is_long else self._key(view, key)
            case CodeScanned(code):
                return self._scanned(view, code)
            case ConditionsChanged(changes):
                return Decision(view=replace(view, conditions=replace(view.conditions, **changes)))
            case ResultSeen(number):
                shown = view.result is not None and view.result.number == number
                return Decision(view=replace(view, result=None) if shown else view)
            case OfferExpired(amount_kr):
                expired = view.offer is not None and view.offer.amount_kr == amount_kr
                return Decision(view=_with_offer_closed(view) if expired else view)
            case ReprintLookedUp() | EndOfDayRequested():
                return self._asked_by_shop(view, event)
            case MenuLeft(turn):
                left = view.menu.turn == turn
                return Decision(view=replace(view, menu=menus.closed(view.menu)) if left else view)
            case MenuUnlocked():
                return Decision(view=replace(view, menu=menus.unlocked(view.menu)))
            case TerminalExamined(problems):
                menu = menus.examined(view.menu, problems)
                if menu == view.menu:
                    return Decision(view=view)
                return Decision(view=replace(view, menu=menu), effects=(ShowMenuFor(menu.turn, menus.SHOWN_S),))

    # --- the sale -----------------------------------------------------------------------------------------------------

    def _happened(self, view: View, event: ev.SaleEvent) -> Decision:
        """A call that is lost is followed by looks at the service: nothing else asks once the sale has ended."""
        decision = self._sale_event(_with_network(view, event), event)
        if view.conditions.network_ok and not decision.view.conditions.network_ok:
            return replace(decision, effects=(*decision.effects, CheckService(LOOK_AFTER_LOSS_S)))
        return decision

    def _sale_event(self, view: View, event: ev.SaleEvent) -> Decision:
        for sale in (view.sale, *view.attention):
            if sale is not None and sale.number == event.sale_number:
                return self._taken(view, type(event).__name__, sale, step(sale, event))
        return Decision(view=view)

    def _taken(self, view: View, event: str, before: Sale | None, transition: Transition) -> Decision:
        """Make a transition of the open sale the counter's own."""
        sale = transition.sale
        receipts = tuple(effect.kind for effect in transition.effects if isinstance(effect, fx.PrintReceipt))
        changed = before is None or differs_durably(before, sale)
        effects: list[CounterEffect] = []
        replies: list[reg.RegisterReply] = []
        for effect in transition.effects:
            match effect:
                case fx.ReportResult():
                    replies.append(self.result_of(sale))
                case fx.PrintReceipt():
                    pass  # queued on disk by the record
                case _:
                    effects.append(effect)
        if before is not None and before.state is State.ATTENTION:
            view = _with_attention_ended(view, before, sale)
        elif sale.state in (State.ATTENTION, State.CLOSED):
            view = replace(view, sale=None, result=sale, entry=Entry())
            if sale.state is State.ATTENTION:
                view = replace(view, attention=(*view.attention, sale))
            else:  # the other one stays until somebody has seen it
                effects.append(ShowResultFor(sale.number, RESULT_SHOWN_S))
            if (offer := view.offer) is not None and sale.outcome in _NOT_PAID:  # another try needs no new total
                view = replace(view, offer=replace(offer, is_open=True))
                effects.append(self._keep_offer(offer.amount_kr))
        else:
            moved = before is None or before.state is not sale.state
            menu = menus.closed(view.menu) if moved else view.menu
            view = replace(view, sale=sale, result=None, entry=Entry() if moved else view.entry, menu=menu)
        return Decision(
            view=view,
            record=Record(event, sale, receipts) if changed else None,
            effects=tuple(effects),
            replies=tuple(replies),
        )

    def result_of(self, sale: Sale) -> reg.SaleResult:
        """The answer to the register for a sale whose outcome is known."""
        assert sale.reason is not None
        return reg.SaleResult(
            register_id=sale.register_id,
            amount_kr=sale.amount_kr,
            reason=sale.reason,
            authorization_id=sale.authorization_id,
            echo=sale.register_echo,
            sale=sale,
        )

    # --- the register -------------------------------------------------------------------------------------------------

    def _asked(self, view: View, asked: RegisterRequestLookedUp) -> Decision:
        match asked.request:
            case reg.SaleRequest():
                return self._sale_requested(view, asked, asked.request)
            case reg.CancelRequest(register_id):
                return self._cancel_requested(view, asked, register_id)
            case reg.ResultRequest(register_id):
                return self._result_requested(view, asked, register_id)
            case reg.LastResultRequest():
                return self._last_result_requested(view, asked.known)
            case reg.ConditionRequest():
                return _reply(view, _condition(view))
            case reg.ReversalRequest() | reg.RefundRequest():
                return self._refuse(view, None, reg.RefusalCode.NOT_POSSIBLE)
            case reg.TotalsRequest():
                return self._totals_requested(view, asked, asked.request)
            case reg.TotalSeen(amount_kr):
                return self._total_seen(view, amount_kr)
            case reg.ResultDelivered(register_id):
                return self._result_taken(view, register_id, ev.ResultAcknowledged)
            case reg.ResultRefusal(register_id):
                return self._result_taken(view, register_id, ev.ResultRejected)

    def _sale_requested(self, view: View, asked: RegisterRequestLookedUp, request: reg.SaleRequest) -> Decision:
        """Start a sale, unless this id has had one: one id, one payment, one outcome, for ever."""
        amount_kr, register_id = request.amount_kr, request.register_id
        if view.sale is not None and (asked.known is None or asked.known.number == view.sale.number):
            return (
                _reply(view, reg.SaleAccepted(view.sale.register_id))
                if _is_repeated(view.sale, request)
                else self._refuse(view, register_id, reg.RefusalCode.BUSY)
            )
        if asked.known is not None:
            return self._stored_result(view, asked.known)
        rules = self._rules
        limit_kr = min(max(amount_kr, rules.min_amount_kr), rules.max_amount_kr)
        if amount_kr != limit_kr:
            refused = self.refusal(register_id, reg.RefusalCode.AMOUNT)
            return _reply(
                view, replace(refused, limit_kr=limit_kr, limits_kr=(rules.min_amount_kr, rules.max_amount_kr))
            )
        if not view.conditions.keypad_ok:
            return self._refuse(view, register_id, reg.RefusalCode.UNAVAILABLE)
        sale = Sale(
            number=asked.number,
            reference=asked.reference,
            register_id=register_id or asked.reference,
            amount_kr=amount_kr,
            created=asked.created,
            register_echo=request.echo,
            terms=replace(rules.terms, customer_copy=rules.terms.customer_copy and not request.prints_receipt),
        )
        decision = self._taken(_with_offer_closed(view), "SaleRequested", None, begin(sale))
        effects = (CheckService(), *decision.effects)
        return replace(decision, replies=(reg.SaleAccepted(sale.register_id),), effects=effects)

    def _result_taken(self, view: View, register_id: str, event: type[ev.SaleEvent]) -> Decision:
        """A stored result that was asked for again may be taken or not: that changes nothing any more."""
        if view.sale is None or view.sale.register_id != register_id:
            return Decision(view=view)
        return self._sale_event(view, event(view.sale.number))

    def _cancel_requested(self, view: View, asked: RegisterRequestLookedUp, register_id: str | None) -> Decision:
        if view.sale is not None and register_id in (None, view.sale.register_id):
            decision = self._sale_event(view, ev.CancelRequested(view.sale.number, ev.Canceller.REGISTER))
            return replace(decision, replies=(reg.SaleAccepted(view.sale.register_id), *decision.replies))
        if asked.known is not None:
            return self._stored_result(view, asked.known)
        return self._refuse(view, register_id, reg.RefusalCode.NOT_FOUND)

    def _result_requested(self, view: View, asked: RegisterRequestLookedUp, register_id: str | None) -> Decision:
        if view.sale is not None and register_id in (None, view.sale.register_id):
            return _reply(view, reg.TerminalBusy(view.sale.register_id))
        if asked.known is not None:
            return self._stored_result(view, asked.known)
        if register_id is None:
            return _reply(view, reg.TerminalReady())
        return self._refuse(view, register_id, reg.RefusalCode.NOT_FOUND)

    def _last_result_requested(self, view: View, last: Sale | None) -> Decision:
        if view.sale is not None and view.sale.state is not State.REPORT:
            return _reply(view, reg.TerminalBusy(view.sale.register_id))
        sale = view.sale or last
        return self._stored_result(view, sale) if sale else self._refuse(view, None, reg.RefusalCode.NOT_FOUND)

    def _totals_requested(self, view: View, asked: RegisterRequestLookedUp, request: reg.TotalsRequest) -> Decision:
        if view.sale is not None:
            return self._refuse(view, None, reg.RefusalCode.BUSY)
        ended = self._close(view, asked.period)
        report = reg.TotalsReport(number=ended.number, totals=ended.totals, closed=request.close)
        if request.close and request.prints_slip:
            ended = replace(ended, is_printed=False)
            slip = ClosedPeriod(number=ended.number, since=asked.period.since, until=asked.created, totals=ended.totals)
            report = replace(report, slip=slip)
        return Decision(view=view, close=ended if request.close else None, replies=(report,))

    # --- the shop -----------------------------------------------------------------------------------------------------

    def _asked_by_shop(self, view: View, event: ReprintLookedUp | EndOfDayRequested) -> Decision:
        if isinstance(event, ReprintLookedUp):
            return Decision(view=view, receipts=_reprinted(event))
        return Decision(view=view, close=self._close(view, event.period) if view.sale is None else None)

    def _close(self, view: View, period: Period) -> Close:
        totals = totals_of(period.sales, view.attention)
        return Close(period.number, totals, is_printed=self._rules.has_printer)

    def _total_seen(self, view: View, amount_kr: int | None) -> Decision:
        """Offer it. What is beyond the shop's limits is none of its totals; what is being paid is not offered again."""
        if amount_kr is None or not self._rules.min_amount_kr <= amount_kr <= self._rules.max_amount_kr:
            return Decision(view=replace(view, offer=None))
        is_open = view.sale is None or view.sale.amount_kr != amount_kr
        return Decision(view=replace(view, offer=Offer(amount_kr, is_open)), effects=(self._keep_offer(amount_kr),))

    def _keep_offer(self, amount_kr: int) -> KeepOfferFor:
        return KeepOfferFor(amount_kr, self._rules.terms.entry_timeout_s)

    def _stored_result(self, view: View, sale: Sale) -> Decision:
        if sale.outcome is None or sale.stands_unknown:  # open in the journal and waiting to be settled after a start
            return _reply(view, reg.SaleAccepted(sale.register_id))
        return _reply(view, self.result_of(sale))

    def _refuse(self, view: View, register_id: str | None, code: reg.RefusalCode) -> Decision:
        return _reply(view, self.refusal(register_id, code))

    def refusal(self, register_id: str | None, code: reg.RefusalCode) -> reg.RequestRefused:
        """The answer to the register for a request that starts nothing."""
        return reg.RequestRefused(register_id, code)

    @staticmethod
    def sale_taken(view: View, event: object) -> reg.SaleRequest | None:
        """The sale that a key asks for: the cashier takes the total that is offered."""
        if isinstance(event, KeyPressed) and event.key in TAKE_OFFER_KEYS and not event.is_long:
            return reg.SaleRequest(view.offered_kr) if view.offered_kr is not None else None
        return None

    # --- the menu -----------------------------------------------------------------------------------------------------

    def _menu_key(self, view: View, key: str) -> Decision:
        menu = view.menu
        if menu.is_open:
            pressed = menus.press(menu, key, view.for_staff, self._rules.menu)
        else:
            pressed = menus.Pressed(menus.opened(menu, view.for_staff))
        decision = self._wished(replace(view, menu=pressed.menu), pressed.wish)
        timers: list[CounterEffect] = [ShowMenuFor(pressed.menu.turn, menus.SHOWN_S)] if pressed.menu.is_open else []
        if pressed.menu.is_locked and not menu.is_locked:
            timers.append(LockMenuFor(menus.LOCKED_S))
        return replace(decision, effects=(*decision.effects, *timers))

    def _wished(self, view: View, wish: menus.Wish | None) -> Decision:
        match wish:
            case menus.Settle(number, verdict):
                return self._sale_event(view, ev.SettledByStaff(number, verdict))
            case menus.Reprint(number):
                return Decision(view=view, follow_ups=(ReprintRequested(number),))
            case menus.Examine():
                return Decision(view=view, effects=(ExamineTerminal(),))
            case None:
                return Decision(view=view)

    # --- the keypad ---------------------------------------------------------------------------------------------------

    def _key(self, view: View, key: str) -> Decision:
        sale = view.sale
        if view.menu.is_open or (key == menus.MENU_KEY and _may_open_menu(view)):
            return self._menu_key(view, key)
        if sale is None:
            if view.result is not None:
                return Decision(view=replace(view, result=None) if key in "*#" else view)
            return Decision(view=_with_offer_closed(view) if key == "*" else view)
        match sale.state:
            case State.ENTRY:
                return self._typed(view, sale, press_identifier(view.entry, key, self._rules.identifiers))
            case State.CODE_ENTRY:
                return self._typed(view, sale, press_code(view.entry, key))
        return self._cancel_by_key(view, sale) if key == "*" else Decision(view=view)

    def _long_key(self, view: View, key: str) -> Decision:
        """``*`` ends the menu, the sale or the offer, whatever was typed; ``#`` opens the menu on pads without a D."""
        if key == "#" and _may_open_menu(view):
            return self._menu_key(view, menus.MENU_KEY)
        if key != "*":
            return Decision(view=view)
        if view.menu.is_open:
            return Decision(view=replace(view, menu=menus.closed(view.menu)))
        if view.sale is not None:
            return self._cancel_by_key(view, view.sale)
        return Decision(view=_with_offer_closed(view))

    def _scanned(self, view: View, code: Sensitive) -> Decision:
        """Means what the same digits and OK would mean; where no customer is asked for it means nothing."""
        if view.sale is None or view.sale.state is not State.ENTRY:
            return Decision(view=view)
        return self._typed(view, view.sale, scan_identifier(code, self._rules.identifiers))

    def _typed(self, view: View, sale: Sale, result: EntryResult) -> Decision:
        match result:
            case Entry():
                return Decision(view=replace(view, entry=result))
            case Cancelled():
                return self._cancel_by_key(view, sale)
            case Customer():
                return self._sale_event(view, ev.CustomerIdentified(sale.number, result))
        return self._sale_event(view, ev.CodeEntered(sale.number, result))

    def _cancel_by_key(self, view: View, sale: Sale) -> Decision:
        return self._sale_event(view, ev.CancelRequested(sale.number, ev.Canceller.CASHIER))


def _reply(view: View, *replies: reg.RegisterReply) -> Decision:
    return Decision(view=view, replies=replies)


def _with_offer_closed(view: View) -> View:
    return replace(view, offer=replace(view.offer, is_open=False)) if view.offer is not None else view


def _may_open_menu(view: View) -> bool:
    return not view.menu.is_open and (view.sale is None or view.sale.stands_unknown)


def _condition(view: View) -> reg.TerminalCondition:
    conditions = view.conditions
    return reg.TerminalCondition(
        busy=view.sale is not None and view.sale.state is not State.REPORT,
        can_sell=conditions.keypad_ok and conditions.journal_ok,
        service_reached=conditions.network_ok,
    )


def _is_repeated(sale: Sale, request: reg.SaleRequest) -> bool:
    """The register asks for the open sale again. Without ids an ended sale may as well be the next customer's."""
    if sale.amount_kr != request.amount_kr:
        return False
    if request.register_id is not None:
        return sale.register_id == request.register_id
    return bool(request.echo) and sale.register_echo == request.echo and sale.state is not State.REPORT


def _with_network(view: View, event: ev.SaleEvent) -> View:
    """Every end of a call tells whether the service can be reached."""
    match event:
        case ev.AnswerLost():
            reached = False
        case ev.RefusalReceived():
            reached = event.refusal is not Refusal.NOT_SENT
        case ev.AnswerReceived():
            reached = True
        case _:
            return view
    return replace(view, conditions=replace(view.conditions, network_ok=reached))


def _with_attention_ended(view: View, before: Sale, after: Sale) -> View:
    """Staff have done what was left; whoever is typing for another sale goes on typing."""
    if after.state is before.state:
        return view
    shown = view.result is not None and view.result.number == after.number
    others = tuple(sale for sale in view.attention if sale.number != after.number)
    return replace(view, attention=others, result=None if shown else view.result)


def _reprinted(asked: ReprintLookedUp) -> tuple[QueuedReceipt, ...]:
    """Each under an id of its own, so that a retry is told from a copy."""
    sale, kinds = asked.sale, asked.kinds
    if asked.period is not None:
        number = asked.period
    elif sale is None or sale.outcome_on_paper is None:
        return ()
    else:
        number = sale.number
        kinds = kinds or (ReceiptKind.ATTENTION if sale.outcome_on_paper.needs_staff else ReceiptKind.CUSTOMER,)
    receipts = []
    for kind in dict.fromkeys(kinds):
        prints = [receipt for receipt in asked.earlier if receipt.kind is kind]
        if len(prints) < MOST_PRINTS:
            receipts.append(reprint(number, kind, prints))
    return tuple(receipts)


def lookup_id(request: reg.RegisterRequest) -> str | None:
    """The register id that the journal must be asked for before this request can be decided."""
    match request:
        case reg.SaleRequest() | reg.CancelRequest() | reg.ResultRequest():
            return request.register_id
    return None
