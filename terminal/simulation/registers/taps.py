"""Registers that know of no terminal: one that drives a customer display, one that prints receipts. Both only emit."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from terminal.sale.money import AmountDecimals
from terminal.simulation.registers.driver import RegisterDriver

MARK = bytes.fromhex("1b40")
"""ESC @: the printer is set up for a receipt."""
TO_PRINTER, TO_DISPLAY = bytes.fromhex("1b3d01"), bytes.fromhex("1b3d02")
"""ESC =: who listens from now on, where two devices hang on one line."""
CUT = bytes.fromhex("1d5600")
DRAWER = bytes.fromhex("1b700019fa")


class TapDriver(RegisterDriver):
    """It hears nothing, so it does not know how a sale ended: the cashier looks at the terminal and presses a key."""

    can_cancel = False
    can_ask_again = False
    hears = False
    survives_noise = False
    _waits = False

    def _pay(self, amount_kr: int, name: str) -> None:
        self._waits = True
        self._show(self._with_points(amount_kr))

    def pay_again(self) -> None:
        """The same total again, as a display that is written anew, or a copy of the receipt."""
        self._show(self._with_points(self.amount_kr))

    def _show(self, amount: str) -> None:
        raise NotImplementedError

    def end(self) -> None:
        """The cashier has closed the sale in the register."""
        self._waits = False

    @property
    def waits(self) -> bool:
        return self._waits

    def hear(self, data: bytes) -> None:
        """Whatever a printer says."""

    def _with_points(self, amount_kr: int) -> str:
        amount = f"{amount_kr:,}".replace(",", ".")
        return amount + ",00" if self.decimals == 2 else amount


class DisplayDriver(TapDriver):
    """An Epson display of two lines of twenty characters. ``has_printer``: behind it, on the same line, a printer."""

    def __init__(self, clock: Callable[[], float], *, decimals: AmountDecimals = 0, has_printer: bool = False) -> None:
        super().__init__(clock, decimals=decimals)
        self._has_printer = has_printer

    def _print(self, text: bytes) -> None:
        """For the printer alone: no total of it is shown."""
        if self._has_printer:
            self.wire += TO_PRINTER + MARK + text + CUT + TO_DISPLAY

    def _show(self, amount: str) -> None:
        self._write("KAFFI", "590 kr")
        self._print(b"SAMTALS 77.777 kr\n")
        self._write("SAMTALS", f"{amount} kr")
        self._print(b"VELKOMIN\n")

    def end(self) -> None:
        super().end()
        self._write("TIL BAKA", "0 kr")

    def _write(self, upper: str, lower: str) -> None:
        line = bytes.fromhex("1f4300 0c") + upper.ljust(20).encode() + bytes.fromhex("1f240102")
        self.wire += line + lower.rjust(20).encode()

    @property
    def moods(self) -> Mapping[str, Callable[[], None]]:
        return {
            "shows another item": lambda: self._write("BRAUD", "450 kr"),
            "shows the total again": lambda: self._write("SAMTALS", f"{self._with_points(self.amount_kr)} kr"),
            "greets": lambda: self._write("VELKOMIN", ""),
        }


class ReceiptDriver(TapDriver):
    """An ESC/POS printer's receipt. ``has_display``: behind it, on the same line, a customer display."""

    def __init__(self, clock: Callable[[], float], *, decimals: AmountDecimals = 0, has_display: bool = False) -> None:
        super().__init__(clock, decimals=decimals)
        self._shown = TO_DISPLAY + b"\x0cSAMTALS\x1f\x24\x01\x02 77.777 kr\n" + TO_PRINTER if has_display else b""

    def _show(self, amount: str) -> None:
        head, foot = f"KAFFI 590\nSAMTALS {amount} kr\n".encode(), b"Takk fyrir\n"
        self.wire += self._shown + MARK + head + self._shown + DRAWER + foot + CUT + self._shown

    def _pay(self, amount_kr: int, name: str) -> None:
        """Of every third customer a part has been paid by card before."""
        super()._pay(amount_kr, name)
        if self.attempts % 3 == 0:
            self.wire.clear()
            self._print_paid(amount_kr + 990, "KORT", 990)

    def _print_paid(self, total_kr: int, tender: str, paid_kr: int) -> None:
        total, paid = self._with_points(total_kr), self._with_points(paid_kr)
        self.wire += MARK + f"SAMTALS {total} kr\n".encode() + DRAWER + f"{tender} {paid} kr\n".encode() + CUT

    @property
    def moods(self) -> Mapping[str, Callable[[], None]]:
        return {
            "prints what was paid by card": lambda: self._print_paid(1770, "KORT", 1770),
            "prints what was paid in cash": lambda: self._print_paid(1880, "REIDUFE", 1880),
            "prints a voided slip": lambda: self.wire.extend(MARK + b"SAMTALS 1.660 kr\n*** VOID ***\n" + CUT),
            "prints an order for the kitchen": lambda: self.wire.extend(MARK + b"2 KAFFI\n" + CUT),
            "asks for the printer's status": lambda: self.wire.extend(bytes.fromhex("100401")),
        }
