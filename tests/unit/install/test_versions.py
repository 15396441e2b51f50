"""Which release is newer."""

from __future__ import annotations

import contextlib
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal import __version__
from terminal.errors import TerminalError
from terminal.install.versions import OLDEST_RELEASE, is_older, newest, parse_version

IN_ORDER = [
    "0.1.0",
    "0.9",
    "0.10.0",
    "1.0.0.dev1",
    "1.0.0a1.dev2",
    "1.0.0a1",
    "1.0.0a2",
    "1.0.0b1",
    "1.0.0rc1",
    "1.0.0rc2",
    "1.0.0",
    "1.0.0.post1",
    "1.0.1",
    "1.2",
    "1.10",
    "2.0",
]


def test_versions_follow_each_other_as_releases_do() -> None:
    for older, newer in itertools.combinations(IN_ORDER, 2):
        assert is_older(older, newer), (older, newer)
        assert not is_older(newer, older), (older, newer)
    assert newest(*reversed(IN_ORDER)) == "2.0"


@pytest.mark.parametrize(("one", "other"), [("1.2", "1.2.0"), ("1", "1.0.0"), ("1.0.0rc1", "1rc1")])
def test_zeros_at_the_end_say_nothing(one: str, other: str) -> None:
    assert parse_version(one) == parse_version(other)


@given(st.text(alphabet="0123456789.abrcdevpost+- ", max_size=60))
def test_whatever_it_is_it_is_a_version_or_refused(text: str) -> None:
    with contextlib.suppress(TerminalError):
        assert not is_older(text, text)


def test_this_version_is_one_and_above_its_own_floor() -> None:
    assert not is_older(__version__, OLDEST_RELEASE)
