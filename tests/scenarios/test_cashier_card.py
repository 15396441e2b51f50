"""Somebody who has never seen the terminal does a day by the cashier's card: only the keys that it names are pressed.

The card is read as it ships. Where the terminal asks something in between, the screen itself must name the key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest

from hardware.settings import KeypadSettings
from terminal.config.schema import Config, TerminalSettings
from terminal.config.section import ReceiptSettings
from terminal.counter.menu import Item
from terminal.counter.of_doubt import READ_AFTER_S
from terminal.counter.of_refund import RESULT_SHOWN_S
from terminal.demo.player import ScenarioFailed
from terminal.demo.scenario import Expect, Scenario, Step, Words
from terminal.demo.stage import Stage
from terminal.demo.stage_panel import StagePanel
from terminal.install.handbook import FOLDER
from terminal.sale.sale import Outcome
from terminal.sale.sensitive import Sensitive
from terminal.system import password
from terminal.texts.sentences import words_in
from terminal.texts.words import Language
from tests.scenarios.test_scenarios import GRACE_S, on_stage
from tests.virtual_time import run_virtual

PHONE, AMOUNT_KR, REFUND_CODE = "8223281", 1990, "2580"


class Card(NamedTuple):
    """What stands on it about keys."""

    ok: str
    """Ends what is typed."""
    menu: str
    items: Mapping[str, str]
    """The keys after the menu's, by the item's name."""
    notes: tuple[str, ...]

    def item(self, name: str) -> str:
        return self.menu + self.items[name]

    def note(self, name: str) -> str:
        """What the card says of an item, without its name."""
        (told,) = [note.removeprefix(f"{name}: ") for note in self.notes if note.startswith(f"{name}: ")]
        return told

    def typed(self, name: str, *answers: str) -> str:
        """The keys of a note such as ``code #, amount # (nothing = all), # yes``: an answer before each OK."""
        sentence = self.note(name).partition(". ")[0]
        assert sentence.count(self.ok) == len(answers), f"{sentence}: {answers}"
        return "".join(answer + self.ok for answer in answers)


def read_card(language: Language) -> Card:
    text = (FOLDER / f"cashier-card.{language}.html").read_text("utf-8")
    in_steps = set(re.findall(r"<b>(.)</b>", text))
    assert len(in_steps) == 1, "one key ends whatever is typed"
    menu = re.search(r"<h2>[^<:]+: (\S), ", text)
    items = re.search(r'<p class="menu">(.*)</p>', text)
    notes = re.search(r'<p class="notes">(.*)</p>', text)
    assert menu is not None
    assert items is not None
    assert notes is not None
    named = {name: keys.replace(" ", "") for keys, name in re.findall(r"<kbd>([^<]+)</kbd> ([^<]+)</span>", items[1])}
    return Card(in_steps.pop(), menu[1], named, tuple(notes[1].split("<br>")))


class Cashier:
    """Reads screen and paper, and presses keys."""

    def __init__(self, stage: Stage, panel: StagePanel, language: Language) -> None:
        self.card, self.words = read_card(language), words_in(language)
        self.item = self.words.menu.items
        self._stage, self._panel = stage, panel

    @property
    def screen(self) -> Sequence[str]:
        return self._panel.backend.state().display

    async def does(self, *steps: Step) -> None:
        await self._panel.player.play(Scenario(title=Words("a", "b"), about=Words("c", "d"), steps=steps), "card")

    async def gets(self, papers: int, *steps: Step) -> list[str]:
        """What comes out of the printer by these steps."""
        await self.does(*steps, Step(expect=Expect(receipts=papers)), Step(wait_s=RESULT_SHOWN_S + 1))
        if self.words.menu.any_key in self.screen:
            await self.does(Step(keys=self.card.ok))
        return [receipt.text for receipt in self._stage.printer.receipts if receipt.cut][-papers:]

    async def sells(self) -> list[str]:
        """Steps 1 to 4: the register asks, the customer's number, the customer's phone, the screen and the paper."""
        return await self.gets(
            2,
            Step(pay=AMOUNT_KR),
            Step(keys=PHONE + self.card.ok),
            Step(accept=True),
            Step(expect=Expect(outcome="approved", screen=self.words.outcomes[Outcome.APPROVED])),
        )

    def chosen(self, item: Item, then: str = "") -> Step:
        """By its key on the card."""
        return Step(keys=self.card.item(self.item[item]) + then)

    async def trains(self) -> None:
        """Into training, a sale as the card says it, and out again."""
        words, training = self.words, self.item[Item.TRAINING]
        phone = re.findall(r"[0-9 ]{7,}", self.card.note(training))[0].replace(" ", "")
        yes, amount, number, _ = self.card.typed(training, "", str(AMOUNT_KR), phone).split(self.card.ok)
        assert yes == "", "begun by OK alone"
        await self.does(self.chosen(Item.TRAINING))
        await self.agrees(words.menu.begin_training)
        await self.does(Step(expect=Expect(screen=words.training)))
        papers = await self.gets(
            2,
            Step(keys=amount + self.card.ok),
            Step(expect=Expect(state="entry")),
            Step(keys=number + self.card.ok),
            Step(expect=Expect(screen=words.outcomes[Outcome.APPROVED])),
        )
        assert all(words.training in paper for paper in papers)
        await self.does(self.chosen(Item.TRAINING))
        await self.agrees(words.menu.end_training)
        await self.does(Step(expect=Expect(screen=words.ready)))
        assert words.training not in self.screen

    async def agrees(self, question: str) -> None:
        """To what the screen asks, by the key that ends whatever is typed; the screen says that it does."""
        await self.does(Step(expect=Expect(screen=question)))
        assert any(line.startswith(f"{self.card.ok} ") for line in self.screen), self.screen
        with suppress(ScenarioFailed):  # the keypad may be gone before the key is up
            await self.does(Step(keys=self.card.ok))


def config_in(language: Language) -> Config:
    return Config(
        terminal=TerminalSettings(language=language, refund_code=Sensitive(REFUND_CODE)),
        receipt=ReceiptSettings(language=language),
        keypad=KeypadSettings(driver="simulated", debounce_ms=1),
    )


@pytest.mark.parametrize("language", ["is", "en"])
def test_a_day_by_the_card_alone(language: Language, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(password, "LOG_N", 10)
    run_virtual(_day(language, tmp_path), limit_s=3 * 3600, grace_s=GRACE_S)


async def _day(language: Language, folder: Path) -> None:
    async with on_stage(config_in(language), folder) as (stage, panel):
        cashier = Cashier(stage, panel, language)
        card, receipt = cashier.card, cashier.words.receipt

        sold = await cashier.sells()
        assert all(cashier.words.outcomes[Outcome.APPROVED].upper() in paper for paper in sold)
        assert not any(receipt.reprint in paper for paper in sold)

        (copy,) = await cashier.gets(1, cashier.chosen(Item.REPRINT_LAST))
        assert receipt.reprint in copy

        (x_report,) = await cashier.gets(1, cashier.chosen(Item.X_REPORT))
        assert receipt.x_report in x_report

        answers = card.typed(cashier.item[Item.REFUND], REFUND_CODE, "1", "", "")
        typed, yes = answers[: -len(card.ok)], Step(keys=card.ok)
        refunded = await cashier.gets(2, cashier.chosen(Item.REFUND, typed), Step(wait_s=2 * READ_AFTER_S), yes)
        assert all(receipt.refund in paper for paper in refunded)
        assert [refund.amount_kr for refund in stage.sandbox.book.refunds] == [AMOUNT_KR]

        (z_report,) = await cashier.gets(
            1, cashier.chosen(Item.END_OF_DAY, card.typed(cashier.item[Item.END_OF_DAY], ""))
        )
        assert receipt.end_of_day in z_report

        await cashier.trains()
        assert len(stage.sandbox.book.captures) == 1, "training was real"
