"""The head office beside the sale: what the loop decided wakes the uplink, and nothing that it does comes back."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from terminal import __version__
from terminal.config.schema import Config
from terminal.counter.decision import Decision
from terminal.counter.inputs import Input
from terminal.counter.view import Conditions
from terminal.daemon.operations import Desk, status_now
from terminal.office.uplink.client import OfficeClient
from terminal.office.uplink.journal import JournalReader
from terminal.office.uplink.task import OfficeTask
from terminal.office.wire import StatusAnswer

if TYPE_CHECKING:
    from terminal.daemon.from_office import SettingsFromOffice
    from terminal.daemon.release_from_office import ReleaseFromOffice

RESTART_PAUSE_S = 60.0

log = logging.getLogger(__name__)


class Uplink:
    """``start`` it when the terminal runs. Whatever happens to it, sales go on."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._task: OfficeTask | None = None
        self._running: asyncio.Task[None] | None = None
        self._proving: asyncio.Task[None] | None = None
        self._settings: SettingsFromOffice | None = None
        self._release = self._releases() if config.office.takes_releases else None
        self._wanted_release = ""
        self._sale_open = False
        self._quiet_since_s = 0.0
        self._said: tuple[Conditions, int] = (Conditions(), 0)

    def decided(self, _event: Input, decision: Decision) -> None:
        """For ``Seams.on_decided``."""
        if self._task is None:
            return
        view = decision.view
        was_open, self._sale_open = self._sale_open, view.sale is not None or view.refund is not None
        if was_open or self._sale_open:
            self._quiet_since_s = asyncio.get_running_loop().time()
        if self._release is not None:
            self._release.sale(is_open=self._sale_open)
        records = (decision.record, decision.refund_record, decision.close)
        is_written = bool(decision.receipts) or any(record is not None for record in records)
        said, self._said = self._said, (view.conditions, len(view.attention))
        is_news = said != self._said
        if is_written or is_news or was_open != self._sale_open:  # a receipt's life is written when a condition changes
            self._task.moved(sale_open=self._sale_open)
        if is_news:
            self._task.changed()

    def start(self, desk: Desk) -> None:
        async def words() -> dict[str, object]:
            return dict(msgspec.to_builtins(await status_now(desk)))

        self._running = asyncio.create_task(self._run(words), name="head office")
        self._quiet_since_s = asyncio.get_running_loop().time()
        if self._release is not None:
            self._release.sale(is_open=self._sale_open)
        if self._config.office.takes_settings and self._config.path:
            self._settings = self._settings_of(desk)
            self._proving = asyncio.create_task(self._settings.prove(), name="the office's settings")

    def _releases(self) -> ReleaseFromOffice:
        from terminal.daemon.release_from_office import ReleaseFromOffice  # noqa: PLC0415  only when configured

        return ReleaseFromOffice(self._config, self._connect, lambda: self._quiet_since_s)

    def _settings_of(self, desk: Desk) -> SettingsFromOffice:
        from terminal.daemon.from_office import SettingsFromOffice  # noqa: PLC0415  only when configured

        return SettingsFromOffice(self._config, desk.terminal, desk.restart_asked, lambda: self._quiet_since_s)

    async def stop(self) -> None:
        tasks = [task for task in (self._running, self._proving) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._release is not None:
            await self._release.stop()

    async def _connect(self) -> OfficeClient:
        office = self._config.office
        return await asyncio.to_thread(OfficeClient, office.url, self._config.office_token, office.ca_file)

    async def _run(self, words: Callable[[], Awaitable[dict[str, object]]]) -> None:
        office = self._config.office
        while True:
            try:
                client = await self._connect()
                journal = JournalReader(Path(self._config.journal.path))
                heard = self._heard_by(client)
                self._task = OfficeTask(self._config.terminal.id, journal, client, words, heard=heard)
                self._task.moved(sale_open=self._sale_open)
                await self._task.run()
            except OSError as error:
                log.error("office.ca_file: %s cannot be used: %s; sales go on", office.ca_file, error)
            except Exception:
                log.exception("the way to the head office failed; it is begun anew, sales go on")
            await asyncio.sleep(RESTART_PAUSE_S)

    def _hear_release(self, version: str) -> None:
        """Once a wish: whoever looks after this terminal upgrades it."""
        if version != self._wanted_release and version not in ("", __version__):
            log.warning("the head office asks for version %s: sudo netgiro-terminal upgrade FILE", ascii(version)[1:-1])
        self._wanted_release = version

    def _heard_by(self, client: OfficeClient) -> Callable[[StatusAnswer], Awaitable[None]]:
        async def heard(answer: StatusAnswer) -> None:
            if self._release is not None:
                self._release.heard(answer.release)
            else:
                self._hear_release(answer.release)
            if self._settings is not None:
                await self._settings.heard(answer.settings, client)

        return heard
