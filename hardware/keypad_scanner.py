"""From contacts that close to keys that were meant: debouncing, ghosts and held keys. Pure: frames and times go in.

A matrix keypad has one wire for each row and one for each column; a key joins its row to its column. A *frame* is the
set of contacts ``(row, column)`` that one scan of the whole matrix finds closed. Frames mislead in three ways:

* **Bounce.** A contact opens and closes for some milliseconds after it is touched and after it is released. A frame
  counts only once at least three scans in a row have found it: for half of ``debounce_s`` before a key counts as down,
  so that it is reported early, and for all of it before a key counts as up, so that no release makes a press.
* **Ghosts.** If three keys are held at the corners of a rectangle, the fourth looks closed as well, and nothing in the
  frame shows which one is false. So a key is reported only if it completes no rectangle, and only if it went down
  alone. Keys that go down together must all come up again before they count.
* **Holding.** A key is reported once, and again only after a scan found it open. A key that is down for longer than
  anybody presses is stuck: from then on it does not block the other keys.

Fast typists press the next key before they release the last one, or tap it while the last one stays down. So a key
counts beside one other that is down. A third key waits until one of the two is up, and is lost if it makes a rectangle.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from hardware.interfaces import KEYS, LONG_PRESS_S, NO_JAM, Jam

Contact: TypeAlias = tuple[int, int]
Frame: TypeAlias = frozenset[Contact]

OPEN: Frame = frozenset()
"""The frame of a keypad nobody touches."""

MIN_STABLE_SCANS = 3
"""A late scan after a busy moment must not make a bounce look stable, so time alone is not enough."""
MOST_DOWN = 2
"""Keys that somebody who types has down at a time; with more it is a hand or a sleeve."""
STUCK_AFTER_S = 30.0
TOGETHER_AFTER_S = 0.25
"""Longer than keys overlap when somebody types fast."""


def check_layout(layout: Sequence[str], *, rows: int, columns: int) -> None:
    """Raise ValueError, saying what to mend, unless ``layout`` names each contact with a key of its own."""
    if len(layout) != rows:
        raise ValueError(f"keypad layout has {len(layout)} rows for {rows} row pins: give one string a row")
    for row in layout:
        if len(row) != columns:
            raise ValueError(f"keypad layout row {row!r} has {len(row)} keys for {columns} column pins")
    keys = "".join(layout)
    if unknown := sorted(set(keys) - set(KEYS)):
        raise ValueError(f"keypad layout has {''.join(unknown)!r}; keys are {KEYS}")
    if len(set(keys)) != len(keys):
        raise ValueError("keypad layout names a key twice")


def makes_rectangle(frame: Frame, contact: Contact) -> bool:
    """Whether that contact may be a ghost: it closes the fourth corner of a rectangle of the frame."""
    row, column = contact
    beside = [other for seen_row, other in frame if seen_row == row and other != column]
    return any(
        (other_row, other) in frame
        for other_row, seen_column in frame
        if seen_column == column and other_row != row
        for other in beside
    )


class KeypadScanner:
    """Feed it every scan; it answers the key that was pressed, once."""

    def __init__(self, layout: Sequence[str], debounce_s: float) -> None:
        check_layout(layout, rows=len(layout), columns=len(layout[0]) if layout else 0)
        if debounce_s < 0:
            raise ValueError(f"debounce_s is {debounce_s}, it cannot be negative")
        self._layout = tuple(layout)
        self._debounce_s = debounce_s
        self._frame = OPEN
        self._since_s = float("-inf")
        self._scans = MIN_STABLE_SCANS
        self._settled = OPEN
        self._reported = OPEN
        self._rejected = OPEN
        """Like those reported they must open before they count again."""
        self._down_since_s: dict[Contact, float] = {}
        """Of each contact in the settled frame."""
        self._pressed_long: Contact | None = None
        """What may become a long press: the key reported last, if it is the only one down ever since."""
        self._pressed_s = 0.0

    @property
    def idle(self) -> bool:
        """True once every key is known to be up: no scan is needed before the next contact."""
        return self._frame == OPEN == self._settled | self._reported | self._rejected

    @property
    def settled(self) -> Frame:
        """The last frame that was stable long enough to be believed in all."""
        return self._settled

    def held_s(self, now_s: float) -> float:
        """How long the same keys have been down, in seconds; 0 when none is."""
        return now_s - self._since_s if self._settled and self._frame == self._settled else 0.0

    def jam(self, now_s: float) -> Jam:
        """Which keys are down and count as no press."""
        if not self._settled:
            return NO_JAM
        stuck = self._stuck(now_s)
        loose = self._settled - stuck
        together = len(loose) > 1 and not loose <= self._reported and self.held_s(now_s) >= TOGETHER_AFTER_S
        return Jam(self._named(stuck), self._named(loose) if together else "")

    def long_press(self, now_s: float) -> str | None:
        """The key that has by now been down alone for ``LONG_PRESS_S`` since it was reported, told once."""
        if self._pressed_long is None or now_s - self._pressed_s < LONG_PRESS_S:
            return None
        key, self._pressed_long = self._named(frozenset({self._pressed_long})), None
        return key

    def _stuck(self, now_s: float) -> Frame:
        return frozenset(contact for contact, since_s in self._down_since_s.items() if now_s - since_s >= STUCK_AFTER_S)

    def _named(self, contacts: Frame) -> str:
        return "".join(self._layout[row][column] for row, column in sorted(contacts))

    def feed(self, frame: Frame, now_s: float) -> str | None:
        """Take one scan made at ``now_s`` (any monotonic clock); the key it completes, or None."""
        if frame != self._frame:
            self._frame, self._since_s, self._scans = frame, now_s, 1
        else:
            self._scans = min(self._scans + 1, MIN_STABLE_SCANS)
        stable_s = now_s - self._since_s if self._scans == MIN_STABLE_SCANS else -1.0
        if stable_s >= self._debounce_s:
            self._settle(frame)
        return self._press(frame, now_s) if stable_s >= self._debounce_s / 2 else None

    def _settle(self, frame: Frame) -> None:
        """What is not in it is up."""
        self._settled = frame
        self._reported &= frame
        self._rejected &= frame
        self._down_since_s = {contact: self._down_since_s.get(contact, self._since_s) for contact in frame}

    def _press(self, frame: Frame, now_s: float) -> str | None:
        """The key that went down by itself."""
        loose = frame - self._stuck(now_s)
        fresh = loose - self._reported - self._rejected
        if self._pressed_long is not None and loose != {self._pressed_long}:
            self._pressed_long = None
        if len(fresh) > 1:
            self._rejected |= fresh
        if len(fresh) != 1 or len(loose) > MOST_DOWN:
            return None
        (contact,) = fresh
        if makes_rectangle(frame, contact):
            return None
        self._reported |= fresh
        if loose == fresh:
            self._pressed_long, self._pressed_s = contact, now_s
        return self._named(fresh)
