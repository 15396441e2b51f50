"""Codes in the menu: typed, held against what is kept, changed. Pure; what is kept knows only their keeper, outside."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import msgspec
from msgspec.structs import replace

from terminal.counter.menu import (
    FIRST_PAGE,
    LONGEST_CODE,
    SHORTEST_CODE,
    CodeKind,
    Item,
    Menu,
    MenuRules,
    Page,
    Settled,
    closed,
)
from terminal.sale.sensitive import Sensitive

_DIGITS = frozenset("0123456789")
_KIND_KEYS = {"1": CodeKind.STAFF, "2": CodeKind.REFUND}


class CheckCode(msgspec.Struct, frozen=True):
    """Hold what was typed against what is kept, and bring :class:`CodeJudged`."""

    kind: CodeKind
    typed: Sensitive


class ChangeCode(msgspec.Struct, frozen=True):
    """Keep this one from now on, and bring :class:`CodeJudged`."""

    kind: CodeKind
    new: Sensitive


class CodeVerdict(StrEnum):
    """What became of a code."""

    RIGHT = "right"
    WRONG = "wrong"
    LOCKED = "locked"
    """It was not even looked at: too many were wrong before."""
    CHANGED = "changed"
    FAILED = "failed"
    """The disk cannot be read or written."""


class CodeJudged(msgspec.Struct, frozen=True):
    """The keeper's word."""

    verdict: CodeVerdict
    locked_s: float = 0.0
    """So long none is looked at."""


def kind_of(menu: Menu) -> CodeKind:
    """Which code is asked for."""
    if menu.item is Item.CODES:
        return menu.code_kind
    return CodeKind.REFUND if menu.item is Item.REFUND else CodeKind.STAFF


def ask_code(menu: Menu, rules: MenuRules) -> Menu:
    """The page on which it is typed, or why it is not."""
    has_one = rules.has_refund_code if kind_of(menu) is CodeKind.REFUND else rules.has_staff_code
    page = Page.NO_CODE if not has_one else Page.LOCKED if menu.is_locked else Page.CODE
    return replace(menu, page=page, digits=Sensitive(""))


def choose_kind(menu: Menu, key: str, rules: MenuRules) -> Menu:
    """Which code is to be changed."""
    if key == "*":
        return closed(menu)
    kind = _KIND_KEYS.get(key)
    return ask_code(replace(menu, code_kind=kind), rules) if kind is not None else menu


def type_code(menu: Menu, key: str) -> tuple[Menu, CheckCode | ChangeCode | None]:
    """A key while an old code, a new one, or the new one again is typed."""
    typed = menu.digits.reveal()
    if key == "*":
        return (replace(menu, digits=Sensitive("")) if typed else closed(menu)), None
    if key in _DIGITS:
        return replace(menu, digits=Sensitive((typed + key)[:LONGEST_CODE])), None
    if key != "#" or not typed:
        return menu, None
    menu = replace(menu, digits=Sensitive(""))
    match menu.page:
        case Page.NEW_CODE:
            if len(typed) < SHORTEST_CODE:
                return menu, None
            return replace(menu, page=Page.NEW_CODE_AGAIN, new_code=Sensitive(typed)), None
        case Page.NEW_CODE_AGAIN if typed != menu.new_code.reveal():
            return replace(menu, page=Page.NEW_CODE, new_code=Sensitive("")), None
        case Page.NEW_CODE_AGAIN:
            change = ChangeCode(kind_of(menu), menu.new_code)
            return replace(menu, page=Page.CHECKING, new_code=Sensitive("")), change
    return replace(menu, page=Page.CHECKING), CheckCode(kind_of(menu), Sensitive(typed))


def judged(menu: Menu, word: CodeJudged, sales: Sequence[Settled]) -> Menu:
    """Who has gone on to something else meanwhile is left alone, but a lock holds for everybody."""
    is_locked = word.locked_s > 0
    menu = replace(menu, is_locked=is_locked, locked_s=word.locked_s) if is_locked else menu
    if menu.page is not Page.CHECKING:
        return menu
    menu = replace(menu, turn=menu.turn + 1)
    match word.verdict:
        case CodeVerdict.RIGHT:
            number = sales[0].number if sales else 0
            page = Page.NEW_CODE if menu.item is Item.CODES else FIRST_PAGE[menu.item]
            return replace(menu, page=page, wrong_codes=0, sale_number=number)
        case CodeVerdict.CHANGED:
            return replace(menu, page=Page.DONE)
        case CodeVerdict.FAILED:
            return replace(menu, page=Page.NOT_WRITTEN)
    wrong = menu.wrong_codes + (word.verdict is CodeVerdict.WRONG)
    return replace(menu, page=Page.LOCKED if is_locked else Page.CODE, wrong_codes=wrong)
