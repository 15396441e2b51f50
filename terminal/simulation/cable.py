"""The line between a simulated register and the terminal: it carries bytes both ways, spoils some, and comes off."""

from __future__ import annotations

import random
from collections import deque

from terminal.simulation.people import Counterpart
from terminal.simulation.registers.driver import RegisterDriver
from terminal.simulation.world import World

ACK = b"\x06"
LONGEST_DELAY_S = 45.0
"""Of what a register says over a network: longer than the terminal waits for an answer."""


class Cable:
    """A serial line with noise on it, or a network connection, as the driver says."""

    def __init__(self, world: World, terminal: Counterpart, driver: RegisterDriver) -> None:
        self._world = world
        self._terminal = terminal
        self._driver = driver
        self.is_plugged = True
        self._turn = 0
        self._connection = 0
        self._last_due_s = 0.0
        self._on_the_way: deque[bytes] = deque()
        """Of the connection that stands."""
        self.was_garbled = False
        """Some of what the register said reached the terminal otherwise than it was said."""

    def flush(self) -> None:
        """Send what the driver has to send, and wake it when it wants."""
        if self._driver.hangs_up:
            self._connect_anew()
        data = self._driver.take_wire()
        if data:
            connection = self._connection
            data = self._spoiled(data)
            if self._world.tells:
                self._world.tell("register", repr(data)[2:-1])
            self._deliver_later(data, connection)
        due_s = self._driver.next_wakeup_s
        if due_s is None:
            return
        turn = self._turn = self._turn + 1

        def wake() -> None:
            if self._turn == turn:
                self._driver.wake()
                self.flush()

        self._world.at(max(0.01, due_s - self._world.now_s), wake)

    def _spoiled(self, data: bytes) -> bytes:
        world, rng = self._world, self._world.rng
        if not world.happens(world.rates.line_trouble, "line trouble"):
            return data
        spoiled = data
        if self._driver.is_reliable:
            self._unplug_for_a_while()
            return data[: rng.randrange(len(data) + 1)]
        match rng.choice(("garbled", "half", "twice", "noise", "cable")):
            case "garbled":
                spoiled = _with_flipped_bit(data, rng)
            case "half":
                spoiled = data[: rng.randrange(len(data))]
            case "twice":
                spoiled = data + data
            case "noise":
                spoiled = rng.randbytes(rng.randrange(1, 40)) + data
            case _:
                self._unplug_for_a_while()
        self.was_garbled = self.was_garbled or spoiled != data
        return spoiled if ACK in data else spoiled.replace(ACK, b"\0")  # no line can tell a forged ACK from a real one

    def _deliver_later(self, data: bytes, connection: int) -> None:
        """A network can be slow: then its bytes come late, in order, unless the connection goes before."""
        world, chance = self._world, self._world.rng_aside
        delay_s = 0.01
        if self._driver.is_slow_at_times and chance.random() < world.rates.line_trouble / 2:
            world.count("line trouble")
            world.count("slow line")
            delay_s = chance.uniform(0.5, LONGEST_DELAY_S)
            world.tell("register", f"its words take {delay_s:.1f} s")
        self._last_due_s = max(self._last_due_s, world.now_s + delay_s)
        on_the_way = self._on_the_way
        on_the_way.append(data)

        def deliver() -> None:
            data = on_the_way.popleft()  # two times can differ by a rounding; what was said first comes first
            if self.is_plugged and self._connection == connection:
                self._terminal.receive_from_register(data)

        world.at(self._last_due_s - world.now_s, deliver)

    def _unplug_for_a_while(self) -> None:
        if not self.is_plugged:
            return
        self._world.tell("register", "the cable comes off")
        self.is_plugged = False
        self._driver.line_was_cut()
        self._terminal.line_changed()
        self._world.at(self._world.rng.uniform(0.5, 60), self.plug_in)

    def _connect_anew(self) -> None:
        """What is still on its way goes with the connection."""
        self._driver.hangs_up = False
        if not self.is_plugged:
            return
        self._world.tell("register", "connects anew")
        self._begin_connection()
        self.is_plugged = False
        self._terminal.line_changed()
        self.is_plugged = True
        self._terminal.line_changed()

    def _begin_connection(self) -> None:
        self._connection, self._last_due_s, self._on_the_way = self._connection + 1, 0.0, deque()

    def plug_in(self) -> None:
        if not self.is_plugged:
            self._world.tell("register", "the cable is on again")
            self._begin_connection()
            self.is_plugged = True
            self._terminal.line_changed()

    def to_register(self, data: bytes) -> None:
        """Deliver what the terminal says."""
        if self._driver.survives_noise:
            has_trouble = not self._driver.is_reliable
            if has_trouble and self._world.happens(self._world.rates.line_trouble, "line trouble"):
                data = b"" if self._world.rng.random() < 0.5 else _with_flipped_bit(data, self._world.rng)
            if self._world.tells:
                self._world.tell("terminal", f"says {data.hex(' ')}")
        self._driver.hear(data)
        self.flush()


def _with_flipped_bit(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]
