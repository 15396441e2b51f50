"""Everybody and everything around the terminal but Netgíró: the register with its cable, the cashier, the paper."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec

from terminal.printing import PrintJob
from terminal.sale import Sale, State
from terminal.testing.world import World

PAYS = "8223281"
PHONES = (PAYS,) * 10 + ("8223282", "8223283", "8223284", "8223285", "6999999")
KENNITALAS = ("1111111119",) * 8 + ("2222222229", "4444444449")
APP_CODES = ("1234", "5000041234") * 3 + ("9876",)
MISTYPED = ("12", "8223", "5555555", "0000000000", "123456789012")


class Counterpart(Protocol):
    """The terminal, as the people and things around it reach it."""

    is_on: bool

    @property
    def sale(self) -> Sale | None: ...

    def press(self, key: str) -> None: ...

    def receive_from_register(self, data: bytes) -> None: ...

    def line_changed(self) -> None: ...


class Ring(msgspec.Struct):
    """A sale as the register sees it."""

    register_id: str
    amount_kr: int
    results: list[str] = msgspec.field(default_factory=list)
    """Every final line it was told, as OK or NO with the code."""
    left_alone: bool = False
    """The register has given it up."""

    @property
    def is_over(self) -> bool:
        return bool(self.results) or self.left_alone


class SimulatedRegister:
    """An honest but moody register: repeats itself, changes its mind, gives up, and its cable comes off."""

    def __init__(self, world: World, terminal: Counterpart, sales: int, on_told: Callable[[Ring, str], None]) -> None:
        self._world = world
        self._terminal = terminal
        self._on_told = on_told
        self._received = bytearray()
        self.is_plugged = True
        amounts = (1990, 12_500, 100, 500_000, 250, 3990, 99)
        self.rings = [Ring(f"R{number}", world.rng.choice(amounts)) for number in range(1, sales + 1)]
        self._next = 0

    def start(self) -> None:
        self._world.at(self._world.rng.uniform(0.1, 3), self._ring_up)

    @property
    def is_done(self) -> bool:
        return self._next >= len(self.rings)

    @property
    def _ring(self) -> Ring:
        return self.rings[self._next]

    # --- what it sends ------------------------------------------------------------------------------------------------

    def _ring_up(self) -> None:
        if self.is_done:
            return
        self._send(f"PAY {self._ring.amount_kr} ID={self._ring.register_id}")
        self._world.at(self._world.rng.uniform(3, 12), self._look_again(self._next))

    def _look_again(self, number: int) -> Callable[[], None]:
        """While there is no result: ask again, one way or another."""

        def look() -> None:
            if number != self._next or self.is_done:
                return
            if self._world.happens(self._world.rates.register_mood, "register mood"):
                self._be_moody()
            else:
                ask = self._world.rng.choice(("PAY {0} ID={1}", "STATUS ID={1}", "STATUS"))
                self._send(ask.format(self._ring.amount_kr, self._ring.register_id))
            if number == self._next and not self.is_done:
                self._world.at(self._world.rng.uniform(3, 12), look)

        return look

    def _be_moody(self) -> None:
        rng, ring = self._world.rng, self._ring
        match rng.choice(("cancel", "cancel all", "other amount", "other sale", "old sale", "gives up", "babble")):
            case "cancel":
                self._send(f"CANCEL ID={ring.register_id}")
            case "cancel all":
                self._send("CANCEL")
            case "other amount":
                self._send(f"PAY {ring.amount_kr + 1} ID={ring.register_id}")
            case "other sale":
                self._send("PAY 777 ID=stranger")
            case "old sale":
                self._send(f"PAY {self.rings[0].amount_kr} ID={self.rings[0].register_id}")
            case "gives up":
                ring.left_alone = True
                self._advance()
            case _:
                self._send("PAY -1 ID=x\r\nHELLO\r\nPAY 1,50\r\nSTATUS ID=nobody")

    def _send(self, text: str) -> None:
        world, rng = self._world, self._world.rng
        data = text.encode() + b"\r\n"
        if world.happens(world.rates.line_trouble, "line trouble"):
            match rng.choice(("garbled", "half", "twice", "noise", "cable")):
                case "garbled":
                    at = rng.randrange(len(data))
                    data = data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]
                case "half":
                    data = data[: rng.randrange(len(data))]
                case "twice":
                    data += data
                case "noise":
                    data = rng.randbytes(rng.randrange(1, 40)) + data
                case _:
                    self._unplug_for_a_while()
        world.tell("register", repr(data)[2:-1])
        world.at(0.01, lambda: self._deliver(data))

    def _deliver(self, data: bytes) -> None:
        if self.is_plugged:
            self._terminal.receive_from_register(data)

    def _unplug_for_a_while(self) -> None:
        if not self.is_plugged:
            return
        self._world.tell("register", "the cable comes off")
        self.is_plugged = False
        self._terminal.line_changed()
        self._world.at(self._world.rng.uniform(0.5, 60), self.plug_in)

    def plug_in(self) -> None:
        if not self.is_plugged:
            self._world.tell("register", "the cable is on again")
            self.is_plugged = True
            self._terminal.line_changed()

    # --- what it hears ------------------------------------------------------------------------------------------------

    def receive(self, data: bytes) -> None:
        self._received += data
        *lines, rest = self._received.split(b"\n")
        self._received = bytearray(rest)
        for line in lines:
            self._hear(line.strip(b"\r").decode("ascii"))

    def terminal_went_dark(self) -> None:
        self._received.clear()

    def _hear(self, line: str) -> None:
        words = line.split()
        if words[:1] not in (["OK"], ["NO"]):
            return
        self._world.tell("register", f"hears {line}")
        register_id = next(word[3:] for word in words if word.startswith("ID="))
        result = f"OK {words[1]}" if words[0] == "OK" else f"NO {words[1]}"
        for ring in self.rings:
            if ring.register_id == register_id:
                ring.results.append(result)
                self._on_told(ring, result)
        if not self.is_done and self._ring.is_over:
            self._advance()

    def _advance(self) -> None:
        self._next += 1
        self._world.at(self._world.rng.uniform(1, 20), self._ring_up)


class Cashier:
    """Looks at the terminal now and then, and types what is asked for; or something else."""

    def __init__(self, world: World, terminal: Counterpart, code_for: Callable[[str], str]) -> None:
        self._world = world
        self._terminal = terminal
        self._code_for = code_for
        self.typed: set[str] = set()
        """Everything personal that went through the keypad."""

    def start(self, is_done: Callable[[], bool]) -> None:
        def look() -> None:
            if self._terminal.is_on:
                self._look()
            if not is_done():
                self._world.at(self._world.rng.uniform(1, 5), look)

        self._world.at(1.0, look)

    def _look(self) -> None:
        sale = self._terminal.sale
        if sale is None:
            return
        if self._world.happens(self._world.rates.cashier_mood / 4, "cashier mood"):
            self._press(self._world.rng.choice(("*", "**", "#", "A", "1234567890*#ABCD", "******", "D")))
        elif sale.state is State.ENTRY:
            self._identify()
        elif sale.state is State.CODE_ENTRY:
            self._enter_code(sale)

    def _identify(self) -> None:
        rng = self._world.rng
        if self._world.happens(self._world.rates.cashier_mood / 2, "typing error"):
            self._press(rng.choice(MISTYPED) + "#")
            return
        key, choices = rng.choice((("A", APP_CODES), ("B", KENNITALAS), ("C", PHONES)))
        digits = rng.choice(choices)
        self.typed.add(digits)
        self._press((key if rng.random() < 0.3 else "") + digits + "#")

    def _enter_code(self, sale: Sale) -> None:
        code = self._code_for(sale.reference)
        if not code or self._world.happens(self._world.rates.cashier_mood, "wrong SMS code"):
            code = "0001"
        self.typed.add(code)
        self._press(code + "#")

    def _press(self, keys: str) -> None:
        self._world.tell("cashier", f"presses {len(keys)} keys")
        for key in keys:
            self._terminal.press(key)


class Paper:
    """The printer: paper comes out, or it does not, and a power cut does not take it back."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.sheets: list[tuple[str, int]] = []
        """Receipt id and number of the copy, as they came out."""
        self._out_until_s = 0.0
        self._failed: set[tuple[str, int]] = set()

    def feed(self, job: PrintJob, world: World) -> None:
        """The terminal hands over a document."""
        key = (job.receipt.receipt_id, job.receipt.copy)
        if world.now_s >= self._out_until_s and world.happens(world.rates.printer_trouble, "out of paper"):
            self._out_until_s = world.now_s + world.rng.uniform(5, 120)
        if world.now_s < self._out_until_s:
            self._failed.add(key)
        else:
            self._failed.discard(key)
            self.sheets.append(key)

    def came_out(self, job: PrintJob) -> bool:
        return (job.receipt.receipt_id, job.receipt.copy) not in self._failed
