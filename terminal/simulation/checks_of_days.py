"""What an end of day says, added up once more outside the terminal: from what was committed, and from the ledger."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import time, tzinfo

from terminal.counter.of_totals import UNTOLD_CLOSE_KEPT_S
from terminal.sale.refund import Refund
from terminal.sale.sale import Outcome, Sale, State
from terminal.sale.totals import Close, Totals, billed_kr
from terminal.simulation.disk import SimulatedDisk
from terminal.simulation.world import EPOCH_S
from terminal.system.daily import last_time

Sums = Mapping[Outcome, tuple[int, int]]


def sums(committed: Iterable[Sale | Refund | Close], still_open: Totals) -> Iterator[str]:
    """Each period's totals are those of the sales and refunds that ended in it, as each stood last."""
    ended: dict[int, Sale | Refund] = {}
    booked: dict[int, int] = {}
    billed_before_kr = 0
    for one in committed:
        if isinstance(one, Close):
            yield from _compare(f"end of day {one.number}", one.totals, ended)
            yield from _bills(f"end of day {one.number}", one.totals, sum(booked.values()) - billed_before_kr)
            ended, billed_before_kr = {}, sum(booked.values())
        elif one.state == State.CLOSED or one.state is State.ATTENTION:
            ended[one.number] = one
            booked[one.number] = billed_kr(one)
    yield from _compare("the open period", still_open, ended)
    yield from _bills("the open period", still_open, sum(booked.values()) - billed_before_kr)


def _bills(name: str, totals: Totals, booked_kr: int) -> Iterator[str]:
    """A day bills what the books grew by in it, so all days together bill what the service holds."""
    if totals.charged_kr != booked_kr:
        yield f"{name} bills {totals.charged_kr} kr., the books grew by {booked_kr} kr."


def _compare(name: str, totals: Totals, ended: Mapping[int, Sale | Refund]) -> Iterator[str]:
    counted: defaultdict[Outcome, list[int]] = defaultdict(list)
    returned = []
    for one in ended.values():
        if isinstance(one, Refund):
            if one.outcome == "refunded" and one.source != "automatic":
                returned.append(one.amount_kr)
        elif one.outcome is not None:
            counted[one.outcome].append(one.amount_kr)
    if (totals.refunds.count, totals.refunds.sum_kr) != (len(returned), sum(returned)):
        yield f"{name} says {totals.refunds}, its refunds add up to {len(returned)}, {sum(returned)} kr."
    expected = {outcome: (len(amounts), sum(amounts)) for outcome, amounts in counted.items()}
    said = {outcome: (tally.count, tally.sum_kr) for outcome, tally in totals.by_outcome.items()}
    if said != expected:
        yield f"{name} says {said}, its sales add up to {expected}"


def booked_is_banked(committed: Iterable[Sale | Refund | Close], still_open: Totals, banked_kr: int) -> Iterator[str]:
    """What all days together call approved is what the service holds for the shop. What a day has called so once, and
    staff have corrected later, is taken back, and what it calls so again counts once."""
    booked_kr = still_open.of(Outcome.APPROVED).sum_kr
    counted: set[int] = set()
    ended: dict[int, Sale] = {}

    def twice_kr() -> int:
        return sum(sale.amount_kr for sale in ended.values() if sale.number in counted)

    for one in committed:
        if isinstance(one, Close):
            booked_kr += one.totals.of(Outcome.APPROVED).sum_kr - twice_kr()
            counted -= set(ended)
            counted |= {sale.number for sale in ended.values() if sale.outcome is Outcome.APPROVED}
            ended = {}
        elif isinstance(one, Sale) and one.state in (State.CLOSED, State.ATTENTION):
            ended[one.number] = one
    booked_kr -= twice_kr()
    if booked_kr != banked_kr:
        yield f"the ends of day add up to {booked_kr} kr., the service holds {banked_kr} kr. of approved sales"


def booked_once(disk: SimulatedDisk, sum_kr: int) -> Iterator[str]:
    """What a register takes is an end of day of which the terminal has not heard yet that it has it. It books this sum;
    its acknowledgement may have been lost, then it books that again."""
    if sum_kr and not any(
        _approved_kr(close) == sum_kr for close in disk.closes if close.number not in disk.closes_taken
    ):
        yield f"the register books {sum_kr} kr., and has acknowledged every end of day over as much"


def is_of_another_day(disk: SimulatedDisk, number: int, now_s: float) -> bool:
    """That end of day is long past and something was paid or given back since, so it is told no more: of_totals.py."""
    is_old = disk.clock_was_wrong or now_s - disk.closed_s[number] >= UNTOLD_CLOSE_KEPT_S
    return is_old and any(close.number > number and not close.totals.moves_nothing for close in disk.closes)


def booked_is_taken(disk: SimulatedDisk, booked_kr: Collection[int]) -> Iterator[str]:
    """What the terminal takes for acknowledged the register has booked, each end of day once at least. Not one whose
    answer a power cut can have swallowed, if a program over HTTP did not ask for it again before anything else."""
    taken = disk.closes_taken - disk.closes_presumed
    taken_kr = Counter(_approved_kr(close) for close in disk.closes if close.number in taken)
    missing = {sum_kr for sum_kr, count in (taken_kr - Counter(booked_kr)).items() if sum_kr and count}
    yield from (f"an end of day over {sum_kr} kr. counts as acknowledged, and was never booked" for sum_kr in missing)


def _approved_kr(close: Close) -> int:
    return close.totals.of(Outcome.APPROVED).sum_kr


def ended_in_time(
    close_at: time | None, zone: tzinfo, disk: SimulatedDisk, now_s: float, *, is_free: bool
) -> Iterator[str]:
    """By itself a day ends once, and all that was begun before its time is in it. A clock that lies may do anything,
    but for one thing: no day ends while a sale is open."""
    yield from (f"end of day {number} came while a sale was open" for number in disk.closed_in_a_sale)
    if close_at is None or disk.clock_was_wrong:
        return
    due_s = last_time(close_at, EPOCH_S + now_s, zone) - EPOCH_S
    if due_s > 0 and is_free and disk.first_s is not None and disk.first_s < due_s:
        yield f"the day did not end at {due_s:.0f} s: what was begun at {disk.first_s:.0f} s is in the open one"
    if len(disk.closed_by_clock) > (due_s > 0):
        yield f"the day ended {len(disk.closed_by_clock)} times by itself"
