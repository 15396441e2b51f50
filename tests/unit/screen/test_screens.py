"""What stands on the screen at each moment of a sale."""

from __future__ import annotations

from itertools import product

from msgspec.structs import replace

from hardware.interfaces import PrinterStatus
from terminal.counter.trouble import Trouble, troubles_of
from terminal.counter.typing import Entry
from terminal.counter.view import Conditions, View
from terminal.sale.customer import CustomerKind, IdentifierProblem
from terminal.sale.record import JournalHealth
from terminal.sale.sale import MISSES_UNTIL_UNKNOWN, Outcome, Reason, Sale, State
from terminal.sale.sensitive import Sensitive
from terminal.screen.screens import Screen, screen_for
from terminal.texts.sentences import words_in
from terminal.texts.words import Language
from tests.each import each, each_of
from tests.golden.samples import LANGUAGES, SALE, WORST
from tests.golden.views import VIEWS

every_language = each_of("language", LANGUAGES)

ENDED = (State.REPORT, State.ATTENTION, State.CLOSED)
CHECKING = [
    replace(SALE, state=State.CAPTURE, committed=True, misses=MISSES_UNTIL_UNKNOWN),
    replace(SALE, state=State.CAPTURE, committed=True, settling=True, reason=Reason.CASHIER_CANCELLED),
    replace(SALE, state=State.VOID, committed=True, misses=MISSES_UNTIL_UNKNOWN, reason=Reason.TIMED_OUT),
]


def screen_of(sale: Sale, language: Language = "en", **view: object) -> Screen:
    return screen_for(View(sale=sale, **view), language)  # type: ignore[arg-type]


def test_idle_greets_with_the_shop_and_is_ready() -> None:
    assert screen_for(View(), "is", shop_name="Blómabúðin").lines == ("Netgíró", "Blómabúðin", "Tilbúið   0 English")


@each_of(
    ("conditions", "trouble"),
    [
        (Conditions(journal_ok=False), Trouble.JOURNAL),
        (Conditions(keypad_ok=False), Trouble.KEYPAD),
        (Conditions(register_ok=False), Trouble.REGISTER),
        (Conditions(network_ok=False), Trouble.NETWORK),
        (Conditions(printer=PrinterStatus.PAPER_OUT), Trouble.PAPER_OUT),
        (Conditions(printer=PrinterStatus.COVER_OPEN), Trouble.COVER_OPEN),
        (Conditions(printer=PrinterStatus.OFFLINE), Trouble.PRINTER_OFFLINE),
        (Conditions(pending_receipts=1), Trouble.RECEIPTS_PENDING),
        (Conditions(journal_health=JournalHealth.INCOMPLETE), Trouble.JOURNAL_INCOMPLETE),
        (Conditions(journal_health=JournalHealth.UNMIRRORED), Trouble.JOURNAL_UNMIRRORED),
        (Conditions(journal_health=JournalHealth.REPAIRED), Trouble.JOURNAL_REPAIRED),
    ],
)
@every_language
def test_idle_tells_what_is_wrong_and_what_to_do(conditions: Conditions, trouble: Trouble, language: Language) -> None:
    screen = screen_for(View(conditions=conditions), language)
    advice = words_in(language).troubles[trouble]
    assert (screen.banner, screen.prompt) == (advice.what, advice.next)
    assert screen.hint.startswith(words_in(language).ready) == (not trouble.hinders_sales)


@every_language
def test_idle_tells_how_many_sales_wait_for_staff(language: Language) -> None:
    waiting = tuple(replace(SALE, number=number, state=State.ATTENTION, reason=Reason.REFUND_DUE) for number in (7, 8))
    advice = words_in(language).troubles[Trouble.SALES_WAITING]
    assert screen_for(View(attention=waiting), language).banner == f"{advice.what} (2)"
    assert screen_for(View(attention=waiting[:1]), language).banner == advice.what


@each_of("status", [PrinterStatus.OK, PrinterStatus.UNKNOWN])
def test_printer_that_reports_no_fault_is_no_trouble(status: PrinterStatus) -> None:
    assert troubles_of(Conditions(printer=status)) == ()


def test_troubles_come_most_hindering_first() -> None:
    troubles = troubles_of(WORST)
    assert troubles[0] is Trouble.JOURNAL
    assert [trouble.hinders_sales for trouble in troubles] == sorted(
        (trouble.hinders_sales for trouble in troubles), reverse=True
    )


@each_of("state", [state for state in State if state not in ENDED])
@every_language
def test_open_sale_shows_its_amount_and_a_mark_for_every_trouble(state: State, language: Language) -> None:
    screen = screen_of(replace(SALE, state=state), language, conditions=WORST)
    assert screen.headline == "1.990 kr."
    assert screen.marks == tuple(words_in(language).troubles[trouble].what for trouble in troubles_of(WORST))


def test_entry_asks_for_any_identifier_until_a_kind_is_chosen() -> None:
    assert screen_of(SALE).prompt == "App code, kennitala or phone"
    assert screen_of(SALE, entry=Entry(kind=CustomerKind.PHONE)).prompt == "Phone number"


@every_language
@each_of("entry", [Entry(), Entry(kind=CustomerKind.KENNITALA), Entry(Sensitive("12"))])
def test_where_no_kennitala_is_taken_none_is_spoken_of(entry: Entry, language: Language) -> None:
    sale = replace(SALE, terms=replace(SALE.terms, takes_kennitala=False))
    screen = screen_of(sale, language, entry=entry)
    assert not any("kennit" in line.lower() for line in screen.lines)


def test_hint_says_what_the_star_key_does_now() -> None:
    assert screen_of(SALE).hint == "* cancel"
    assert screen_of(SALE, entry=Entry(Sensitive("8"))).hint == "# OK   * clear"
    assert screen_of(SALE, entry=Entry(kind=CustomerKind.PHONE)).hint == "# OK   * clear"


@each_of("state", State)
@each_of("problem", [None, IdentifierProblem.BAD_PHONE])
def test_typed_digits_never_reach_a_screen(state: State, problem: IdentifierProblem | None) -> None:
    sale = replace(SALE, state=state, reason=Reason.PAID if state in ENDED else None)
    screen = screen_of(sale, entry=Entry(Sensitive("5554443"), problem=problem))
    assert not any(digits in line for line in screen.lines for digits in ("55", "54", "44", "43"))
    assert screen.entry in ("", "••••••3")


def test_entry_of_an_open_sale_is_not_shown_with_an_old_result() -> None:
    result = replace(SALE, state=State.CLOSED, reason=Reason.PAID)
    assert screen_for(View(result=result, entry=Entry(Sensitive("12"))), "en").entry == ""


def test_open_sale_is_shown_rather_than_the_last_result() -> None:
    result = replace(SALE, number=1, amount_kr=5, state=State.CLOSED, reason=Reason.PAID)
    assert screen_for(View(sale=SALE, result=result), "en").headline == "1.990 kr."


@each_of("problem", IdentifierProblem)
@every_language
def test_refused_entry_says_why_and_what_to_type(problem: IdentifierProblem, language: Language) -> None:
    advice = words_in(language).identifier_problems[problem]
    for state in (State.ENTRY, State.CODE_ENTRY):
        screen = screen_of(replace(SALE, state=state), language, entry=Entry(Sensitive("12"), problem=problem))
        assert (screen.prompt, screen.hint) == (advice.what, advice.next)


def test_only_a_customer_with_a_phone_is_told_to_approve() -> None:
    prompts = {
        kind: screen_of(replace(SALE, state=State.CUSTOMER, customer_kind=kind), "is").prompt for kind in CustomerKind
    }
    assert prompts[CustomerKind.PHONE] == "Samþykktu í Netgíró-appinu"
    assert prompts[CustomerKind.APP_CODE] == "Fylgstu með appinu"
    assert prompts[CustomerKind.KENNITALA] == "Tengist Netgíró"


def test_cancelling_shows_while_the_authorization_is_still_on_its_way() -> None:
    sale = replace(SALE, state=State.AUTHORIZATION)
    assert screen_of(sale).prompt == "Contacting Netgíró"
    assert screen_of(replace(sale, reason=Reason.CASHIER_CANCELLED)).prompt == "Cancelling…"


def test_code_entry_tells_tries_left_and_that_the_last_code_was_wrong() -> None:
    sale = replace(SALE, state=State.CODE_ENTRY)
    assert screen_of(sale).lines == ("1.990 kr.", "Code from the SMS", "* cancel")
    again = replace(sale, code_tries_left=1)
    assert screen_of(again).lines == ("1.990 kr.", "Wrong code. 1 try left", "* cancel")
    assert screen_of(again, entry=Entry(Sensitive("7"))).prompt == "Code from the SMS"


def test_every_wait_that_the_star_ends_says_so() -> None:
    waits = [
        replace(SALE, state=state, customer_kind=kind)
        for state in (State.AUTHORIZATION, State.CUSTOMER, State.CODE_ENTRY, State.CODE_CHECK)
        for kind in CustomerKind
    ]
    assert {screen_of(sale, "is").hint for sale in waits} == {"* hætta við"}
    assert screen_of(replace(SALE, state=State.CAPTURE), "is").hint != "* hætta við"


@each_of("sale", CHECKING)
@every_language
def test_unknown_payment_is_being_checked_and_never_called_ended(sale: Sale, language: Language) -> None:
    words = words_in(language)
    screen = screen_of(sale, language, conditions=Conditions(network_ok=False))
    then = words.checking_call if sale.stands_unknown else words.one_moment
    assert screen.lines == (words.checking_payment, "1.990 kr.", words.checking_stay, then)
    ended = [words.outcomes[outcome].casefold() for outcome in Outcome]
    assert not any(word in line.casefold() for line in screen.lines for word in ended)


def test_result_leads_with_the_outcome() -> None:
    with each() as case:
        for reason, state, language in product(Reason, ENDED, LANGUAGES):
            with case(reason, state, language):
                sale = replace(SALE, state=state, reason=reason)
                screen = screen_for(View(result=sale), language)
                words = words_in(language)
                assert screen.banner.startswith(words.outcomes[reason.outcome])
                advice = words.results[reason]
                assert screen.prompt in (advice.what, advice.next)
                assert screen.hint in ("", advice.next)
                amount_is_shown = any("1.990 kr." in line for line in screen.lines)
                has_amount = reason.outcome not in (Outcome.DECLINED, Outcome.CANCELLED, Outcome.FAILED)
                assert amount_is_shown == has_amount


def test_whatever_is_left_to_do_stands_on_the_result() -> None:
    with each() as case:
        for reason, language in product(Reason, LANGUAGES):
            if reason.outcome is Outcome.APPROVED:
                continue
            with case(reason, language):
                screen = screen_for(View(result=replace(SALE, state=State.CLOSED, reason=reason)), language)
                next_step = words_in(language).results[reason].next
                assert next_step in screen.lines or reason.outcome is Outcome.REFUNDED


def test_paid_sale_keeps_the_mark_of_a_receipt_that_waits() -> None:
    assert screen_for(VIEWS["paid_out_of_paper"], "is").marks == ("Pappír búinn", "Kvittun bíður")


def test_lines_are_all_texts_and_none_is_empty() -> None:
    with each() as case:
        for name, language in product(VIEWS, LANGUAGES):
            with case(name, language):
                screen = screen_for(VIEWS[name], language)
                assert screen.lines
                assert all(screen.lines)
                assert set(screen.marks) <= set(screen.lines)
