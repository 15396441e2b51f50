"""What is wrong with an answer is said in the language that was chosen."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from terminal.config import checks, checks_of_programs, doubts
from terminal.config.schema import Config
from terminal.errors import TerminalError
from terminal.install.questions import Questions
from terminal.texts.setup import ENGLISH, ICELANDIC, SetupWords
from tests.each import each_of

DOUBTS_ONLY = {"shop.name", "terminal.training"}
"""Allowed, and doctor speaks of them."""
ENGLISH_WORDS = ("must", "needed", "invalid", "expected", "there is none")


def test_each_sentence_is_about_a_key_that_there_is() -> None:
    for key in ICELANDIC.problems:
        section, name = key.split(".")
        assert name in getattr(Config(), section).__struct_fields__, key


ASKED_ABOUT = ("terminal", "shop", "netgiro", "register", "http", "keypad", "scanner", "printer", "display", "signals")


def test_every_key_that_a_check_names_has_its_sentence_where_setup_asks() -> None:
    source = "".join(Path(module.__file__).read_text("utf-8") for module in (checks, checks_of_programs, doubts))
    named = set(re.findall(r"""["']([a-z0-9_]+\.[a-z0-9_]+): """, source))
    assert len(named) > 30
    without = {key for key in named if key.startswith(ASKED_ABOUT) and key not in ICELANDIC.problems}
    assert without <= DOUBTS_ONLY


def test_what_setup_does_not_ask_about_is_said_in_icelandic_too_and_a_line_of_the_file_stays() -> None:
    said = ICELANDIC.said("panel.listen: must be an address and a port")
    assert said == f"panel.listen: {ICELANDIC.problem_elsewhere}"
    assert ENGLISH.said("panel.listen: must be one") == "panel.listen: must be one"
    slip = "/etc/netgiro-terminal/config.toml: line 3: a quote is missing"
    assert ICELANDIC.said(slip) == slip


@each_of(
    ("section", "key", "answer"),
    [
        ("shop", "kennitala", "12"),
        ("shop", "service_phone", "call me"),
        ("terminal", "id", "kassi númer 1"),
        ("netgiro", "base_url", "netgiro"),
        ("http", "listen", "somewhere"),
    ],
)
def test_what_is_wrong_is_said_in_icelandic(section: str, key: str, answer: str) -> None:
    said = refused(ICELANDIC, lambda asking: asking.text(section, key, "?"), answer)
    assert f"{section}.{key}: {ICELANDIC.problems[f'{section}.{key}']}" in said
    assert not any(word in said for word in ENGLISH_WORDS)
    assert "must" in refused(ENGLISH, lambda asking: asking.text(section, key, "?"), answer)


@pytest.mark.parametrize("words", [ICELANDIC, ENGLISH])
def test_what_is_no_number_is_told_so_and_not_in_python(words: SetupWords) -> None:
    for ask in (
        lambda asking: asking.ask("printer", "columns", "?", asking.whole),
        lambda asking: asking.number("printer", "usb_vendor_id", "?"),
    ):
        assert refused(words, ask, "many").split("\n")[0].strip() == words.no_number


def refused(words: SetupWords, ask: Callable[[Questions], object], answer: str) -> str:
    said: list[str] = []
    with pytest.raises(TerminalError):
        ask(Questions(lambda _prompt: answer, said.append, Config(), words))
    return "\n".join(said)
