"""From settings to devices. A driver's module, and the library behind it, is imported only if it is configured.

A device set to ``none`` is None: whoever uses it has to say what happens without, and the type checker sees to that.
"""

from __future__ import annotations

from pathlib import Path
from typing import assert_never

from hardware.interfaces import Display, Keypad, Printer, Scanner, SerialPort, Signals
from hardware.settings import (
    DisplaySettings,
    KeypadSettings,
    PrinterSettings,
    ScannerSettings,
    SerialSettings,
    SignalSettings,
)

# The imports inside the functions are the point of this module.
# ruff: noqa: PLC0415


def build_keypad(settings: KeypadSettings) -> Keypad:
    """The keypad, not yet open. Raises ValueError if layout and pins do not fit together."""
    match settings.driver:
        case "matrix":
            from hardware.keypad import MatrixKeypad

            return MatrixKeypad(settings)
        case "evdev":
            from hardware.keypad_evdev import EvdevKeypad

            return EvdevKeypad(settings.device)
        case "simulated":
            from hardware.simulated import SimulatedKeypad

            return SimulatedKeypad(settings.layout, settings.debounce_ms / 1000)
        case _:
            assert_never(settings.driver)


def build_scanner(settings: ScannerSettings) -> Scanner | None:
    """The barcode scanner, not yet open; None if there is none. Raises ValueError if its path is missing."""
    match settings.driver:
        case "evdev":
            from hardware.scanner import HidScanner

            return HidScanner(settings.device)
        case "serial":
            from hardware.scanner import SerialScanner

            return SerialScanner(settings)
        case "simulated":
            from hardware.scanner import SimulatedScanner

            return SimulatedScanner()
        case "none":
            return None
        case _:
            assert_never(settings.driver)


def build_display(settings: DisplaySettings) -> Display | None:
    """The display, not yet open; None if there is none."""
    match settings.driver:
        case "simulated":
            from hardware.simulated import SimulatedDisplay

            return SimulatedDisplay(settings.size_px)
        case "none":
            return None
    from hardware.display import OledDisplay

    return OledDisplay(settings)


def build_signals(settings: SignalSettings) -> Signals | None:
    """Lamp and buzzer, not yet open; None if there are none. Raises ValueError if both are on one pin."""
    match settings.driver:
        case "gpio":
            from hardware.signals import GpioSignals

            return GpioSignals(settings)
        case "simulated":
            from hardware.signals import SimulatedSignals

            return SimulatedSignals()
        case "none":
            return None
        case _:
            assert_never(settings.driver)


def build_printer(settings: PrinterSettings, memory_path: Path | None = None) -> Printer | None:
    """The printer, not yet open; None if there is none. Raises ValueError if its address is missing.

    ``memory_path``: the file in which it is kept what the printer has shown of itself.
    """
    from hardware.printer.memory import MemoryFile

    memory = MemoryFile(memory_path) if memory_path is not None else None
    match settings.driver:
        case "serial" | "usb" | "network" | "file":
            from hardware.printer.driver import EscposPrinter
            from hardware.printer.encoder import Typesetting
            from hardware.printer.transports import build_transport

            return EscposPrinter(
                build_transport(settings),
                Typesetting.of(settings),
                answer_deadline_s=settings.timeout_s,
                may_listen=settings.driver != "network",  # there others print too
                answers=settings.answers,
                memory=memory,
            )
        case "simulated":
            from hardware.printer.encoder import Typesetting
            from hardware.simulated import SimulatedPrinter

            return SimulatedPrinter(Typesetting.of(settings), answers=settings.answers, memory=memory)
        case "none":
            return None
        case _:
            assert_never(settings.driver)


def build_serial_port(settings: SerialSettings) -> SerialPort:
    """A port, not yet open. A simulated register is a real port, see RegisterCable."""
    from hardware.serial_port import TtySerialPort

    return TtySerialPort(settings)
