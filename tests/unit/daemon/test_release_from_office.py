"""A release from the head office in a running terminal: loaded, paused, given up, handed over; in virtual time."""

from __future__ import annotations

import asyncio
import hashlib
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from terminal import __version__
from terminal.config.office_release import (
    ARCHIVE,
    BEGUN,
    INSTALLED,
    NOT_NOW,
    READY,
    REFUSED,
    SIGNATURE,
    Outcome,
    machine_word,
)
from terminal.config.schema import Config, JournalSettings, OfficeSettings
from terminal.daemon import release_folder
from terminal.daemon.release_folder import PART, STATE, ReleaseFolder, release_status
from terminal.daemon.release_from_office import AGAIN_S, MOST_TICKETS, QUIET_S, SILENT_S, ReleaseFromOffice
from terminal.doctor.status import ReleaseStatus
from terminal.office import wire
from terminal.office.uplink.client import OfficeError
from terminal.office.wire import PIECE_BYTES, ArchiveOffer
from tests.full_disk import full
from tests.virtual_time import run_virtual

VERSION = "9.1.0"
CONTENT = bytes(range(256)) * (PIECE_BYTES // 256 * 2) + b"the end"
OFFER = ArchiveOffer(VERSION, len(CONTENT), hashlib.sha256(CONTENT).hexdigest(), "signature")
PIECE_S = 10.0


class Shop:
    """The terminal's folder, and the office as it answers."""

    def __init__(self, folder: Path) -> None:
        office = OfficeSettings(url="http://127.0.0.1", takes_releases=True)
        self.config = Config(office=office, journal=JournalSettings(path=str(folder / "journal.db")))
        self.folder = ReleaseFolder(self.config)
        self.outcome = folder / "outcome.json"
        self.offer: ArchiveOffer | Exception = OFFER
        self.content = CONTENT
        self.trouble: dict[int, Exception] = {}
        self.asked: list[int] = []
        self.open_clients = 0
        self.quiet_since_s = -QUIET_S
        self.start()

    def start(self) -> None:
        self.release = ReleaseFromOffice(self.config, self.connect, lambda: self.quiet_since_s, self.outcome)

    # --- the office ---------------------------------------------------------------------------------------------------

    async def connect(self) -> Any:
        self.open_clients += 1
        return self

    async def close(self) -> None:
        self.open_clients -= 1

    async def archive(self, terminal: str, machine: str) -> ArchiveOffer:
        assert (terminal, machine) == ("T1", machine_word())
        if isinstance(self.offer, Exception):
            raise self.offer
        return self.offer

    async def piece(self, terminal: str, sha256: str, number: int) -> bytes:
        assert terminal == "T1"
        await asyncio.sleep(PIECE_S)
        self.asked.append(number)
        if number in self.trouble:
            raise self.trouble.pop(number)
        return self.content[number * PIECE_BYTES : (number + 1) * PIECE_BYTES]

    # --- what a test does and sees ------------------------------------------------------------------------------------

    async def hear(self, wanted: str = VERSION, wait_s: float = 60.0) -> ReleaseStatus:
        """A minute passes."""
        self.release.heard(wanted)
        await asyncio.sleep(wait_s)
        return self.status

    @property
    def status(self) -> ReleaseStatus:
        return release_status(self.config)

    @property
    def files(self) -> set[str]:
        return {path.name for path in self.folder.path.iterdir()} - {STATE}

    def say(self, result: str, why: str = "") -> None:
        """Root has taken the ticket, and says what came of it."""
        ticket = (self.folder.path / READY).read_text()
        (self.folder.path / READY).unlink()
        self.outcome.write_bytes(msgspec.json.encode(Outcome(ticket, result, why)))


def in_shop(folder: Path, work: Callable[[Shop], Awaitable[None]]) -> None:
    async def scenario() -> None:
        shop = Shop(folder)
        await work(shop)
        await shop.release.stop()
        assert shop.open_clients == 0

    run_virtual(scenario())


def test_a_release_is_loaded_and_handed_over_with_one_ticket(tmp_path: Path) -> None:
    async def work(shop: Shop) -> None:
        status = await shop.hear()
        assert (status.wanted, status.loaded_percent, status.handed_over) == (VERSION, 100, True)
        assert (shop.folder.path / ARCHIVE).read_bytes() == CONTENT
        assert (shop.folder.path / SIGNATURE).read_text() == "signature"
        assert (shop.folder.path / READY).read_text() == f"{OFFER.sha256}-1"
        await shop.hear()
        assert shop.asked == [0, 1, 2], "what is whole is not loaded again"

    in_shop(tmp_path, work)


def test_nothing_is_loaded_while_a_sale_is_open_nor_just_after_one(tmp_path: Path) -> None:
    async def work(shop: Shop) -> None:
        shop.release.sale(is_open=True)
        await shop.hear()
        shop.release.sale(is_open=False)
        shop.quiet_since_s = asyncio.get_running_loop().time()
        await shop.hear(wait_s=1)
        assert shop.asked == []
        assert shop.status == ReleaseStatus(wanted=VERSION)

    in_shop(tmp_path, work)


def test_a_sale_ends_the_call_at_once_and_loading_goes_on_where_it_was(tmp_path: Path) -> None:
    async def work(shop: Shop) -> None:
        await shop.hear(wait_s=1.5 * PIECE_S)
        shop.release.sale(is_open=True)
        await asyncio.sleep(0.1)
        assert (shop.asked, shop.open_clients) == ([0], 0), "the line is the sale's"
        assert 0 < shop.status.loaded_percent < 100
        await shop.hear()
        assert shop.asked == [0]
        shop.release.sale(is_open=False)
        shop.start()  # a power cut does not matter either
        await shop.hear()
        assert shop.asked == [0, 1, 2]
        assert (shop.folder.path / ARCHIVE).read_bytes() == CONTENT

    in_shop(tmp_path, work)


@pytest.mark.parametrize(
    "trouble",
    [OfficeError("no answer"), OfficeError("the office answers 503", 503), OfficeError("the office answers 302", 302)],
    ids=["dead", "busy", "redirect"],
)
def test_an_office_that_dies_in_the_middle_is_gone_on_with(tmp_path: Path, trouble: OfficeError) -> None:
    async def work(shop: Shop) -> None:
        shop.trouble[1] = trouble
        status = await shop.hear()
        assert (status.trouble, status.refused) == (str(trouble), "")
        if trouble.status == 302:
            await shop.hear()
            assert shop.asked == [0, 1], "that is not over in a minute"
            await asyncio.sleep(AGAIN_S)
        assert (await shop.hear()).handed_over
        assert shop.asked == [0, 1, 1, 2]
        assert shop.status.trouble == ""

    in_shop(tmp_path, work)


@pytest.mark.parametrize("cut", [0, 1, PIECE_BYTES - 1])
def test_a_piece_that_is_cut_short_is_asked_for_again(tmp_path: Path, cut: int) -> None:
    async def work(shop: Shop) -> None:
        shop.content = CONTENT[: PIECE_BYTES + cut]
        assert "cut short" in (await shop.hear()).trouble
        shop.content = CONTENT
        await asyncio.sleep(AGAIN_S)
        assert (await shop.hear()).handed_over
        assert (shop.folder.path / ARCHIVE).read_bytes() == CONTENT

    in_shop(tmp_path, work)


def test_another_content_than_was_offered_is_never_handed_over(tmp_path: Path) -> None:
    async def work(shop: Shop) -> None:
        shop.content = CONTENT.replace(b"the end", b"THE END")
        for _ in range(2):
            await shop.hear()
            assert shop.files == set()
            await asyncio.sleep(AGAIN_S)
        assert shop.status.refused_version == VERSION
        assert "hash" in shop.status.refused
        await shop.hear()
        assert len(shop.asked) == 6, "not loaded for ever"

    in_shop(tmp_path, work)


def test_a_part_that_was_damaged_on_the_card_is_loaded_anew(tmp_path: Path) -> None:
    async def work(shop: Shop) -> None:
        await shop.hear(wait_s=2.5 * PIECE_S)
        shop.release.sale(is_open=True)
        await asyncio.sleep(0.1)
        with (shop.folder.path / PART).open("r+b") as part:
            part.write(b"\0" * 10)
            part.seek(0, 2)
            part.write(b"torn")
        shop.release.sale(is_open=False)
        assert "hash" in (await shop.hear()).trouble
        await asyncio.sleep(AGAIN_S)
        assert (await shop.hear()).handed_over

    in_shop(tmp_path, work)


def test_without_room_beside_the_journal_nothing_is_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(shop: Shop) -> None:
        monkeypatch.setattr(release_folder, "ROOM_BYTES", 1 << 60)
        assert "too little room" in (await shop.hear()).trouble
        assert shop.asked == []
        monkeypatch.setattr(release_folder, "ROOM_BYTES", 0)
        await shop.hear()
        assert shop.asked == [], "a card is not emptied within a minute"
        await asyncio.sleep(AGAIN_S)
        assert (await shop.hear()).handed_over

    in_shop(tmp_path, work)


def test_a_card_that_is_full_in_the_middle_gets_its_room_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(shop: Shop) -> None:
        with monkeypatch.context() as patched:
            patched.setattr(release_folder.Part, "add", full)
            assert "No space left" in (await shop.hear()).trouble
        assert shop.files == set()
        await asyncio.sleep(AGAIN_S)
        assert (await shop.hear()).handed_over

    in_shop(tmp_path, work)


def test_what_root_refuses_is_told_and_not_loaded_again(tmp_path: Path) -> None:
    async def work(shop: Shop) -> None:
        await shop.hear()
        shop.say(REFUSED, "9.1.0 is older than 9.2.0")
        status = await shop.hear()
        assert (status.refused_version, status.refused) == (VERSION, "9.1.0 is older than 9.2.0")
        assert shop.files == set()
        await asyncio.sleep(AGAIN_S)
        shop.start()
        await shop.hear()
        assert len(shop.asked) == 3
        shop.offer = replace(OFFER, signature="another", sha256="0" * 64)
        await asyncio.sleep(AGAIN_S)
        await shop.hear()
        assert len(shop.asked) == 6, "another archive of that version is another matter"

    in_shop(tmp_path, work)


def test_what_cannot_be_now_is_asked_for_again_later_with_another_ticket(tmp_path: Path) -> None:
    async def work(shop: Shop) -> None:
        await shop.hear()
        shop.say(NOT_NOW, "the voltage is too low")
        status = await shop.hear()
        assert (status.trouble, status.handed_over, status.refused) == ("the voltage is too low", False, "")
        await asyncio.sleep(AGAIN_S)
        assert (await shop.hear()).handed_over
        assert (shop.folder.path / READY).read_text() == f"{OFFER.sha256}-2"
        assert len(shop.asked) == 3
        shop.say(INSTALLED)
        assert "taken back" in (await shop.hear()).refused, "another version runs here"

    in_shop(tmp_path, work)


def test_an_upgrade_that_is_cut_short_each_time_is_given_up(tmp_path: Path) -> None:
    async def work(shop: Shop) -> None:
        await shop.hear()
        for ticket in range(1, MOST_TICKETS + 1):
            path = shop.folder.path / READY
            assert path.read_text() == f"{OFFER.sha256}-{ticket}"
            shop.say(BEGUN)  # and then the power went
            await shop.hear(wait_s=SILENT_S)
            assert shop.status.refused == ""
            await shop.hear()
            await shop.hear()
        assert "cut short 3 times" in shop.status.refused
        assert shop.files == set()

    in_shop(tmp_path, work)


def test_a_wish_that_is_taken_back_takes_the_ticket_back(tmp_path: Path) -> None:
    async def work(shop: Shop) -> None:
        await shop.hear()
        assert READY in shop.files
        assert await shop.hear("") == ReleaseStatus()
        assert shop.files == set()

    in_shop(tmp_path, work)


def test_once_it_runs_everything_is_tidied_away(tmp_path: Path) -> None:
    async def work(shop: Shop) -> None:
        shop.offer = replace(OFFER, version=__version__)
        kept = replace(shop.folder.read(), wanted=__version__, offer=shop.offer)
        shop.folder.path.mkdir()
        (shop.folder.path / ARCHIVE).write_bytes(CONTENT)
        shop.folder.hand_over(kept)
        (shop.folder.path / READY).unlink()
        assert await shop.hear(__version__) == ReleaseStatus()
        assert shop.files == set()
        assert shop.asked == []

    in_shop(tmp_path, work)


def test_an_archive_of_another_version_is_not_loaded_and_none_at_all_is_told(tmp_path: Path) -> None:
    async def work(shop: Shop) -> None:
        shop.offer = replace(OFFER, version="9.2.0")
        await shop.hear()
        assert shop.asked == []
        shop.offer = OfficeError("the office has no archive for this terminal now", 404)
        assert "no archive" in (await shop.hear()).trouble

    in_shop(tmp_path, work)


def test_what_is_known_of_it_may_be_damaged_or_a_link(tmp_path: Path) -> None:
    async def work(shop: Shop) -> None:
        shop.folder.path.mkdir()
        (tmp_path / "elsewhere").write_bytes(b"kept")
        for name in (STATE, PART):
            (shop.folder.path / name).symlink_to(tmp_path / "elsewhere")
        assert "symbolic link" in (await shop.hear()).trouble or shop.status.handed_over
        await asyncio.sleep(AGAIN_S)
        assert (await shop.hear()).handed_over
        assert (tmp_path / "elsewhere").read_bytes() == b"kept"

    in_shop(tmp_path, work)


def test_the_machines_word_is_the_one_that_bundles_are_named_by() -> None:
    script = Path(__file__).parents[3] / "systemd/machine.py"
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True)
    assert "-".join(done.stdout.split()) == machine_word()
    assert wire.is_machine(machine_word())
