"""What is wrong in a file that is not TOML, in words, for each slip that people make."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.config.toml_slips import MOST_SLIPS, Slip, read_around


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('id = "T1', "id: a quotation mark is missing"),
        ('id = T1"', "id: a quotation mark is missing"),
        ("id = 'T1", "id: a quotation mark is missing"),
        ("id = T1", 'id: text needs quotation marks: id = "..."'),
        ("id = “T1”", "these quotation marks are a text program's"),
        ("id: T1", "there is no equals sign"),
        ("id", "there is no equals sign"),
        ("id =", "id: nothing stands after the equals sign"),
        ("on = True", "on: write true or false, in small letters"),
        ("on = nei", "on: write true or false, in small letters"),
        ("wait_s = 1,5", "wait_s: write the number with a point"),
        ("pin = 05", "pin: a number does not begin with 0"),
        ('path = "C:\\x"', "path: a backslash in text is written twice"),
        ('labels = ["A" "B"]', "labels: a comma or the ] of the list is missing"),
        ('id = "T1" mine', "id: something stands after the value"),
    ],
)
def test_a_slip_is_told_in_words_and_the_next_line_is_read(line: str, words: str) -> None:
    tables, slips = read_around(f'[terminal]\n{line}\nlanguage = "is"\n')
    assert tables == {"terminal": {"language": "is"}}
    assert [slip.line for slip in slips] == [2]
    assert slips[0].words.startswith(words)


def test_a_list_that_is_not_closed_is_told_where_it_begins() -> None:
    tables, slips = read_around('labels = ["A", "B"\nid = "T1"\n')
    assert tables == {"id": "T1"}
    assert slips == [Slip(1, "labels: a comma or the ] of the list is missing")]


def test_a_broken_header_does_not_put_its_keys_into_the_section_above() -> None:
    tables, slips = read_around("[a]\nx = 1\n[b\ny = 2\n[a]\nz = 3\n[c d]\nw = 4\n")
    assert tables == {"a": {"x": 1}, "b": {"y": 2}}
    assert [slip.line for slip in slips] == [3, 5, 7]
    assert "twice" in slips[1].words


def test_a_key_that_stands_twice_is_told_at_the_second() -> None:
    assert read_around("a = 1\na = 2\n") == (
        {"a": 1},
        [Slip(2, "a: stands twice in its section: delete one of the two")],
    )


def test_slips_are_bounded() -> None:
    tables, slips = read_around("x\n" * 1000)
    assert tables == {}
    assert len(slips) == MOST_SLIPS


def test_a_value_is_never_repeated() -> None:
    for value in ('"leyndarmal', "leyndarmal", '"leyndarmal" x', "“leyndarmal”", '"leyndar\\mal"', "[leyndarmal"):
        _, slips = read_around(f"secret_key = {value}\n")
        assert slips
        assert "leyndar" not in str(slips)


@given(st.text(st.sampled_from("ab=[]\"\\'#,.\n 0é"), max_size=60))
def test_whatever_stands_there_is_read_or_told(text: str) -> None:
    tables, slips = read_around(text)
    if not slips:
        assert tables == tomllib.loads(text)
    assert all(1 <= slip.line <= text.count("\n") + 1 and slip.words for slip in slips)
