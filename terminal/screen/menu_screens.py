"""The menu's pages on the screen: pure, as screens.py."""

from __future__ import annotations

from typing import assert_never

from terminal.counter.menu import Item, Page, items_for, verdicts_for
from terminal.counter.view import View
from terminal.sale.money import format_kr
from terminal.sale.sale import Sale
from terminal.screen.screen import KeyGrid, Screen
from terminal.texts.sentences import Advice, Words
from terminal.texts.words import MenuWords


def menu_screen(view: View, words: Words) -> Screen | None:
    """What the open menu shows; None if it is closed, or shows a sale that is settled already."""
    menu, texts = view.menu, words.menu
    match menu.page:
        case None:
            return None
        case Page.CHOICE:
            items = items_for(view.for_staff)
            item = menu.item if menu.item in items else items[0]
            text = f"{items.index(item) + 1} {texts.items[item]}"
            return Screen(banner=texts.title, prompt=text, hint=texts.key_choose_or_next)
        case Page.NO_CODE:
            return _advice(texts.no_code, texts.title)
        case Page.LOCKED:
            return _advice(texts.locked, texts.title)
        case Page.CODE:
            prompt = texts.code_again if menu.wrong_codes and not menu.digits else texts.staff_code
            return Screen(banner=texts.title, prompt=prompt, entry=menu.masked, hint=words.key_ok_or_clear)
        case Page.NUMBER:
            typed = menu.digits.reveal()  # a receipt's number is nobody's secret
            return Screen(banner=texts.title, prompt=texts.receipt_number, entry=typed, hint=words.key_ok_or_clear)
        case Page.KEYPAD:
            return _keypad(view, texts)
        case Page.EXAMINING:
            return Screen(banner=texts.title, prompt=texts.examining, hint=texts.key_back)
        case Page.REPORT:
            return _report(view, texts)
        case Page.DONE:
            done = texts.noted if menu.item is Item.SETTLE else texts.printing
            return Screen(banner=texts.title, prompt=done, hint=texts.any_key)
        case Page.SALE | Page.SURE:
            sale = next((sale for sale in view.for_staff if sale.number == menu.sale_number), None)
            return _sale(sale, view, words) if sale is not None else None
        case _:
            assert_never(menu.page)


def _keypad(view: View, texts: MenuWords) -> Screen:
    test, jam = view.menu.keypad, view.conditions.jam
    jammed = jam.together or jam.stuck
    if jammed:
        prompt = (texts.keys_together if jam.together else texts.key_stuck).format(keys=jammed)
    elif test.seen:
        prompt = f"{len(test.seen)}/{test.total}{'' if test.missing else ' OK'}"
    else:
        prompt = texts.press_every_key
    keys = KeyGrid(rows=test.rows, seen=test.seen, last=test.last, jammed=jam.stuck + jam.together)
    return Screen(prompt=prompt, hint=texts.key_twice_to_leave, keys=keys)


def _report(view: View, texts: MenuWords) -> Screen:
    menu, count = view.menu, len(view.menu.problems)
    if not count:
        return Screen(banner=texts.title, prompt=texts.all_is_well, hint=texts.any_key)
    body: list[str] = []
    for number, problem in enumerate(menu.problems, 1):
        body += [f"{number}/{count} {problem.found}", problem.advice]
    banner = texts.problems.format(count=count)
    return Screen(banner=banner, body=tuple(filter(None, body)), hint=texts.key_next_or_back, page=menu.leaf)


def _advice(advice: Advice, title: str) -> Screen:
    return Screen(banner=title, prompt=advice.what, hint=advice.next)


def _sale(sale: Sale, view: View, words: Words) -> Screen:
    texts, verdict = words.menu, view.menu.verdict
    name, amount = texts.sale.format(number=sale.number), format_kr(sale.amount_kr)
    if view.menu.page is Page.SURE and verdict is not None:
        return Screen(banner=name, headline=amount, prompt=texts.verdicts[verdict], hint=texts.key_yes_or_no)
    choice = "  ".join(texts.verdict_keys[verdict] for verdict in verdicts_for(sale))
    return Screen(banner=name, headline=amount, prompt=choice, hint=texts.key_next_or_back)
