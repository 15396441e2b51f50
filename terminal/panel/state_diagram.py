"""The states of a sale as an SVG picture, its arrows taken from the table in ``terminal.sale.step``.

Only the places are set by hand. A state or a move that is added to the table appears by itself, if not in its best
place. The page lights the current state by its ``data-state``; colours and words are the page's.
"""

from __future__ import annotations

import math
from functools import cache
from html import escape

from terminal.sale.sale import State
from terminal.sale.step import TABLE

BOX = (132.0, 38.0)
COLUMN, ROW = 174.0, 84.0
MARGIN = 16.0

PLACES: dict[State, tuple[float, float]] = {
    State.ENTRY: (0, 1),
    State.AUTHORIZATION: (1, 1),
    State.CUSTOMER: (2, 1),
    State.CODE_ENTRY: (2, 0),
    State.CODE_CHECK: (3, 0),
    State.CAPTURE: (3, 1),
    State.VOID: (3, 2),
    State.REPORT: (4, 1),
    State.CLOSED: (5, 1),
    State.ATTENTION: (5, 2),
}
"""Column and row."""

BENDS: dict[tuple[State, State], float] = {
    (State.ENTRY, State.REPORT): 128,
    (State.AUTHORIZATION, State.REPORT): 104,
    (State.CUSTOMER, State.REPORT): -44,
    (State.CODE_ENTRY, State.REPORT): -50,
    (State.CODE_CHECK, State.CODE_ENTRY): 14,
    (State.CODE_ENTRY, State.CODE_CHECK): 14,
    (State.CUSTOMER, State.CODE_ENTRY): 16,
    (State.CODE_CHECK, State.VOID): -74,
    (State.CODE_CHECK, State.CUSTOMER): 10,
}
"""How far a move bends off the straight line, to its right, so that it passes beside what is in the way."""

Point = tuple[float, float]


def moves() -> list[tuple[State, State]]:
    """Every move of the table that leads to another state, each once."""
    pairs = {(state, target) for state, row in TABLE.items() for move in row.values() for target in move.targets}
    return sorted((source, target) for source, target in pairs if source is not target)


@cache
def state_diagram() -> str:
    """The picture. It has no colours and no style of its own, so that it obeys the page's policy and its dark mode."""
    width = 2 * MARGIN + COLUMN * max(_place(state)[0] for state in State) + BOX[0]
    height = 2 * MARGIN + ROW * max(_place(state)[1] for state in State) + BOX[1] + 26
    arrows = "".join(_arrow(source, target) for source, target in moves())
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" role="img">'
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" markerHeight="6" orient="auto">'
        '<path d="M0 0L8 4L0 8z"/></marker></defs>'
        f"{arrows}{''.join(_box(state) for state in State)}</svg>"
    )


def _place(state: State) -> tuple[float, float]:
    newcomers = [other for other in State if other not in PLACES]
    return PLACES[state] if state in PLACES else (newcomers.index(state), 3)


def _centre(state: State) -> Point:
    column, row = _place(state)
    return MARGIN + COLUMN * column + BOX[0] / 2, MARGIN + ROW * row + BOX[1] / 2


def _box(state: State) -> str:
    x, y = _centre(state)
    return (
        f'<g class="state" data-state="{escape(state)}">'
        f'<rect x="{x - BOX[0] / 2:.0f}" y="{y - BOX[1] / 2:.0f}" width="{BOX[0]:.0f}" height="{BOX[1]:.0f}" rx="10"/>'
        f'<text x="{x:.0f}" y="{y + 4.5:.1f}" text-anchor="middle">{escape(state)}</text></g>'
    )


def _arrow(source: State, target: State) -> str:
    start, end = _centre(source), _centre(target)
    bend = BENDS.get((source, target), 0.0)
    length = math.dist(start, end)
    right = ((start[1] - end[1]) / length, (end[0] - start[0]) / length)
    over = ((start[0] + end[0]) / 2 + 2 * bend * right[0], (start[1] + end[1]) / 2 + 2 * bend * right[1])
    tail, tip = _edge(start, over), _edge(end, over, gap=3)
    return (
        f'<path class="move" data-move="{escape(source)} {escape(target)}" marker-end="url(#tip)" '
        f'd="M{tail[0]:.1f} {tail[1]:.1f}Q{over[0]:.1f} {over[1]:.1f} {tip[0]:.1f} {tip[1]:.1f}"/>'
    )


def _edge(centre: Point, towards: Point, gap: float = 0.0) -> Point:
    """Where the line from a box's centre leaves the box."""
    dx, dy = towards[0] - centre[0], towards[1] - centre[1]
    scale = min(
        (BOX[0] / 2 + gap) / abs(dx) if dx else math.inf,
        (BOX[1] / 2 + gap) / abs(dy) if dy else math.inf,
    )
    return centre[0] + dx * scale, centre[1] + dy * scale
