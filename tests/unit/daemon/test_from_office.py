"""The office's settings in a running terminal: when they are taken, tried and given up; in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from terminal.config.from_office import Document
from terminal.config.office_trial import FILE, MOST_STARTS, Kept, read_kept, write_kept
from terminal.config.schema import Config, load_config
from terminal.daemon import from_office
from terminal.daemon.from_office import BUSY_S, HEALTH_S, QUIET_S, SettingsFromOffice, begin, settings_status
from terminal.office.uplink.client import OfficeError
from terminal.office.wire import SettingsOffer
from tests.full_disk import full
from tests.virtual_time import run_virtual

GOOD = Document(6, "[register]\nmax_amount = 900\n")
MISFIT = Document(6, "[register]\nmax_amount = 0\n")
OLD = Document(5, "[register]\nmax_amount = 700\n")
HEAD = '[office]\nurl = "http://127.0.0.1"\ntakes_settings = true\n[journal]\npath = "journal.db"\n'


def offer(document: Document) -> SettingsOffer:
    return SettingsOffer(document.revision, document.sha256)


class Counter:
    """A terminal that sells when it is told to, and whose doctor finds what it is told to."""

    def __init__(self) -> None:
        self.view = SimpleNamespace(sale=None)
        self.failed: list[str] = []
        self.looks = 0
        self.during_look: Callable[[], None] = lambda: None
        self.examination = self

    async def results(self) -> list[Any]:
        self.looks += 1
        self.during_look()
        return [
            SimpleNamespace(name="disk", status="ok"),
            *(SimpleNamespace(name=n, status="failed") for n in self.failed),
        ]

    async def until(self, is_so: Callable[[Any], bool], timeout_s: float) -> bool:
        if not is_so(self.view):
            await asyncio.sleep(timeout_s)
        return is_so(self.view)


class Shop:
    """The terminal's folder, the counter, and the office that it asks."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "config.toml"
        self.path.write_text(HEAD)
        self.counter = Counter()
        self.office: Document | OfficeError = GOOD
        self.asked = 0
        self.restart = asyncio.Event()
        self.client = SimpleNamespace(settings=self.settings_of)
        self.quiet_since_s = -QUIET_S
        self.start()

    def start(self) -> Config:
        """As ``run`` does."""
        self.restart.clear()
        self.config = begin(load_config(self.path, {}))
        self.settings = SettingsFromOffice(
            self.config,
            self.counter,
            self.restart,
            lambda: self.quiet_since_s,  # type: ignore[arg-type]
        )
        return self.config

    async def settings_of(self, terminal: str) -> Document:
        assert terminal == "T1"
        self.asked += 1
        if isinstance(self.office, OfficeError):
            raise self.office
        return self.office

    @property
    def kept(self) -> Kept:
        return read_kept(self.folder)

    async def hear(self, document: Document | None = None) -> None:
        document = document or (self.office if isinstance(self.office, Document) else GOOD)
        await self.settings.heard(offer(document), self.client)  # type: ignore[arg-type]


def in_shop(folder: Path, work: Callable[[Shop], Awaitable[None]]) -> None:
    async def scenario() -> None:
        await work(Shop(folder))

    run_virtual(scenario())


def test_a_document_is_taken_tried_and_kept(tmp_path: Path) -> None:
    async def work(shop: Shop) -> None:
        shop.counter.failed = ["clock"]
        await shop.hear()
        assert shop.restart.is_set()
        assert shop.config.from_office is None, "nothing changes under a running terminal"
        assert shop.start().register.max_amount == 900
        status = settings_status(shop.config)
        assert status is not None
        assert (status.revision, status.sha256, status.on_trial) == (6, GOOD.sha256, True)
        await shop.settings.prove()
        assert shop.kept.running == GOOD
        status = settings_status(shop.config)
        assert status is not None
        assert (status.on_trial, status.refused) == (False, "")
        await shop.hear()
        assert (shop.asked, shop.restart.is_set()) == (1, False)

    in_shop(tmp_path, work)


def test_never_while_a_sale_is_open_nor_just_after_one(tmp_path: Path) -> None:
    async def work(shop: Shop) -> None:
        shop.counter.view.sale = "open"
        await shop.hear()
        shop.counter.view.sale = None
        shop.quiet_since_s = asyncio.get_running_loop().time()
        await shop.hear()
        assert (shop.asked, shop.kept, shop.restart.is_set()) == (0, Kept(), False)

        def sell() -> None:
            shop.counter.view.sale = "open"

        shop.quiet_since_s, shop.counter.during_look = -QUIET_S, sell
        await shop.hear()
        assert (shop.asked, shop.kept, shop.restart.is_set()) == (1, Kept(), False)

    in_shop(tmp_path, work)


def test_a_sale_that_came_before_the_new_start_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(shop: Shop) -> None:
        def write_and_sell(folder: Path, kept: Kept) -> None:
            write_kept(folder, kept)
            shop.counter.view.sale = "open"

        monkeypatch.setattr(from_office, "write_kept", write_and_sell)
        await shop.hear()
        assert not shop.restart.is_set()
        shop.counter.view.sale = None
        await shop.hear()
        assert (shop.restart.is_set(), shop.asked) == (True, 1)

    in_shop(tmp_path, work)


def test_what_does_not_fit_is_refused_once_and_said_why(tmp_path: Path) -> None:
    async def work(shop: Shop) -> None:
        for text in (MISFIT.text, '[office]\nurl = ""\n', "[sale", '[netgiro]\nsecret_key = "s"\n'):
            shop.office = Document(shop.asked + 6, text)
            for _minute in range(3):
                await shop.hear()
            status = settings_status(shop.config)
            assert status is not None
            assert (status.refused_revision, status.revision) == (shop.office.revision, 0)
            assert status.refused
        assert (shop.asked, shop.restart.is_set(), shop.counter.looks) == (4, False, 0)

    in_shop(tmp_path, work)


def test_a_terminal_that_is_worse_with_it_goes_back_by_itself(tmp_path: Path) -> None:
    async def work(shop: Shop) -> None:
        write_kept(tmp_path, Kept(running=OLD, newest=5))
        assert shop.start().register.max_amount == 700
        await shop.hear()
        assert shop.start().register.max_amount == 900
        shop.counter.failed = ["printer"]
        began_s = asyncio.get_running_loop().time()
        await shop.settings.prove()
        assert asyncio.get_running_loop().time() - began_s < HEALTH_S + 60
        assert shop.restart.is_set()
        assert shop.start().register.max_amount == 700
        status = settings_status(shop.config)
        assert status is not None
        assert (status.revision, status.refused_revision) == (5, 6)
        assert "printer" in status.refused
        for _minute in range(5):
            await shop.hear()
        assert (shop.asked, shop.restart.is_set()) == (1, False), "no loop of trials"

    in_shop(tmp_path, work)


def test_a_fault_that_passes_is_not_the_documents(tmp_path: Path) -> None:
    async def work(shop: Shop) -> None:
        await shop.hear()
        shop.start()
        shop.counter.failed = ["network"]
        shop.counter.during_look = lambda: shop.counter.failed.clear() if shop.counter.looks > 3 else None
        await shop.settings.prove()
        assert shop.kept.running == GOOD

    in_shop(tmp_path, work)


def test_a_counter_that_sells_without_a_pause_is_well(tmp_path: Path) -> None:
    async def work(shop: Shop) -> None:
        await shop.hear()
        shop.start()
        shop.counter.view.sale = "open"
        await shop.settings.prove()
        assert (shop.kept.running, asyncio.get_running_loop().time() >= BUSY_S) == (GOOD, True)

    in_shop(tmp_path, work)


def test_after_power_cuts_in_the_midst_it_is_tried_again_and_then_given_up(tmp_path: Path) -> None:
    async def work(shop: Shop) -> None:
        await shop.hear()
        for _cut in range(MOST_STARTS):
            assert shop.start().register.max_amount == 900
        for _cut in range(3):
            assert shop.start().register.max_amount == 500_000
        status = settings_status(shop.config)
        assert status is not None
        assert "did not get well" in status.refused
        await shop.hear()
        assert not shop.restart.is_set()

    in_shop(tmp_path, work)


def test_a_start_that_cannot_be_counted_runs_without_the_trial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(shop: Shop) -> None:
        await shop.hear()
        monkeypatch.setattr(from_office, "write_kept", full)
        for _ in range(5):
            assert shop.start().from_office is None
        await shop.settings.heard(offer(OLD), shop.client)  # type: ignore[arg-type]

    in_shop(tmp_path, work)


def test_one_that_fits_no_more_at_the_start_is_refused_there(tmp_path: Path) -> None:
    async def work(shop: Shop) -> None:
        await shop.hear()
        shop.path.write_text(HEAD + "[register]\nmin_amount = 5000\n")
        assert shop.start().from_office is None
        assert shop.kept.refused is not None
        assert "register.min_amount" in shop.kept.refused.why

    in_shop(tmp_path, work)


def test_what_ran_and_fits_no_more_is_out_of_use_and_the_office_hears_why(tmp_path: Path) -> None:
    async def work(shop: Shop) -> None:
        write_kept(tmp_path, Kept(running=OLD, newest=5))
        shop.path.write_text(HEAD + "[register]\nmin_amount = 5000\n")
        assert shop.start().from_office is None
        status = settings_status(shop.config)
        assert status is not None
        assert (status.revision, status.refused_revision) == (0, OLD.revision)
        assert "config.toml" in status.refused

    in_shop(tmp_path, work)


def test_an_old_document_and_another_under_the_same_revision_are_refused(tmp_path: Path) -> None:
    """A replay, an office restored from a backup, or two offices that know different ones."""

    async def work(shop: Shop) -> None:
        await shop.hear()
        shop.start()
        await shop.settings.prove()
        for other in (OLD, Document(6, OLD.text)):
            for _minute in range(3):
                await shop.hear(other)
                await shop.hear(GOOD)
            status = settings_status(shop.config)
            assert status is not None
            assert (status.revision, status.refused_revision) == (6, other.revision)
            assert "as old or older" in status.refused
        assert (shop.asked, shop.kept.running) == (1, GOOD)

    in_shop(tmp_path, work)


def test_an_office_that_sends_other_than_it_offered_is_refused(tmp_path: Path) -> None:
    async def work(shop: Shop) -> None:
        await shop.hear(Document(6, "# another\n"))
        assert shop.kept.refused is not None
        assert "hash" in shop.kept.refused.why
        await shop.hear(Document(8, "# changed meanwhile\n"))
        assert (shop.kept.trial, shop.kept.refused.revision) == (None, 6)

    in_shop(tmp_path, work)


@pytest.mark.parametrize("status", [0, 401, 404, 500])
def test_an_office_that_fails_in_the_midst_changes_nothing(tmp_path: Path, status: int) -> None:
    async def work(shop: Shop) -> None:
        shop.office = OfficeError("revoked", status)
        await shop.hear()
        assert (shop.kept, shop.restart.is_set()) == (Kept(), False)
        assert not (tmp_path / FILE).exists()

    in_shop(tmp_path, work)


def test_no_offer_is_no_order(tmp_path: Path) -> None:
    async def work(shop: Shop) -> None:
        write_kept(tmp_path, Kept(running=OLD, newest=5))
        shop.start()
        await shop.settings.heard(None, shop.client)  # type: ignore[arg-type]
        assert (shop.kept.running, shop.restart.is_set()) == (OLD, False)

    in_shop(tmp_path, work)
