"""A card that was copied makes no second terminal of the first one's journal."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from terminal.commands import main as cli
from terminal.config.schema import Config, JournalSettings
from terminal.doctor import machine
from terminal.doctor.system import Grade, System
from terminal.errors import JournalError
from terminal.journal import board as journal_board
from terminal.journal.thread import JournalFile
from terminal.system import board
from tests.full_disk import full
from tests.unit.journal.closed_sales import numbers, sale, write

HERE, ELSEWHERE = "10000000a3b1c2d4", "10000000ffffffff"

OnBoard = Callable[[str], None]


@pytest.fixture
def on_board(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> OnBoard:
    """The firmware tells this number, or nothing."""
    file = tmp_path / "serial-number"
    monkeypatch.setattr(board, "SERIAL_NUMBER", file)

    def change(serial: str) -> None:
        file.write_text(f"{serial}\0" if serial else "")

    change(HERE)
    return change


def opened(path: Path) -> str:
    """What is wrong with it, or nothing."""
    try:
        with JournalFile(path, lambda: "") as journal:
            journal.open()
    except JournalError as error:
        return str(error)
    return ""


def test_a_copied_card_sells_nothing_on_another_board_and_says_what_to_do(path: Path, on_board: OnBoard) -> None:
    write(path, sale(1))
    on_board(ELSEWHERE)
    told = opened(path)
    assert told.startswith(f"the journal was written on the board {HERE}, and this is {ELSEWHERE}")
    assert "journal acknowledge" in told
    assert f"move {path}* away" in told
    on_board(HERE)
    assert opened(path) == ""


def test_the_doctor_says_so_too(path: Path, on_board: OnBoard) -> None:
    config = Config(journal=JournalSettings(path=str(path)))
    write(path, sale(1))
    assert machine.check_journal(config, System()).status is Grade.OK
    on_board(ELSEWHERE)
    finding = machine.check_journal(config, System())
    assert finding.status is Grade.FAILED
    assert ELSEWHERE in finding.found


def test_a_card_that_has_moved_for_good_is_acknowledged_once(
    path: Path, on_board: OnBoard, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(path, sale(1))
    on_board(ELSEWHERE)
    config = tmp_path / "config.toml"
    config.write_text(f'[journal]\npath = "{path}"\n')
    assert cli.main(["journal", "acknowledge", "--config", str(config)]) == 0
    assert capsys.readouterr().out == f"acknowledged: the journal of the board {HERE} belongs to this one now\n"
    write(path, sale(2))
    assert numbers(path) == [2, 1]
    assert cli.main(["journal", "acknowledge", "--config", str(config)]) == 0
    assert capsys.readouterr().out == "nothing is missing\n"
    on_board(HERE)
    assert opened(path), "the card is back where its copy may have gone on"


def test_a_copy_begins_a_journal_of_its_own_once_the_old_one_is_moved_away(path: Path, on_board: OnBoard) -> None:
    write(path, sale(1))
    on_board(ELSEWHERE)
    away = path.parent / "away"
    away.mkdir()
    for file in list(path.parent.glob(f"{path.name}*")):
        shutil.move(file, away)
    write(path, sale(1))
    assert numbers(path) == [1]


@pytest.mark.parametrize("first", [HERE, ""])
def test_a_machine_without_a_number_opens_any_journal(path: Path, on_board: OnBoard, first: str) -> None:
    on_board(first)
    write(path, sale(1))
    on_board("")
    write(path, sale(2))
    on_board(HERE)
    write(path, sale(3))
    assert numbers(path) == [3, 2, 1]


@pytest.mark.parametrize("noted", [b"", b"\n", b"\xff\x00" * 1000, b"x" * 10_000])
def test_a_note_that_is_damaged_stops_nothing_without_a_word(path: Path, on_board: OnBoard, noted: bytes) -> None:
    write(path, sale(1))
    path.with_name(f"{path.name}.board").write_bytes(noted)
    told = opened(path)
    assert told == "" or "journal acknowledge" in told
    assert told.isprintable()


def test_a_disk_that_takes_no_note_holds_up_nothing(
    path: Path, on_board: OnBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_board, "write_whole", full)
    write(path, sale(1))
    assert numbers(path) == [1]
