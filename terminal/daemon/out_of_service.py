"""What stands on the counter while the journal cannot be opened: nothing is sold, and everybody is told so.

Without a journal no sale may begin, because a power cut would forget what has left. But a dark display and a silent
line help nobody: the display says what is wrong, the register's requests are refused, what passes through to the shop's
own printer goes on passing, and the journal is tried again until it opens.
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from hardware.interfaces import Display, SerialPort
from terminal.app.parts import build_presenter
from terminal.config.schema import Config
from terminal.counter import register_words as reg
from terminal.counter.inputs import Input
from terminal.counter.view import Conditions, View
from terminal.errors import JournalError, JournalInUseError
from terminal.journal.file import JournalFile
from terminal.register.factory import build_protocol
from terminal.register.link import RegisterLink
from terminal.system.notify import Notifier
from terminal.system.retrying import Pauses
from terminal.system.timestamps import timestamp_now

FIRST_PAUSE_S = 2.0
LONGEST_PAUSE_S = 30.0
OUT_OF_SERVICE = View(conditions=Conditions(journal_ok=False))

log = logging.getLogger(__name__)


async def wait_for_journal(
    config: Config, display: Display | None, register_port: SerialPort, notifier: Notifier
) -> None:
    """Return once the journal opens; the devices are closed again then.

    Raises JournalInUseError if another terminal has it by then.
    """
    counter = OutOfService(config, display, register_port)
    watching = asyncio.create_task(_feed_watchdog(notifier))
    working = asyncio.create_task(counter.run())
    notifier.ready()
    notifier.status("out of service: the journal cannot be opened")
    try:
        pauses = Pauses(FIRST_PAUSE_S, LONGEST_PAUSE_S)
        while True:
            await asyncio.sleep(pauses.next_s())
            if await asyncio.to_thread(_opens, Path(config.journal.path)):
                break
    finally:
        watching.cancel()
        working.cancel()
        await asyncio.gather(watching, working, return_exceptions=True)
    log.warning("the journal can be opened again: back in service")
    notifier.status("")


class OutOfService:
    """Display and register, and nothing behind them."""

    def __init__(self, config: Config, display: Display | None, register_port: SerialPort) -> None:
        self._language = config.terminal.language
        self._service_phone = config.shop.service_phone
        self._presenter = build_presenter(config, display)
        self._presenter.show(OUT_OF_SERVICE)
        self._port = register_port
        self._protocol = build_protocol(config.register, terminal_id=config.terminal.id)

    async def run(self) -> None:
        """Until cancelled."""
        clock = asyncio.get_running_loop().time
        link = RegisterLink(
            self._port,
            self._protocol,
            lambda request: self._refuse(link, request),
            language=self._language,
            service_phone=self._service_phone,
            clock=clock,
        )
        await asyncio.gather(self._presenter.run(), link.run())

    def _refuse(self, link: RegisterLink, request: Input) -> None:
        if isinstance(request, reg.ConditionRequest):
            link.send(reg.TerminalCondition(can_sell=False, journal_ok=False), request)
        elif isinstance(request, reg.RegisterQuestion):
            refused = reg.RequestRefused(reg.register_id_of(request), reg.RefusalCode.UNAVAILABLE)
            link.send(refused, request)


def _opens(path: Path) -> bool:
    try:
        with JournalFile(path, timestamp_now) as journal:
            journal.open()
    except JournalInUseError:
        raise
    except JournalError as error:
        log.error("out of service: %s", error)
        return False
    return True


async def _feed_watchdog(notifier: Notifier) -> None:
    while (interval_s := notifier.watchdog_interval_s) is not None:
        notifier.watchdog()
        await asyncio.sleep(interval_s)
