"""What is printed when somebody asks for it: which receipt is meant, and the slip that finds the code page."""

from __future__ import annotations

from collections.abc import Sequence

from hardware.interfaces import Document
from hardware.settings import PrinterSettings
from terminal.counter.of_shop import MOST_PRINTS
from terminal.errors import TerminalError
from terminal.journal.file import JournalFile
from terminal.sale.effects import ReceiptKind


def slip_for(printer: PrinterSettings) -> Document:
    """Raises TerminalError if the printer's profile does not exist."""
    from hardware.printer.code_page_slip import code_page_slip  # noqa: PLC0415  seldom asked for

    try:
        return code_page_slip(printer)
    except ValueError as error:
        raise TerminalError(str(error)) from error


def find_number(journal: JournalFile, name: str, kinds: Sequence[ReceiptKind] = ()) -> int | None:
    """The number of the sale that is called so, or of the end of day if that is wanted; None for the empty name.

    Raises TerminalError if there is none.
    """
    if not name:
        return None
    if ReceiptKind.END_OF_DAY in kinds:
        is_number = name.isascii() and name.isdigit() and len(name) < 18  # SQLite's whole numbers
        if not (is_number and journal.closed_period(int(name))):
            raise TerminalError(f"no end of day {name}: give the number that is on its slip, or none for the last")
        return int(name)
    number = journal.find_name(name)
    if number is None:
        raise TerminalError(f"no sale {name}: see journal list")
    return number


NO_PRINTER = 'there is no printer, so nothing is kept for one: set printer.driver in config.toml to other than "none"'
NOTHING_TO_PRINT = (
    f"nothing to print: the sale must have ended, and no receipt is printed more than {MOST_PRINTS} times"
)
