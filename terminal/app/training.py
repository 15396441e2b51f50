"""Training: the terminal as it is configured, but with a simulated Netgíró in this process and a journal of its own.

No real call can leave: the service's address is one that exists nowhere (RFC 2606), its keys are worth nothing, and the
transport below it is the simulated service itself.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import time
from collections.abc import Awaitable, Callable
from datetime import time as time_of_day
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from terminal.config.schema import Config, MetricsSettings, OfficeSettings, ReconcileSettings
from terminal.counter.inputs import Input, NightCame
from terminal.errors import JournalError, TerminalError
from terminal.journal.thread import JournalFile
from terminal.sale.gateway import CaptureMode
from terminal.sale.sale import State
from terminal.sale.sensitive import Sensitive
from terminal.system.daily import DailyAlarm, last_time
from terminal.system.files import sync_folder, write_whole
from terminal.system.timestamps import timestamp_of

if TYPE_CHECKING:
    import httpx

FOLDER = "training"
"""Beside the journal: what training has written. Each training begins anew."""
MARK = "in-training"
"""Beside the journal while staff have switched training on; holds since when, Unix seconds."""
SERVICE_URL = "http://training.invalid"
NIGHT = time_of_day(4, 0)
LONGEST_S = 86_400.0
"""A mark from further ahead was written by a clock that was wrong, and ends nothing late."""
ACCEPTS_AFTER_S = 4.0
SMS_CODE = "1234"

log = logging.getLogger(__name__)


class TrainingSwitch:
    """Whether the terminal is in training. Kept over restarts, but not over a night."""

    def __init__(self, config: Config, now_s: Callable[[], float] = time.time) -> None:
        self.real = config
        self._now_s = now_s
        self._folder = Path(config.journal.path).parent
        self.turned = asyncio.Event()
        """It was thrown: the terminal is to begin anew."""

    def config_now(self) -> Config:
        """The configuration to start with now; for training only if nothing real is open."""
        self.turned.clear()
        wanted = self.real.terminal.training or self._is_marked()
        if wanted and (open_sale := find_open(Path(self.real.journal.path))):
            log.error("no training: %s is open, and is settled first", open_sale)
            wanted = False
        if wanted:
            log.warning("TRAINING: no sale is real, no money is taken")
            (self._folder / FOLDER).mkdir(parents=True, exist_ok=True)
        training = replace(self.real.terminal, training=False)
        return training_config(self.real) if wanted else replace(self.real, terminal=training)

    @property
    def is_configured(self) -> bool:
        """Only the configuration ends it."""
        return self.real.terminal.training

    def _is_marked(self) -> bool:
        mark = self._folder / MARK
        try:
            since_s = float(mark.read_text("ascii"))
        except FileNotFoundError:
            return False
        except (OSError, ValueError) as error:
            log.error("training ends: %s cannot be read (%s)", mark, error)
            return False
        return last_time(NIGHT, self._now_s()) <= since_s <= self._now_s() + LONGEST_S

    async def turn(self, on: bool) -> None:
        """On disk first; then ``turned`` is set. Raises OSError."""
        await asyncio.to_thread(self._write, on)
        log.warning("training is switched %s", "on" if on else "off")
        self.turned.set()

    def _write(self, on: bool) -> None:
        mark = self._folder / MARK
        if on:
            shutil.rmtree(self._folder / FOLDER, ignore_errors=True)
            write_whole(mark, f"{self._now_s():.0f}".encode())
        else:
            mark.unlink(missing_ok=True)
            sync_folder(self._folder)


async def end_at_night(
    put: Callable[[Input], None],
    latest_s: Callable[[], Awaitable[float]],
    *,
    wall_clock: Callable[[], float],
    clock_is_set: Callable[[], bool],
) -> None:
    """Until cancelled. The night before the start is over."""
    alarm = DailyAlarm(NIGHT)
    started_s = wall_clock()
    while True:
        due_s, again_s = alarm.look(wall_clock(), clock_is_set=clock_is_set(), newest_s=await latest_s())
        if due_s is not None and due_s > started_s:
            put(NightCame())
        await asyncio.sleep(again_s)


def training_config(config: Config) -> Config:
    """The same shop and devices; another service, another journal, and no word of it to anybody outside."""
    from terminal.netgiro.sandbox import PUBLIC_APPLICATION_ID, PUBLIC_SECRET_KEY  # noqa: PLC0415  only in training

    netgiro = replace(
        config.netgiro,
        base_url=f"{SERVICE_URL}/{config.netgiro.api}",
        partner_url=f"{SERVICE_URL}/partner",
        application_id=PUBLIC_APPLICATION_ID,
        secret_key=Sensitive(PUBLIC_SECRET_KEY),
        certificate_pin="",
        confirmation=CaptureMode.MANUAL,
    )
    journal = Path(config.journal.path)
    return replace(
        config,
        terminal=replace(config.terminal, training=True),
        netgiro=netgiro,
        journal=replace(config.journal, path=str(journal.parent / FOLDER / journal.name)),
        day=replace(config.day, close_at=""),
        reconcile=ReconcileSettings(daily=False),
        metrics=MetricsSettings(),
        office=OfficeSettings(),
    )


def service_in_training(config: Config, clock: Callable[[], float] = time.time) -> httpx.AsyncBaseTransport:
    """The simulated Netgíró in this process. Raises TerminalError for a configuration that names another service."""
    import httpx  # noqa: PLC0415  only in training

    from terminal.netgiro.sandbox import Settings, build_sandbox, create_app  # noqa: PLC0415

    if not config.netgiro.base_url.startswith(SERVICE_URL) or not config.netgiro.partner_url.startswith(SERVICE_URL):
        raise TerminalError("training never knows the real service: this is a fault of the program")
    people = (replace(Settings().people[0], auto_accept_after_s=ACCEPTS_AFTER_S), *Settings().people[1:])
    settings = Settings(people=people, sms_code=SMS_CODE)
    return httpx.ASGITransport(create_app(build_sandbox(settings=settings, clock=clock)))


def find_open(journal: Path) -> str:
    """What is open in the real journal, in words; empty if nothing is. One that cannot be read is for the daemon."""
    if not journal.exists():
        return ""
    try:
        with JournalFile(journal, lambda: timestamp_of(0), read_only=True) as file:
            file.open()
            sales = [sale.number for sale in file.open_sales() if sale.state is not State.ATTENTION]
            refunds = [refund.number for refund in file.open_refunds() if refund.is_unknown]
    except JournalError as error:
        return f"the journal cannot be read ({error}): perhaps a sale"
    return f"number {min(sales + refunds)}" if sales or refunds else ""
