"""One rule of the terminal, broken on purpose."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from terminal.sale.gateway import CaptureMode
from terminal.simulation.network import TROUBLES
from terminal.simulation.run import Sabotage
from terminal.simulation.world import Rates


class BrokenRule:
    """One rule, how it is broken, and where that shows: which worlds to run."""

    def __init__(
        self,
        *,
        patches: Callable[[], Iterator[None]] | None = None,
        sabotage: Sabotage | None = None,
        capture_mode: CaptureMode | None = CaptureMode.MANUAL,
        protocol: str = "line",
        api: str | None = "v1",
        rates: Rates | None = None,
        has_twin: bool | None = None,
        restores: bool | None = None,
        card_lies: bool | None = None,
        upgrades: bool | None = None,
        troubles: Sequence[str] = TROUBLES,
    ) -> None:
        """``rates``: a rule that only seldom matters is looked for in worlds where it matters. ``has_twin``,
        ``restores``, ``card_lies``, ``upgrades``: in worlds with two terminals, in which a backup is restored, in which
        the last commits do not survive a power cut, or with an upgrade; None: as it comes. ``troubles``: what befalls
        calls.
        """
        self.broken = contextmanager(patches or _nothing)
        self.sabotage = sabotage
        self.capture_mode = capture_mode
        self.protocol = protocol
        self.api = api
        self.rates = rates
        self.has_twin = has_twin
        self.restores = restores
        self.card_lies = card_lies
        self.upgrades = upgrades
        self.troubles = troubles


def _nothing() -> Iterator[None]:
    yield
