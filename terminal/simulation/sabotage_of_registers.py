"""Broken rules of the registers' protocols and of their names; the others stand in sabotage.py."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any
from unittest.mock import patch

from msgspec.structs import replace

from terminal.counter import of_register, of_totals, register_ids
from terminal.counter.inputs import RegisterRequestLookedUp
from terminal.counter.register_words import SaleRequest, SaleResult
from terminal.counter.rules import CounterRules
from terminal.counter.view import View
from terminal.loop.bookkeeper import Bookkeeper
from terminal.register.concert import codec as concert_codec
from terminal.register.concert import wish as concert_wish
from terminal.register.concert.codec import ConcertProtocol
from terminal.register.http import answers as http_answers
from terminal.register.http.forms import Payment
from terminal.register.taps.total import TotalFinder
from terminal.register.zvt.network import NetworkLink
from terminal.register.zvt.session import Session
from terminal.register.zvt.telling import Telling
from terminal.register.zvt.turns import Purpose, Turns
from terminal.sale.sale import Outcome, Sale, State
from terminal.simulation.broken_rule import BrokenRule
from terminal.simulation.world import Rates


def _silence_is_yes() -> Iterator[None]:
    """Whatever a ZVT register answers to "paid", and if it answers nothing: it has taken it."""
    with patch.object(Telling, "_not_taken", lambda telling, report, **_said: telling._decide(report, taken=True)):
        yield


def _copy_before_result() -> Iterator[None]:
    """A ZVT register that repeats a receipt without asking for its status gets just the paper."""
    tell_again = Telling.tell_again

    def copy_only(telling: Telling, result: SaleResult, service: int, now_s: float) -> None:
        acknowledged = replace(result, sale=replace(result.sale, acknowledged=True) if result.sale else None)
        held, telling._held = telling._held, None
        tell_again(telling, acknowledged, service, now_s)
        telling._held = telling._held or held

    with patch.object(Telling, "tell_again", copy_only):
        yield


def _same_customer_for_ever() -> Iterator[None]:
    """However late a Concert register asks the same again: it is the same sale."""
    with patch.object(concert_codec, "SAME_WISH_S", math.inf), patch.object(concert_wish, "SAME_WISH_S", math.inf):
        yield


def _close_what_is_empty() -> Iterator[None]:
    """A register that asks for its end of day again ends the next one, too."""
    with patch.object(of_totals, "_untold", lambda _view, _asked: None):
        yield


def _tell_after_start() -> Iterator[None]:
    """After a start a Concert register is told a result, whatever it waits for by then."""
    tell = ConcertProtocol._result

    def tell_at_once(protocol: ConcertProtocol, result: SaleResult, now_s: float) -> None:
        protocol._wish.echo = protocol._wish.echo or result.echo
        tell(protocol, result, now_s)

    with patch.object(ConcertProtocol, "_result", tell_at_once):
        yield


def _progress_for_everybody() -> Iterator[None]:
    """How far a payment is is told to every ZVT register, whether or not it has asked for it."""
    with patch.object(Session, "tells_progress", True):
        yield


def _name_for_ever() -> Iterator[None]:
    """Yesterday's receipt of the same number is the same sale."""
    in_time = register_ids.names_still

    def for_ever(wish: register_ids.Wish | None, _named_for: register_ids.NamedFor) -> bool:
        return in_time(wish, register_ids.NamedFor(math.inf, math.inf))

    with patch.object(register_ids, "names_still", for_ever):
        yield


def _told_under_any_id() -> Iterator[None]:
    """How yesterday's receipt ends at last is told to today's of the same number."""
    with patch.object(Bookkeeper, "_named_for_s", lambda _keeper, _told: math.inf):
        yield


def _forget_names() -> Iterator[None]:
    """Whatever has ended has freed its id."""
    meaning_of = register_ids.meaning_of

    def forgetful(wish: register_ids.Wish | None, **asked: Any) -> register_ids.Meaning:
        return meaning_of(wish if wish is not None and wish.is_open else None, **asked)

    with patch.object(of_register, "meaning_of", forgetful):
        yield


def _try_again_at_once() -> Iterator[None]:
    """A repetition of what was declined a moment ago is a new try."""
    with patch.object(register_ids, "REPEATED_WITHIN_S", 0.0):
        yield


def _offer_whatever_was_paid() -> Iterator[None]:
    """A slip's total is offered, however the slip says that it was paid."""
    with patch.object(TotalFinder, "_less_what_was_paid", lambda _finder, total, _below: total):
        yield


def _key_names_a_wish() -> Iterator[None]:
    """Under the key of a payment that ended unpaid another one begins."""
    meaning_of = register_ids.meaning_of

    def of_wish(wish: register_ids.Wish | None, **asked: Any) -> register_ids.Meaning:
        return meaning_of(wish, **(asked | {"names_one_try": False}))

    with patch.object(of_register, "meaning_of", of_wish):
        yield


def _key_of_any_program() -> Iterator[None]:
    """Whoever shows a key is told the payment that another program has asked for under it."""
    meaning_of = of_register._meaning_of

    def of_anybody(
        view: View, asked: RegisterRequestLookedUp, request: SaleRequest, rules: CounterRules
    ) -> register_ids.Meaning:
        echo = asked.known.register_echo if asked.known is not None else request.echo
        return meaning_of(view, asked, replace(request, echo=echo), rules)

    with patch.object(of_register, "_meaning_of", of_anybody):
        yield


def _capture_told_as_paid() -> Iterator[None]:
    """A register program is told "approved" as soon as the capture has left."""
    payment_of = http_answers.payment_of

    def hopeful(sale: Sale, *wording: Any) -> Payment:
        payment = payment_of(sale, *wording)
        return replace(payment, outcome=Outcome.APPROVED) if sale.state is State.CAPTURE else payment

    with patch.object(http_answers, "payment_of", hopeful):
        yield


def _late_answer_is_the_next() -> Iterator[None]:
    """Over a network, whatever answer comes is that to the frame that left last."""
    with patch.object(NetworkLink, "answers_come_in_order", False):
        yield


def _unheard_refusal() -> Iterator[None]:
    """A ZVT register that has not heard that its second payment must wait is told how the first one ended."""
    respond = Turns.respond

    def lightly(turns: Turns, apdu: bytes, purpose: Purpose = Purpose.RESPONSE) -> None:
        respond(turns, apdu, Purpose.RESPONSE if purpose is Purpose.REFUSED_PAYMENT else purpose)

    with patch.object(Turns, "respond", lightly):
        yield


LONG_OPEN = Rates(call_trouble=0.9, power_cut=0.01, register_mood=0.9)
"""Here a sale stays open over night now and then."""
RULES_OF_REGISTERS: Mapping[str, BrokenRule] = {
    "silence of the register taken for yes": BrokenRule(patches=_silence_is_yes, protocol="zvt"),
    "copy of a receipt before its result": BrokenRule(
        patches=_copy_before_result, protocol="zvt", rates=Rates(line_trouble=0.3, power_cut=0.05)
    ),
    "the next customer's request taken for a repetition": BrokenRule(
        patches=_same_customer_for_ever,
        protocol="concert",
        rates=Rates(power_cut=0.03, register_mood=0.5, call_trouble=0.5),
    ),
    "late answer over a network taken for the next": BrokenRule(
        patches=_late_answer_is_the_next,
        protocol="zvt-tcp",
        rates=Rates(line_trouble=0.15, register_mood=0.3, power_cut=0.01),
    ),
    "first payment told to who waits for the second": BrokenRule(
        patches=_unheard_refusal,
        protocol="zvt",
        rates=Rates(line_trouble=0.35, register_mood=0.9, call_trouble=0.5, late_answer=0.5),
    ),
    "progress told to who has not asked for it": BrokenRule(patches=_progress_for_everybody, protocol="zvt-tcp"),
    "totals of an end of day lost on the line": BrokenRule(
        patches=_close_what_is_empty, protocol="zvt", rates=Rates(line_trouble=0.2, power_cut=0.02, register_mood=0.8)
    ),
    "id that names one sale for ever": BrokenRule(patches=_name_for_ever),
    "late result told under an id of another day": BrokenRule(
        patches=_told_under_any_id, rates=LONG_OPEN, api="v2", capture_mode=None
    ),
    "id forgotten once its sale has ended": BrokenRule(patches=_forget_names),
    "total offered that was paid by card": BrokenRule(patches=_offer_whatever_was_paid, protocol="receipt"),
    "declined sale begun again at once": BrokenRule(patches=_try_again_at_once),
    "key that names a wish instead of a try": BrokenRule(patches=_key_names_a_wish, protocol="http"),
    "key of one program answered to another": BrokenRule(
        patches=_key_of_any_program, protocol="http", rates=Rates(register_mood=0.7)
    ),
    "capture told to a program as paid": BrokenRule(patches=_capture_told_as_paid, protocol="http"),
    "result told to whoever listens after a start": BrokenRule(
        patches=_tell_after_start,
        protocol="concert",
        rates=Rates(power_cut=0.03, register_mood=0.9, call_trouble=0.3),
    ),
}
