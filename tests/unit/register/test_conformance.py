"""What every register can expect, whatever it speaks: one suite for all protocols.

Each case is carried out with a register that shares no line with the terminal's codec, or it cannot be said in that
protocol, and then CANNOT_BE_SAID says why. registers.md in terminal/register shows the same table.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from terminal.sale import effects as fx
from terminal.sale.gateway import CaptureMode
from terminal.sale.sale import Outcome, Reason, State
from terminal.simulation.registers.driver import Manner
from terminal.simulation.registers.languages import LANGUAGES
from tests.unit.register.register_shop import MAX_AMOUNT_KR, MIN_AMOUNT_KR, WITHOUT_CREDIT, Shop

PAGE = Path(__file__).parents[3] / "terminal" / "register" / "registers.md"
TAPS = ("display", "receipt", "display-of-two", "receipt-of-two")
LONG_S = 400.0
"""Longer than any register has patience and than any result is told."""

Case = Callable[[Shop], None]


def assert_ended(shop: Shop, outcome: Outcome, *told: tuple[bool, int]) -> None:
    """The newest sale ended so, the register has taken this of it, and the money agrees."""
    assert shop.sale.outcome is outcome
    assert shop.sale.state is (State.ATTENTION if outcome in (Outcome.UNKNOWN, Outcome.REFUND_DUE) else State.CLOSED)
    assert shop.told == list(told if shop.register.hears else ())
    if outcome is not Outcome.UNKNOWN:
        paid = outcome in (Outcome.APPROVED, Outcome.REFUND_DUE)
        assert shop.captured == ([shop.sale.amount_kr] if paid else [])


# --- the cases --------------------------------------------------------------------------------------------------------


def pays(shop: Shop) -> None:
    shop.ring_up(1990)
    shop.identify()
    shop.accept()
    assert_ended(shop, Outcome.APPROVED, (True, 1990))
    assert shop.sale.amount_kr == 1990
    assert shop.sale.acknowledged


def declines(shop: Shop) -> None:
    shop.ring_up()
    shop.identify(WITHOUT_CREDIT)
    assert_ended(shop, Outcome.DECLINED, (False, 1990))


def register_cancels(shop: Shop) -> None:
    shop.ring_up()
    shop.identify()
    shop.do(shop.register.cancel)
    assert_ended(shop, Outcome.CANCELLED, (False, 1990))
    assert shop.sale.reason is Reason.REGISTER_CANCELLED


def register_cancels_too_late(shop: Shop) -> None:
    """The capture is leaving when the register cancels: what is paid is told as paid."""

    def cancel_at_capture(call: fx.Call) -> None:
        if isinstance(call, fx.RequestCapture):
            shop.register.cancel()
            shop.flush()

    shop.ring_up()
    shop.identify()
    shop.on_call = cancel_at_capture
    shop.accept()
    shop.wait()
    assert_ended(shop, Outcome.APPROVED, (True, 1990))


def cashier_cancels(shop: Shop) -> None:
    shop.ring_up()
    shop.press("*")
    assert_ended(shop, Outcome.CANCELLED, (False, 1990))
    assert shop.sale.reason is Reason.CASHIER_CANCELLED


def asks_again_while_open(shop: Shop) -> None:
    """One payment, one result."""
    shop.ring_up()
    shop.do(shop.register.pay_again)
    shop.identify()
    shop.do(shop.register.pay_again)
    shop.accept()
    assert_ended(shop, Outcome.APPROVED, (True, 1990))
    assert len(shop.sales) == 1
    assert shop.register.refusals == (["9C", "9C"] if shop.language.startswith("zvt") else [])


def asks_for_last_result(shop: Shop) -> None:
    """The stored result, and no second payment."""
    pays(shop)
    shop.do(shop.register.repeat_last)
    assert_ended(shop, Outcome.APPROVED, (True, 1990), (True, 1990))
    assert len(shop.sales) == 1


def gives_up(shop: Shop) -> None:
    """Where a payment is final only when it is taken it is due for a refund; elsewhere it can be asked for later."""
    shop.ring_up()
    shop.identify()
    shop.do(shop.register.give_up)
    shop.accept()
    shop.wait(LONG_S)
    if shop.register.acknowledges:
        assert_ended(shop, Outcome.REFUND_DUE)
        return
    assert_ended(shop, Outcome.APPROVED)
    shop.register.is_silent = False
    shop.do(shop.register.repeat_last)
    assert_ended(shop, Outcome.APPROVED, (True, 1990))


def restarts_before_payment(shop: Shop) -> None:
    """Never captured after a start: the cashier may have been paid in another way."""
    shop.ring_up()
    shop.identify()
    shop.restart()
    ask_if_not_told(shop)
    assert_ended(shop, Outcome.CANCELLED, (False, 1990))


def restarts_after_payment(shop: Shop) -> None:
    """The capture has left when the power goes; what came of it is told later."""

    def cut_after_capture(call: fx.Call) -> None:
        if isinstance(call, fx.RequestCapture):
            shop.world.at(0.5, shop.terminal.switch_off)

    shop.ring_up()
    shop.identify()
    shop.on_call = cut_after_capture
    shop.netgiro.lost.add("ConfirmCart")
    shop.accept()
    assert not shop.terminal.is_on
    assert shop.told == []
    shop.wait(10)
    shop.terminal.switch_on()
    shop.wait()
    ask_if_not_told(shop)
    assert_ended(shop, Outcome.APPROVED, (True, 1990))


def ask_if_not_told(shop: Shop) -> None:
    """A ZVT register is not told by itself: it asks once its session has run out. A Concert register tries again."""
    if shop.language == "concert" and not shop.register.told:
        shop.do(shop.register.pay_again)
    if shop.register.hears and not shop.register.told:
        shop.wait(max(0.0, (shop.register.next_wakeup_s or 0.0) - shop.world.now_s))
        shop.do(lambda: shop.register.nudge(shop.world.rng))


def is_busy(shop: Shop) -> None:
    """A second request starts nothing; where requests have no names it gives up the first, which nobody is to pay."""
    shop.ring_up(1990)
    shop.identify()
    shop.ring_up(590)
    assert len(shop.sales) == 1
    is_refused = bool(shop.register.refusals) or shop.told == [(False, 590)]
    assert is_refused == shop.register.hears
    if not shop.register.acknowledges:
        assert shop.sale.state is State.CUSTOMER
        shop.press("*")
    shop.wait(LONG_S)
    assert shop.sale.outcome is Outcome.CANCELLED
    assert shop.captured == []


def turns_away(shop: Shop) -> None:
    """A register that began anew does not take the old result for the new one's, nor acknowledge it by mistake."""

    def ask_anew_at_capture(call: fx.Call) -> None:
        if isinstance(call, fx.RequestCapture):
            shop.on_call = lambda _call: None
            shop.register.pay(590, "R2")
            shop.flush()

    shop.ring_up(1990)
    shop.identify()
    shop.on_call = ask_anew_at_capture
    shop.accept()
    shop.wait(LONG_S)
    assert len(shop.sales) == 1
    assert shop.captured == [1990]
    assert shop.sale.outcome is (Outcome.REFUND_DUE if shop.register.acknowledges else Outcome.APPROVED)
    says_whose = shop.language in ("line", "http")
    assert ((True, 1990) in shop.told) == says_whose, "only there it is said whose result it is"


def names_too_much(shop: Shop) -> None:
    shop.ring_up(MAX_AMOUNT_KR + 1)
    assert_nothing_began(shop)
    shop.ring_up(MAX_AMOUNT_KR)
    assert shop.sale.amount_kr == MAX_AMOUNT_KR


def names_too_little(shop: Shop) -> None:
    shop.ring_up(MIN_AMOUNT_KR - 1)
    assert_nothing_began(shop)
    shop.ring_up(MIN_AMOUNT_KR)
    assert shop.sale.amount_kr == MIN_AMOUNT_KR


def assert_nothing_began(shop: Shop) -> None:
    assert shop.sales == []
    is_refused = bool(shop.register.refusals) or [paid for paid, _ in shop.told] == [False]
    assert is_refused == shop.register.hears


def writes_aurar(shop: Shop) -> None:
    """A hundred times too much: the limit stops it."""
    shop.ring_up(1990)
    assert_nothing_began(shop)


def writes_kronur_where_aurar_are_expected(shop: Shop) -> None:
    """A hundredth: the last two digits of an honest amount are not 00."""
    shop.ring_up(1990)
    assert_nothing_began(shop)


def stands_unknown(shop: Shop) -> None:
    """Approval alone pays, and its answer is lost: never told as paid, never as declined, left to staff."""
    shop.netgiro.lost.add("InsertCart")
    shop.ring_up()
    shop.identify()
    shop.wait()
    assert_ended(shop, Outcome.UNKNOWN, (False, 1990))
    assert [told.words for told in shop.register.told] == UNKNOWN_WORDS[shop.language]


UNKNOWN_WORDS = {
    "line": ["NO UNKNOWN"],
    "http": ["UNKNOWN"],
    "zvt": ["27 FF"],
    "zvt-tcp": ["27 FF"],
    "concert": ["status 7"],
    **{tap: [] for tap in TAPS},
}
"""ZVT says "system error"; Concert has one word for everything that is not a sale."""
DUPLICATE = {"line": "DUPLICATE", "http": "key_reused"}
NOTHING_LEFT = {"line": "REFUND", "http": "nothing_left", "zvt": "B4", "zvt-tcp": "B4"}


def lets_the_capture_be_unknown(shop: Shop) -> None:
    """As long as nobody knows whether the customer paid, the register is told neither."""
    shop.ring_up()
    shop.identify()
    shop.netgiro.lost |= {"ConfirmCart", "CheckCart", "CancelCart"}
    shop.netgiro.book.accept(shop.netgiro.deciding.pop())
    shop.netgiro.lost.discard("CheckCart")
    shop.wait()
    shop.netgiro.lost.add("CheckCart")
    shop.wait(60)
    assert shop.sale.outcome is Outcome.UNKNOWN
    assert shop.told == []
    shop.netgiro.lost.clear()
    shop.wait(60)
    assert_ended(shop, Outcome.APPROVED, (True, 1990))


def refuses_the_result(shop: Shop) -> None:
    """No goods were given, and the payment cannot be undone by a call: staff must pay it back."""
    shop.register.manner = lambda: "refuses"
    shop.ring_up()
    shop.identify()
    shop.accept()
    shop.wait(60)
    assert shop.sale.outcome is Outcome.REFUND_DUE
    assert shop.sale.state is State.ATTENTION
    assert shop.captured == [1990]
    assert (True, 1990) not in shop.told


def takes_the_result_later(shop: Shop) -> None:
    manners: list[Manner] = ["takes", "waits"]
    shop.register.manner = manners.pop
    shop.ring_up()
    shop.identify()
    shop.accept()
    shop.wait(10)
    assert_ended(shop, Outcome.APPROVED, (True, 1990))


def tries_again_after_a_no(shop: Shop) -> None:
    """At once it is a repetition, whose answer got lost; a little later the customer has found money."""
    declines(shop)
    shop.do(shop.register.pay_again)
    assert_ended(shop, Outcome.DECLINED, (False, 1990), (False, 1990))
    assert len(shop.sales) == 1
    shop.wait(10)
    shop.do(shop.register.pay_again)
    assert len(shop.sales) == 2
    shop.identify()
    shop.accept()
    assert_ended(shop, Outcome.APPROVED, (False, 1990), (False, 1990), (True, 1990))


def tries_again_after_a_no_and_a_power_cut(shop: Shop) -> None:
    """The ten seconds go on while the terminal is off."""
    declines(shop)
    shop.restart(dark_s=10.0)
    shop.do(shop.register.pay_again)
    assert len(shop.sales) == 2


def names_another_amount(shop: Shop) -> None:
    pays(shop)
    shop.do(lambda: shop.register.pay(590, "R1"))
    assert shop.register.refusals == [DUPLICATE[shop.language]]
    assert_ended(shop, Outcome.APPROVED, (True, 1990))


def numbers_from_one_the_next_morning(shop: Shop) -> None:
    pays(shop)
    shop.wait(20 * 3600.0)
    shop.do(lambda: shop.register.pay(1990, "R1"))
    assert len(shop.sales) == 2
    assert shop.told == [(True, 1990)], "yesterday's money pays nothing today"
    shop.identify()
    shop.accept()
    assert shop.told == [(True, 1990), (True, 1990)]
    assert shop.captured == [1990, 1990]


def gives_back(shop: Shop) -> None:
    """All of it, once: the register is told that the money is back, and then that nothing is left."""
    told: list[tuple[bool, int]] = []
    shop.register.on_refund_told = lambda word: told.append((word.paid, word.amount_kr))
    pays(shop)
    shop.do(lambda: shop.register.refund("R1", None))
    assert told == [(True, 1990)]
    assert shop.returned == [1990]
    shop.wait(10)
    shop.do(lambda: shop.register.refund("R1", 1))
    assert shop.returned == [1990]
    assert (len(told), shop.register.refusals) == (1, [NOTHING_LEFT[shop.language]])


def gives_a_part_back(shop: Shop) -> None:
    pays(shop)
    shop.do(lambda: shop.register.refund("R1", 500))
    shop.do(lambda: shop.register.refund("R1", 2000))
    assert shop.returned == [500]
    assert len(shop.register.refusals) == 1, "more than is left"


def gives_back_by_amount(shop: Shop) -> None:
    """No sale is named: the only whole payment of this amount is meant, and of two neither."""
    pays(shop)
    shop.do(lambda: shop.register.refund("R1", 1990))
    assert shop.returned == [1990]
    for _ in range(2):
        shop.ring_up(1990)
        shop.identify()
        shop.accept()
    shop.do(lambda: shop.register.refund("R2", 1990))
    assert shop.returned == [1990]
    assert shop.register.refusals == ["B5"]


def asks_how_a_refund_ended(shop: Shop) -> None:
    told: list[tuple[bool, int]] = []
    shop.register.on_refund_told = lambda word: told.append((word.paid, word.amount_kr))
    pays(shop)
    shop.do(lambda: shop.register.refund("R1", 500))
    shop.restart()
    shop.do(shop.register.repeat_last)
    assert told == [(True, 500), (True, 500)]


def gives_back_without_an_answer(shop: Shop) -> None:
    """As long as nobody knows whether the money is back the register is told neither, and the next customer can pay."""
    told: list[tuple[bool, str]] = []
    shop.register.on_refund_told = lambda word: told.append((word.paid, word.words))
    pays(shop)
    shop.netgiro.lost |= {"Refund", "refund"}
    shop.do(lambda: shop.register.refund("R1", None))
    shop.wait(40)
    in_words = UNKNOWN_WORDS[shop.language][0]
    assert told == [(False, f"refund {in_words}" if shop.language.startswith("zvt") else in_words)]
    shop.netgiro.lost.clear()
    shop.wait(600)
    assert shop.returned == [1990]
    shop.ring_up(590)
    assert shop.sale.amount_kr == 590


CASES: Mapping[str, Case] = {
    "the customer pays": pays,
    "the customer is declined": declines,
    "the register cancels": register_cancels,
    "the register cancels too late": register_cancels_too_late,
    "the cashier cancels": cashier_cancels,
    "the same request again while the sale is open": asks_again_while_open,
    "the last result again": asks_for_last_result,
    "the register gives up": gives_up,
    "the terminal restarts before the payment": restarts_before_payment,
    "the terminal restarts after the payment": restarts_after_payment,
    "another request while one is open": is_busy,
    "another request, and then the first is paid": turns_away,
    "more than `max_amount`": names_too_much,
    "less than `min_amount`": names_too_little,
    "aurar where kronur are expected": writes_aurar,
    "kronur where aurar are expected": writes_kronur_where_aurar_are_expected,
    "an authorization without an answer": stands_unknown,
    "a capture without an answer": lets_the_capture_be_unknown,
    "the register takes the result later": takes_the_result_later,
    "the register refuses the result": refuses_the_result,
    "a payment is given back": gives_back,
    "a part is given back": gives_a_part_back,
    "a payment is given back by its amount": gives_back_by_amount,
    "the last refund again": asks_how_a_refund_ended,
    "a refund without an answer": gives_back_without_an_answer,
    "the same name again after a no": tries_again_after_a_no,
    "the same name again after a no and a power cut": tries_again_after_a_no_and_a_power_cut,
    "another amount under a name that is paid": names_another_amount,
    "the same name the next morning": numbers_from_one_the_next_morning,
}
ABOUT_REFUNDS = list(CASES)[-9:-4]
ABOUT_NAMES = list(CASES)[-4:]

OPTIONS: Mapping[str, Mapping[str, object]] = {
    "aurar where kronur are expected": {"register_decimals": 2},
    "kronur where aurar are expected": {"terminal_decimals": 2},
    "an authorization without an answer": {"capture_mode": CaptureMode.AUTOMATIC},
}

NOBODY_ASKS = "the register knows of no terminal"
NO_NAMES = "has no names for sales"
ONE_TRY = "a key names one try: it is answered with the same payment, and a new try has a new key"
NO_REFUNDS = "has no name for the payment that is meant, so refunds stay refused"
NO_ACKNOWLEDGEMENT = "has no acknowledgement; a result can be asked for at any time"

CANNOT_BE_SAID: Mapping[tuple[str, str], str] = {
    **{
        (case, tap): NOBODY_ASKS
        for tap in TAPS
        for case in (
            "the register cancels",
            "the register cancels too late",
            "the last result again",
            "the register gives up",
            "the register takes the result later",
            "the register refuses the result",
        )
    },
    **{
        ("aurar where kronur are expected", tap): "what is shown has a separator, and is read as it is written"
        for tap in TAPS
    },
    **{(case, name): NO_NAMES for case in ABOUT_NAMES for name in LANGUAGES if name not in ("line", "http")},
    **{(case, "http"): ONE_TRY for case in ABOUT_NAMES[:2]},
    **{(case, tap): NOBODY_ASKS for case in ABOUT_REFUNDS for tap in TAPS},
    **{(case, "concert"): NO_REFUNDS for case in ABOUT_REFUNDS},
    **{("a payment is given back by its amount", name): "names every payment" for name in ("line", "http")},
    **{("the last refund again", name): "names every refund, so it asks for that one" for name in ("line", "http")},
    ("aurar where kronur are expected", "http"): "knows whole kronur only",
    ("kronur where aurar are expected", "http"): "knows whole kronur only",
    ("the last result again", "concert"): "has no names: the same request after its answer is the next customer's",
    **{("the register takes the result later", name): NO_ACKNOWLEDGEMENT for name in ("line", "http")},
    **{("the register refuses the result", name): NO_ACKNOWLEDGEMENT for name in ("line", "http")},
}
PAIRS = [(case, language) for language in LANGUAGES for case in CASES if (case, language) not in CANNOT_BE_SAID]


@pytest.mark.parametrize(("case", "language"), PAIRS, ids=lambda name: name.replace(" ", "-"))
def test_what_every_register_can_expect(case: str, language: str) -> None:
    CASES[case](Shop(language, **OPTIONS.get(case, {})))  # type: ignore[arg-type]


def table() -> str:
    """As it stands in registers.md: a row for every case, a number for every reason."""
    reasons = list(dict.fromkeys(CANNOT_BE_SAID.values()))
    rows = [["", *(f"`{language}`" for language in LANGUAGES)], ["---"] * (len(LANGUAGES) + 1)]
    for case in CASES:
        found = [CANNOT_BE_SAID.get((case, language)) for language in LANGUAGES]
        rows.append([case, *(f"no ({reasons.index(reason) + 1})" if reason else "yes" for reason in found)])
    lines = [f"| {' | '.join(row)} |" for row in rows]
    notes = [f"{number}. {reason}" for number, reason in enumerate(reasons, start=1)]
    return "\n".join([*lines, "", *notes]) + "\n"


def test_the_page_of_registers_shows_what_is_carried_out_and_what_cannot_be_said() -> None:
    assert table() in PAGE.read_text(encoding="utf-8"), f"{PAGE} should contain:\n\n{table()}"


SIMULATED = PAGE.parents[1] / "simulation" / "registers"


@pytest.mark.parametrize("path", sorted(SIMULATED.glob("*.py")), ids=lambda path: path.stem)
def test_a_register_shares_nothing_with_the_terminals_codecs(path: Path) -> None:
    """Or a mistake in a codec would agree with itself. Only languages.py knows both ends."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    knows_codecs = any(module.startswith("terminal.register") for module in imported)
    assert knows_codecs == (path.stem == "languages")


def test_what_cannot_be_said_is_what_the_registers_have_no_words_for() -> None:
    for name in LANGUAGES:
        register = Shop(name).register
        said = {case for case in CASES if (case, name) not in CANNOT_BE_SAID}
        assert ("the register cancels" in said) == register.can_cancel, name
        assert ("the last result again" in said) == register.can_ask_again, name
        assert ("the register refuses the result" in said) == register.acknowledges, name
