"""The languages of simulated registers: for each the register that speaks it and the terminal's own codec."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import UTC
from typing import Any, Literal, NamedTuple

from hardware.interfaces import Cut, Document, TextLine
from terminal.register.concert.codec import ConcertProtocol
from terminal.register.http.codec import HttpProtocol
from terminal.register.http.desk import Wording
from terminal.register.line.codec import LineProtocol
from terminal.register.protocol import RegisterProtocol
from terminal.register.settings import TotalRules
from terminal.register.taps.display import DisplayTap
from terminal.register.taps.receipt import ReceiptTap
from terminal.register.zvt.codec import ZvtProtocol
from terminal.register.zvt.format import Config
from terminal.sale.effects import ReceiptKind
from terminal.sale.money import AmountDecimals
from terminal.sale.refund import Refund
from terminal.sale.sale import Sale
from terminal.simulation.registers.concert import ConcertDriver
from terminal.simulation.registers.driver import RegisterDriver
from terminal.simulation.registers.http import HttpDriver
from terminal.simulation.registers.line import LineDriver
from terminal.simulation.registers.taps import DisplayDriver, ReceiptDriver
from terminal.simulation.registers.zvt import ZvtDriver
from terminal.simulation.registers.zvt_network import HABITS, Habits, ZvtNetworkDriver

Clock = Callable[[], float]


class Spoken(NamedTuple):
    """Both ends of one line."""

    register: RegisterDriver
    build_protocol: Callable[[], RegisterProtocol]
    """The terminal's end; a new one after every start."""


def receipt_of(sale: Sale | Refund, copy: bool) -> Document:
    """A short receipt for a register that prints it itself."""
    title = "ENDURGREIDSLA" if isinstance(sale, Refund) else "AFRIT" if copy else "KVITTUN"
    return (TextLine(f"{title} {sale.number}"), TextLine(sale.reference), Cut())


def line(clock: Clock, decimals: AmountDecimals, _rng: random.Random) -> Spoken:
    return Spoken(LineDriver(clock, decimals=decimals), lambda: LineProtocol(decimals))


def zvt(clock: Clock, decimals: AmountDecimals, rng: random.Random) -> Spoken:
    def build() -> RegisterProtocol:
        return ZvtProtocol(decimals, terminal_id="T1", receipt_of=receipt_of, zone=UTC)

    config = rng.choice((None, 0x00, 0x08, 0x82, 0x8A))  # none; plain; wants progress; prints; both
    takes_text_blocks = rng.random() < 0.3
    return Spoken(ZvtDriver(clock, decimals=decimals, config=config, takes_text_blocks=takes_text_blocks), build)


def zvt_network(clock: Clock, decimals: AmountDecimals, rng: random.Random, habits: Habits | None = None) -> Spoken:
    config = rng.choice((None, 0x00, 0x08, 0x82, 0x8A))
    habits = habits or HABITS[rng.choice(list(HABITS))]
    without = Config.WANTS_INTERMEDIATE_STATUS if habits.cannot_take_progress else Config(0)
    without |= Config.WANTS_PRINT_LINES if habits.cannot_take_lines else Config(0)

    def build() -> RegisterProtocol:
        return ZvtProtocol(
            decimals, terminal_id="T1", receipt_of=receipt_of, zone=UTC, over_network=True, without=without
        )

    if habits.cannot_take_progress or habits.cannot_take_lines:
        config = 0x08 if habits.cannot_take_progress else 0x82  # it asks for it all the same
    return Spoken(ZvtNetworkDriver(clock, decimals=decimals, config=config, habits=habits), build)


def concert(clock: Clock, decimals: AmountDecimals, rng: random.Random) -> Spoken:
    options: dict[str, Any] = {name: rng.random() < 0.5 for name in ("is_plus", "wants_report", "names_sales")}
    cancelled_status: Literal[6, 7] = rng.choice((6, 7))

    def build() -> RegisterProtocol:
        return ConcertProtocol(decimals, cancelled_status=cancelled_status)

    return Spoken(ConcertDriver(clock, decimals=decimals, **options), build)


def display(clock: Clock, decimals: AmountDecimals, _rng: random.Random) -> Spoken:
    rules = TotalRules(amount_decimals=decimals)
    return Spoken(DisplayDriver(clock, decimals=decimals), lambda: DisplayTap("epson", rules))


def receipt(clock: Clock, decimals: AmountDecimals, _rng: random.Random) -> Spoken:
    rules = TotalRules(amount_decimals=decimals)
    return Spoken(ReceiptDriver(clock, decimals=decimals), lambda: ReceiptTap(rules))


def display_of_two(clock: Clock, decimals: AmountDecimals, rng: random.Random) -> Spoken:
    _, build = display(clock, decimals, rng)
    return Spoken(DisplayDriver(clock, decimals=decimals, has_printer=True), build)


def receipt_of_two(clock: Clock, decimals: AmountDecimals, rng: random.Random) -> Spoken:
    _, build = receipt(clock, decimals, rng)
    return Spoken(ReceiptDriver(clock, decimals=decimals, has_display=True), build)


def http(clock: Clock, _decimals: AmountDecimals, _rng: random.Random) -> Spoken:
    def paper_of(record: Sale | Refund, _kind: ReceiptKind) -> Document:
        return receipt_of(record, False)

    wording = Wording(terminal_id="T1", version="0", receipt_of=paper_of)
    return Spoken(HttpDriver(clock), lambda: HttpProtocol(wording))


LANGUAGES: Mapping[str, Callable[[Clock, AmountDecimals, random.Random], Spoken]] = {
    "line": line,
    "http": http,
    "zvt": zvt,
    "zvt-tcp": zvt_network,
    "concert": concert,
    "display": display,
    "receipt": receipt,
    "display-of-two": display_of_two,
    "receipt-of-two": receipt_of_two,
}
"""By the name that ``register.protocol`` has in the configuration; ``zvt-tcp`` is ``zvt`` over the network, and
``of-two`` says that the register has a display and a printer on one line."""

HOW_OFTEN: Mapping[str, int] = {
    "line": 41,
    "http": 8,
    "zvt": 12,
    "zvt-tcp": 8,
    "concert": 15,
    "display": 4,
    "receipt": 4,
    "display-of-two": 4,
    "receipt-of-two": 4,
}
"""In a hundred worlds. The line protocol needs the fewest bytes for a sale, so it finds most per second."""


def choose(rng: random.Random) -> str:
    return rng.choices(list(HOW_OFTEN), weights=list(HOW_OFTEN.values()))[0]
