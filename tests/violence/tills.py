"""The register of a shop in the storm: rings up, gives back, and asks again until it knows. Two kinds of register."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Protocol

from terminal.counter.register_ids import REPEATED_WITHIN_S
from terminal.simulation.registers.zvt_frames import (
    GOOD,
    payment,
    refund,
    repeat_receipt,
    reversal,
    status_fields,
)
from tests.integration.counter import ShopCounter
from tests.integration.process import wait_until
from tests.integration.zvt_cable import ZvtShop
from tests.patience import at_most

RESULT = re.compile(r"(OK|NO) (\S+) ID=(\S+)")
DECIMALS = 100
"""In which scale the ZVT register writes kronur."""
NOT_KNOWN = "NO UNKNOWN"
_NOT_KNOWN_YET = 0xFF


class Sold:
    """A sale as it was rung up; ``number`` is the terminal's own, once that has accepted it."""

    def __init__(self, name: str, amount_kr: int) -> None:
        self.name = name
        self.amount_kr = amount_kr
        self.number = 0
        self.rung_up_s = 0.0
        self.returned: list[Returned] = []

    @property
    def left_kr(self) -> int:
        return self.amount_kr - sum(one.amount_kr for one in self.returned)


class Returned:
    """Money that the register gives back of a sale."""

    def __init__(self, sold: Sold, amount_kr: int) -> None:
        self.name = f"{sold.name}-r{len(sold.returned)}"
        self.of = sold
        self.amount_kr = amount_kr
        self.is_rest = amount_kr == sold.left_kr
        self.number = 0


class Till(Protocol):
    """What the storm needs of a register. What it was told is ``OK 1990``, or ``NO`` and a code."""

    def ring_up(self, sold: Sold) -> None:
        """Until the terminal has accepted it."""

    def told(self, what: Sold | Returned) -> set[str]:
        """Everything that it ever was told of this."""

    def ask(self, sold: Sold) -> bool:
        """Once; True as soon as it knows the result, or must not ask any more."""

    def give_back(self, returned: Returned) -> None:
        """Ask for a refund, and wait for nothing."""

    def ask_again(self, returned: Returned) -> bool:
        """Once, in the way of this register; True as soon as it knows how the refund ended."""

    def plug_is_pulled(self) -> None:
        """What the terminal was just saying will not be finished."""


class LineTill:
    """Asks by the same request under the same ID."""

    def __init__(self, counter: ShopCounter) -> None:
        self._register = counter.register

    def ring_up(self, sold: Sold) -> None:
        wanted = f"WAIT ID={sold.name}"

        def accepted() -> bool:
            self._register.send(f"PAY {sold.amount_kr} ID={sold.name}")
            return any(line.startswith(wanted) for line in self._hear(until=("WAIT", "ERR"), deadline_s=5.0))

        wait_until(wanted, accepted)

    def told(self, what: Sold | Returned) -> set[str]:
        self._hear()
        results = filter(None, map(RESULT.match, self._register.heard))
        return {f"{match[1]} {match[2]}" for match in results if match[3] == what.name}

    def ask(self, sold: Sold) -> bool:
        """After a "no" it asks at once or not at all: later the same request would be the next attempt."""
        told_no = any(told.startswith("NO ") for told in self.told(sold))
        if told_no and time.monotonic() - sold.rung_up_s > REPEATED_WITHIN_S / 2:
            return True
        return self._ask(f"PAY {sold.amount_kr} ID={sold.name}", sold.name)

    def give_back(self, returned: Returned) -> None:
        self._register.send(self._request(returned))

    def ask_again(self, returned: Returned) -> bool:
        return self._ask(self._request(returned), returned.name)

    def plug_is_pulled(self) -> None:
        pass  # a new start begins with a new line

    def _request(self, returned: Returned) -> str:
        if returned.is_rest:
            return f"VOID OF={returned.of.name} ID={returned.name}"
        return f"REFUND {returned.amount_kr} OF={returned.of.name} ID={returned.name}"

    def _ask(self, line: str, name: str) -> bool:
        self._register.send(line)
        lines = self._hear(until=("OK ", "NO "), deadline_s=at_most(0.5))
        results = filter(None, map(RESULT.match, lines))
        return any(match[3] == name and f"{match[1]} {match[2]}" != NOT_KNOWN for match in results)

    def _hear(self, until: tuple[str, ...] = (), deadline_s: float = 0.0) -> list[str]:
        """What the terminal has said, and what it says until a line begins with one of ``until``."""
        lines: list[str] = []
        end_s = time.monotonic() + deadline_s
        while not any(line.startswith(until) for line in lines if until):
            try:
                lines.append(self._register.line(max(0.0, end_s - time.monotonic())))
            except AssertionError:
                return lines
        return lines


class ZvtTill:
    """Its requests have no name, so it asks for the last receipt first, and repeats only what was never begun."""

    def __init__(self, shop: ZvtShop) -> None:
        self._zvt = shop.zvt
        self._amounts_kr: list[int] = []

    def ring_up(self, sold: Sold) -> None:
        self._amounts_kr.append(sold.amount_kr)
        wait_until(f"80 00 00 for {sold.name}", lambda: self._command(payment(sold.amount_kr * DECIMALS)))

    def told(self, what: Sold | Returned) -> set[str]:
        return {
            _words(fields)
            for fields in self._results()
            if (number := what.number or self._number_of(what)) and _number(fields, 0x0B) == number
        }

    def ask(self, sold: Sold) -> bool:
        self._command(repeat_receipt())
        return bool(self.told(sold) - {NOT_KNOWN})

    def give_back(self, returned: Returned) -> None:
        self._zvt.send(self._request(returned))

    def ask_again(self, returned: Returned) -> bool:
        self._command(repeat_receipt())
        if not self.told(returned):
            self._command(self._request(returned))
        return bool(self.told(returned) - {NOT_KNOWN})

    def plug_is_pulled(self) -> None:
        self._zvt.forget_half_a_frame()

    def _request(self, returned: Returned) -> bytes:
        """A whole payment by its amount alone where no other is of just this, all else by the receipt's number."""
        amount = returned.amount_kr * DECIMALS
        if returned.amount_kr == returned.of.amount_kr and self._amounts_kr.count(returned.amount_kr) == 1:
            return refund(amount)
        receipt = next(fields[0x87] for fields in self._results() if _number(fields, 0x0B) == returned.of.number)
        return reversal(receipt, None if returned.is_rest else amount)

    def _command(self, apdu: bytes) -> bool:
        """True if it was accepted; then the session has ended, or a payment is under way."""
        try:
            if self._zvt.ask(apdu) != GOOD:
                return False
            if apdu[:2] != b"\x06\x01":
                self._zvt.wait_for_end()
        except AssertionError:  # it was not listening
            return False
        return True

    def _results(self) -> Iterator[dict[int, bytes]]:
        """Of payments and refunds, in order."""
        yield from (status_fields(apdu) for apdu in list(self._zvt.register.heard) if apdu[:2] == b"\x04\x0f")

    def _number_of(self, what: Sold | Returned) -> int:
        """The refund's own number is not known before the terminal has named it."""
        if isinstance(what, Sold):
            return 0
        known = {one.number for one in what.of.returned if one is not what}
        for fields in self._results():
            if _number(fields, 0x37) == what.of.number and _number(fields, 0x0B) not in known:
                what.number = _number(fields, 0x0B)
        return what.number


def _number(fields: dict[int, bytes], name: int) -> int:
    return int(fields[name].hex()) if name in fields else 0


def _words(fields: dict[int, bytes]) -> str:
    code = fields[0x27][0]
    if code == _NOT_KNOWN_YET:
        return NOT_KNOWN
    return f"NO {code:02X}" if code else f"OK {int(fields[0x04].hex()) // DECIMALS}"
