"""The menu on key D: what staff do beside the sale. A pure state machine from keys to pages and wishes.

    closed --D--> CHOICE --#--> what was chosen
                                SETTLE:          CODE --> SALE --1, 2 or 3--> SURE --#--> Settle
                                REPRINT_LAST:    Reprint
                                REPRINT_NUMBER:  NUMBER --#--> Reprint
                                DOCTOR:          Examine, EXAMINING --examined()--> REPORT
                                KEYPAD:          KEYPAD, until * twice

``*`` goes back, and out if it stays down. Where a pad has no D, ``#`` opens the menu if it stays down. Three wrong
codes lock whatever needs the code for a minute; how many there were is remembered while the menu is closed.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple, TypeAlias

import msgspec
from msgspec.structs import replace

from terminal.counter.keypad_test import STANDARD_LAYOUT, KeypadTest
from terminal.sale import events as ev
from terminal.sale.sale import Sale
from terminal.sale.sensitive import Sensitive
from terminal.sale.step import step

MENU_KEY = "D"
NEXT_KEYS = "D#"
"""On pages where OK says nothing; pads with 12 keys have no D."""
WRONG_CODES = 3
LOCKED_S = 60.0
SHOWN_S = 60.0
"""The menu closes when no key was pressed for so long."""
LONGEST_CODE = 8
LONGEST_NUMBER = 9

_DIGITS = frozenset("0123456789")
_VERDICT_KEYS = {"1": ev.Verdict.PAID, "2": ev.Verdict.UNPAID, "3": ev.Verdict.REFUNDED}


class Page(StrEnum):
    """What the menu shows."""

    CHOICE = "choice"
    NO_CODE = "no_code"
    """The shop has set no staff code, so nobody may do this here."""
    LOCKED = "locked"
    CODE = "code"
    SALE = "sale"
    SURE = "sure"
    NUMBER = "number"
    KEYPAD = "keypad"
    EXAMINING = "examining"
    REPORT = "report"
    DONE = "done"


class Item(StrEnum):
    """What staff can do."""

    SETTLE = "settle"
    REPRINT_LAST = "reprint_last"
    REPRINT_NUMBER = "reprint_number"
    DOCTOR = "doctor"
    KEYPAD = "keypad"


FIRST_PAGE = {
    Item.SETTLE: Page.SALE,
    Item.REPRINT_LAST: Page.DONE,
    Item.REPRINT_NUMBER: Page.NUMBER,
    Item.DOCTOR: Page.EXAMINING,
    Item.KEYPAD: Page.KEYPAD,
}
NEEDS_CODE = frozenset({Item.SETTLE})


class Problem(msgspec.Struct, frozen=True):
    """Something that the doctor found to be wrong."""

    found: str
    advice: str


class Menu(msgspec.Struct, frozen=True, kw_only=True):
    """Where staff are in the menu."""

    page: Page | None = None
    """None: closed."""
    item: Item = Item.SETTLE
    """The one that is shown or was chosen."""
    digits: Sensitive = Sensitive("")
    sale_number: int = 0
    """The sale that is shown."""
    verdict: ev.Verdict | None = None
    keypad: KeypadTest = KeypadTest()
    problems: tuple[Problem, ...] = ()
    """What the doctor found, the worst first."""
    leaf: int = 0
    """The page of the doctor's report."""
    wrong_codes: int = 0
    is_locked: bool = False
    turn: int = 0
    """Counts keys: a timer set before the last of them finds nobody."""

    @property
    def is_open(self) -> bool:
        return self.page is not None

    @property
    def masked(self) -> str:
        """What the screen shows of the code: not even the last digit, staff know where their finger was."""
        return "•" * len(self.digits.reveal())


class MenuRules(msgspec.Struct, frozen=True, kw_only=True):
    """What the shop has configured."""

    staff_code: Sensitive = Sensitive("")
    """Empty: nobody may do what needs it."""
    keypad_layout: tuple[str, ...] = STANDARD_LAYOUT


class Settle(msgspec.Struct, frozen=True):
    """Staff say how this sale ended."""

    sale_number: int
    verdict: ev.Verdict


class Reprint(msgspec.Struct, frozen=True):
    """A receipt is wanted once more; without a number the last one."""

    sale_number: int | None


class Examine(msgspec.Struct, frozen=True):
    """The doctor's report is wanted."""


Wish: TypeAlias = Settle | Reprint | Examine


_AT_ONCE: dict[Item, Wish] = {Item.REPRINT_LAST: Reprint(None), Item.DOCTOR: Examine()}


class Pressed(NamedTuple):
    """The menu after a key, and what staff want done."""

    menu: Menu
    wish: Wish | None = None


def verdicts_for(sale: Sale) -> tuple[ev.Verdict, ...]:
    """What staff may say of this sale, by the rules of the sale itself; nothing if it ends without them."""
    return tuple(verdict for verdict in ev.Verdict if step(sale, ev.SettledByStaff(sale.number, verdict)).sale != sale)


def items_for(sales: Sequence[Sale]) -> tuple[Item, ...]:
    """What can be done now; ``sales`` are those that staff can settle."""
    return tuple(item for item in Item if item is not Item.SETTLE or sales)


def opened(menu: Menu, sales: Sequence[Sale]) -> Menu:
    """The menu's key was pressed."""
    return replace(_closed(menu), page=Page.CHOICE, item=items_for(sales)[0], turn=menu.turn + 1)


def examined(menu: Menu, problems: tuple[Problem, ...]) -> Menu:
    """The doctor has looked at everything; who has gone on to something else meanwhile is left alone."""
    if menu.page is not Page.EXAMINING:
        return menu
    return replace(menu, page=Page.REPORT, problems=problems, leaf=0, turn=menu.turn + 1)


def closed(menu: Menu) -> Menu:
    """Nobody has pressed a key for a while, or a sale begins."""
    return _closed(menu) if menu.is_open else menu


def unlocked(menu: Menu) -> Menu:
    """The minute is over."""
    return replace(_closed(menu) if menu.page is Page.LOCKED else menu, is_locked=False, wrong_codes=0)


def press(menu: Menu, key: str, sales: Sequence[Sale], rules: MenuRules) -> Pressed:
    """One key while the menu is open."""
    menu = replace(menu, turn=menu.turn + 1)
    match menu.page:
        case Page.CHOICE:
            return _choose(menu, key, sales, rules)
        case Page.CODE:
            return Pressed(_type_code(menu, key, sales, rules.staff_code))
        case Page.SALE:
            return Pressed(_say(menu, key, sales))
        case Page.SURE:
            return _confirm(menu, key)
        case Page.NUMBER:
            return _type_number(menu, key)
        case Page.KEYPAD:
            test = menu.keypad.pressed(key)
            return Pressed(replace(menu, keypad=test) if test is not None else _closed(menu))
        case Page.EXAMINING if key != "*":
            return Pressed(menu)
        case Page.REPORT if menu.problems and key != "*":
            return Pressed(replace(menu, leaf=menu.leaf + (key in NEXT_KEYS)))
    return Pressed(_closed(menu))  # read, whatever the key


def _closed(menu: Menu) -> Menu:
    return Menu(wrong_codes=menu.wrong_codes, is_locked=menu.is_locked, turn=menu.turn)


def _choose(menu: Menu, key: str, sales: Sequence[Sale], rules: MenuRules) -> Pressed:
    items = items_for(sales)
    if key == "*":
        return Pressed(_closed(menu))
    at = items.index(menu.item) if menu.item in items else 0
    if key == MENU_KEY:
        return Pressed(replace(menu, item=items[(at + 1) % len(items)]))
    if key in _DIGITS and 1 <= int(key) <= len(items):
        at = int(key) - 1
    elif key != "#":
        return Pressed(menu)
    item = items[at]
    if item in NEEDS_CODE:
        page = Page.NO_CODE if not rules.staff_code else Page.LOCKED if menu.is_locked else Page.CODE
        return Pressed(replace(menu, item=item, page=page))
    menu = replace(menu, item=item, page=FIRST_PAGE[item], keypad=KeypadTest(rules.keypad_layout))
    return Pressed(menu, _AT_ONCE.get(item))


def _type_code(menu: Menu, key: str, sales: Sequence[Sale], staff_code: Sensitive) -> Menu:
    typed = menu.digits.reveal()
    if key == "*":
        return replace(menu, digits=Sensitive("")) if typed else _closed(menu)
    if key in _DIGITS:
        return replace(menu, digits=Sensitive((typed + key)[:LONGEST_CODE]))
    if key != "#" or not typed:
        return menu
    menu = replace(menu, digits=Sensitive(""))
    if hmac.compare_digest(typed, staff_code.reveal()):
        number = sales[0].number if sales else 0
        return replace(menu, page=FIRST_PAGE[menu.item], wrong_codes=0, sale_number=number)
    wrong = menu.wrong_codes + 1
    if wrong < WRONG_CODES:
        return replace(menu, wrong_codes=wrong)
    return replace(menu, wrong_codes=wrong, is_locked=True, page=Page.LOCKED)


def _say(menu: Menu, key: str, sales: Sequence[Sale]) -> Menu:
    numbers = [sale.number for sale in sales]
    if key == "*" or menu.sale_number not in numbers:
        return _closed(menu)
    at = numbers.index(menu.sale_number)
    if key in NEXT_KEYS:
        return replace(menu, sale_number=numbers[(at + 1) % len(numbers)])
    verdict = _VERDICT_KEYS.get(key)
    if verdict is None or verdict not in verdicts_for(sales[at]):
        return menu
    return replace(menu, page=Page.SURE, verdict=verdict)


def _confirm(menu: Menu, key: str) -> Pressed:
    if key == "*":
        return Pressed(replace(menu, page=Page.SALE, verdict=None))
    if key != "#" or menu.verdict is None:
        return Pressed(menu)
    return Pressed(replace(menu, page=Page.DONE), Settle(menu.sale_number, menu.verdict))


def _type_number(menu: Menu, key: str) -> Pressed:
    typed = menu.digits.reveal()
    if key == "*":
        return Pressed(replace(menu, digits=Sensitive("")) if typed else _closed(menu))
    if key in _DIGITS:
        return Pressed(replace(menu, digits=Sensitive((typed + key)[:LONGEST_NUMBER])))
    if key != "#" or not typed:
        return Pressed(menu)
    return Pressed(replace(menu, page=Page.DONE), Reprint(int(typed)))
