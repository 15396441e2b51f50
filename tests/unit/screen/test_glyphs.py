"""Letters that were drawn beforehand: they are FreeType's, dot by dot, and FreeType itself is hardly ever loaded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageDraw, features

from hardware.interfaces import KEYS
from terminal.counter.keypad_test import STANDARD_LAYOUT
from terminal.screen import glyphs, letters, outlines
from terminal.screen.glyphs import CODE_PAGE, DRAWN_BY, FIRST, FOLDER, Face, path_of
from terminal.screen.letters import draw_text
from terminal.screen.pixels import render
from terminal.screen.screen import KeyGrid, Screen
from terminal.screen.screens import screen_for
from tests.each import each, each_of
from tests.golden.samples import LANGUAGES, SIZES_PX
from tests.golden.views import VIEWS

FACES = sorted(Face(cut, int(size)) for cut, size in (path.stem.split("-") for path in FOLDER.glob("*.glyphs")))
LETTERS = [letter for code in range(FIRST, 0x100) if (letter := bytes([code]).decode(CODE_PAGE, "ignore"))]
MOST_DIFFERENT_UNDER_ANOTHER_FREETYPE = 0.03
SAME_FREETYPE = DRAWN_BY.read_text(encoding="ascii").strip() == features.version("freetype2")


@pytest.fixture(autouse=True)
def _nothing_looked_up() -> Iterator[None]:
    _forget()
    yield
    _forget()


def _forget() -> None:
    for looked_up in (letters.glyph_of, letters._dots_of, glyphs._content):
        looked_up.cache_clear()


def _by_freetype(at_px: tuple[int, int], text: str, face: Face, *, fill: int) -> Image.Image:
    picture = Image.new("1", (128, 64), 1 - fill)
    ImageDraw.Draw(picture).text(at_px, text, fill=fill, font=outlines.font_of(face))
    return picture


def _by_us(at_px: tuple[int, int], text: str, face: Face, *, fill: int) -> Image.Image:
    picture = Image.new("1", (128, 64), 1 - fill)
    draw_text(picture, at_px, text, face, fill=fill)
    return picture


@each_of("face", FACES)
def test_each_letter_is_the_one_that_freetype_draws(face: Face) -> None:
    different = dots = 0
    for letter in LETTERS:
        ready, now = glyphs.ready(letter, face), outlines.drawn(letter, face)
        assert ready is not None
        if SAME_FREETYPE:
            assert ready == now, f"{letter}: run python -m terminal.screen.outlines, and then python -m tests.golden"
        both = (_by_us((20, 10), letter, face, fill=1), _by_freetype((20, 10), letter, face, fill=1))
        different += ImageChops.logical_xor(*both).histogram()[255]
        dots += both[1].histogram()[255]
    assert different <= (0 if SAME_FREETYPE else MOST_DIFFERENT_UNDER_ANOTHER_FREETYPE * dots)


@pytest.mark.skipif(not SAME_FREETYPE, reason="another FreeType hints other dots")
@given(
    at_px=st.tuples(st.integers(-20, 100), st.integers(-20, 60)),
    text=st.text(st.sampled_from([*LETTERS, *"łĄあ\U0010fffd"]), max_size=20),
    face=st.sampled_from(FACES),
    fill=st.sampled_from([0, 1]),
)
def test_any_text_is_the_one_that_freetype_draws(at_px: tuple[int, int], text: str, face: Face, fill: int) -> None:
    assert _by_us(at_px, text, face, fill=fill).tobytes() == _by_freetype(at_px, text, face, fill=fill).tobytes()


def test_no_screen_needs_freetype(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(char: str, face: Face) -> None:
        raise AssertionError(f"{char} in {face} is not ready")

    monkeypatch.setattr(outlines, "drawn", refuse)
    shown = [screen_for(view, language, shop_name="Þorpið „Ás“") for view in VIEWS.values() for language in LANGUAGES]
    shown += [Screen(keys=KeyGrid(rows=STANDARD_LAYOUT, last=key)) for key in KEYS]
    with each() as case:
        for screen, size_px in product(shown, SIZES_PX):
            with case(screen.lines, size_px):
                render(screen, size_px)
    for screen in shown[:: len(shown) // 20]:
        render(screen, SIZES_PX[0], is_large=True)


def test_there_is_a_file_for_each_face_and_no_other() -> None:
    faces = outlines.faces_of_screens()
    assert {path.name for path in FOLDER.iterdir()} == {DRAWN_BY.name, *(path_of(face).name for face in faces)}


@each_of(
    "spoil",
    [lambda _: b"", lambda whole: whole[:-1], lambda whole: whole[1:], lambda whole: whole + b"x", bytes.swapcase],
)
def test_where_a_file_is_not_whole_outlines_serve(
    spoil: Callable[[bytes], bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    face, text = Face("RobotoMedium", 16), "Þú ert næst"
    whole, expected = path_of(face).read_bytes(), _by_us((3, 4), text, face, fill=1)
    monkeypatch.setattr(glyphs, "FOLDER", tmp_path)
    for content in (None, spoil(whole)):
        if content is not None:
            path_of(face).write_bytes(content)
        _forget()
        assert glyphs.ready("a", face) is None
        drawn = _by_us((3, 4), text, face, fill=1)
        assert not SAME_FREETYPE or drawn.tobytes() == expected.tobytes()
