"""What a Concert register waits for, as far as the terminal can know: it has no names for sales."""

from __future__ import annotations

from collections import deque

from terminal.counter.register_words import SaleResult

SAME_WISH_S = 90.0
"""From the request on, the same again is a repetition: by then the customer has paid or the sale is called off."""
MOST_GIVEN_UP = 8


class Wish:
    """The latest request that its register waits for, and what it has given up before."""

    def __init__(self) -> None:
        self.echo: str | None = None
        """Which sale's answer the register waits for; None after a start: nobody knows."""
        self.asked_s = 0.0
        """When it last asked for that."""
        self.has_turned = False
        """It has said something else since: the same request again is another wish."""
        self.is_anew = False
        """The request that begins with the next EOT is such a one."""
        self.given_up: deque[str] = deque(maxlen=MOST_GIVEN_UP)
        """Sales whose register waits no longer, though it asks for something that looks the same."""

    def is_given_up(self, result: SaleResult, begun_s: float, now_s: float) -> bool:
        """What the register waits for is something else, even if it looks the same."""
        if result.register_id in self.given_up:
            return True
        if self.echo is None:
            return now_s - begun_s >= SAME_WISH_S
        return self.echo != result.echo or self.asked_s - begun_s >= SAME_WISH_S
