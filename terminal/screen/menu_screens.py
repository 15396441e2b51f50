"""The menu's pages on the screen: pure, as screens.py."""

from __future__ import annotations

import math

from terminal.counter.menu import DIGIT_OF, CodeKind, Item, Menu, Page, verdicts_for
from terminal.counter.menu_codes import kind_of
from terminal.counter.register_words import RefusalCode
from terminal.counter.view import View
from terminal.sale.money import format_kr
from terminal.sale.record import Gap
from terminal.sale.refund import Refund
from terminal.sale.sale import Sale
from terminal.screen.screen import KeyGrid, Screen
from terminal.texts.sentences import Words, refusal_in
from terminal.texts.words import MenuWords


def menu_screen(view: View, words: Words) -> Screen | None:
    """What the open menu shows; None if it is closed, or shows a sale that is settled already."""
    menu, texts = view.menu, words.menu
    match menu.page:
        case None:
            return None
        case Page.CHOICE:
            hint = texts.key_choose_or_next if menu.has_menu_key else texts.key_digit_or_next
            text = f"{DIGIT_OF[menu.item]} {texts.items[menu.item]}"
            return Screen(banner=texts.title, prompt=text, hint=hint)
        case Page.CODE | Page.NEW_CODE | Page.NEW_CODE_AGAIN:
            return Screen(banner=texts.title, prompt=_code(menu, texts), entry=menu.masked, hint=words.key_ok_or_clear)
        case Page.NUMBER:
            return _number(menu, words)
        case Page.AMOUNT | Page.REFUND_SURE:
            return _refund(menu, words)
        case Page.REFUSED:
            return _refused(menu, words)
        case Page.ABOUT:
            return _about(menu)
        case Page.PAIRING | Page.GAP | Page.GAP_SURE:
            return _found(menu, texts)
        case Page.KEYPAD:
            return _keypad(view, texts)
        case Page.REPORT:
            return _report(view, words)
        case Page.SALE | Page.SURE:
            sale = next((sale for sale in view.for_staff if sale.number == menu.sale_number), None)
            return _sale(sale, view, words) if sale is not None else None
        case Page.NO_CODE:
            no_code = texts.no_refund_code if kind_of(menu) is CodeKind.REFUND else texts.no_code
            return Screen(prompt=no_code.what, hint=no_code.next)
    prompt, hint = _said(menu, words, is_training=view.is_training)
    return Screen(banner=texts.title, prompt=prompt, hint=hint)


def _code(menu: Menu, texts: MenuWords) -> str:
    if menu.page is not Page.CODE:
        return texts.new_code if menu.page is Page.NEW_CODE else texts.new_code_again
    wanted = texts.refund_code if kind_of(menu) is CodeKind.REFUND else texts.staff_code
    return texts.code_again if menu.wrong_codes and not menu.digits else wanted


def _said(menu: Menu, words: Words, *, is_training: bool) -> tuple[str, str]:
    """The pages that only say or ask something."""
    texts = words.menu
    said = {
        Page.LOCKED: (texts.locked.what, texts.locked.next.format(minutes=math.ceil(menu.locked_s / 60))),
        Page.CHECKING: (words.one_moment, texts.key_back),
        Page.WHICH_CODE: (texts.which_code, texts.key_which_code),
        Page.TRAINING: (texts.end_training if is_training else texts.begin_training, texts.key_yes_or_no),
        Page.DAY: (texts.end_day, texts.key_end_day),
        Page.EMPTY_DAY: (texts.empty_day, texts.key_yes_or_no),
        Page.ASKING: (words.one_moment, texts.key_back),
        Page.NOT_PRINTED: (texts.not_printed.what, texts.not_printed.next),
        Page.NOTHING_TO_PRINT: (texts.nothing_to_print.what, texts.nothing_to_print.next),
        Page.NOT_WRITTEN: _not_written(menu, texts),
        Page.NO_GAP: (texts.no_gap, texts.any_key),
        Page.EXAMINING: (texts.examining, texts.key_back),
        Page.DONE: (_done(menu.item, texts), texts.any_key),
    }
    assert menu.page is not None
    return said[menu.page]


def _not_written(menu: Menu, texts: MenuWords) -> tuple[str, str]:
    advice = texts.day_not_ended if menu.item is Item.END_OF_DAY else texts.not_written
    return advice.what, advice.next


def _about(menu: Menu) -> Screen:
    version, *others = menu.about or ("",)
    return Screen(banner=version, prompt=others[-1] if others else "", hint=" ".join(others[:-1]))


def _done(item: Item, texts: MenuWords) -> str:
    match item:
        case Item.CODES:
            return texts.code_changed
        case Item.SETTLE | Item.GAP:
            return texts.noted
        case Item.END_OF_DAY:
            return texts.day_ended
        case Item.X_REPORT | Item.TRANSACTIONS:
            return texts.printed
    return texts.printing


def _number(menu: Menu, words: Words) -> Screen:
    texts, typed = words.menu, menu.digits.reveal()  # a receipt's number is nobody's secret
    prompts = {Item.REFUND: texts.refund_number, Item.END_OF_DAY: texts.day_number}
    prompt = prompts.get(menu.item, texts.receipt_number)
    hint = texts.key_last_or_back if menu.item in prompts and not typed else words.key_ok_or_clear
    return Screen(banner=texts.title, prompt=prompt, entry=typed, hint=hint)


def _refund(menu: Menu, words: Words) -> Screen:
    texts, name = words.menu, words.menu.sale.format(number=menu.sale_number)
    if menu.page is Page.REFUND_SURE:
        amount = format_kr(-menu.amount_kr)
        return Screen(banner=name, headline=amount, prompt=texts.refund_sure, hint=texts.key_yes_or_no)
    typed = menu.digits.reveal()
    hint = words.key_ok_or_clear if typed else texts.key_all_or_back
    return Screen(banner=name, prompt=texts.at_most.format(amount=format_kr(menu.left_kr)), entry=typed, hint=hint)


def _refused(menu: Menu, words: Words) -> Screen:
    code = menu.refusal or RefusalCode.UNAVAILABLE
    text = refusal_in(words, code, menu.limits_kr, of_refund=menu.item is Item.REFUND)
    return Screen(banner=words.menu.title, body=(text,), hint=words.menu.any_key)


def _found(menu: Menu, texts: MenuWords) -> Screen:
    if menu.gap is not None:
        return _gap(menu, menu.gap, texts)
    digits = menu.digits.reveal()
    return Screen(banner=texts.items[Item.PAIRING], headline=f"{digits[:3]} {digits[3:]}", hint=texts.any_key)


def _gap(menu: Menu, gap: Gap, texts: MenuWords) -> Screen:
    if menu.page is Page.GAP_SURE:
        return Screen(banner=texts.gap_sure.what, prompt=texts.gap_sure.next, hint=texts.key_yes_or_no)
    since, until = gap.since or texts.gap_from_start, gap.until or texts.gap_until_nobody_knows
    known = texts.gap_known_at_least if gap.may_be_more else texts.gap_known
    how_many = known.format(count=gap.known) if gap.known else texts.gap_unknown
    text = f"{texts.gap.format(since=since, until=until)} {how_many}"
    return Screen(banner=texts.items[Item.GAP], body=(text,), hint=texts.key_ok_next_or_back)


def _keypad(view: View, texts: MenuWords) -> Screen:
    test, jam = view.menu.keypad, view.conditions.jam
    jammed = jam.together or jam.stuck
    if jammed:
        prompt = (texts.keys_together if jam.together else texts.key_stuck).format(keys=jammed)
    elif view.menu.scanned:
        prompt = texts.scanned.format(count=view.menu.scanned)
    elif test.seen:
        prompt = f"{len(test.seen)}/{test.total}{'' if test.missing else ' OK'}"
    else:
        prompt = texts.press_every_key
    keys = KeyGrid(rows=test.rows, seen=test.seen, last=test.last, jammed=jam.stuck + jam.together)
    return Screen(prompt=prompt, hint=texts.key_twice_to_leave, keys=keys)


def _report(view: View, words: Words) -> Screen:
    texts, menu, count = words.menu, view.menu, len(view.menu.problems)
    if not count:
        return Screen(banner=texts.title, prompt=texts.all_is_well, hint=texts.any_key)
    body: list[str] = []
    for number, problem in enumerate(menu.problems, 1):
        of_check = words.doctor.of(problem.check)
        body.append(f"{number}/{count} {of_check.wrong} {of_check.next}")
    for number, problem in enumerate(menu.problems, 1):
        body += [f"{number}/{count} {words.doctor.for_service}: {problem.found}"] if problem.found else []
    banner = texts.problems.format(count=count)
    return Screen(banner=banner, body=tuple(body), hint=_next_hint(menu, texts), page=menu.leaf)


def _next_hint(menu: Menu, texts: MenuWords) -> str:
    return texts.key_next_or_back if menu.has_menu_key else texts.key_ok_next_or_back


def _sale(sale: Sale | Refund, view: View, words: Words) -> Screen:
    texts, verdict, is_refund = words.menu, view.menu.verdict, isinstance(sale, Refund)
    name = (texts.refund if is_refund else texts.sale).format(number=sale.number)
    amount = format_kr(-sale.amount_kr if is_refund else sale.amount_kr)
    if view.menu.page is Page.SURE and verdict is not None:
        asked = (texts.refund_verdicts if is_refund else texts.verdicts)[verdict]
        return Screen(banner=name, headline=amount, prompt=asked, hint=texts.key_yes_or_no)
    keys = texts.refund_verdict_keys if is_refund else texts.verdict_keys
    choice = "  ".join(keys[verdict] for verdict in verdicts_for(sale))
    return Screen(banner=name, headline=amount, prompt=choice, hint=_next_hint(view.menu, texts))
