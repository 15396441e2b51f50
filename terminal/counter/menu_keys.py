"""What a key means in the menu: from page to page, and to what staff want done. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from msgspec.structs import replace

from terminal.counter import menu_codes
from terminal.counter.menu import (
    ASKS_FOR_OK,
    DIGIT_OF,
    FIRST_PAGE,
    LONGEST_NUMBER,
    MENU_KEY,
    MORE_ITEMS,
    NEEDS_CODE,
    NEXT_KEYS,
    Item,
    Menu,
    MenuRules,
    Page,
    ReportKind,
    Settled,
    closed,
    items_for,
    verdicts_for,
)
from terminal.counter.menu_wishes import (
    AcknowledgeGap,
    AskGap,
    AskRefund,
    ChangeOperator,
    EndDay,
    Examine,
    FindAbout,
    MakePairingCode,
    PrintReport,
    Refund,
    Reprint,
    Settle,
    Train,
    TurnLanguage,
    Wish,
)
from terminal.sale import events as ev
from terminal.sale.effects import ReceiptKind
from terminal.sale.sensitive import Sensitive

_DIGITS = frozenset("0123456789")
_VERDICT_KEYS = {"1": ev.Verdict.PAID, "2": ev.Verdict.UNPAID, "3": ev.Verdict.REFUNDED}
_AT_ONCE: dict[Item, Wish] = {
    Item.REPRINT_LAST: Reprint(None),
    Item.X_REPORT: PrintReport(ReportKind.X_REPORT),
    Item.TRANSACTIONS: PrintReport(ReportKind.TRANSACTIONS),
    Item.DOCTOR: Examine(),
    Item.ABOUT: FindAbout(),
    Item.PAIRING: MakePairingCode(),
    Item.GAP: AskGap(),
}

_CLOSE: dict[Item, Wish] = {Item.LANGUAGE: TurnLanguage(), Item.OPERATOR: ChangeOperator()}
"""Done on the waiting screen."""


class Pressed(NamedTuple):
    """The menu after a key, and what staff want done."""

    menu: Menu
    wish: Wish | menu_codes.CheckCode | menu_codes.ChangeCode | None = None


def press(menu: Menu, key: str, sales: Sequence[Settled], rules: MenuRules) -> Pressed:
    """One key while the menu is open. A ``#`` that was pressed double does not answer the question that it opened."""
    if menu.is_unread and key == "#":
        return Pressed(menu)
    after, wish = _press(replace(menu, turn=menu.turn + 1, is_unread=False), key, sales, rules)
    is_opened = key == "#" and after.page is not menu.page and after.page in ASKS_FOR_OK
    return Pressed(replace(after, is_unread=is_opened), wish)


def _press(menu: Menu, key: str, sales: Sequence[Settled], rules: MenuRules) -> Pressed:
    match menu.page:
        case Page.CHOICE:
            return _choose(menu, key, sales, rules)
        case Page.CODE | Page.NEW_CODE | Page.NEW_CODE_AGAIN:
            return Pressed(*menu_codes.type_code(menu, key))
        case Page.WHICH_CODE:
            return Pressed(menu_codes.choose_kind(menu, key, rules))
        case Page.SALE:
            return Pressed(_say(menu, key, sales))
        case Page.SURE:
            return _confirm(menu, key)
        case Page.NUMBER | Page.AMOUNT:
            return _type_number(menu, key) if menu.page is Page.NUMBER else Pressed(_type_amount(menu, key))
        case Page.REFUND_SURE:
            return _confirm_refund(menu, key)
        case Page.DAY | Page.EMPTY_DAY | Page.TRAINING:
            return _end_day(menu, key)
        case Page.GAP | Page.GAP_SURE:
            return _acknowledge(menu, key)
        case Page.ASKING | Page.EXAMINING | Page.CHECKING if key != "*":
            return Pressed(menu)
        case Page.KEYPAD:
            test = menu.keypad.pressed(key)
            return Pressed(replace(menu, keypad=test) if test is not None else closed(menu))
        case Page.REPORT if menu.problems and key != "*":
            return Pressed(replace(menu, leaf=menu.leaf + (key in NEXT_KEYS)))
    return Pressed(closed(menu))  # read, whatever the key


def at_once(menu: Menu) -> Wish | None:
    """What staff want done as soon as they may, if their first page waits for it."""
    return _AT_ONCE.get(menu.item) if menu.page is FIRST_PAGE[menu.item] else None


def _choose(menu: Menu, key: str, sales: Sequence[Settled], rules: MenuRules) -> Pressed:
    items = items_for(sales, rules, menu.item, has_gap=menu.has_gap)
    if key == "*":
        return Pressed(replace(menu, item=Item.MORE) if menu.item in MORE_ITEMS else closed(menu))
    at = items.index(menu.item) if menu.item in items else 0
    if key == MENU_KEY or (key == "#" and not menu.has_menu_key):
        return Pressed(replace(menu, item=items[(at + 1) % len(items)]))
    chosen = [item for item in items if DIGIT_OF[item] == key]
    if not chosen and key != "#":
        return Pressed(menu)
    item = chosen[0] if chosen else items[at]
    if item is Item.MORE:
        return Pressed(replace(menu, item=items_for(sales, rules, MORE_ITEMS[0])[0]))
    if item in NEEDS_CODE:
        return Pressed(menu_codes.ask_code(replace(menu, item=item), rules))
    if item in _CLOSE:
        return Pressed(closed(menu), _CLOSE[item])
    menu = replace(menu, item=item, page=FIRST_PAGE[item])
    return Pressed(menu, _AT_ONCE.get(item))


def _say(menu: Menu, key: str, sales: Sequence[Settled]) -> Menu:
    numbers = [sale.number for sale in sales]
    if key == "*" or menu.sale_number not in numbers:
        return closed(menu)
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
        return Pressed(replace(menu, digits=Sensitive("")) if typed else closed(menu))
    if key in _DIGITS:
        return Pressed(replace(menu, digits=Sensitive((typed + key)[:LONGEST_NUMBER])))
    if key != "#" or not (typed or menu.item in (Item.REFUND, Item.END_OF_DAY)):
        return Pressed(menu)
    number, menu = int(typed) if typed else None, replace(menu, page=Page.ASKING)
    match menu.item:
        case Item.REFUND:
            return Pressed(menu, AskRefund(number))
        case Item.END_OF_DAY:
            return Pressed(replace(menu, item=Item.REPRINT_NUMBER), Reprint(number, (ReceiptKind.END_OF_DAY,)))
    return Pressed(menu, Reprint(number))


def _type_amount(menu: Menu, key: str) -> Menu:
    """Nothing typed means all that is left."""
    typed = menu.digits.reveal()
    if key == "*":
        return replace(menu, digits=Sensitive("")) if typed else closed(menu)
    if key in _DIGITS:
        return replace(menu, digits=Sensitive((typed + key)[:LONGEST_NUMBER]))
    if key != "#":
        return menu
    amount_kr = int(typed) if typed else menu.left_kr
    if not 1 <= amount_kr <= menu.left_kr:
        return replace(menu, digits=Sensitive(""))
    return replace(menu, page=Page.REFUND_SURE, amount_kr=amount_kr)


def _confirm_refund(menu: Menu, key: str) -> Pressed:
    if key == "*":
        return Pressed(replace(menu, page=Page.AMOUNT, digits=Sensitive("")))
    if key != "#":
        return Pressed(menu)
    return Pressed(replace(menu, page=Page.ASKING), Refund(menu.sale_number, menu.amount_kr))


def _end_day(menu: Menu, key: str) -> Pressed:
    """The day, or training."""
    if key == "*":
        return Pressed(closed(menu))
    if key == "1" and menu.page is Page.DAY:
        return Pressed(replace(menu, page=Page.NUMBER))
    if key != "#":
        return Pressed(menu)
    if menu.page is Page.TRAINING:
        return Pressed(replace(menu, page=Page.ASKING), Train())
    return Pressed(replace(menu, page=Page.ASKING), EndDay(even_if_empty=menu.page is Page.EMPTY_DAY))


def _acknowledge(menu: Menu, key: str) -> Pressed:
    """What is missing, then whether it was compared with the service's records."""
    if key == "*":
        return Pressed(closed(menu))
    if key != "#" or menu.gap is None:
        return Pressed(menu)
    if menu.page is Page.GAP:
        return Pressed(replace(menu, page=Page.GAP_SURE))
    return Pressed(replace(menu, page=Page.ASKING), AcknowledgeGap(menu.gap.repair))
