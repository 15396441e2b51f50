"""What registers do at the counter with payments, and what they must find: one function a case, for every protocol."""

from __future__ import annotations

from terminal.sale import effects as fx
from terminal.sale.sale import Outcome, Reason, State
from terminal.simulation.registers.driver import Manner
from tests.unit.register.endings import DUPLICATE, LONG_S, UNKNOWN_WORDS, assert_ended
from tests.unit.register.register_shop import MAX_AMOUNT_KR, MIN_AMOUNT_KR, WITHOUT_CREDIT, Shop

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


def lets_the_capture_be_unknown(shop: Shop) -> None:
    """As long as nobody knows whether the customer paid, the register is told neither."""
    shop.ring_up()
    shop.identify()
    shop.never_learns_of_the_capture()
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
