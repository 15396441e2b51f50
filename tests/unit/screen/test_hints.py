"""No screen names a key that the pad does not have: hints are made from its layout."""

from __future__ import annotations

import re

from msgspec.structs import replace

from terminal.counter.keypad_test import NUMBER_PAD, STANDARD_LAYOUT, KeypadTest
from terminal.counter.menu import Menu
from terminal.counter.view import View
from terminal.screen.screens import screen_for
from terminal.texts.sentences import words_in
from tests.each import each, each_of
from tests.golden.pictures import countdown
from tests.golden.samples import LANGUAGES, NARROW_PAD
from tests.golden.views import SHOWN

LETTER = re.compile(r"(?<![A-Za-zÀ-ÿ0-9/.:-])[A-D](?![A-Za-zÀ-ÿ0-9/.:-])")
SYMBOL = re.compile(r"[*#]|\b[0-9](?= [A-Za-zÀ-ÿ])")


@each_of("layout", [STANDARD_LAYOUT, NARROW_PAD, NUMBER_PAD, ("123B", "456D", "789#", "*0  ")])
def test_every_key_on_a_screen_is_on_the_pad(layout: tuple[str, ...]) -> None:
    keys = set("".join(layout))
    with each() as case:
        for name, view in SHOWN.items():
            for language in LANGUAGES:
                with case(name, language):
                    shown = screen_for(with_pad(view, layout), language, countdown=countdown(name))
                    for text in (shown.hint, shown.late_hint, shown.prompt, *shown.marks):
                        assert {*LETTER.findall(text), *SYMBOL.findall(text)} <= keys, text


def test_the_menu_s_key_is_named_where_there_is_one() -> None:
    waiting = SHOWN["idle_sales_waiting"]
    for language in LANGUAGES:
        with_key, without = (
            " ".join(screen_for(with_pad(waiting, layout), language).lines) for layout in (STANDARD_LAYOUT, NARROW_PAD)
        )
        assert words_in(language).menu_key_or in with_key
        assert LETTER.search(without) is None
        assert "#" in without


def with_pad(view: View, layout: tuple[str, ...]) -> View:
    menu: Menu = view.menu
    keypad = menu.keypad if menu.keypad.seen else KeypadTest(layout)
    return replace(view, menu=replace(menu, keypad=replace(keypad, layout=layout)))
