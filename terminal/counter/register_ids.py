"""What a register means by an id that it has used before. Pure.

Registers number receipts from 1 each morning, and ask again with the same number after a "no". So an id names one
request to be paid. It does so for a fixed number of hours, never longer:

* While the request is open, and once it may have moved money, the same request is a repetition. The answer says how
  that request stands. A request for another amount is a mistake: nothing starts.
* A request that is open for longer than that, and for longer than a customer may take, is of another day. Its id is
  free. A new request is answered "busy", and the end of the old one is not reported under this id.
* A request that ended unpaid is over. The same request is a repetition only for a moment after the first report to the
  register: the line may have lost the answer. After that it is a new try. Another amount is a new try at once.

So under one id at most one sale is paid within its time. Sales and refunds share the ids and this rule.

In some protocols the register makes a new id for every try. There an id names that try, even after it ended unpaid.
For all of its time the same request is a repetition, and any other request is a mistake.

The caller passes the ages. If the machine has been on since, they come from a clock that cannot be set. Otherwise they
are the difference of two wall-clock times. A negative age, after the clock was set back, counts as zero: it is safer to
keep an id than to free it.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import NamedTuple

import msgspec

REPEATED_WITHIN_S = 10.0
"""After the first "no": what comes again so soon has not read it."""


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """The newest sale or refund under an id."""

    is_open: bool
    may_have_moved_money: bool
    """Paid, or nobody can say."""
    age_s: float
    """Since it was asked for."""
    told_s: float | None
    """Since the register was first told how it ended; None: not yet, as far as anybody knows."""


class Meaning(Enum):
    """What the same id means this time."""

    NEW = auto()
    REPEATED = auto()
    DUPLICATE = auto()


class NamedFor(NamedTuple):
    """So long an id names its wish."""

    ended_s: float
    open_s: float


def meaning_of(wish: Wish | None, *, is_same: bool, named_for: NamedFor, names_one_try: bool = False) -> Meaning:
    """``is_same``: everything else that was asked for is as it was."""
    if wish is None or not names_still(wish, named_for):
        return Meaning.NEW
    if wish.is_open or wish.may_have_moved_money or names_one_try:
        return Meaning.REPEATED if is_same else Meaning.DUPLICATE
    was_just_told = wish.told_s is None or wish.told_s < REPEATED_WITHIN_S
    return Meaning.REPEATED if is_same and was_just_told else Meaning.NEW


def may_be_in_gap(wish: Wish | None, gap_age_s: float, named_for: NamedFor) -> bool:
    """Nothing is known of this id since the gap, and what is missing from the journal may be what it names: also after
    a try that had ended unpaid before."""
    is_known_since = wish is not None and wish.age_s < gap_age_s
    return not is_known_since and gap_age_s < named_for.ended_s


def has_ended_unpaid(wish: Wish | None) -> bool:
    return wish is not None and not (wish.is_open or wish.may_have_moved_money)


def names_still(wish: Wish | None, named_for: NamedFor) -> bool:
    """The id still names this: afterwards it names nothing, and to ask for it asks for another day's sale."""
    return wish is not None and wish.age_s < (named_for.open_s if wish.is_open else named_for.ended_s)
