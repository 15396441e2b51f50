"""What is wrong with an answer is said in the language that was chosen."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from terminal.config.schema import Config
from terminal.errors import TerminalError
from terminal.install.questions import Questions
from terminal.texts.setup import ENGLISH, ICELANDIC, SetupWords

ENGLISH_WORDS = ("must", "needed", "invalid", "expected", "there is none")


def test_each_sentence_is_about_a_key_that_there_is() -> None:
    for key in ICELANDIC.problems:
        section, name = key.split(".")
        assert name in getattr(Config(), section).__struct_fields__, key


@pytest.mark.parametrize(
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
