"""What an operator has printed: a receipt once more, and the slip that finds the code page.

The running daemon owns the journal and the printer, so it is asked by its control socket. Where none runs, the same is
done here: the journal's own lock keeps a daemon that starts meanwhile from coming in between.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from hardware import factory
from hardware.code_page_slip import code_page_slip
from hardware.interfaces import DeviceError, Document, PrinterStatus
from terminal.config.schema import Config
from terminal.counter.decide import MOST_PRINTS, Counter, CounterRules
from terminal.counter.inputs import ReprintRequested
from terminal.errors import TerminalError
from terminal.journal.thread import Journal, JournalFile
from terminal.loop.bookkeeper import Clerk, Names
from terminal.paper.printing import ReceiptPrinting, shop_of
from terminal.sale.effects import ReceiptKind
from terminal.system.control import NotRunning, ask_daemon, control_path
from terminal.system.timestamps import timestamp_now

if TYPE_CHECKING:
    from terminal.doctor import Result

NO_PRINTER = 'there is no printer: set printer.driver in config.toml to other than "none"'
PATIENCE_S = 60.0
"""For the daemon to answer: a slip takes its time on a slow line."""


def reprint(config: Config, name: str, kinds: Sequence[ReceiptKind]) -> str:
    """Queue the receipt of a sale (its number, reference or register id; empty: the last that ended) once more.

    With END_OF_DAY as its kind it is the slip of that end of day, by its number.

    Returns a sentence about what became of it. Raises TerminalError if there is nothing to print.
    """
    try:
        answer = ask_daemon(control_path(config), "reprint", sale=name, kinds=list(kinds), patience_s=PATIENCE_S)
    except NotRunning:
        return asyncio.run(_reprint_alone(config, name, kinds))
    return f"queued: {', '.join(answer['receipts'])}; the terminal prints it when its printer is ready"


def print_test(config: Config) -> str:
    """Print the slip with every code page. Raises TerminalError, saying what to do, if it cannot be printed."""
    try:
        ask_daemon(control_path(config), "printer-test", patience_s=PATIENCE_S)
    except NotRunning:
        asyncio.run(_print_alone(config, slip_for(config)))
    return "printed; set printer.codepage to the name above the letters that are all right"


def print_doctor(config: Config, results: Sequence[Result]) -> str:
    """Print the doctor's report: that of the running terminal, or ``results`` where none runs. Raises TerminalError."""
    try:
        ask_daemon(control_path(config), "doctor-slip", patience_s=PATIENCE_S)
    except NotRunning:
        from terminal.doctor.slip import doctor_slip  # noqa: PLC0415  only where it is wanted

        now, columns = datetime.now().astimezone(), config.printer.columns
        slip = doctor_slip(results, terminal_id=config.terminal.id, printed_at=now, columns=columns)
        asyncio.run(_print_alone(config, slip))
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


def slip_for(config: Config) -> Document:
    """Raises TerminalError if the printer's profile does not exist."""
    try:
        return code_page_slip(config.printer)
    except ValueError as error:
        raise TerminalError(str(error)) from error


def find_number(journal: JournalFile, name: str, kinds: Sequence[ReceiptKind] = ()) -> int | None:
    """The number of the sale that is called so, or of the end of day if that is wanted; None for the empty name.

    Raises TerminalError if there is none.
    """
    if not name:
        return None
    if ReceiptKind.END_OF_DAY in kinds:
        if not (name.isascii() and name.isdigit() and journal.closed_period(int(name))):
            raise TerminalError(f"no end of day {name}: give the number that is on its slip, or none for the last")
        return int(name)
    entries = journal.entries_of(name)
    if not entries:
        raise TerminalError(f"no sale {name}: see journal list")
    return entries[-1].sale.number


NOTHING_TO_PRINT = (
    f"nothing to print: the sale must have ended, and no receipt is printed more than {MOST_PRINTS} times"
)


async def _reprint_alone(config: Config, name: str, kinds: Sequence[ReceiptKind]) -> str:
    printer = factory.build_printer(config.printer)
    if printer is None:
        raise TerminalError(NO_PRINTER)
    journal = Journal(JournalFile(Path(config.journal.path), timestamp_now))
    try:
        await journal.call(journal.file.open)
        clerk = Clerk(Counter(CounterRules()), journal.file, Names(config.terminal.id, timestamp_now))
        wanted = ReprintRequested(await journal.call(find_number, journal.file, name, kinds), tuple(kinds))
        queued = (await journal.call(clerk.handle, wanted)).decision.receipts
        if not queued:
            raise TerminalError(NOTHING_TO_PRINT)
        printing = ReceiptPrinting(
            printer,
            journal,
            lambda _event: None,
            shop=shop_of(config),
            terminal_id=config.terminal.id,
            language=config.receipt.language,
            local_now=lambda: datetime.now().astimezone(),
        )
        done = await printing.print_waiting()
    finally:
        await journal.close()
    names = ", ".join(receipt.receipt_id for receipt in queued)
    if not done:
        raise TerminalError(f"not printed: {names}; it stays queued and the terminal prints it once it runs")
    return f"printed: {names}"


async def _ask_alone(config: Config) -> PrinterStatus:
    printer = factory.build_printer(config.printer)
    if printer is None:
        raise TerminalError(NO_PRINTER)
    try:
        await printer.open()
        return await printer.status()
    finally:
        await printer.close()


async def _print_alone(config: Config, document: Document) -> None:
    printer = factory.build_printer(config.printer)
    if printer is None:
        raise TerminalError(NO_PRINTER)
    try:
        await printer.open()
        await printer.print_document(document)
    except DeviceError as error:
        raise TerminalError(str(error)) from error
    finally:
        await printer.close()
