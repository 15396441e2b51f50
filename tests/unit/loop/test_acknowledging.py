"""What is missing is acknowledged at the keypad: committed as by the command, and logged with who did it."""

from __future__ import annotations

import logging
from pathlib import Path
from unittest.mock import patch

import pytest
from msgspec.structs import replace

from terminal.counter import register_words as reg
from terminal.counter.inputs import Input, KeyPressed, QuestionRead
from terminal.counter.menu import MenuRules, Page
from terminal.counter.menu_codes import CheckCode, CodeJudged, CodeVerdict
from terminal.counter.rules import CounterRules
from terminal.errors import JournalError
from terminal.journal.backup import back_up
from terminal.journal.restore import restore
from terminal.journal.thread import JournalFile
from terminal.loop.bookkeeper import Bookkeeper
from terminal.loop.names import Names
from terminal.sale.record import JournalHealth
from terminal.system.timestamps import timestamp
from tests.unit.journal.closed_sales import THEN, all_is_lost, sale, write

RULES = CounterRules(menu=MenuRules(has_staff_code=True), operators={"12": "Anna\nB"})


class Staff:
    """Before the menu of a terminal whose backup was restored."""

    def __init__(self, path: Path, tmp_path: Path) -> None:
        write(path, sale(1))
        back_up(path, tmp_path / "backup.db")
        all_is_lost(path)
        restore(tmp_path / "backup.db", path, THEN)
        self.journal = JournalFile(path, lambda: timestamp(THEN))
        self.journal.open()
        self.bookkeeper = Bookkeeper(RULES, self.journal, Names("T1", lambda: timestamp(THEN)))
        for event in self.bookkeeper.start():
            self.happens(event)

    def happens(self, event: Input) -> None:
        handled = self.bookkeeper.handle(event)
        for effect in handled.decision.effects:
            if isinstance(effect, CheckCode):
                self.happens(CodeJudged(CodeVerdict.RIGHT))
        for follow_up in handled.follow_ups:
            self.happens(follow_up)

    def press(self, keys: str) -> None:
        for key in keys:
            if self.bookkeeper.view.menu.is_unread:
                self.happens(QuestionRead(self.bookkeeper.view.menu.turn))
            self.happens(KeyPressed(key))

    @property
    def page(self) -> Page | None:
        return self.bookkeeper.view.menu.page

    def asks_for_what_may_be_lost(self) -> object:
        (answer,) = self.bookkeeper.handle(reg.SaleRequest(1990, "2")).decision.replies
        return answer.code if isinstance(answer, reg.RequestRefused) else answer


@pytest.fixture
def staff(tmp_path: Path) -> Staff:
    folder = tmp_path / "card"
    folder.mkdir()
    return Staff(folder / "journal.db", tmp_path)


def test_it_is_committed_and_what_may_be_lost_is_sold_from_then_on(
    staff: Staff, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    assert staff.asks_for_what_may_be_lost() is reg.RefusalCode.RECORDS_LOST
    staff.press("D074711###")
    assert staff.page is Page.DONE
    assert staff.journal.gap() is None
    assert staff.bookkeeper.view.conditions.journal_health is JournalHealth.SOUND
    assert "audit: journal acknowledge, by keypad: done" in caplog.messages
    assert staff.asks_for_what_may_be_lost() == reg.SaleAccepted("2")
    staff.press("#")
    staff.bookkeeper.view = replace(staff.bookkeeper.view, sale=None)
    staff.press("D07")
    assert staff.page is Page.CHOICE, "there is nothing more to acknowledge"


def test_the_log_names_the_cashier_who_has_said_who_they_are(staff: Staff, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    staff.press("12#D074711###")
    assert r"audit: journal acknowledge, by keypad, cashier Anna\nB: done" in caplog.messages


def test_what_the_disk_did_not_take_is_said_and_logged_and_nothing_is_acknowledged(
    staff: Staff, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with (
        patch.object(staff.journal, "acknowledge_gap", side_effect=JournalError("no space left on device")),
        patch.object(staff.journal, "try_writing", side_effect=JournalError("no space left on device")),
    ):
        staff.press("D074711###")
        assert staff.page is Page.NOT_WRITTEN
        assert not staff.bookkeeper.view.conditions.journal_ok
        assert staff.asks_for_what_may_be_lost() is reg.RefusalCode.RECORDS_LOST
    assert "audit: journal acknowledge, by keypad: no space left on device" in caplog.messages
    staff.press("#D074711###")
    assert staff.page is Page.DONE
    assert staff.bookkeeper.view.conditions.journal_ok
    assert staff.journal.gap() is None


def test_a_journal_that_cannot_be_read_shows_nothing_and_says_so(staff: Staff) -> None:
    with patch.object(staff.journal, "gap", side_effect=JournalError("disk I/O error")):
        staff.press("D074711#")
    assert staff.page is Page.NOT_WRITTEN
