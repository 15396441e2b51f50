"""Copies of a simulated disk."""

from __future__ import annotations

import copy

from terminal.simulation.disk import SimulatedDisk

ITS_OWN = frozenset({"_world", "now", "_undo", "_ghost", "_held"})


def copy_bits(source: SimulatedDisk, target: SimulatedDisk) -> None:
    """All that is on it, while nobody writes to either."""
    vars(target).update({name: copy.deepcopy(held) for name, held in vars(source).items() if name not in ITS_OWN})
