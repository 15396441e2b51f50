"""The running terminal behind the panel: its view, and those of its devices that are simulated.

What is real is left alone: its controls answer that it is a real device.
"""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import Callable, Sequence

from hardware.interfaces import DeviceError
from hardware.register_cable import RegisterCable
from hardware.settings import DisplaySettings
from hardware.signals import SimulatedSignals
from hardware.simulated import Receipt, SimulatedDisplay, SimulatedKeypad, SimulatedPrinter
from terminal.app.devices import Devices
from terminal.app.handles import Handles
from terminal.config.schema import Config
from terminal.counter.view import View
from terminal.panel.backend import (
    PanelState,
    PrinterCondition,
    ReceiptSummary,
    RegisterInfo,
    RegisterMessage,
    SaleSummary,
)
from terminal.panel.changes import Changes, Part
from terminal.panel.register_log import messages
from terminal.sale.effects import ReceiptKind
from terminal.sale.sale import Sale
from terminal.screen.pixels import render
from terminal.screen.screen import Screen
from terminal.system.timestamps import timestamp_of
from terminal.texts.sentences import words_in

MAX_TRAFFIC = 600
"""Pieces of the register's traffic that are looked at: a program may send a line byte by byte."""


class CounterBackend:
    """Implements :class:`terminal.panel.backend.PanelBackend`. ``attach`` names the terminal once it is built."""

    def __init__(self, config: Config, devices: Devices, cable: RegisterCable | None = None) -> None:
        self.changes = Changes()
        self._config = config
        self._devices = devices
        self._cable = cable
        self._terminal: Handles | None = None
        self._was_on = False
        self.on_device_change: Callable[[], None] = lambda: None
        """Called when something about a simulated device has changed."""
        self.program_token: str | None = None
        """What a register program of a simulated counter calls with."""
        self._signals = devices.signals if isinstance(devices.signals, SimulatedSignals) else None
        if isinstance(devices.display, SimulatedDisplay):
            devices.display.on_change = lambda: self._device_changed(Part.DISPLAY)
        if isinstance(devices.printer, SimulatedPrinter):
            devices.printer.on_change = lambda: self._device_changed(Part.PRINTER, Part.RECEIPTS)
        if self._signals is not None:
            self._signals.on_change = lambda: self.changes.publish(Part.STATE)
        if cable is not None:
            cable.on_change = lambda: self._device_changed(Part.REGISTER)

    def attach(self, terminal: Handles | None) -> None:
        """The terminal that is behind the panel now; None while it has no power."""
        self._terminal = terminal
        self._was_on = self._was_on or terminal is not None
        self.changes.publish(*Part)

    def _device_changed(self, *parts: Part) -> None:
        self.changes.publish(*parts)
        self.on_device_change()

    def view_changed(self, _view: View) -> None:
        self.changes.publish(Part.STATE)
        if not isinstance(self._devices.display, SimulatedDisplay):
            self.changes.publish(Part.DISPLAY)

    def state(self) -> PanelState:
        if self._terminal is None:
            return PanelState(
                state="off" if self._was_on else "starting", network="down", register="down", keypad="down"
            )
        view = self._terminal.view
        conditions = view.conditions
        return PanelState(
            state=view.sale.state if view.sale else "idle",
            sale=_summary(view.sale),
            result=_summary(view.result),
            display=self._terminal.screen.lines,
            network="ok" if conditions.network_ok else "down",
            register="ok" if conditions.register_ok else "down",
            keypad="ok" if conditions.keypad_ok else "down",
            printer=conditions.printer,
            paper_low=conditions.paper_low,
            pending_receipts=conditions.pending_receipts,
            led=self._signals is not None and self._signals.lamp,
            buzzer=self._signals is not None and self._signals.buzzer,
        )

    # --- display and keypad -------------------------------------------------------------------------------------------

    async def display_png(self) -> bytes:
        """The glass as PNG: of a simulated display its pixels, of a real one what it was told. Raises DeviceError."""
        if isinstance(self._devices.display, SimulatedDisplay):
            return self._devices.display.png()
        if self._terminal is None:
            raise DeviceError("the terminal is starting: ask again in a second")
        # what a real display of this kind was told to show
        settings, screen = self._config.display, self._terminal.screen
        return await asyncio.to_thread(_png, screen, settings)

    async def press(self, keys: str, *, hold: bool = False) -> None:
        """Press these keys in order; ``hold``: the last one for long. Raises DeviceError for a real keypad."""
        keypad = self._devices.keypad
        if not isinstance(keypad, SimulatedKeypad):
            raise DeviceError("the keypad is a real one: press its keys")
        await keypad.press(keys[:-1] if hold else keys)
        if hold:
            await keypad.press_long(keys[-1])

    # --- register -----------------------------------------------------------------------------------------------------

    def register_info(self) -> RegisterInfo:
        settings, programs = self._config.register, self._devices.programs
        if programs is not None:
            return RegisterInfo(port=programs.base_url, protocol=settings.protocol, token=self.program_token)
        port = self._cable.register_path if self._cable else settings.port
        return RegisterInfo(port=port, protocol=settings.protocol, amount_decimals=settings.amount_decimals)

    async def register_send(self, text: str) -> None:
        """One line from the simulated register. Raises DeviceError where the register is none of ours."""
        if self._devices.programs is not None:
            raise DeviceError("the register is a program on the network: POST /v1/payments to its address")
        if self._cable is None:
            raise DeviceError("the register is a real one: ring up the sale there")
        self._cable.send(text.encode("utf-8", "replace") + b"\r\n")

    def register_log(self) -> Sequence[RegisterMessage]:
        if self._cable is None:
            return []
        offset_s = time.time() - asyncio.get_running_loop().time()
        by_lines = self._config.register.protocol == "line"
        log = self._cable.log[-MAX_TRAFFIC:]
        return list(messages(log, lambda time_s: timestamp_of(time_s + offset_s), by_lines=by_lines))

    # --- printer ------------------------------------------------------------------------------------------------------

    def receipts(self) -> Sequence[ReceiptSummary]:
        if not isinstance(self._devices.printer, SimulatedPrinter):
            return []
        return [
            ReceiptSummary(id=receipt.id, kind=self._kind(receipt.text), text=receipt.text, finished=receipt.cut)
            for receipt in self._devices.printer.receipts
        ]

    async def receipt_png(self, receipt_id: int) -> bytes:
        return await asyncio.to_thread(self._receipt(receipt_id).png)

    def receipt_bin(self, receipt_id: int) -> bytes:
        return self._receipt(receipt_id).data

    def printer(self) -> PrinterCondition:
        printer = self._simulated_printer()
        return PrinterCondition(paper=printer.paper, online=printer.online, cover=printer.cover)

    def set_printer(self, condition: PrinterCondition) -> None:
        printer = self._simulated_printer()
        if printer.paper != condition.paper:
            printer.paper = condition.paper
        printer.online, printer.cover = condition.online, condition.cover

    def _simulated_printer(self) -> SimulatedPrinter:
        if not isinstance(self._devices.printer, SimulatedPrinter):
            raise DeviceError("the printer is a real one: look after it by hand")
        return self._devices.printer

    def _receipt(self, receipt_id: int) -> Receipt:
        for receipt in self._simulated_printer().receipts:
            if receipt.id == receipt_id:
                return receipt
        raise LookupError(f"no receipt {receipt_id}")

    def _kind(self, text: str) -> str:
        """The bytes on paper have no field for it: read it as people do."""
        words = words_in(self._config.receipt.language).receipt
        marks = {
            words.merchant_copy: ReceiptKind.MERCHANT,
            words.staff_slip: ReceiptKind.ATTENTION,
            words.end_of_day: ReceiptKind.END_OF_DAY,
        }
        named = (kind for mark, kind in marks.items() if mark.upper() in text.upper())
        return next(named, ReceiptKind.CUSTOMER)


def _summary(sale: Sale | None) -> SaleSummary | None:
    if sale is None:
        return None
    return SaleSummary(
        number=sale.number,
        register_id=sale.register_id,
        amount_kr=sale.amount_kr,
        state=sale.state,
        outcome=sale.outcome,
        reason=sale.reason,
        created=sale.created,
    )


def _png(screen: Screen, settings: DisplaySettings) -> bytes:
    buffer = io.BytesIO()
    render(screen, settings.size_px, split_px=settings.split_px, is_large=settings.large_text).save(buffer, "PNG")
    return buffer.getvalue()
