"""What the uplink does next. Pure: time and chance come in, calls and waits go out.

The journal is the only queue: nothing is remembered here that a restart would miss. After a start, and after every call
that went wrong, the office is asked how far it has come, and the journal is read from there.

    ASK ──have──▶ SEND ──accepted──▶ SEND … ──nothing more──▶ REST ──journal grew──▶ SEND
     ▲             │
     └──── PAUSE ◀─┘ a call failed: random, longer each time, and never longer than LONGEST_PAUSE_S

While a sale is open, HOLD comes before each call: none begins before the sale has ended, or before HOLD_S are over.

Whoever carries it out calls :meth:`Uplink.next`, does that one thing, and reports what came of it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

START_SPREAD_S = 5.0
"""After a power cut a whole street of terminals starts at once."""
FIRST_PAUSE_S = 120.0
"""After an outage thousands come back: each at a moment of its own within so long."""
LONGEST_PAUSE_S = 300.0
SHORTEST_PAUSE_S = 1.0
HOLD_S = 60.0
"""A call waits so long for the end of an open sale, whose link and processor it would use."""
SLOW_HOLD_S = 900.0
"""And so long over a slow link."""
SLOW_CALL_S = 2.0
"""A call that took longer was over a slow link."""
HOPELESS = frozenset({401, 403})
"""Only a person can mend that."""


class Do(StrEnum):
    ASK = "ask"
    """The office how far it has come."""
    SEND = "send"
    """What follows in the journal."""
    PAUSE = "pause"
    """Whatever happens."""
    HOLD = "hold"
    """Until the sale has ended, or so long."""
    REST = "rest"
    """Until something happens."""


class Step(NamedTuple):
    do: Do
    wait_s: float = 0.0


class Uplink(msgspec.Struct, frozen=True, kw_only=True):
    """Where the uplink stands."""

    have: int | None = None
    """How far the office has come; None: it must be asked."""
    more: bool = True
    """The journal may have rows that the office has not."""
    sale_open: bool = False
    held: bool = False
    """The call that is due has waited long enough."""
    slow: bool = False
    """The last call took long."""
    failures: int = 0
    """In a row."""
    pause_s: float = 0.0

    @property
    def gives_way(self) -> bool:
        """No call may begin."""
        return self.sale_open and not self.held

    @property
    def hold_s(self) -> float:
        """How long a call waits for the end of a sale."""
        return SLOW_HOLD_S if self.slow else HOLD_S

    def next(self) -> Step:
        """What to do now; a pause, a rest or the end of a sale comes before any call."""
        if self.pause_s:
            return Step(Do.PAUSE, self.pause_s)
        if self.have is not None and not self.more:
            return Step(Do.REST)
        if self.gives_way:
            return Step(Do.HOLD, self.hold_s)
        return Step(Do.ASK if self.have is None else Do.SEND)

    # --- what came of it ----------------------------------------------------------------------------------------------

    def paused(self) -> Uplink:
        return replace(self, pause_s=0.0)

    def waited(self) -> Uplink:
        """Long enough for the end of a sale: one call may begin."""
        return replace(self, held=True)

    def learned(self, have: int, newest: int, took_s: float) -> Uplink:
        """The office has come to ``have``, the journal to ``newest``.

        An office that is ahead has rows that this journal lost, under numbers that it will give again: what comes next
        is sent all the same, so that the office sees the difference and raises an alarm.
        """
        return replace(self, have=min(have, newest), more=True, held=False, failures=0, slow=took_s > SLOW_CALL_S)

    def reading(self) -> Uplink:
        """The journal is about to be read: whatever is added from now on is news."""
        return replace(self, more=False)

    def nothing_left(self) -> Uplink:
        return replace(self, held=False)

    def put_off(self) -> Uplink:
        """A sale began before the call did."""
        return replace(self, more=True)

    def lost_its_place(self) -> Uplink:
        """The journal is another one now: it was made anew while the terminal ran."""
        return replace(self, have=None, more=True)

    def sent(self, have: int, last: int, newest: int, took_s: float) -> Uplink:
        """Rows up to ``last`` have left, and the office says how far it has come. The journal had come to ``newest``
        when they were read; a receipt's life after that goes along with what comes next."""
        assert self.have is not None
        if have <= self.have:  # it took nothing: it lacks rows before these, as after its own restore
            return replace(self, have=None, more=True, held=False, failures=self.failures + 1, pause_s=FIRST_PAUSE_S)
        more, slow = self.more or min(have, last) < newest, took_s > SLOW_CALL_S
        return replace(self, have=min(have, last), more=more, held=False, failures=0, slow=slow)

    def failed(self, status: int, chance: float, took_s: float = 0.0) -> Uplink:
        """A call got no good answer. ``status`` is HTTP's, 0 without one; ``chance`` is at least 0 and below 1."""
        failures = self.failures + 1
        longest_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(failures - 1, 16))
        if status in HOPELESS:
            longest_s = LONGEST_PAUSE_S
        pause_s = max(SHORTEST_PAUSE_S, chance * longest_s)
        slow = took_s > SLOW_CALL_S
        return replace(self, have=None, more=True, held=False, failures=failures, pause_s=pause_s, slow=slow)

    # --- what happened meanwhile --------------------------------------------------------------------------------------

    def grown(self, *, sale_open: bool) -> Uplink:
        """The journal has more rows, or a sale has begun or ended."""
        return replace(self, more=True, sale_open=sale_open)


def started(chance: float) -> Uplink:
    """After a start; the terminal's first sale may be there sooner."""
    return Uplink(pause_s=chance * START_SPREAD_S)
