"""A register that speaks the line protocol: names for its sales, results without an acknowledgement."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

from terminal.sale.money import AmountDecimals
from terminal.simulation.registers.driver import RegisterDriver, Told

LONGEST_UNREAD = 4096


class LineDriver(RegisterDriver):
    """Asks again with the same id as often as it likes: a repetition, or after a "no" a new try."""

    survives_noise = False
    has_names = True
    _unread = b""
    _name = ""
    _is_over = True

    def __init__(self, clock: Callable[[], float], *, decimals: AmountDecimals = 0) -> None:
        super().__init__(clock, decimals=decimals)
        self._of_today: dict[str, int] = {}
        """What it has asked for since the morning."""
        self._asked_kr: dict[str, set[int]] = {}
        """Every amount that it has wanted under a name."""
        self._refunds = 0

    def begin_day(self) -> None:
        self._of_today.clear()

    def ask_for(self, name: str, amount_kr: int) -> None:
        self._ask(amount_kr, name)

    def forget(self, name: str) -> None:
        self._of_today.pop(name, None)
        if name == self._name_of_refund(self._refunds + 1):
            self._refunds += 1

    def _pay(self, amount_kr: int, name: str) -> None:
        self._name = name
        self._of_today[name] = amount_kr
        self._asked_kr.setdefault(name, set()).add(amount_kr)
        self._is_over = False
        self._say(f"PAY {self._digits(amount_kr)} ID={name}")

    def cancel(self) -> None:
        self._say(f"CANCEL ID={self._name}")

    def repeat_last(self) -> None:
        self._say(f"STATUS ID={self._name}")

    def pay_again(self) -> None:
        """The very same request once more."""
        self._say(f"PAY {self._digits(self.amount_kr)} ID={self._name}")

    def nudge(self, rng: random.Random) -> None:
        rng.choice((self.pay_again, self.repeat_last, lambda: self._say("STATUS")))()

    @property
    def moods(self) -> Mapping[str, Callable[[], None]]:
        return {
            "cancels all": lambda: self._say("CANCEL"),
            "asks whether the terminal is free": lambda: self._say("STATUS"),
            "names another amount": lambda: self._ask(10 * self.amount_kr, self._name),
            "rings up another sale": lambda: self._ask(777, "stranger"),
            "asks for an old sale again": self._ask_for_old,
            "asks for the totals": lambda: self._say("TOTALS"),
            "wants to give money back": lambda: self.refund(self._name, 1),
            "wants to take it all back": lambda: self.refund(self._name, None),
            "babbles": lambda: self._say("PAY -1 ID=x\r\nHELLO\r\nPAY 1,50\r\nSTATUS ID=nobody"),
        }

    def refund(self, of: str, amount_kr: int | None) -> None:
        self._refunds += 1
        name = self._name_of_refund(self._refunds)
        if amount_kr is None:
            self._say(f"VOID OF={of} ID={name}")
        else:
            self._say(f"REFUND {self._digits(amount_kr)} OF={of} ID={name}")

    @staticmethod
    def _name_of_refund(count: int) -> str:
        """Each name twice: repeated, or a mistake."""
        return f"back{count // 2}"

    def repeat_refund(self, name: str, of: str, amount_kr: int) -> None:
        self._say(f"REFUND {self._digits(amount_kr)} OF={of} ID={name}")

    @property
    def waits(self) -> bool:
        return not self._is_over

    def _ask_for_old(self) -> None:
        """Its cashier tries the first receipt of today once more."""
        name, amount_kr = next(iter(self._of_today.items()), (self._name, self.amount_kr))
        self._ask(amount_kr, name)

    def _ask(self, amount_kr: int, name: str) -> None:
        self.amounts_asked.add(amount_kr)
        self._asked_kr.setdefault(name, set()).add(amount_kr)
        self._say(f"PAY {self._digits(amount_kr)} ID={name}")

    def _say(self, text: str) -> None:
        self.wire += text.encode("ascii") + b"\r\n"

    def hear(self, data: bytes) -> None:
        *lines, rest = (self._unread + data).split(b"\n")
        self._unread = rest[-LONGEST_UNREAD:]
        for line in lines:
            self._hear_line(line.strip(b"\r").decode("ascii"))

    def line_was_cut(self) -> None:
        self._unread = b""

    def _hear_line(self, line: str) -> None:
        verb, _, rest = line.partition(" ")
        if self.is_silent or verb not in ("OK", "NO", "ERR"):
            return
        words = rest.split()
        name = next((word[3:] for word in words if word.startswith("ID=")), None)
        if verb == "ERR":
            self.refusals.append(words[0])
            return
        paid = verb == "OK"
        amount_kr = self._kronur(words[0]) if paid else self.amount_kr
        if paid and name in self._asked_kr and amount_kr not in self._asked_kr[name]:
            self.refusals.append("OTHER AMOUNT")  # a name was garbled on the way, and this is another receipt's money
            return
        if name == self._name:
            self._is_over = True
        if name is not None and name.startswith("back"):
            self.on_refund_told(Told(self._refunds, paid, amount_kr, f"{verb} {words[0]}", name))
            return
        self._tell(paid=paid, amount_kr=amount_kr, words=f"{verb} {words[0]}", register_id=name)
