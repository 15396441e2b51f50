"""What a language needs beside its table of texts: whoever adds one is told what is missing, and where."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import get_args

from terminal.counter.rules import CounterRules
from terminal.install.handbook import CARDS, pages
from terminal.texts.sentences import LANGUAGES
from terminal.texts.setup import SETUP_TABLES
from terminal.texts.words import Language

NEEDED: Mapping[str, Collection[str]] = {
    "terminal/texts/sentences.py": LANGUAGES,
    "terminal/texts/setup.py": SETUP_TABLES,
    "terminal/install/handbook.py": CARDS,
    "terminal/counter/rules.py": CounterRules().languages,
    "systemd: make the cards with python -m terminal.install.handbook": [
        path.name.split(".")[1] for path in pages() if path.name.startswith("cashier-card.") and path.is_file()
    ],
}


def missing(language: str) -> Iterator[str]:
    return (place for place, there in NEEDED.items() if language not in there)


def test_every_language_has_all_that_it_needs() -> None:
    lacking = {language: list(missing(language)) for language in get_args(Language)}
    assert not any(lacking.values()), lacking


def test_a_language_that_is_only_named_lacks_all_of_it() -> None:
    assert list(missing("pl")) == list(NEEDED)


def test_no_table_is_of_a_language_that_cannot_be_chosen() -> None:
    assert {language for there in NEEDED.values() for language in there} == set(get_args(Language))
