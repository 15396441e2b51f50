"""The menu on key D: what staff do beside the sale, and its pages. Pure.

menu_keys.py moves it from page to page, and produces wishes (menu_wishes.py):

    closed --D--> CHOICE --#--> what was chosen
                                SETTLE:          CODE --> SALE --1, 2 or 3--> SURE --#--> Settle
                                REPRINT_LAST:    Reprint
                                REPRINT_NUMBER:  NUMBER --#--> Reprint
                                REFUND:          CODE --> NUMBER --#--> AskRefund, ASKING --of_refund--> AMOUNT
                                                 --#--> REFUND_SURE --#--> Refund, ASKING
                                X_REPORT, TRANSACTIONS:  PrintReport, ASKING --ReportEnded--> DONE
                                END_OF_DAY:      DAY --#--> EndDay, ASKING --of_shop--> DONE or EMPTY_DAY
                                DOCTOR:          Examine, EXAMINING --examined()--> REPORT
                                PAIRING:         CODE --#--> MakePairingCode, ASKING --PairingCodeMade--> PAIRING
                                GAP:             CODE --#--> AskGap, ASKING --of_gap--> GAP --#--> GAP_SURE
                                                 --#--> AcknowledgeGap, ASKING --of_gap--> DONE
                                ABOUT:           FindAbout, ASKING --AboutFound--> ABOUT
                                KEYPAD:          KEYPAD, until * twice

A digit chooses at once, and always the same thing within its list. ``*`` goes back; held down, it leaves the menu. On a
pad without D, ``#`` held down opens the menu, and then turns to the next page. After three wrong codes, everything that
needs a code is locked for a minute. The number of wrong codes is remembered while the menu is closed.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from enum import StrEnum
from typing import Any, TypeAlias

import msgspec
from msgspec.structs import replace

from terminal.counter.keypad_test import STANDARD_LAYOUT, KeypadTest
from terminal.counter.register_words import RefusalCode
from terminal.sale import events as ev
from terminal.sale import refund as refunds
from terminal.sale.record import Gap
from terminal.sale.sale import Sale
from terminal.sale.sensitive import Sensitive
from terminal.sale.step import step

MENU_KEY = "D"
NEXT_KEYS = "D#"
"""On pages where OK says nothing; pads with 12 keys have no D."""
SHOWN_S = 60.0
"""The menu closes when no key was pressed for so long."""
SHORTEST_CODE, LONGEST_CODE = 4, 8
LONGEST_NUMBER = 9

Settled: TypeAlias = Sale | refunds.Refund
"""What staff can settle."""


class Page(StrEnum):
    """What the menu shows."""

    CHOICE = "choice"
    NO_CODE = "no_code"
    """The shop has set no staff code, so nobody may do this here."""
    LOCKED = "locked"
    CODE = "code"
    CHECKING = "checking"
    """The code that was typed is held against what is kept."""
    WHICH_CODE = "which_code"
    NEW_CODE = "new_code"
    NEW_CODE_AGAIN = "new_code_again"
    SALE = "sale"
    SURE = "sure"
    NUMBER = "number"
    AMOUNT = "amount"
    REFUND_SURE = "refund_sure"
    TRAINING = "training"
    DAY = "day"
    EMPTY_DAY = "empty_day"
    """Nothing has happened since the last end of day."""
    ASKING = "asking"
    """The journal or a device is asked."""
    REFUSED = "refused"
    NOT_WRITTEN = "not_written"
    """The disk took nothing, so nothing was done."""
    NOTHING_TO_PRINT = "nothing_to_print"
    NOT_PRINTED = "not_printed"
    ABOUT = "about"
    PAIRING = "pairing"
    """Six digits for a register program on the network."""
    GAP = "gap"
    """Which records are missing."""
    GAP_SURE = "gap_sure"
    NO_GAP = "no_gap"
    KEYPAD = "keypad"
    EXAMINING = "examining"
    REPORT = "report"
    DONE = "done"


class Item(StrEnum):
    """What staff can do."""

    REPRINT_LAST = "reprint_last"
    REPRINT_NUMBER = "reprint_number"
    REFUND = "refund"
    X_REPORT = "x_report"
    END_OF_DAY = "end_of_day"
    TRANSACTIONS = "transactions"
    SETTLE = "settle"
    TRAINING = "training"
    OPERATOR = "operator"
    MORE = "more"
    """The second list."""
    DOCTOR = "doctor"
    KEYPAD = "keypad"
    CODES = "codes"
    LANGUAGE = "language"
    ABOUT = "about"
    PAIRING = "pairing"
    GAP = "gap"
    """Acknowledge that records are missing."""


class CodeKind(StrEnum):
    """Which of the shop's codes."""

    STAFF = "staff"
    REFUND = "refund"


class ReportKind(StrEnum):
    """What can be printed of the open period."""

    X_REPORT = "x_report"
    TRANSACTIONS = "transactions"


MORE_ITEMS = (Item.DOCTOR, Item.KEYPAD, Item.ABOUT, Item.PAIRING, Item.CODES, Item.LANGUAGE, Item.GAP)
"""What is not of every day: the second list."""
MAIN_ITEMS = tuple(item for item in Item if item not in MORE_ITEMS)
DIGIT_OF = {
    **dict(zip(MAIN_ITEMS, "123456789", strict=False)),
    **dict(zip(MORE_ITEMS, "123456789", strict=False)),
    Item.MORE: "0",
}
"""The key that chooses each within its list."""
FIRST_PAGE = {
    Item.SETTLE: Page.SALE,
    Item.REPRINT_LAST: Page.ASKING,
    Item.REPRINT_NUMBER: Page.NUMBER,
    Item.REFUND: Page.NUMBER,
    Item.X_REPORT: Page.ASKING,
    Item.END_OF_DAY: Page.DAY,
    Item.TRANSACTIONS: Page.ASKING,
    Item.TRAINING: Page.TRAINING,
    Item.DOCTOR: Page.EXAMINING,
    Item.KEYPAD: Page.KEYPAD,
    Item.CODES: Page.WHICH_CODE,
    Item.ABOUT: Page.ASKING,
    Item.PAIRING: Page.ASKING,
    Item.GAP: Page.ASKING,
}
ASKS_FOR_OK = (Page.DAY, Page.EMPTY_DAY, Page.TRAINING, Page.REFUND_SURE, Page.GAP, Page.GAP_SURE)
"""Questions that ``#`` answers with yes, and that can appear right after a ``#``."""
REPORTS = (Item.X_REPORT, Item.TRANSACTIONS)
REPRINTS = (Item.REPRINT_LAST, Item.REPRINT_NUMBER)
WRITES = (*REPRINTS, Item.END_OF_DAY, Item.REFUND, Item.GAP)
"""What has to be on disk before anything comes of it."""
NEEDS_CODE = frozenset({Item.SETTLE, Item.REFUND, Item.PAIRING, Item.GAP})
NEEDS_PRINTER = frozenset({Item.REPRINT_LAST, Item.REPRINT_NUMBER, Item.X_REPORT, Item.TRANSACTIONS})


class Problem(msgspec.Struct, frozen=True):
    """Something that the doctor found to be wrong."""

    check: str
    """The doctor's name for what it looked at; texts/doctor.py has the words."""
    found: str = ""
    """What exactly, for service."""


class Menu(msgspec.Struct, frozen=True, kw_only=True):
    """Where staff are in the menu."""

    page: Page | None = None
    """None: closed."""
    item: Item = Item.REPRINT_LAST
    """The one that is shown or was chosen."""
    digits: Sensitive = Sensitive("")
    sale_number: int = 0
    """The sale or the refund that is shown."""
    left_kr: int = 0
    """The most that may be given back of it."""
    amount_kr: int = 0
    """What is to be given back."""
    has_gap: bool = False
    """As the menu was opened, records were missing, and nobody had acknowledged that."""
    gap: Gap | None = None
    """What is shown of it, with times as the shop's clock shows them."""
    refusal: RefusalCode | None = None
    limits_kr: tuple[int, int] | None = None
    """Of a refused amount."""
    about: tuple[str, ...] = ()
    verdict: ev.Verdict | None = None
    keypad: KeypadTest = KeypadTest()
    scanned: int = 0
    """How many characters the scanner's last code had; which ones is the customer's business."""
    problems: tuple[Problem, ...] = ()
    """What the doctor found, the worst first."""
    leaf: int = 0
    """The page of the doctor's report."""
    code_kind: CodeKind = CodeKind.STAFF
    """The one that is to be changed."""
    new_code: Sensitive = Sensitive("")
    wrong_codes: int = 0
    is_locked: bool = False
    locked_s: float = 0.0
    """As it was when the lock was set."""
    turn: int = 0
    """Counts keys: a timer set before the last of them finds nobody."""
    is_unread: bool = False
    """The question appeared after a ``#`` only a moment ago: another ``#`` may be the same one, pressed double."""

    @property
    def is_open(self) -> bool:
        return self.page is not None

    @property
    def has_menu_key(self) -> bool:
        """Hints must not name a key that is not there."""
        return any(MENU_KEY in row for row in self.keypad.layout)

    @property
    def masked(self) -> str:
        """What the screen shows of the code: not even the last digit, staff know where their finger was."""
        return "•" * len(self.digits.reveal())


class MenuRules(msgspec.Struct, frozen=True, kw_only=True):
    """What the shop has configured."""

    has_staff_code: bool = False
    """Without one nobody may do what needs it."""
    has_refund_code: bool = False
    can_refund: bool = True
    has_printer: bool = True
    has_operators: bool = False
    can_train: bool = False
    """Training is switched on and off here."""
    can_pair: bool = False
    """Register programs on the network may be let in."""
    keypad_layout: tuple[str, ...] = STANDARD_LAYOUT


def verdicts_for(sale: Sale | refunds.Refund) -> tuple[ev.Verdict, ...]:
    """What staff may say of this sale, by the rules of the sale itself; nothing if it ends without them."""
    if isinstance(sale, refunds.Refund):
        waits = sale.state is refunds.RefundState.ATTENTION
        return (ev.Verdict.UNPAID, ev.Verdict.REFUNDED) if waits else ()
    return tuple(verdict for verdict in ev.Verdict if step(sale, ev.SettledByStaff(sale.number, verdict)).sale != sale)


def items_for(
    sales: Sequence[Settled], rules: MenuRules, beside: Item = Item.MORE, *, has_gap: bool = False
) -> tuple[Item, ...]:
    """What can be done now, of the list that ``beside`` is in; ``sales`` are those that staff can settle."""
    useless: set[Item] = set() if sales else {Item.SETTLE}
    if not has_gap:
        useless.add(Item.GAP)
    if not rules.can_refund:
        useless.add(Item.REFUND)
    if not rules.has_operators:
        useless.add(Item.OPERATOR)
    if not rules.can_train:
        useless.add(Item.TRAINING)
    if not rules.can_pair:
        useless.add(Item.PAIRING)
    if not rules.has_printer:
        useless |= NEEDS_PRINTER
    return tuple(item for item in (MORE_ITEMS if beside in MORE_ITEMS else MAIN_ITEMS) if item not in useless)


def opened(menu: Menu, sales: Sequence[Settled], rules: MenuRules, *, has_gap: bool = False) -> Menu:
    """The menu's key was pressed. What waits for staff is offered first."""
    item = Item.SETTLE if sales else items_for(sales, rules)[0]
    keypad = KeypadTest(rules.keypad_layout)
    return replace(_closed(menu), page=Page.CHOICE, item=item, keypad=keypad, has_gap=has_gap, turn=menu.turn + 1)


def not_written(menu: Menu) -> Menu:
    """The disk did not take what staff wanted or said."""
    if menu.page is Page.SURE:
        return replace(menu, page=Page.NOT_WRITTEN, turn=menu.turn + 1)
    return answered(menu, WRITES, Page.NOT_WRITTEN)


def answered(menu: Menu, items: Collection[Item], page: Page, **shown: Any) -> Menu:
    """What was asked is known. Who has gone on to something else meanwhile is left alone."""
    if menu.page is not Page.ASKING or menu.item not in items:
        return menu
    return replace(menu, page=page, digits=Sensitive(""), turn=menu.turn + 1, **shown)


def refused(menu: Menu, item: Item, code: RefusalCode, limits_kr: tuple[int, int] | None = None) -> Menu:
    """It cannot be done, and staff are told why."""
    return answered(menu, (item,), Page.REFUSED, refusal=code, limits_kr=limits_kr)


def examined(menu: Menu, problems: tuple[Problem, ...]) -> Menu:
    """The doctor has looked at everything; who has gone on to something else meanwhile is left alone."""
    if menu.page is not Page.EXAMINING:
        return menu
    return replace(menu, page=Page.REPORT, problems=problems, leaf=0, turn=menu.turn + 1)


def read(menu: Menu, turn: int) -> Menu:
    """The question was shown for a moment, and no key was pressed meanwhile."""
    return replace(menu, is_unread=False) if menu.turn == turn else menu


def closed(menu: Menu) -> Menu:
    """Nobody has pressed a key for a while, or a sale begins."""
    return _closed(menu) if menu.is_open else menu


def unlocked(menu: Menu) -> Menu:
    """The wait is over."""
    return replace(_closed(menu) if menu.page is Page.LOCKED else menu, is_locked=False, locked_s=0.0)


def _closed(menu: Menu) -> Menu:
    keypad = KeypadTest(menu.keypad.layout)
    return Menu(
        keypad=keypad, wrong_codes=menu.wrong_codes, is_locked=menu.is_locked, locked_s=menu.locked_s, turn=menu.turn
    )
