"""Everything that can be made to go wrong at the simulated counter, by name.

A *switch* stays on until it is switched off; what happens *once* is over by itself. Faults act on the devices, wires
and services around the terminal, never on the terminal.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Literal

import msgspec

from terminal.demo.fault_catalogue import FAULTS
from terminal.demo.fault_recipes import FaultRequest, Group
from terminal.demo.stage import Stage
from terminal.demo.surroundings import ANY_CALL
from terminal.netgiro.sandbox.faults import CALLS
from terminal.netgiro.sandbox.magic import MAGIC_AMOUNTS


class FaultState(msgspec.Struct, frozen=True, kw_only=True):
    """A fault as GET /api/faults tells it."""

    name: str
    group: Group
    kind: Literal["switch", "once"]
    on: bool
    title: dict[str, str]
    """In Icelandic (``is``) and English (``en``)."""


class FaultBoard:
    """Makes things go wrong on one stage. ``on_change`` is called when the set of what is on has changed."""

    def __init__(self, stage: Stage, on_change: Callable[[], None] = lambda: None) -> None:
        self._stage = stage
        self._on_change = on_change
        self._seen: tuple[str, ...] = ()

    def states(self) -> Sequence[FaultState]:
        return [
            FaultState(
                name=name,
                group=fault.group,
                kind="switch" if fault.undo else "once",
                on=fault.is_on(self._stage),
                title={"is": fault.icelandic, "en": fault.english},
            )
            for name, fault in FAULTS.items()
        ]

    async def apply(self, request: FaultRequest) -> None:
        """Make it happen, or switch it off. Raises ValueError that says what cannot be done and DeviceError."""
        fault = FAULTS.get(request.fault)
        if fault is None:
            raise ValueError(f"there is no fault {request.fault!r}; there are {', '.join(FAULTS)}")
        if request.on:
            await _done(fault.do(self._stage, request))
        elif fault.undo is not None:
            await _done(fault.undo(self._stage, request))
        else:
            raise ValueError(f"{request.fault} happens once: there is nothing to switch off")
        self.look()

    async def clear(self) -> None:
        """Switch everything off."""
        for name, fault in FAULTS.items():
            if fault.undo is not None and fault.is_on(self._stage):
                await _done(fault.undo(self._stage, FaultRequest(name)))
        self.look()

    def look(self) -> None:
        """Something around may have changed what is on: a fault that was used up, a roll that was put in by hand."""
        seen = tuple(name for name, fault in FAULTS.items() if fault.is_on(self._stage))
        if seen != self._seen:
            self._seen = seen
            self._on_change()


async def _done(work: Awaitable[None] | None) -> None:
    if work is not None:
        await work


def magic_amounts() -> list[dict[str, Any]]:
    """The table of amounts that decide how a sale goes."""
    return [{"amount": amount_kr, "says": magic.says} for amount_kr, magic in MAGIC_AMOUNTS.items()]


HELP: Mapping[str, Any] = {
    "use": "PUT one object; switches are switched off with on=false, all of them with DELETE.",
    "fields": {
        "fault": "its name",
        "on": "false switches it off (default true)",
        "call": f"for server-* and power-cut-*-call: {', '.join(CALLS)} or {ANY_CALL} (default)",
        "times": "for server-*: how many calls (default 1)",
        "seconds": "for server-slow, server-slow-before, server-stale and customer-accepts-late (default 5)",
        "code": "for server-result-code (default 10302)",
        "message": "for server-refused (default: Customer is blacklisted)",
        "key": "for keypad-stuck (default 5)",
    },
    "example": {"fault": "server-lost-after", "call": "ConfirmCart"},
}
