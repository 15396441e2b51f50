"""The pixels: everything fits, nothing is cut, and each screen looks as it was last looked at."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from PIL import Image, ImageChops

from hardware.interfaces import KEYS
from hardware.settings import TOP_COLOUR_ROWS
from terminal.counter.keypad_test import STANDARD_LAYOUT
from terminal.counter.trouble import Trouble
from terminal.counter.typing import Entry
from terminal.counter.view import View
from terminal.sale.sale import State
from terminal.sale.sensitive import Sensitive
from terminal.screen.glyphs import Face
from terminal.screen.keypad_picture import text_box
from terminal.screen.layout import BAND_PADDING_PX, FACES, LARGE_STEPS, Layout, lay_out, pages
from terminal.screen.letters import AFTER_SIGN_PX, glyph_of, runs, text_width_px
from terminal.screen.outlines import font_of
from terminal.screen.pixels import render
from terminal.screen.screen import KeyGrid
from terminal.screen.screens import Screen, screen_for
from terminal.texts.words import Language
from tests.each import each, each_of
from tests.golden.pictures import PICTURE_CASES, countdown, picture, picture_path, screen
from tests.golden.samples import FIRST_TROUBLE, GOLDEN, LANGUAGES, SALE, SIZE_PX, SIZES_PX, WORST
from tests.golden.views import VIEWS

LARGEST_AMOUNT_KR = 9_999_999
MOST_PAGES = {(128, 64): 1, (128, 32): 4}

every_size = each_of("size_px", SIZES_PX)
slow = pytest.mark.slow
every_screen = pytest.mark.parametrize("step", [pytest.param(4, id="a fourth"), pytest.param(1, id="all", marks=slow)])
"""Of what is looked at for each screen once more: every fourth, and all of them in ``make test-all``."""
every_language = each_of("language", LANGUAGES)


def test_screens_look_as_golden() -> None:
    with each() as case:
        for name, language, size_px in PICTURE_CASES:
            with case(name, language, size_px), Image.open(picture_path(name, language, size_px)) as golden:
                drawn = picture(name, language, size_px)
                assert drawn.size == golden.size, "other pages: run python -m tests.golden and look"
                assert drawn.tobytes() == golden.convert("1").tobytes(), (
                    "changed: look at it, then run python -m tests.golden"
                )


def test_no_golden_picture_is_left_over() -> None:
    kept = set(GOLDEN.glob("screens/**/*.png"))
    assert kept == {picture_path(*case) for case in PICTURE_CASES}


def test_every_message_fits_whole() -> None:
    with each() as case:
        for name, language, amount_kr, size_px in product(VIEWS, LANGUAGES, (1, LARGEST_AMOUNT_KR), SIZES_PX):
            with case(name, language, amount_kr, size_px):
                view = VIEWS[name]
                view = replace(
                    view,
                    sale=view.sale and replace(view.sale, amount_kr=amount_kr),
                    result=view.result and replace(view.result, amount_kr=amount_kr),
                )
                for phone in ("", "555-55 55"):
                    names = {"shop_name": "Blómabúðin við Lækinn", "service_phone": phone}
                    assert_whole(screen_for(view, language, **names, countdown=countdown(name)), size_px)


def test_every_screen_has_room_for_the_mark_of_any_trouble() -> None:
    screens: dict[Screen, tuple[Trouble, str, Language]] = {}
    for name, language, trouble in product(VIEWS, LANGUAGES, Trouble):
        shown = screen_for(replace(VIEWS[name], **FIRST_TROUBLE[trouble]), language, countdown=countdown(name))
        screens.setdefault(shown, (trouble, name, language))
    with each() as case:
        for size_px, (shown, named) in product(SIZES_PX, screens.items()):
            with case(*named, size_px):
                assert_whole(shown, size_px)


@each_of("split_px", [TOP_COLOUR_ROWS, 64 - TOP_COLOUR_ROWS])
def test_no_line_of_text_is_of_two_colours(split_px: int) -> None:
    with each() as case:
        for name, language in product(VIEWS, LANGUAGES):
            with case(name, language):
                shown = screen_for(VIEWS[name], language, shop_name="Blómabúðin", countdown=countdown(name))
                above_keys_px = text_box(shown.keys, SIZE_PX).top_px
                layouts = pages(shown, SIZE_PX, split_px)
                assert all(layout.complete for layout in layouts)
                for block in (block for layout in layouts for block in layout.blocks):
                    top_px = block.top_px + above_keys_px
                    ends_above = top_px + block.height_px <= split_px
                    assert ends_above or top_px >= split_px, block
                    assert top_px + block.height_px <= SIZE_PX[1]


@every_screen
def test_large_text_loses_nothing_and_is_large_wherever_words_are_short_enough(step: int) -> None:
    with each() as case:
        for name, language, size_px in product([*VIEWS][::step], LANGUAGES, SIZES_PX):
            with case(name, language, size_px):
                shown = screen_for(VIEWS[name], language, shop_name="Blómabúðin", countdown=countdown(name))
                layouts = pages(shown, size_px, 0, True)
                assert all(layout.complete for layout in layouts)
                usual = {block.role: block.face.size_px for layout in pages(shown, size_px) for block in layout.blocks}
                for block in (block for layout in layouts for block in layout.blocks if block.role in usual):
                    longest = max((word for line in block.lines for word in line.split(" ")), key=len)
                    fits = text_width_px(longest, FACES["prompt"][LARGE_STEPS[-1]]) <= size_px[0]
                    if size_px == (128, 64) and block.role == "prompt" and fits and shown.keys is None:
                        assert block.face.size_px >= max(16, usual["prompt"]), block
                assert render(shown, size_px, is_large=True).getbbox() is not None


def assert_whole(screen: Screen, size_px: tuple[int, int]) -> None:
    """Every text stands whole on some page, nothing overlaps, and the glass holds it all."""
    layouts = pages(screen, size_px)
    if screen.body:
        assert body_of(layouts) == "".join(screen.body).replace(" ", "")
    else:
        assert len(layouts) <= MOST_PAGES[size_px]
    texts = {role: getattr(screen, role) for role in ("banner", "headline", "prompt", "entry", "hint")}
    if screen.countdown and not screen.marks:
        texts["countdown"] = str(screen.countdown)
    lines: dict[str, list[str]] = {}
    for block in (block for layout in layouts for block in layout.blocks):
        lines.setdefault(block.role, []).extend(line for line in block.lines if line not in lines.get(block.role, []))
    shown = {role: " ".join(of_role) for role, of_role in lines.items()}
    assert {role: shown.get(role, "").replace("\n", " ") for role in texts} == texts
    if screen.headline and not screen.banner:
        assert all(any(block.role == "headline" for block in layout.blocks) for layout in layouts), "the amount"
    if screen.entry:
        assert any(block.role == "entry" for block in layouts[0].blocks), "what is typed is seen at once"
    assert ("marks" in shown) == bool(screen.marks)
    for layout in layouts:
        assert layout.complete
        bottom_px = 0
        for block in layout.blocks:
            assert block.top_px >= bottom_px, f"{block} overlaps"
            bottom_px = block.top_px + block.height_px
            assert block.width_px <= size_px[0]
            ink_px = [glyph_of(char, block.face).top_px for char in block.lines[0] if not char.isspace()]
            assert block.top_px - block.ink_top_px + min(ink_px) >= 0, "cut at the top"
        assert bottom_px <= size_px[1]


def body_of(layouts: Iterable[Layout]) -> str:
    """The long texts of all pages, one after the other, without blanks."""
    lines = (line for layout in layouts for block in layout.blocks if block.role == "body" for line in block.lines)
    return "".join(lines).replace(" ", "")


WORDS = st.text(st.characters(codec="latin-1", exclude_categories=["C"]), max_size=300)


@settings(deadline=None)
@given(st.lists(WORDS.filter(str.strip), min_size=1, max_size=5), st.sampled_from(SIZES_PX))
def test_any_long_text_stands_whole_on_its_pages_whatever_it_is(body: list[str], size_px: tuple[int, int]) -> None:
    shown = Screen(banner="Bilanir: 5", body=tuple(body), hint="D næst   * til baka")
    layouts = pages(shown, size_px)
    assert body_of(layouts) == "".join(body).replace(" ", "")
    is_message = len(body) == 1 and size_px[1] == 32  # read before its "any key"
    assert layouts[-1 if is_message else 0].blocks[0].role == "banner"
    for layout in layouts:
        bottom_px = 0
        for block in layout.blocks:
            assert block.top_px >= bottom_px
            assert block.width_px <= size_px[0]
            bottom_px = block.top_px + block.height_px
        assert bottom_px <= size_px[1]


@every_size
def test_each_long_text_begins_at_the_top_of_a_page_of_its_own(size_px: tuple[int, int]) -> None:
    body = ("one", "two " * 40, "three")
    layouts = pages(Screen(banner="Faults: 3", body=body, hint="D next"), size_px)
    tops = [block.lines[0].split(" ")[0] for layout in layouts for block in layout.blocks if block.role == "body"]
    assert (tops[0], tops[1], tops[-1]) == ("one", "two", "three")


@every_size
def test_the_page_that_staff_have_turned_to_is_drawn(size_px: tuple[int, int]) -> None:
    shown = screen("menu_report", "is")
    count = len(pages(shown, size_px))
    for leaf in range(2 * count):
        turned = render(replace(shown, page=leaf), size_px)
        assert turned.tobytes() == render(shown, size_px, page=leaf % count).tobytes()


@every_size
@each_of("name", ["entry_typing", "entry_typing_no_network", "code_entry_typing"])
def test_what_is_typed_stands_on_every_page(name: str, size_px: tuple[int, int]) -> None:
    for layout in pages(screen(name, "is"), size_px):
        assert {"headline", "entry"} <= {block.role for block in layout.blocks}


@every_screen
def test_picture_is_one_bit_and_never_blank(step: int) -> None:
    with each() as case:
        for name, size_px in product([*VIEWS][::step], SIZES_PX):
            shown = screen(name, "is")
            for page in range(len(pages(shown, size_px))):
                with case(name, size_px, page):
                    drawn = render(shown, size_px, page=page)
                    assert (drawn.mode, drawn.size) == ("1", size_px)
                    assert drawn.getbbox() is not None


CORNERS = (3, 12, 15, 16)
"""Where a picture is put aside as far as it goes, both ways."""


@every_screen
def test_picture_put_aside_loses_no_pixel(step: int) -> None:
    """Texts in a band keep its height, so only lit pixels outside of bands can be counted."""
    with each() as case:
        for name, size_px in product([*VIEWS][::step], SIZES_PX):
            shown = screen(name, "is")
            for page, layout in enumerate(pages(shown, size_px)):
                if any(block.role in BAND_PADDING_PX for block in layout.blocks):
                    continue
                with case(name, size_px, page):
                    lit = {_lit(render(shown, size_px, page=page, shift=shift)) for shift in (0, *CORNERS)}
                    assert len(lit) == 1


def _lit(picture: Image.Image) -> int:
    return picture.histogram()[255]


def test_text_that_cannot_fit_is_left_out_by_need_and_told() -> None:
    endless = "orð " * 200
    layout = lay_out(Screen(headline="1.990 kr.", prompt="Samþykktu", hint=endless), SIZE_PX)
    assert not layout.complete
    assert [block.role for block in layout.blocks] == ["headline", "prompt"]


@each_of("shop_name", ["", "B", "Verslunarfélagið " * 30, "Ó" * 300, "\u200b", "日本"])
def test_any_shop_name_is_drawn_without_an_error(shop_name: str) -> None:
    drawn = render(screen_for(View(), "is", shop_name=shop_name), SIZE_PX)
    assert drawn.getbbox() is not None


def test_empty_screen_is_dark() -> None:
    assert render(Screen(), SIZE_PX).getbbox() is None


def test_amount_is_the_largest_text_of_an_open_sale() -> None:
    for state in (State.ENTRY, State.CUSTOMER, State.CODE_CHECK, State.CAPTURE):
        blocks = lay_out(screen_for(View(sale=replace(SALE, state=state)), "is"), SIZE_PX).blocks
        sizes = {block.role: block.face.size_px for block in blocks}
        assert max(sizes, key=lambda role: sizes[role]) == "headline"


def test_other_marks_are_counted() -> None:
    screen = screen_for(View(sale=SALE, conditions=WORST), "en")
    marks = [block.lines for block in lay_out(screen, SIZE_PX).blocks if block.role == "marks"]
    assert marks == [("Journal fault +5",)]


def test_pixels_tell_nothing_but_the_last_digit() -> None:
    pictures = {
        render(screen_for(View(sale=SALE, entry=Entry(Sensitive(digits))), "is"), SIZE_PX).tobytes()
        for digits in ("8223281", "7777771", "6000001")
    }
    assert len(pictures) == 1


@every_size
@each_of("layout", [STANDARD_LAYOUT, ("123", "456", "789", "*0#"), ("12345678", "90*#ABCD")])
def test_a_key_that_is_pressed_lights_a_cell_of_its_own_on_the_pad(
    layout: tuple[str, ...], size_px: tuple[int, int]
) -> None:
    keys = "".join(layout)
    empty = render(Screen(keys=KeyGrid(rows=layout)), size_px)
    changed = []
    for key in keys:
        one = render(Screen(keys=KeyGrid(rows=layout, seen=key)), size_px)
        box = ImageChops.logical_xor(empty, one).getbbox()
        assert box is not None, f"{key} looks the same when it was pressed"
        changed.append(box)
    for at, (left, top, right, bottom) in enumerate(changed):
        assert right <= size_px[0] // 2
        for other_left, other_top, other_right, other_bottom in changed[at + 1 :]:
            assert right <= other_left or other_right <= left or bottom <= other_top or other_bottom <= top


@every_size
def test_each_key_of_the_pad_has_a_look_of_its_own(size_px: tuple[int, int]) -> None:
    for seen in ("", KEYS):
        looks = {render(Screen(keys=KeyGrid(rows=(key,), seen=seen)), size_px).tobytes() for key in KEYS}
        assert len(looks) == len(KEYS)


@every_size
@each_of("key", KEYS)
def test_the_last_key_is_drawn_large_beside_the_pad_and_no_text_is_on_it(key: str, size_px: tuple[int, int]) -> None:
    grid = KeyGrid(rows=STANDARD_LAYOUT, last=key)
    large = ImageChops.logical_xor(
        render(Screen(keys=grid), size_px), render(Screen(keys=replace(grid, last="")), size_px)
    ).getbbox()
    assert large is not None
    left_px, top_px, right_px, bottom_px = large
    assert key == "*" or bottom_px - top_px >= 18
    box = text_box(grid, size_px)
    assert right_px <= box.left_px or bottom_px <= box.top_px
    assert left_px > 0


every_face = each_of("face", sorted({face for faces in FACES.values() for face in faces}))


@every_face
@every_language
def test_measured_width_is_that_of_the_drawn_text(face: Face, language: Language) -> None:
    texts = {line for view in VIEWS.values() for line in screen_for(view, language, shop_name="AVATo LT Týr").lines}
    for text in texts:
        ends_px = [at_px + font_of(face).getlength(part, mode="1") for at_px, part in runs(text, face)]
        assert text_width_px(text, face) == ends_px[-1]
        assert " ".join(part for _, part in runs(text, face)) == text


def test_a_word_stands_clear_of_the_digit_or_sign_before_it() -> None:
    face = Face("Roboto", 13)
    plain, after_digit, after_sign = (text_width_px(text, face) for text in ("a b", "1 b", "# b"))
    assert plain == sum(text_width_px(char, face) for char in "a b")
    assert after_digit == sum(text_width_px(char, face) for char in "1 b") + AFTER_SIGN_PX
    assert after_sign == sum(text_width_px(char, face) for char in "# b") + AFTER_SIGN_PX


@every_face
def test_font_has_every_letter_that_is_shown(face: Face) -> None:
    font = font_of(face)
    missing = bytes(font.getmask("\U0010fffd", mode="1"))
    for letter in "ÁÉÍÓÚÝÞÆÖÐáéíóúýþæöð…•#*":
        assert bytes(font.getmask(letter, mode="1")) != missing, letter
