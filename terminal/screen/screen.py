"""A screen as texts, each with its role: what screens.py makes of a moment and pixels.py draws."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

LATE_S = 30
"""Time enough to read the hint and to reach for the key."""


class Countdown(msgspec.Struct, frozen=True):
    """Seconds until what is shown ends by itself, and how many there were at first."""

    left_s: int
    total_s: int

    def __str__(self) -> str:
        return f"{self.left_s} s"


class KeyGrid(msgspec.Struct, frozen=True):
    """A keypad as it lies there, drawn beside the texts."""

    rows: tuple[str, ...]
    """The keys, one character each; a blank is no key."""
    seen: str = ""
    """Keys that have been pressed."""
    last: str = ""
    """The one that was pressed last: drawn large."""
    jammed: str = ""
    """Keys that are down and mean nothing."""

    @property
    def lines(self) -> tuple[str, ...]:
        """Pressed keys in brackets."""
        return tuple("".join(f"[{key}]" if key in self.seen else f" {key} " for key in row) for row in self.rows)


class Screen(msgspec.Struct, frozen=True, kw_only=True):
    """The texts of one screen by role, from top to bottom; an empty text is not there."""

    banner: str = ""
    """How a sale ended, or what is wrong: the first thing to see."""
    headline: str = ""
    """The largest text: the amount."""
    prompt: str = ""
    """What goes on, or what is asked of the reader."""
    entry: str = ""
    """What was typed, masked."""
    hint: str = ""
    """What to do next."""
    late_hint: str = ""
    """Takes its place once the time is nearly over."""
    countdown: Countdown | None = None
    counts_down: bool = False
    """There is room for the countdown to the end of the sale's state."""
    marks: tuple[str, ...] = ()
    """What is wrong around the terminal, most hindering first."""
    keys: KeyGrid | None = None
    body: tuple[str, ...] = ()
    """Long texts, in small letters, each from the top of a page on."""
    strip: str = ""
    """Stands at the lower edge of each page, whatever else is shown."""
    page: int | None = None
    """The page that staff have turned to; None: if there are several, they take turns."""

    def with_countdown(self, countdown: Countdown | None) -> Screen:
        """The same screen a second later. One that must be read at once does without."""
        if not self.counts_down:
            return self
        is_late = countdown is not None and countdown.left_s <= LATE_S and bool(self.late_hint)
        return replace(self, countdown=countdown, hint=self.late_hint if is_late else self.hint)

    @property
    def lines(self) -> tuple[str, ...]:
        """All texts, for readers without a picture."""
        countdown = str(self.countdown or "")
        keys = (*self.keys.lines, self.keys.last) if self.keys else ()
        texts = (
            self.banner,
            self.headline,
            self.prompt,
            self.entry,
            *self.body,
            self.hint,
            countdown,
            *self.marks,
            *keys,
            self.strip,
        )
        return tuple(text for text in texts if text)
