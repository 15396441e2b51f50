"""Training that nobody ends is over in the morning, on the whole counter in virtual time."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

from terminal.counter.menu import DIGIT_OF, Item
from terminal.demo.player import ScenarioFailed
from terminal.demo.scenario import Expect, Scenario, Step, Words
from terminal.sale.sale import Outcome
from terminal.texts.sentences import words_in
from tests.scenarios.test_scenarios import CONFIG, GRACE_S, on_stage
from tests.virtual_time import run_virtual

NIGHT_S = 24 * 3600.0


def test_it_ends_by_itself_and_says_so_on_every_paper_until_then(tmp_path: Path) -> None:
    async def through_the_night() -> None:
        words = words_in(CONFIG.terminal.language)
        async with on_stage(CONFIG, tmp_path) as (stage, panel):

            async def does(*steps: Step) -> None:
                await panel.player.play(Scenario(title=Words("a", "a"), about=Words("b", "b"), steps=steps), "night")

            await does(Step(keys="D" + DIGIT_OF[Item.TRAINING]), Step(expect=Expect(screen=words.menu.begin_training)))
            with suppress(ScenarioFailed):  # the keypad may be gone before the key is up
                await does(Step(keys="#"))
            await does(
                Step(expect=Expect(screen=words.training)),
                Step(keys="1990#"),
                Step(expect=Expect(state="entry")),
                Step(keys="8223281#"),
                Step(expect=Expect(screen=words.outcomes[Outcome.APPROVED], receipts=2)),
            )
            printed = [receipt.text for receipt in stage.printer.receipts if receipt.cut]
            assert all(words.training in text for text in printed)
            await asyncio.sleep(NIGHT_S)
            await does(Step(expect=Expect(state="idle", screen=words.ready)))
            assert words.training not in panel.backend.state().display
            assert stage.sandbox.book.captures == [], "nobody has paid"
            await does(Step(pay=500), Step(expect=Expect(state="entry")))
            assert [receipt.text for receipt in stage.printer.receipts if receipt.cut] == printed

    run_virtual(through_the_night(), limit_s=2 * NIGHT_S, grace_s=GRACE_S)
