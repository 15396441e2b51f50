"""What the register's side of every protocol can be asked to do, so that one test and one simulation drive them all.

A driver is a register without a wire and without a clock: it is asked, or hears bytes, and leaves its own bytes for
:meth:`RegisterDriver.take_wire`. Only what it has *taken* counts as told: where the protocol has an acknowledgement,
the driver has given it.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from typing import Literal

import msgspec

from terminal.sale.money import AmountDecimals


class Told(msgspec.Struct, frozen=True):
    """One word about how a request ended, as the register understands it."""

    attempt: int
    """The request it took this for: they are counted from 1."""
    paid: bool
    amount_kr: int
    words: str
    """As it was said, for a story."""
    register_id: str | None = None
    """The sale's name, in a language that has names."""
    receipt_number: int | None = None
    """Of a refund, where that is its name."""


class Complaint(msgspec.Struct, frozen=True):
    """An answer that nobody may get as long as a name still names its sale."""

    name: str
    asked_s: float
    words: str
    answered: str = ""
    """The program that got it, where that can have a sale of this name itself."""


Manner = Literal["takes", "waits", "refuses", "ignores"]
"""What it does with a result: take it, ask for it a little later, say no, say nothing."""


class RegisterDriver:
    """Base of all drivers. ``clock`` tells the virtual time in seconds."""

    can_cancel = True
    can_ask_again = True
    """There is a way to ask how the latest request ended."""
    acknowledges = False
    """A payment is final only when this register has taken the result."""
    hears = True
    """It is told anything at all."""
    survives_noise = True
    """What the terminal says to it is protected by a checksum, so that damage is noticed."""

    is_reliable = False
    """What it says arrives whole or not at all, and so does what it hears: a network connection."""
    is_slow_at_times = False
    """What it says can take long to arrive: one connection for all of it, so that it comes in order."""
    pause_after_giving_up_s = 0.0
    """Before this a new request cannot be told from a repetition of the last."""
    tells_apart = True
    """Two requests for the same amount are two requests."""
    has_names = False
    """It numbers its sales, from 1 each morning, and says of which it speaks."""
    names_one_try = False
    """Within its time a name stands for one sale, also once that has ended unpaid."""
    names_each_try = False
    """It asks anew under another name, and has then given up what it asked for before."""
    ends_days = False
    """Somebody ends its day between two sales, and the terminal's with it."""
    forgets_after_s = math.inf
    """Once it has waited for so long it has given up, and asks anew in the same words."""

    def __init__(self, clock: Callable[[], float], *, decimals: AmountDecimals = 0) -> None:
        self._clock = clock
        self.decimals = decimals
        """How it writes kronur; a register that is set up wrongly writes them otherwise than the terminal expects."""
        self.wire = bytearray()
        """What it has to send."""
        self.hangs_up = False
        """It ends its connection, and sends on a new one what it has to send."""
        self.told: list[Told] = []
        self.on_told: Callable[[Told], None] = lambda _told: None
        self.refusals: list[str] = []
        """Requests that started nothing, by the protocol's own code."""
        self.complaints: list[Complaint] = []
        self.offences: list[str] = []
        """What it was told and has never asked for, or cannot take."""
        self.attempts = 0
        self.asked_s = 0.0
        """When it made the latest."""
        self.amounts_asked: set[int] = set()
        """Every amount that it has ever wanted."""
        self.amount_kr = 0
        """Of the latest request."""
        self.booked_kr: list[int] = []
        """Sums of the ends of day that it has asked for and taken."""
        self.on_refund_told: Callable[[Told], None] = lambda _told: None
        self.on_totals: Callable[[int], None] = lambda _sum_kr: None
        self.printed_untaken: list[int] = []
        """Receipt numbers of which it printed that they are paid, and had not taken it."""
        self.is_silent = False
        """It has given up and answers nothing."""
        self.manner: Callable[[], Manner] = lambda: "takes"
        """For each "paid" that it hears, where the protocol asks it."""

    # --- what it can be asked -----------------------------------------------------------------------------------------

    def pay(self, amount_kr: int, name: str = "") -> None:
        """A new request. ``name`` is the register's own for it, where the language has names."""
        self.attempts += 1
        self.asked_s = self._clock()
        self.amount_kr = amount_kr
        self.amounts_asked.add(amount_kr)
        self.is_silent = False
        self._pay(amount_kr, name)

    def _pay(self, amount_kr: int, name: str) -> None:
        raise NotImplementedError

    def refund(self, of: str, amount_kr: int | None) -> None:
        """Give back a part of an earlier sale, or all that is left; nothing in a language without a word for it."""

    def repeat_refund(self, name: str, of: str, amount_kr: int) -> None:
        """It asks once more for a refund of which it knows no end."""

    def ask_for(self, name: str, amount_kr: int) -> None:
        """Its cashier tries an earlier receipt once more."""

    def forget(self, name: str) -> None:
        """It never asks for this sale again."""

    def begin_day(self) -> None:
        """Another morning: it numbers from 1 again."""

    def end_day(self) -> None:
        """Ask for the end of the day, once nothing else is running."""

    def cancel(self) -> None:
        """Stop the latest request."""
        raise NotImplementedError

    def pay_again(self) -> None:
        """Make the latest request once more while it is open."""
        raise NotImplementedError

    def repeat_last(self) -> None:
        """Ask how the latest request ended."""
        raise NotImplementedError

    def give_up(self) -> None:
        """From now on nothing is answered, until the next request."""
        self.is_silent = True

    def end(self) -> None:
        """The cashier closes the sale by hand, in a register that is told nothing."""

    def nudge(self, rng: random.Random) -> None:
        """There has been no result for a while: do what an honest register does then."""

    @property
    def is_free(self) -> bool:
        """It can begin another request."""
        return True

    @property
    def moods(self) -> Mapping[str, Callable[[], None]]:
        """What else it may do, at any time, without being a liar."""
        return {}

    @property
    def waits(self) -> bool:
        """Its latest request has neither ended nor been refused, as far as it knows."""
        raise NotImplementedError

    # --- the wire and time --------------------------------------------------------------------------------------------

    def hear(self, data: bytes) -> None:
        """Take bytes from the terminal. Survives any bytes."""
        raise NotImplementedError

    def take_wire(self) -> bytes:
        data = bytes(self.wire)
        self.wire.clear()
        return data

    @property
    def next_wakeup_s(self) -> float | None:
        """When :meth:`wake` wants to be called, if at all."""
        return None

    def wake(self) -> None:
        """Time has passed."""

    def line_was_cut(self) -> None:
        """The terminal went dark or the cable came off in the middle of whatever it said."""

    def _tell(self, *, paid: bool, amount_kr: int, words: str, register_id: str | None = None) -> None:
        told = Told(self.attempts, paid, amount_kr, words, register_id)
        self.told.append(told)
        self.on_told(told)

    def _digits(self, amount_kr: int) -> str:
        return f"{amount_kr}00" if self.decimals == 2 else str(amount_kr)

    def _kronur(self, digits: str) -> int:
        return int(digits) // (100 if self.decimals == 2 else 1)
