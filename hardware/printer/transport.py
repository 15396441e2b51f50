"""What the printer's driver wants of the way to a printer."""

from __future__ import annotations

from typing import Protocol


class Transport(Protocol):
    """How bytes reach a printer. Errors of the system are raised as DeviceError, saying what to do next."""

    @property
    def description(self) -> str: ...

    @property
    def address(self) -> str:
        """The same after a restart, and another for another printer."""

    @property
    def bytes_per_s(self) -> float:
        """How fast bytes reach the paper at least, once they have been sent."""

    @property
    def has_answers(self) -> bool:
        """False for a way on which no printer can answer, such as a plain file."""

    async def open(self) -> None: ...

    async def send(self, data: bytes) -> None:
        """All of it, within the transport's own deadline; as far as anybody can tell it has left then."""

    async def ask(self, question: bytes, deadline_s: float) -> bytes:
        """Send the question, if there is one, and return what arrives first or has already; empty if nothing does."""

    async def rest(self) -> None:
        """The exchange is over: let go of what another program may want meanwhile. Never raises."""

    async def release(self) -> None:
        """Nothing more is to be printed for now: let go of what other terminals may want. Never raises."""

    async def close(self) -> None: ...
