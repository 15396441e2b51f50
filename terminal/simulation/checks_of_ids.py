"""What must be true of a register's own names: one paid sale per id within its time, and no word that nothing backs."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

from terminal.counter.register_ids import REPEATED_WITHIN_S
from terminal.sale.refund import Refund
from terminal.sale.sale import Outcome, Reason, Sale, State
from terminal.sale.totals import Close
from terminal.simulation.disk import SimulatedDisk
from terminal.simulation.ledger import ledger_of, undone_in_gap
from terminal.simulation.register import Ring, SimulatedRegister
from terminal.simulation.registers.driver import Told
from terminal.simulation.service import SimulatedNetgiro
from terminal.simulation.terminal import SimulatedTerminal

SETTLED = (Reason.SETTLED_PAID, Reason.SETTLED_UNPAID, Reason.REFUNDED)
"""As staff have it."""
IN_THE_WIRE_S = 5.0
"""What has left the terminal by then may be heard once it is not true any more."""


class Violation(AssertionError):
    """A promise was broken."""


def sales_named(disk: SimulatedDisk, ring: Ring) -> list[Sale]:
    """Every sale under this name since this receipt was rung up; of all days, where the clock has been wrong."""
    since_s = 0.0 if ring.rung_up_s is None or disk.clock_was_wrong else ring.rung_up_s
    return [
        sale for sale in disk.latest.values() if sale.register_id == ring.name and disk.begun_s[sale.number] >= since_s
    ]


def when_told(netgiro: SimulatedNetgiro, disk: SimulatedDisk, ring: Ring, told: Told, id_s: float) -> None:
    """Some sale of this receipt backs every word; after "paid" there is no other within the time of its id."""
    sales, ledger = sales_named(disk, ring), ledger_of(disk, netgiro)
    if not sales:
        raise Violation(f"{ring.name} was told {told.words}, and no sale of it is in the journal")
    if told.paid:
        is_paid = any(ledger.get(sale.reference) == [told.amount_kr] for sale in sales)
        misread = [sale.number for sale in sales if sale.number in disk.misread_as_paid]
        if not is_paid and not misread:
            raise Violation(f"{ring.name} was told {told.words}, and no sale of it is paid")
        if not is_paid and all(disk.known_as_unpaid_for_s(number) > IN_THE_WIRE_S for number in misread):
            raise Violation(f"{ring.name} was told {told.words}, and the terminal knew that nothing is paid")
        return
    is_forgotten = any(
        sale.register_id == ring.name
        and (number not in disk.latest or "UNKNOWN" in told.words or undone_in_gap(sale.reference, disk))
        for number, sale in disk.lost.items()
    )
    is_forgotten |= has_vanished(ring.name, disk)
    is_misread = any(sale.number in disk.misread_as_paid for sale in sales)
    is_free = is_forgotten or is_misread or _was_freed(sales, disk, id_s) or _freed_by_misreading(sales, disk)
    if ring.told[:-1] and ring.told[-2].paid and not is_free:
        raise Violation(f"{ring.name} was told {told.words} after it was told that it is paid")
    if "UNKNOWN" in told.words:
        is_backed = any(_was_unknown(sale, disk) for sale in sales)
    else:
        is_backed = any(sale.has_ended and sale.outcome is not Outcome.APPROVED for sale in sales)
    for sale in sales:
        if sale.has_ended:
            disk.note_told(sale.number)
    if not is_backed:
        raise Violation(f"{ring.name} was told {told.words}, and no sale of it ended so")


def has_vanished(name: str, disk: SimulatedDisk) -> bool:
    """Both files of the journal have lost that a sale of this name was paid. Only staff had said so, or the service was
    not asked in time."""
    were = (one for one in disk.vanished.sales if one.register_id == name and one.outcome is Outcome.APPROVED)
    return any(one.reason is Reason.SETTLED_PAID or _is_out_of_reach(one.reference, disk) for one in were)


def _is_out_of_reach(reference: str, disk: SimulatedDisk) -> bool:
    """The journal is back where this had no name to ask about; or it ended before the service had answered for it."""
    versions = [one for one in disk.committed if isinstance(one, Sale) and one.reference == reference]
    has_no_name = all(one.has_no_authorization for one in versions)
    return has_no_name or any(one.tracing and one.settled_from is None for one in versions)


def names_are_bare(register: SimulatedRegister) -> bool:
    """The line was spoiled, and nothing protects a single character of a name."""
    return register.cable.was_garbled and not register.driver.survives_noise


def was_garbled_into(
    ring: Ring, told: Told, disk: SimulatedDisk, ledger: dict[str, list[int]], register: SimulatedRegister
) -> bool:
    """This is the word of a sale under this name that began before the register had rung up any of this name."""
    if not names_are_bare(register):
        return False
    rung_up = [one.rung_up_s for one in register.rings if one.name == ring.name and one.rung_up_s is not None]
    first_s = min(rung_up, default=0.0)
    named = [sale for sale in disk.latest.values() if sale.register_id == ring.name]
    before = [sale for sale in named if disk.begun_s[sale.number] < first_s]
    if told.paid:
        return any(ledger.get(sale.reference) == [told.amount_kr] for sale in before)
    return before == named and any(sale.has_ended and sale.outcome is not Outcome.APPROVED for sale in before)


def _was_freed(sales: list[Sale], disk: SimulatedDisk, id_s: float) -> bool:
    """The id of what is paid is free after its time, or a clock that was wrong before a start has freed it; and the
    word is of another sale."""
    paid = [sale.number for sale in sales if Outcome.APPROVED in (sale.outcome, _outcome_in_gap(sale, disk))]
    later = [sale.number for sale in sales if paid and sale.has_ended and sale.number > paid[0]]
    return any(disk.clock_was_wrong or disk.begun_s[one] - disk.begun_s[paid[0]] >= id_s for one in later)


def _outcome_in_gap(sale: Sale, disk: SimulatedDisk) -> Outcome | None:
    """How it had ended when a restore forgot that."""
    return disk.lost[sale.number].outcome if sale.number in disk.lost else None


def _freed_by_staff(earlier: int, later: int, disk: SimulatedDisk) -> bool:
    """They called it unpaid while its capture was on the way, and the payment that came of it is due for a refund; or
    they misread the records, and a restore had forgotten its end. Only then was the later one begun."""
    before = itertools.takewhile(lambda one: not isinstance(one, Sale) or one.number != later, disk.committed)
    proved_or_forgotten = Outcome.REFUND_DUE in disk.outcomes.get(earlier, []) or earlier in disk.lost
    return _was_called_unpaid(earlier, before) and proved_or_forgotten


def _freed_by_misreading(sales: list[Sale], disk: SimulatedDisk) -> bool:
    """Staff called unpaid what a restore had forgotten as paid, and the word is of a sale that was begun after it."""
    misread = [one for one in sales if one.number in disk.lost and _was_called_unpaid(one.number, disk.committed)]
    return any(later.has_ended and later.number > one.number for one in misread for later in sales)


def _was_called_unpaid(number: int, committed: Iterable[Sale | Refund | Close]) -> bool:
    return any(
        isinstance(one, Sale) and (one.number, one.reason) == (number, Reason.SETTLED_UNPAID) for one in committed
    )


def _was_unknown(sale: Sale, disk: SimulatedDisk) -> bool:
    return sale.outcome is Outcome.UNKNOWN or Outcome.UNKNOWN in disk.outcomes.get(sale.number, [])


def told_is_stored(ring: Ring, disk: SimulatedDisk) -> Iterator[str]:
    """The register's last word and the journal's agree, where only one sale can be meant."""
    sales = sales_named(disk, ring)
    is_forgotten = any(sale.register_id == ring.name for sale in disk.lost.values()) or has_vanished(ring.name, disk)
    if len(sales) != 1 or not ring.told or is_forgotten:
        return
    (sale,) = sales
    is_over = sale.state in (State.CLOSED, State.ATTENTION) and sale.reason not in SETTLED
    if is_over and ring.is_paid != (sale.outcome is Outcome.APPROVED):
        yield f"{ring.name} was told {ring.told[-1].words}, the journal says {sale.outcome}"


def at_the_end(
    register: SimulatedRegister, disk: SimulatedDisk, netgiro: SimulatedNetgiro, terminal: SimulatedTerminal
) -> Iterator[str]:
    """At most one paid sale per id within its time, and no new try while a "no" is to be told again.

    Not where the clock was wrong before a start: then an id may be freed too early.
    """
    if disk.clock_was_wrong:
        return
    yield from _complaints(register, disk, terminal)
    ledger = ledger_of(disk, netgiro)
    for name in sorted({ring.name for ring in register.rings}):
        sales = [disk.latest[number] for number in sorted(disk.latest) if disk.latest[number].register_id == name]
        both = {number: sale for number, sale in disk.lost.items() if sale.register_id == name}
        both |= {sale.number: sale for sale in sales}
        paid = [number for number in sorted(both) if both[number].reference in ledger]
        for earlier, later in itertools.pairwise(paid):
            is_in_time = disk.begun_s[later] - disk.begun_s[earlier] < terminal.id_s
            reference = both[earlier].reference
            is_known = reference not in disk.vanished.references or not _is_out_of_reach(reference, disk)
            if is_in_time and is_known and not _freed_by_staff(earlier, later, disk):
                yield f"{name} was paid by sale {earlier} and again by sale {later} within the time of its id"
        if register.driver.names_one_try:
            yield from (
                f"{name} names sale {later.number} within the time in which it names sale {earlier.number}"
                for earlier, later in itertools.pairwise(sales)
                if disk.begun_s[later.number] - disk.begun_s[earlier.number] < terminal.id_s
            )
        yield from (
            f"sale {later.number} was begun while sale {earlier.number} had just been told as not paid"
            for earlier, later in itertools.pairwise(sales)
            if earlier.amount_kr == later.amount_kr
            and disk.begun_s[later.number] - disk.begun_s[earlier.number] < terminal.id_s
            and _was_just_told(earlier.number, later.number, disk)
        )


def _was_just_told(earlier: int, later: int, disk: SimulatedDisk) -> bool:
    told_s = disk.acknowledged_s.get(earlier)
    return told_s is not None and disk.begun_s[later] - told_s < REPEATED_WITHIN_S


def _complaints(register: SimulatedRegister, disk: SimulatedDisk, terminal: SimulatedTerminal) -> Iterator[str]:
    """What a program should not have been answered, as long as the name still named an earlier sale."""
    for complaint in register.driver.complaints:
        named = [sale for sale in disk.latest.values() if sale.register_id == complaint.name]
        begun_s = [disk.begun_s[sale.number] for sale in named if sale.register_echo != complaint.answered]
        earlier_s = [at_s for at_s in begun_s if at_s < complaint.asked_s]
        if earlier_s and complaint.asked_s - max(earlier_s) < terminal.id_s:
            yield complaint.words
