"""The doctor in the running terminal: what it finds goes to the screen, and to the paper where there is a printer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from hardware.interfaces import Columns, DeviceError, Document, PrinterStatus
from hardware.worker import Worker
from terminal.config.schema import Config
from terminal.counter.inputs import Input, TerminalExamined
from terminal.counter.menu import Problem
from terminal.doctor.status import Wear
from terminal.texts.sentences import words_in

if TYPE_CHECKING:
    from terminal.doctor.run import Result

# The doctor is seldom wanted.
# ruff: noqa: PLC0415

LONGEST_TEXT = 300
"""Characters of a finding on the screen."""
HANGS = Problem("doctor")
HANGS_ADVICE = "the doctor itself hangs; see: dmesg"


class Examination:
    """``print_now`` is None without a printer."""

    def __init__(
        self,
        config: Config,
        *,
        columns: Columns,
        local_now: Callable[[], datetime],
        print_now: Callable[[Document], Awaitable[None]] | None,
        printer_status: Callable[[], Coroutine[None, None, PrinterStatus]],
        wear: Callable[[], Awaitable[Wear]],
    ) -> None:
        self._config = config
        self._columns = columns
        self._local_now = local_now
        self._print_now = print_now
        self._printer_status = printer_status
        self._wear = wear

    async def examine(self, put: Callable[[Input], None]) -> None:
        """Look at everything, up to half a minute long, tell the screen, then print. Raises DeviceError."""
        try:
            results = await self.results()
        except DeviceError:
            put(TerminalExamined((HANGS,)))
            raise
        put(TerminalExamined(problems_of(results)))
        if self._print_now is not None:
            await self._print_now(self._slip(results))

    async def print_slip(self) -> None:
        """Look at everything and print it. Raises DeviceError, also if there is no printer."""
        if self._print_now is None:
            raise DeviceError('there is no printer: set printer.driver in config.toml to other than "none"')
        await self._print_now(self._slip(await self.results()))

    async def results(self) -> list[Result]:
        """What the doctor finds, up to half a minute later. Raises DeviceError if it hangs."""
        from terminal.doctor.run import DEADLINE_S, run_doctor
        from terminal.doctor.system import System

        loop, worker = asyncio.get_running_loop(), Worker("doctor")

        def printer_status(_config: Config) -> PrinterStatus:
            return asyncio.run_coroutine_threadsafe(self._printer_status(), loop).result(DEADLINE_S)

        wear = await self._wear()
        system = System(printer_status=printer_status, wear=lambda _config: wear)  # known here better than outside
        try:
            return await worker.call(lambda: run_doctor(self._config, system=system), deadline_s=2 * DEADLINE_S)
        except TimeoutError as error:
            raise DeviceError(HANGS_ADVICE) from error
        finally:
            worker.stop()

    def _slip(self, results: list[Result]) -> Document:
        from terminal.doctor.slip import doctor_slip

        words = words_in(self._config.terminal.language, self._config.shop.service_phone)
        return doctor_slip(
            results,
            words.doctor,
            terminal_id=self._config.terminal.id,
            printed_at=self._local_now(),
            columns=self._columns,
            training=words.training if self._config.terminal.training else "",
        )


def problems_of(results: Iterable[Result]) -> tuple[Problem, ...]:
    """What is not well, what hinders the terminal first."""
    from terminal.doctor.system import Grade

    wrong = [result for result in results if result.status is not Grade.OK]
    wrong.sort(key=lambda result: result.status is not Grade.FAILED)
    return tuple(Problem(result.name, _told(result.found)) for result in wrong)


def _told(text: str) -> str:
    printable = "".join(char if char.isprintable() else " " for char in text)
    return printable if len(printable) <= LONGEST_TEXT else printable[: LONGEST_TEXT - 1] + "…"
