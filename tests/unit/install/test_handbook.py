"""Pages for people say what the terminal says, and fit on their paper."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from terminal.commands.main import _parser
from terminal.counter.trouble import Trouble
from terminal.install.handbook import FOLDER, INSTALLER_NOTES, card, pages
from terminal.sale.sale import Reason
from terminal.texts.sentences import words_in
from terminal.texts.words import Language
from tests.patience import at_most

LANGUAGES: tuple[Language, ...] = ("is", "en")


@pytest.mark.parametrize("path", pages(), ids=lambda path: path.name)
def test_pages_are_as_the_texts_make_them(path: Path) -> None:
    assert path.read_text("utf-8") == pages()[path], "run: python -m terminal.install.handbook"


def test_an_installer_is_told_something_about_every_trouble() -> None:
    assert set(INSTALLER_NOTES) == set(Trouble)
    assert all(INSTALLER_NOTES.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_card_has_every_trouble_and_all_that_could_charge_twice(language: Language) -> None:
    words, text = words_in(language), card(language)

    for trouble in Trouble:
        assert words.troubles[trouble].what in text
        assert words.troubles[trouble].next in text
    for sentence in (words.checking_payment, words.results[Reason.NOT_TRACEABLE].next):
        assert sentence in text[text.index('class="stop"') : text.index('class="columns"')]


def test_every_command_named_in_the_handbook_exists() -> None:
    text = (FOLDER / "README.md").read_text("utf-8") + (FOLDER.parent / "SECURITY.md").read_text("utf-8")
    help_text = _parser().format_help()

    for command in set(re.findall(r"netgiro-terminal ([a-z][a-z-]+)", text)) - {"doctor"}:
        assert re.search(rf"(?m)^    {command}\b", help_text), command


@pytest.mark.parametrize("language", ["is", pytest.param("en", marks=pytest.mark.slow)])
def test_the_card_is_one_page(language: Language, tmp_path: Path) -> None:
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        pytest.skip("chromium is not installed: the card's length is not measured")
    pdf = tmp_path / "card.pdf"
    arguments = ["--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer", f"--user-data-dir={tmp_path}"]
    url = (FOLDER / f"cashier-card.{language}.html").as_uri()

    subprocess.run(
        [browser, *arguments, f"--print-to-pdf={pdf}", url], check=True, capture_output=True, timeout=at_most(60)
    )

    assert len(re.findall(rb"/Type\s*/Page\b", pdf.read_bytes())) == 1
