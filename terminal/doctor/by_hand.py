"""The printer asked and used from a command line: through the running terminal, or directly where none runs."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from hardware import factory
from hardware.interfaces import DeviceError, Document, Printer, PrinterStatus
from terminal.config.control_path import control_path
from terminal.config.schema import Config
from terminal.errors import TerminalError
from terminal.system.ask import NotRunning, ask_daemon
from terminal.texts.sentences import words_in

if TYPE_CHECKING:
    from terminal.doctor.run import Result

NO_PRINTER = 'there is no printer: set printer.driver in config.toml to other than "none"'
PATIENCE_S = 60.0
"""For the daemon to answer: a slip takes its time on a slow line."""


def print_doctor(config: Config, results: Sequence[Result]) -> str:
    """Print the doctor's report: that of the running terminal, or ``results`` where none runs. Raises TerminalError."""
    try:
        ask_daemon(control_path(config), "doctor-slip", patience_s=PATIENCE_S)
    except NotRunning:
        from terminal.doctor.slip import doctor_slip  # noqa: PLC0415  only where it is wanted

        now, columns = datetime.now().astimezone(), config.printer.columns
        words = words_in(config.terminal.language, config.shop.service_phone).doctor
        slip = doctor_slip(results, words, terminal_id=config.terminal.id, printed_at=now, columns=columns)
        asyncio.run(print_alone(config, slip))
        return "printed"
    return "printed, as the running terminal sees this machine"


def ask_printer(config: Config) -> PrinterStatus:
    """What the printer says of itself now. Raises DeviceError if it cannot be reached, TerminalError if nobody may ask.

    A simulated one is OK where no terminal runs: it has no other life.
    """
    try:
        answer = ask_daemon(control_path(config), "printer-status", patience_s=PATIENCE_S)
    except NotRunning:
        return asyncio.run(_ask_alone(config))
    if "unreachable" in answer:
        raise DeviceError(answer["unreachable"])
    return PrinterStatus(answer["printer"])


def _printer(config: Config) -> Printer:
    """Raises TerminalError if there is none, or if a setting that it needs is empty or wrong."""
    try:
        printer = factory.build_printer(config.printer)
    except ValueError as error:
        raise TerminalError(f"the printer cannot be used; correct config.toml: {error}") from error
    if printer is None:
        raise TerminalError(NO_PRINTER)
    return printer


async def _ask_alone(config: Config) -> PrinterStatus:
    printer = _printer(config)
    try:
        await printer.open()
        return await printer.status()
    finally:
        await printer.close()


async def print_alone(config: Config, document: Document) -> None:
    """Print the document while no terminal runs. Raises TerminalError if there is no printer, or it does not print."""
    printer = _printer(config)
    try:
        await printer.open()
        await printer.print_document(document)
    except DeviceError as error:
        raise TerminalError(str(error)) from error
    finally:
        await printer.close()
