"""A display tap offers what it reads, once the register is silent; and the counter makes a sale only of a key."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from terminal.counter.decision import KeepOfferFor
from terminal.counter.inputs import ConditionsChanged, KeyPressed, OfferExpired, ResultSeen
from terminal.counter.register_words import (
    RequestRefused,
    ResultDelivered,
    SaleAccepted,
    SaleResult,
    TerminalReady,
    TotalSeen,
)
from terminal.counter.rules import CounterRules
from terminal.counter.view import Conditions, Offer
from terminal.journal.thread import JournalFile
from terminal.loop.bookkeeper import Bookkeeper
from terminal.loop.names import Names
from terminal.register.settings import TotalRules
from terminal.register.taps.display import HALF_SEQUENCE_S, SILENCE_S, DisplayTap
from terminal.sale import events as ev
from terminal.sale.sale import Outcome, Reason, Sale, State
from terminal.screen.screens import screen_for

TOTAL = b"\x0cSAMTALS             \x1f\x24\x01\x02            1.990 kr"
CHANGE = b"\x0cTIL BAKA            \x1f\x24\x01\x02            1.010 kr"


def tap() -> DisplayTap:
    return DisplayTap("epson", TotalRules())


def after(data: bytes, protocol: DisplayTap, now_s: float = 0.0) -> list[object]:
    """What the tap says once the register has been silent."""
    assert protocol.receive_data(data, now_s) == ()
    assert protocol.next_wakeup_s == now_s + SILENCE_S
    return list(protocol.wake(now_s + SILENCE_S))


def test_a_total_is_seen_once_the_register_is_silent() -> None:
    protocol = tap()
    protocol.receive_data(TOTAL[:-6], 0.0)
    assert protocol.wake(SILENCE_S / 2) == []
    protocol.receive_data(TOTAL[-6:], SILENCE_S / 2)
    assert protocol.wake(SILENCE_S) == []
    assert protocol.wake(SILENCE_S * 1.5) == [TotalSeen(1990)]
    assert protocol.next_wakeup_s is None


def test_the_same_total_shown_again_is_no_news() -> None:
    protocol = tap()
    assert after(TOTAL, protocol) == [TotalSeen(1990)]
    assert after(TOTAL, protocol, 10.0) == []


def test_a_total_that_goes_away_is_withdrawn() -> None:
    protocol = tap()
    after(TOTAL, protocol)
    assert after(CHANGE, protocol, 10.0) == [TotalSeen(None)]
    assert after(b"\x0cVELKOMIN", protocol, 20.0) == []


def test_a_display_that_is_unplugged_shows_no_total() -> None:
    protocol = tap()
    after(TOTAL, protocol)
    assert protocol.connection_lost() == (TotalSeen(None),)
    assert after(TOTAL, protocol, 10.0) == [TotalSeen(1990)]


def test_noise_that_looks_like_a_long_sequence_is_forgotten_in_a_silence() -> None:
    protocol = tap()
    assert after(b"\x1f(x\xf0\x01" + TOTAL, protocol) == []
    assert after(TOTAL, protocol, HALF_SEQUENCE_S + 0.1) == [TotalSeen(1990)]
    for at in range(0, len(TOTAL), 5):
        assert protocol.receive_data(TOTAL[at : at + 5], 10.0 + at / 5 * (HALF_SEQUENCE_S - 0.1)) == ()
    assert protocol.lines == ("SAMTALS             ", "            1.990 kr"), "a slow one is read"


def test_a_result_counts_as_told_and_nothing_is_ever_said() -> None:
    protocol = tap()
    result = SaleResult(register_id="T1-1", amount_kr=1990, reason=Reason.PAID, authorization_id=None, text="")
    for reply in (SaleAccepted("T1-1"), result, TerminalReady()):
        protocol.send(reply, 5.0)
    assert protocol.next_wakeup_s is not None
    assert protocol.next_wakeup_s <= 5.0
    assert protocol.wake(5.0) == [ResultDelivered("T1-1")]
    assert protocol.wake(5.0) == []
    assert protocol.data_to_send() == b""


# --- the counter ------------------------------------------------------------------------------------------------------


class Desk:
    """A bookkeeper with its journal."""

    def __init__(self, journal: JournalFile) -> None:
        self.journal = journal
        self.bookkeeper = Bookkeeper(CounterRules(max_amount_kr=100_000), self.journal, Names("T1", lambda: "now"))
        self.bookkeeper.start()

    def see(self, amount_kr: int | None) -> None:
        self.bookkeeper.handle(TotalSeen(amount_kr))

    def press(self, key: str) -> Sale | None:
        self.bookkeeper.handle(KeyPressed(key))
        return self.bookkeeper.view.sale

    def end(self) -> None:
        """The open sale ends as cancelled, and its result has been read."""
        sale = self.bookkeeper.view.sale
        assert sale is not None
        self.bookkeeper.handle(ev.CancelRequested(sale.number, ev.Canceller.CASHIER))
        self.bookkeeper.handle(ResultDelivered(sale.register_id))
        assert self.bookkeeper.view.sale is None

    @property
    def screen(self) -> tuple[str, ...]:
        return screen_for(self.bookkeeper.view, "is").lines


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with JournalFile(tmp_path / "journal.db", lambda: "now") as journal:
        journal.open()
        yield Desk(journal)


def test_an_offer_is_shown_and_starts_nothing(desk: Desk) -> None:
    desk.see(1990)
    assert desk.screen == ("1.990 kr.", "Greiða með Netgíró?", "# já   * nei")
    assert desk.bookkeeper.view.sale is None
    assert list(desk.journal.latest_entries()) == []


@pytest.mark.parametrize("key", ["A", "#"])
def test_a_key_makes_a_sale_of_it_under_a_name_of_the_terminals_own(desk: Desk, key: str) -> None:
    desk.see(1990)
    sale = desk.press(key)
    assert sale is not None
    assert (sale.amount_kr, sale.state, sale.register_id) == (1990, State.ENTRY, sale.reference)
    assert [(entry.event, entry.sale) for entry in desk.journal.latest_entries()] == [("SaleRequested", sale)]


def test_the_menu_hides_an_offer_only_while_it_is_open(desk: Desk) -> None:
    desk.see(1990)
    desk.press("D")
    assert desk.bookkeeper.view.offered_kr is None
    desk.press("*")
    assert desk.bookkeeper.view.offered_kr == 1990


@pytest.mark.parametrize("key", "0123456789BC")
def test_other_keys_leave_an_offer_alone(desk: Desk, key: str) -> None:
    desk.see(1990)
    assert desk.press(key) is None
    assert desk.bookkeeper.view.offered_kr == 1990


def test_without_an_offer_the_keys_start_nothing(desk: Desk) -> None:
    assert desk.press("A") is None
    assert desk.press("#") is None
    desk.see(1990)
    desk.see(None)
    assert desk.press("A") is None


def test_an_offer_can_be_waved_away_and_comes_back_with_the_next_total(desk: Desk) -> None:
    desk.see(1990)
    desk.press("*")
    assert desk.bookkeeper.view.offered_kr is None
    assert desk.press("#") is None
    desk.see(2490)
    assert desk.bookkeeper.view.offered_kr == 2490


def test_an_offer_follows_the_display(desk: Desk) -> None:
    desk.see(1990)
    desk.see(2490)
    sale = desk.press("#")
    assert sale is not None
    assert sale.amount_kr == 2490


def test_an_offer_expires_and_an_older_timer_does_not_end_a_newer_one(desk: Desk) -> None:
    effects = desk.bookkeeper.handle(TotalSeen(1990)).decision.effects
    assert effects == (KeepOfferFor(1990, 300.0),)
    desk.see(2490)
    desk.bookkeeper.handle(OfferExpired(1990))
    assert desk.bookkeeper.view.offered_kr == 2490
    desk.bookkeeper.handle(OfferExpired(2490))
    assert desk.bookkeeper.view.offered_kr is None
    assert desk.press("#") is None


@pytest.mark.parametrize("amount_kr", [0, 100_001])
def test_what_the_shop_does_not_take_is_not_offered(desk: Desk, amount_kr: int) -> None:
    desk.see(1990)
    desk.see(amount_kr)
    assert desk.bookkeeper.view.offer is None


def test_an_open_sale_is_not_changed_by_what_the_display_shows(desk: Desk) -> None:
    desk.see(1990)
    desk.press("#")
    desk.see(2490)
    desk.see(None)
    assert desk.bookkeeper.view.sale is not None
    assert desk.bookkeeper.view.sale.amount_kr == 1990


def test_a_sale_that_was_not_paid_is_offered_again(desk: Desk) -> None:
    desk.see(1990)
    desk.press("#")
    desk.end()
    assert desk.bookkeeper.view.offered_kr is None  # the result is still to be read
    assert desk.press("#") is None
    assert desk.bookkeeper.view.offered_kr == 1990


def test_a_sale_that_was_paid_is_not_offered_again_while_the_display_still_shows_it(desk: Desk) -> None:
    desk.see(1990)
    sale = desk.press("#")
    assert sale is not None
    told = replace(sale, state=State.REPORT, reason=Reason.PAID)
    desk.bookkeeper.view = replace(desk.bookkeeper.view, sale=told)
    desk.see(None)
    desk.see(1990)
    desk.bookkeeper.handle(ResultDelivered(sale.register_id))
    assert desk.bookkeeper.view.result is not None
    assert desk.bookkeeper.view.result.outcome is Outcome.APPROVED
    desk.bookkeeper.handle(ResultSeen(sale.number))
    assert desk.bookkeeper.view.offer == Offer(1990, is_open=False)
    assert desk.press("A") is None


def test_a_disk_that_says_no_starts_no_sale_and_the_offer_stays(desk: Desk) -> None:
    desk.see(1990)
    desk.journal.close()
    handled = desk.bookkeeper.handle(KeyPressed("#"))
    assert [type(reply) for reply in handled.decision.replies] == [RequestRefused]
    assert desk.bookkeeper.view.sale is None
    desk.journal.open()
    assert desk.press("#") is not None


def test_what_hinders_sales_is_shown_in_place_of_an_offer(desk: Desk) -> None:
    desk.see(1990)
    desk.bookkeeper.handle(ConditionsChanged({"keypad_ok": False}))
    assert "1.990 kr." not in desk.screen
    assert desk.bookkeeper.view.conditions == Conditions(keypad_ok=False)
