"""A receipt printer without metal: real ESC/POS bytes come in, paper comes out, and things go wrong on demand.

Everything above the transport is the real driver, so what the panel shows is what a real printer would get.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Literal

from hardware.interfaces import Columns, DeviceError
from hardware.printer.driver import EscposPrinter
from hardware.printer.encoder import Typesetting
from hardware.printer.machine import Cover, Machine, Moods, PaperSupply, Receipt
from hardware.printer.memory import Memory

__all__ = ["Cover", "Moods", "PaperSupply", "Receipt", "SimulatedPrinter"]


class SimulatedPrinter(EscposPrinter):
    """Set ``paper``, ``cover``, ``online``, ``lines_left`` and whatever ``moods`` has; look at ``receipts``.

    ``on_change`` is called on the event loop after every change that can be seen: paper fed or cut, a setting changed.
    """

    def __init__(
        self,
        typesetting: Typesetting | None = None,
        *,
        columns: Columns = 48,
        codepage: str = "CP858",
        memory: Memory | None = None,
        answers: Literal["auto", "none"] = "auto",
    ) -> None:
        typesetting = typesetting or Typesetting(columns=columns, codepage=codepage)
        self._machine = Machine(typesetting.columns, self._changed)
        self._cable = _Cable(self._machine)
        super().__init__(self._cable, typesetting, answers=answers, memory=memory)
        self.on_change: Callable[[], None] = lambda: None

    @property
    def receipts(self) -> list[Receipt]:
        """Oldest first, the last 50; the last one may still hang in the printer (``cut`` is False)."""
        return self._machine.receipts

    @property
    def paper(self) -> PaperSupply:
        return self._machine.paper

    @paper.setter
    def paper(self, supply: PaperSupply) -> None:
        """Anything but "out" puts in a new roll; what hung in the printer is torn off.

        Raises ValueError for any other word.
        """
        if supply not in ("ok", "low", "out"):
            raise ValueError(f"paper is {supply!r}; it can be ok, low or out")
        self._machine.load(supply)

    @property
    def cover(self) -> Cover:
        """Close or open the cover. Raises ValueError for any other word."""
        return self._machine.cover

    @cover.setter
    def cover(self, cover: Cover) -> None:
        if cover not in ("closed", "open"):
            raise ValueError(f"cover is {cover!r}; it can be closed or open")
        self._machine.cover = cover
        self._changed()

    @property
    def online(self) -> bool:
        return self._machine.online

    @online.setter
    def online(self, online: bool) -> None:
        self._machine.online = bool(online)
        self._changed()

    @property
    def moods(self) -> Moods:
        """What may be odd about it."""
        return self._machine.moods

    @property
    def answers(self) -> bool:
        """False: the printer prints but says nothing, as over a cable without a back channel."""
        return self.moods.answers

    @answers.setter
    def answers(self, answers: bool) -> None:
        self.set_mood("answers", bool(answers))

    def set_mood(self, name: str, value: object) -> None:
        """As ``moods`` calls it."""
        setattr(self.moods, name, value)
        self._changed()

    @property
    def loses_job(self) -> bool:
        """The next job goes by unprinted up to its cut."""
        return self.moods.loses_job

    @loses_job.setter
    def loses_job(self, loses_job: bool) -> None:
        self.set_mood("loses_job", bool(loses_job))

    @property
    def refuses_s(self) -> float:
        """For so long after each connection it lets nobody connect, as print servers do."""
        return self._cable.refuses_s

    @refuses_s.setter
    def refuses_s(self, refuses_s: float) -> None:
        self._cable.refuse_after_each(refuses_s)
        self._changed()

    @property
    def drawer_kicks(self) -> int:
        """How often the cash drawer was told to open."""
        return self._machine.drawer_kicks

    @property
    def plugged(self) -> bool:
        return self._cable.plugged

    @property
    def lines_left(self) -> int | None:
        """Lines until the roll ends, in normal height; None for a roll that does not end."""
        return self._machine.lines_left

    @lines_left.setter
    def lines_left(self, lines: int | None) -> None:
        self._machine.lines_left = None if lines is None else max(lines, 0)

    def unplug(self) -> None:
        """Pull the cable: open, status and printing raise DeviceError until :meth:`plug_in` and a new open."""
        self._cable.plugged, self._cable.is_open = False, False
        self._changed()

    def plug_in(self) -> None:
        self._cable.plugged = True
        self._changed()

    def _changed(self) -> None:
        self.on_change()


class _Cable:
    """A transport to a machine that is there."""

    description = address = "simulated"
    bytes_per_s = 10_000.0
    has_answers = True

    def __init__(self, machine: Machine) -> None:
        self.plugged = True
        self.is_open = self._is_released = False
        self.refuses_s = 0.0
        self._machine = machine
        self._answers = b""
        self._refuses_until_s = 0.0

    def refuse_after_each(self, refuses_s: float) -> None:
        """From the next connection on; nobody is refused now."""
        self.refuses_s, self._refuses_until_s = refuses_s, 0.0

    async def open(self) -> None:
        self._connect()

    def _connect(self) -> None:
        if not self.plugged:
            raise DeviceError("simulated printer: the cable is unplugged, plug it in")
        if asyncio.get_running_loop().time() < self._refuses_until_s:
            raise DeviceError("simulated printer: it refuses a connection so soon after the last: wait a moment")
        self._machine.connected()
        self._answers = b""
        self.is_open, self._is_released = True, False

    async def send(self, data: bytes) -> None:
        self._require_open()
        self._answers += self._machine.take(data)

    async def ask(self, question: bytes, deadline_s: float) -> bytes:
        """Nothing comes later than at once, so nothing is waited for."""
        self._require_open()
        self._answers += self._machine.take(question)
        answers, self._answers = self._answers, b""
        return answers

    async def rest(self) -> None:
        """Nobody else is on this cable."""

    async def release(self) -> None:
        """As on a network: the next exchange connects anew."""
        if self.is_open and self.refuses_s:
            await self.close()
            self._is_released = True

    async def close(self) -> None:
        if self.is_open and self.refuses_s:
            self._refuses_until_s = asyncio.get_running_loop().time() + self.refuses_s
        self.is_open = self._is_released = False

    def _require_open(self) -> None:
        if self._is_released:
            self._connect()
        if self._machine.has_hung_up:
            self.is_open = False
            raise DeviceError("simulated printer: it has hung up: open it again")
        if not self.is_open:
            raise DeviceError("simulated printer: unplugged, or not open: plug it in, then open it again")
