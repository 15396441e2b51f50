"""What stands on the screen: pure, from a moment of the terminal to a few texts, each with its role.

Nothing that identifies a customer comes through here: an entry is shown masked, whatever its screen.
"""

from __future__ import annotations

from typing import assert_never

from msgspec.structs import replace

from terminal.counter.of_operator import is_asked
from terminal.counter.trouble import Trouble, receipt_asked_about, troubles_of
from terminal.counter.typing import Entry
from terminal.counter.view import Offer, View
from terminal.sale.customer import CustomerKind, IdentifierProblem
from terminal.sale.money import format_kr
from terminal.sale.refund import Refund
from terminal.sale.sale import Outcome, Sale, State
from terminal.screen.menu_screens import menu_screen
from terminal.screen.screen import Countdown, Screen
from terminal.texts.sentences import Words, language_of, words_in
from terminal.texts.words import SERVICE_NAME, Language

__all__ = ["COUNTED_DOWN", "Countdown", "Screen", "screen_for"]


_SETTLED = (Outcome.APPROVED, Outcome.REFUNDED)
"""Outcomes that leave nothing to do: the amount is what matters."""
_LOOKED_UP = (Outcome.UNKNOWN, Outcome.REFUND_DUE)
"""Outcomes that staff look up at the service, where they need the amount."""
COUNTED_DOWN = {State.ENTRY: 60.0, State.CUSTOMER: 3600.0, State.CODE_ENTRY: 3600.0}
"""States whose end is shown coming, once so many seconds are left. Of the others the end is not staff's concern."""


def screen_for(
    view: View, language: Language, *, shop_name: str = "", service_phone: str = "", countdown: Countdown | None = None
) -> Screen:
    """What to show now: the open sale, else the last result, else that the terminal is ready.

    ``countdown`` is for the open sale.
    """
    chosen = language if view.menu.is_open else language_of(view.language, language)  # the menu is for staff
    words = words_in(chosen, service_phone, has_menu_key=view.menu.has_menu_key)
    screen = _screen(view, words, shop_name, countdown)
    return replace(screen, strip=words.training) if view.is_training else screen


def _screen(view: View, words: Words, shop_name: str, countdown: Countdown | None) -> Screen:
    troubles = troubles_of(view.conditions, sales_waiting=len(view.attention), refunds_waiting=len(view.refunds))
    if view.is_leaving:
        return Screen(headline=SERVICE_NAME, prompt=words.one_moment)
    if (menu := menu_screen(view, words)) is not None:
        return menu
    if view.sale is None and (refund := view.refund or view.refund_result) is not None:
        return _for_refund(refund, words)
    shown = view.sale or view.result
    if shown is None:
        return _idle(view, troubles, words, shop_name)
    troubles = tuple(trouble for trouble in troubles if trouble is not Trouble.PAPER_LOW)
    screen = _for_sale(shown, view.entry, words)
    if _is_warning(shown):
        return screen
    if view.conditions.keypad_opening and shown.state is State.ENTRY:
        screen = replace(screen, prompt=words.one_moment, hint="")  # no key is read yet
    late_hint = words.key_more_time if view.may_get_more_time else ""
    screen = replace(screen, marks=_marks(troubles, words), counts_down=view.sale is not None, late_hint=late_hint)
    return screen.with_countdown(countdown)


def _marks(troubles: tuple[Trouble, ...], words: Words) -> tuple[str, ...]:
    return tuple(words.troubles[trouble].what for trouble in troubles)


def _idle(view: View, troubles: tuple[Trouble, ...], words: Words, shop_name: str) -> Screen:
    if view.training_amount:
        amount = format_kr(int(view.training_amount))
        return Screen(headline=amount, prompt=words.training_sale, hint=words.key_ok_or_clear)
    if (offer := view.standing_offer) is not None and not any(trouble.hinders_sales for trouble in troubles):
        return replace(_offer(offer, words), marks=_marks(troubles, words))
    if view.differing_kr is not None and not any(trouble.hinders_sales for trouble in troubles):
        both = " / ".join(format_kr(amount_kr) for amount_kr in view.differing_kr)
        return Screen(banner=words.two_totals.what, prompt=both, hint=words.two_totals.next)
    if (receipt := receipt_asked_about(view)) is not None:
        number, kind = receipt.period or receipt.sale_number, words.receipt_kinds[receipt.kind]
        return Screen(banner=words.ask_receipt_whole, prompt=f"{number} {kind}", hint=words.key_whole_or_again)
    if is_asked(view) and not any(trouble.hinders_sales for trouble in troubles):
        return replace(_operator(view, words), marks=() if view.operator_typed else _marks(troubles, words))
    if not troubles and view.paid_kr is not None:
        paid = words.paid_otherwise
        return Screen(banner=paid.what, prompt=format_kr(view.paid_kr), hint=paid.next)
    if view.is_training and not any(trouble.hinders_sales for trouble in troubles):
        return Screen(headline=words.training_ready, prompt=words.training_phone)
    if troubles in ((), (Trouble.PAPER_LOW,)):  # a roll that will end is no reason to look less ready
        return Screen(
            headline=SERVICE_NAME,
            prompt=shop_name,
            hint=f"{words.ready}   {words.key_language}",
            marks=_marks(troubles, words),
        )
    first, *others = troubles
    return Screen(
        banner=words.troubles[first].what + _which(first, view),
        prompt=words.troubles[first].next,
        hint="" if others or first.hinders_sales else words.ready,
        marks=_marks(tuple(others), words),
    )


def _operator(view: View, words: Words) -> Screen:
    prompt = words.unknown_operator if view.operator_unknown else words.ask_operator
    hint = words.key_ok_or_clear if view.operator_typed else words.ready
    return Screen(headline=SERVICE_NAME, prompt=prompt, entry=view.operator_typed, hint=hint)


def _offer(offer: Offer, words: Words) -> Screen:
    if offer.other_kr is None:
        return Screen(headline=format_kr(offer.amount_kr), prompt=words.offer, hint=words.key_take_offer)
    both = f"1: {format_kr(offer.amount_kr)}  2: {format_kr(offer.other_kr)}"
    return Screen(banner=words.choose_amount, prompt=both, hint=words.key_choose_amount)


def _which(trouble: Trouble, view: View) -> str:
    """How many sales, or which key."""
    if trouble is Trouble.SALES_WAITING and len(view.attention) > 1:
        return f" ({len(view.attention)})"
    if trouble is Trouble.REFUNDS_WAITING and len(view.refunds) > 1:
        return f" ({len(view.refunds)})"
    return f" ({view.conditions.jam.stuck})" if trouble is Trouble.KEY_STUCK else ""


def _is_checking(sale: Sale) -> bool:
    """The capture may have happened and cannot be waited for as usual any more."""
    return sale.is_in_doubt or (sale.state is State.CAPTURE and sale.settling)


def _is_warning(sale: Sale) -> bool:
    """The screen tells something that must be read; it leaves no room for marks."""
    return _is_checking(sale) or sale.outcome not in (None, *_SETTLED)


def _for_sale(sale: Sale, entry: Entry, words: Words) -> Screen:
    if _is_checking(sale):
        return _checking_payment(sale, words)
    match sale.state:
        case State.ENTRY | State.CODE_ENTRY if entry.problem is not None:
            return _refused_entry(sale, entry.problem, words)
        case State.ENTRY:
            return _identifier_entry(sale, entry, words)
        case State.AUTHORIZATION if sale.reason is not None:
            return _progress(sale, words.cancelling, words.wait_for_confirmation)
        case State.AUTHORIZATION:
            return _progress(sale, words.contacting, words.key_cancel)
        case State.CUSTOMER:
            return _customer(sale, words)
        case State.CODE_ENTRY:
            return _code_entry(sale, entry, words)
        case State.CODE_CHECK:
            return _progress(sale, words.checking_code, words.key_cancel)
        case State.CAPTURE:
            return _progress(sale, words.one_moment, words.completing)
        case State.VOID:
            return _progress(sale, words.cancelling, words.wait_for_confirmation)
        case State.REPORT | State.ATTENTION | State.CLOSED:
            return _result(sale, words)
        case _:
            assert_never(sale.state)


def _for_refund(refund: Refund, words: Words) -> Screen:
    amount = format_kr(-refund.amount_kr)
    if refund.reason is None:
        return Screen(banner=words.refund.title, headline=amount, prompt=words.refund.going_on)
    advice = words.refund.results[refund.reason]
    if refund.is_done:
        return Screen(banner=words.refund.title, headline=amount, prompt=advice.what)
    if refund.is_unknown:
        return Screen(banner=words.refund.title, headline=amount, prompt=advice.next)
    return Screen(banner=words.refund.title, prompt=advice.what, hint=advice.next)


def _progress(sale: Sale, prompt: str, hint: str) -> Screen:
    return Screen(headline=format_kr(sale.amount_kr), prompt=prompt, hint=hint)


def _customer(sale: Sale, words: Words) -> Screen:
    match sale.customer_kind:
        case CustomerKind.PHONE:
            return _progress(sale, words.approve_in_app, words.key_cancel)
        case CustomerKind.APP_CODE:  # giving it was the approval, as a rule
            return _progress(sale, words.look_at_app, words.key_cancel)
        case _:
            return _progress(sale, words.contacting, words.key_cancel)


def _refused_entry(sale: Sale, problem: IdentifierProblem, words: Words) -> Screen:
    advice = words.identifier_problems[problem]
    return _progress(sale, advice.what, advice.next)


def _identifier_entry(sale: Sale, entry: Entry, words: Words) -> Screen:
    ask = words.ask_identifier if sale.terms.takes_kennitala else words.ask_code_or_phone
    if entry.kind is not None and (sale.terms.takes_kennitala or entry.kind is not CustomerKind.KENNITALA):
        prompt = words.customer_kinds[entry.kind]
    else:
        prompt = words.identifier_typed if entry.digits and entry.kind is None else ask
    hint = words.key_ok_or_clear if entry.digits or entry.kind else words.key_cancel
    return Screen(headline=format_kr(sale.amount_kr), prompt=prompt, entry=entry.masked, hint=hint)


def _code_entry(sale: Sale, entry: Entry, words: Words) -> Screen:
    is_first_try = sale.code_tries_left >= sale.terms.code_tries
    again = f"{words.ask_code_again}. {words.tries_left(sale.code_tries_left)}"
    prompt = words.ask_code if is_first_try or entry.digits else again
    hint = words.key_ok_or_clear if entry.digits else words.key_cancel
    return Screen(headline=format_kr(sale.amount_kr), prompt=prompt, entry=entry.masked, hint=hint)


def _checking_payment(sale: Sale, words: Words) -> Screen:
    """Money may have moved. Never "declined": the reader would take the money a second time."""
    return Screen(
        banner=words.checking_payment,
        headline=format_kr(sale.amount_kr),
        prompt=words.checking_stay,
        hint=words.checking_call if sale.stands_unknown else words.one_moment,
    )


def _result(sale: Sale, words: Words) -> Screen:
    assert sale.reason is not None, f"sale {sale.number} ended without a reason"
    advice, outcome = words.results[sale.reason], sale.reason.outcome
    banner, amount = words.outcomes[outcome], format_kr(sale.amount_kr)
    if outcome in _SETTLED:
        return Screen(banner=banner, headline=amount, prompt=advice.what)
    if outcome in _LOOKED_UP:
        return Screen(banner=banner, headline=amount, prompt=advice.next)
    return Screen(
        banner=banner, prompt=advice.what, hint=words.may_stay_reserved if sale.may_stay_reserved else advice.next
    )
