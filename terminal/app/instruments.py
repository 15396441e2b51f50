"""What can be asked of the devices beside any sale: for the doctor, for operators, for metrics."""

from __future__ import annotations

import asyncio

from hardware.interfaces import DeviceError, Document, PrinterStatus, SerialPort
from terminal.counter.scanning import describe
from terminal.doctor.status import RegisterLine, Wear
from terminal.paper.printing import ReceiptPrinting
from terminal.register.link import RegisterLink
from terminal.sale.customer import IdentifierRules
from terminal.sale.sensitive import Sensitive
from terminal.screen.presenter import Presenter

NO_PRINTER = 'there is no printer: set printer.driver in config.toml to other than "none"'


class Instruments:
    """Reads; only ``print_now`` does something, and ``note_code`` takes note."""

    def __init__(
        self,
        printing: ReceiptPrinting | None,
        link: RegisterLink,
        port: SerialPort,
        presenter: Presenter,
        identifiers: IdentifierRules,
    ) -> None:
        self._printing = printing
        self._link = link
        self._port = port
        self._presenter = presenter
        self._identifiers = identifiers
        self._last_code: tuple[str, float] | None = None

    def note_code(self, code: Sensitive) -> None:
        """The scanner has read one: what it was is kept, not the code."""
        self._last_code = describe(code, self._identifiers), asyncio.get_running_loop().time()

    async def print_now(self, document: Document) -> None:
        """Print something that is no receipt. Raises DeviceError, also if there is no printer."""
        await self._printer().print_now(document)

    async def printer_status(self) -> PrinterStatus:
        """What the printer says of itself now. Raises DeviceError, also if there is no printer."""
        return await self._printer().status()

    def _printer(self) -> ReceiptPrinting:
        if self._printing is None:
            raise DeviceError(NO_PRINTER)
        return self._printing

    @property
    def register_silent_s(self) -> float:
        """How long the register has said nothing; before its first byte, since the start."""
        return self._link.silent_s

    @property
    def damaged_bytes(self) -> int:
        """Of what the register said since the start."""
        return self._port.damaged_bytes

    async def wear(self) -> Wear:
        """What devices have been through since the start; takes a second at most."""
        line = RegisterLine(
            heard_bytes=self._link.heard_bytes,
            silent_s=round(self.register_silent_s, 1),
            signals=await self._port.signals(),
        )
        code, code_s = self._last_code or ("", 0.0)
        return Wear(
            last_code=code,
            last_code_age_s=round(asyncio.get_running_loop().time() - code_s, 1) if code else 0.0,
            display_lit_h=round(self._presenter.lit_s / 3600, 2),
            display_lost=self._presenter.failures,
            damaged_bytes=self.damaged_bytes,
            register=line,
        )
