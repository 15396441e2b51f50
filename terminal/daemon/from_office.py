"""The head office's settings in the running terminal: taken when the counter is quiet, tried by a new start, kept only
if the terminal is as well with them as before. terminal/config/office_trial.py has the states.

Nothing here is on a sale's path: the office's answer to a status brings the offer, once a minute, and whatever does not
fit at that moment is left for the next one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from hardware.interfaces import DeviceError
from terminal.app.handles import Handles
from terminal.config.office_trial import Kept, Trial, read_kept, write_kept
from terminal.config.schema import Config, load_config, problems_with
from terminal.doctor.status import SettingsStatus
from terminal.errors import TerminalError
from terminal.office.uplink.client import OfficeClient
from terminal.office.wire import SettingsOffer

QUIET_S = 30.0
"""No sale for so long: a customer may stand there with the next one."""
HEALTH_S = 90.0
"""From READY, the terminal must be as well as before within this time; while it sells it need not be asked."""
LOOK_AGAIN_S = 15.0
BUSY_S = 900.0
"""A terminal that sells for so long is well."""

NO_FIT = "it does not fit to this terminal's config.toml any more"

log = logging.getLogger(__name__)


def takes_settings(config: Config) -> bool:
    return bool(config.office.takes_settings and config.office.url and config.path)


def settings_status(config: Config) -> SettingsStatus | None:
    """What this process runs, and what it has refused."""
    if not takes_settings(config):
        return None
    kept, runs = read_kept(_folder(config)), config.from_office
    if kept.running is not None and runs is None:
        kept = kept.refuse(kept.running.revision, kept.running.sha256, NO_FIT)
    refused = kept.refused
    return SettingsStatus(
        revision=runs.revision if runs else 0,
        sha256=runs.sha256 if runs else "",
        on_trial=runs is not None and runs == kept.on_trial,
        refused_revision=refused.revision if refused else 0,
        refused_sha256=refused.sha256 if refused else "",
        refused=refused.why if refused else "",
    )


def begin(config: Config) -> Config:
    """The configuration to start with: a document on trial is in effect only once this start is on disk as one of its.

    Raises ConfigError.
    """
    if not takes_settings(config) or config.path is None:
        return config
    folder = _folder(config)
    kept = read_kept(folder)
    if kept.trial is not None:
        kept = kept.started()
        if (document := kept.on_trial) and (problems := problems_with(config.path, document)):
            kept = kept.failed("; ".join(problems))
        if not _is_written(folder, kept):
            kept = replace(kept, trial=None)
        if kept.refused is not None and kept.trial is None:
            log.error("the office's settings are out of use: %s", kept.refused.why)
        config = load_config(config.path, kept=kept)
    if kept.in_effect is not None and config.from_office is None:
        log.error("the office's settings: %s, which counts alone now", NO_FIT)
    return config


def _folder(config: Config) -> Path:
    return Path(config.journal.path).parent


def _is_written(folder: Path, kept: Kept) -> bool:
    try:
        write_kept(folder, kept)
    except OSError as error:
        log.error("the office's settings cannot be written: %s", error)
        return False
    return True


class SettingsFromOffice:
    """``heard`` what the office offers; ``prove`` once after a start."""

    def __init__(
        self, config: Config, terminal: Handles, restart_asked: asyncio.Event, quiet_since_s: Callable[[], float]
    ) -> None:
        """``quiet_since_s``: since when no sale was open, by the event loop's clock."""
        assert config.path is not None
        self._config = config
        self._path = config.path
        self._folder = _folder(config)
        self._terminal = terminal
        self._restart_asked = restart_asked
        self._quiet_since_s = quiet_since_s

    async def heard(self, offer: SettingsOffer | None, client: OfficeClient) -> None:
        try:
            await self._follow(offer, client)
        except (TerminalError, DeviceError, OSError) as error:
            log.warning("the office's settings: %s", error)

    async def _follow(self, offer: SettingsOffer | None, client: OfficeClient) -> None:
        if not self._is_quiet:
            return
        kept = await asyncio.to_thread(read_kept, self._folder)
        if kept.trial is not None:
            if not kept.trial.starts:  # a sale came before the new start
                self._start_anew()
            return
        if offer is None or kept.knows(offer.revision, offer.sha256):
            return
        if offer.revision <= kept.newest:
            why = f"this terminal has had revision {kept.newest}, and takes none that is as old or older"
            await self._keep(kept.refuse(offer.revision, offer.sha256, why))
            return
        document = await client.settings(self._config.terminal.id)
        if document.revision != offer.revision:  # it was changed meanwhile: the next status tells
            return
        problems = (
            await asyncio.to_thread(problems_with, self._path, document)
            if document.sha256 == offer.sha256
            else ["the document is not the one whose hash was offered"]
        )
        if problems:
            log.error("revision %d of the office's settings is refused: %s", offer.revision, "; ".join(problems))
            await self._keep(kept.refuse(offer.revision, offer.sha256, "; ".join(problems)))
            return
        failed = await self._failed_checks()
        if not self._is_quiet:
            return
        await self._keep(kept.begin(document, failed))
        log.warning("revision %d of the office's settings is tried now", document.revision)
        self._start_anew()

    async def prove(self) -> None:
        """Keep what is on trial if the terminal is well with it; else go back."""
        kept = await asyncio.to_thread(read_kept, self._folder)
        if kept.trial is None or kept.on_trial is None or kept.on_trial != self._config.from_office:
            return
        trouble = await self._trouble(kept.trial)
        try:
            await self._keep(kept.failed(trouble) if trouble else kept.proved())
        except OSError as error:  # it stays on trial, and a start too many ends it
            log.error("the office's settings cannot be written: %s", error)
            return
        if not trouble:
            log.warning("revision %d of the office's settings is in effect", kept.trial.document.revision)
            return
        log.error("back to the settings from before: %s", trouble)
        while not self._restart_asked.is_set():
            await self._terminal.until(lambda view: view.sale is None, BUSY_S)
            self._start_anew()

    async def _trouble(self, trial: Trial) -> str:
        """Why the terminal is worse than before; empty if it is not."""
        now_s = asyncio.get_running_loop().time
        end_s = now_s() + HEALTH_S
        while True:
            if not await self._terminal.until(lambda view: view.sale is None, BUSY_S):
                return ""
            try:
                worse = await self._failed_checks() - set(trial.failed_before)
            except DeviceError as error:
                worse = frozenset({str(error)})
            if not worse:
                return ""
            if now_s() > end_s:
                return f"the doctor found wrong what was right before: {', '.join(sorted(worse))}"
            await asyncio.sleep(LOOK_AGAIN_S)

    async def _failed_checks(self) -> frozenset[str]:
        results = await self._terminal.examination.results()
        return frozenset(result.name for result in results if result.status == "failed")

    async def _keep(self, kept: Kept) -> None:
        await asyncio.to_thread(write_kept, self._folder, kept)

    @property
    def _is_quiet(self) -> bool:
        is_idle = self._terminal.view.sale is None
        return is_idle and asyncio.get_running_loop().time() - self._quiet_since_s() >= QUIET_S

    def _start_anew(self) -> None:
        """As ``netgiro-terminal restart`` does: never while a sale is open."""
        if self._terminal.view.sale is None:
            self._restart_asked.set()
