"""The terminal's looks at a service that is not reached: what the performer does with a task, in the world's queue."""

from __future__ import annotations

from collections.abc import Callable

from terminal.counter.inputs import ConditionsChanged, Input
from terminal.loop.performer import LONGEST_PAUSE_S, SHORTEST_PAUSE_S
from terminal.simulation.service import SimulatedNetgiro
from terminal.simulation.world import World
from terminal.system.retrying import Pauses

LOOK_TAKES_S = 0.2


class ServiceLooks:
    """Those of one boot. ``this_boot`` makes an action that does nothing once the power has gone."""

    def __init__(
        self,
        world: World,
        netgiro: SimulatedNetgiro,
        put: Callable[[Input], None],
        this_boot: Callable[[Callable[[], object]], Callable[[], None]],
    ) -> None:
        self.calls_made = 0
        """Calls that have left: what such a call tells is newer than what a look before it tells."""
        self._world = world
        self._netgiro = netgiro
        self._put = put
        self._this_boot = this_boot
        self._turn = 0

    def start(self, delay_s: float) -> None:
        """Look anew, and until the service is reached."""
        self._turn += 1
        self._look_later(self._turn, delay_s, Pauses(SHORTEST_PAUSE_S, LONGEST_PAUSE_S))

    def _look_later(self, turn: int, delay_s: float, pauses: Pauses) -> None:
        def look() -> None:
            if turn != self._turn:
                return
            calls_made, reached = self.calls_made, self._netgiro.network.answers_a_look()
            self._world.at(LOOK_TAKES_S, self._this_boot(lambda: looked(calls_made, reached=reached)))

        def looked(calls_made: int, *, reached: bool) -> None:
            if turn != self._turn:
                return
            is_told = calls_made == self.calls_made
            if is_told:
                self._put(ConditionsChanged({"network_ok": reached}))
            if not (is_told and reached):
                self._look_later(turn, pauses.next_s(), pauses)

        self._world.at(delay_s, self._this_boot(look))
