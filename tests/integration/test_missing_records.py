"""After a restore staff acknowledge at the keypad what is missing, and the shop sells on without a technician."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from terminal.counter.of_doubt import READ_AFTER_S
from tests.integration.counter import ShopCounter
from tests.integration.netgiro import QUICK_PHONE, NetgiroProcess
from tests.integration.process import run_command, wait_until

STAFF_CODE = "4711"
IS_MISSING = "Records lost"


@pytest.fixture
def counter(tmp_path: Path, netgiro: NetgiroProcess) -> Iterator[ShopCounter]:
    netgiro.spoil()
    folder = tmp_path / "shop"
    folder.mkdir()
    settings = {"terminal": {"staff_code": STAFF_CODE}, "journal": {"path": str(folder / "card" / "journal.db")}}
    with ShopCounter(folder, netgiro, settings) as counter:
        yield counter
    netgiro.spoil()


def journal_command(counter: ShopCounter, *arguments: str) -> str:
    done = run_command("journal", *arguments, "--config", str(counter.config_path))
    assert done.returncode == 0, done.stderr
    return done.stdout


def pay_and_lose(counter: ShopCounter, register_id: str, backup: Path) -> None:
    """The backup that is restored was made before that payment."""
    journal_command(counter, "backup", str(backup))
    pay(counter, register_id)
    counter.stop()
    card = Path(counter.settings["journal"]["path"]).parent
    shutil.rmtree(card)
    card.mkdir()
    assert "everything after" in journal_command(counter, "restore", str(backup))
    counter.start()
    counter.wait_for_devices()


def pay(counter: ShopCounter, register_id: str) -> None:
    counter.pay(register_id)
    counter.press(QUICK_PHONE + "#")
    assert counter.result(register_id).startswith("OK 1990 ")
    counter.wait_for("idle")


def answer(counter: ShopCounter, question: str) -> None:
    """A # right after the one that opened the question counts for nothing."""

    def answered() -> bool:
        counter.press("#")
        time.sleep(2 * READ_AFTER_S)
        return question not in "\n".join(counter.state()["display"])

    counter.wait_for_screen(question)
    wait_until(f"an answer to {question!r}", answered)


def test_what_is_missing_is_acknowledged_with_the_staff_code_and_a_second_key(
    counter: ShopCounter, tmp_path: Path
) -> None:
    pay(counter, "1")
    pay_and_lose(counter, "2", tmp_path / "backup.db")
    counter.wait_for_screen(IS_MISSING)
    counter.register.ask("PAY 1990 ID=2", "ERR UNAVAILABLE .*")

    counter.press("D07" + STAFF_CODE + "##")
    counter.wait_for_screen("Number not known.")
    counter.press("*")
    counter.wait_for_screen(IS_MISSING)
    counter.register.ask("PAY 1990 ID=2", "ERR UNAVAILABLE .*")

    counter.press("D07" + STAFF_CODE + "#")
    answer(counter, "Number not known.")
    answer(counter, "Acknowledge?")
    counter.wait_for_screen("Noted.")
    assert "audit: journal acknowledge, by keypad: done" in counter.process.output
    assert STAFF_CODE not in counter.process.output
    counter.press("#D07")
    counter.wait_for_screen("Fault report")
    counter.press("**")
    counter.wait_for_screen("Ready")
    pay(counter, "3")
