"""What must be true of every world, whatever went wrong in it. Each check is one promise of the product."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator

from terminal.netgiro.sandbox.settings import APP_CODE_PREFIX
from terminal.sale import effects as fx
from terminal.sale.customer import KENNITALA_DIGITS, LONGEST_ENTRY, CustomerKind
from terminal.sale.effects import ReceiptKind
from terminal.sale.gateway import CaptureMode
from terminal.sale.kennitala import has_check_digit
from terminal.sale.record import ReceiptState
from terminal.sale.refund import RefundSource
from terminal.sale.sale import NOT_PAID, Outcome, Reason, Sale, State
from terminal.simulation import checks_of_cards as cards
from terminal.simulation import checks_of_days as days
from terminal.simulation import checks_of_ids as ids
from terminal.simulation import checks_of_refunds as refunds
from terminal.simulation.checks_of_ids import Violation
from terminal.simulation.checks_of_staff import may_stand_as_paid
from terminal.simulation.disk import SimulatedDisk
from terminal.simulation.ledger import ledger_of, undone_in_gap
from terminal.simulation.people import Cashier, Paper
from terminal.simulation.register import Ring, SimulatedRegister
from terminal.simulation.registers.driver import Told
from terminal.simulation.service import SimulatedNetgiro
from terminal.simulation.terminal import SimulatedTerminal, is_over

MOST_CARTS = 50
SAME_REQUEST_S = 95.0
"""So long the same request again is a repetition, where a language has no names; and the way to the terminal."""
STATE_BEFORE_CALL = {
    fx.RequestAuthorization: State.AUTHORIZATION,
    fx.SubmitCode: State.CODE_CHECK,
    fx.RequestCapture: State.CAPTURE,
}


def before_call(disk: SimulatedDisk, terminal: SimulatedTerminal, effect: fx.Call) -> None:
    """On disk before it leaves: whatever can move money. No capture after a cancel or a power cut: the cashier may have
    been paid in another way."""
    state = STATE_BEFORE_CALL.get(type(effect))
    if state is None:
        return
    stored = disk.find_sale(effect.sale_number)
    if stored is None or stored.state is not state:
        raise Violation(
            f"{type(effect).__name__} leaves while the journal says {stored.state if stored else 'nothing'}"
        )
    if isinstance(effect, fx.RequestCapture) and (stored.settling or not stored.committed):
        raise Violation("a capture leaves that must not be sent (any more)")
    if isinstance(effect, fx.RequestCapture) and not terminal.may_still_capture(effect.sale_number):
        raise Violation("a capture leaves after somebody has cancelled, or after a power cut")


def asks_whom_was_typed(cashier: Cashier, effect: fx.Call) -> None:
    """A number reaches the service whole, as somebody has typed or scanned it for this sale: a part of one can be a
    stranger's."""
    if not isinstance(effect, fx.RequestAuthorization):
        return
    customer, reference = effect.customer.identifier.reveal(), effect.reference
    typed = cashier.numbers_for.get(reference, [])
    is_scanned = customer in cashier.scanned_for.get(reference, ())
    if not is_scanned and not any(_names(number[:LONGEST_ENTRY], customer) for number in typed):
        raise Violation(f"{reference} asks a customer whose number nobody has typed whole")
    is_code = effect.customer.kind is CustomerKind.APP_CODE and len(customer) == KENNITALA_DIGITS
    is_asked_about = is_code and not customer.startswith(APP_CODE_PREFIX)
    is_insisted = any(number.endswith(customer) and not bare for number, bare in itertools.pairwise(typed))
    if not is_scanned and is_asked_about and has_check_digit(customer) and not is_insisted:
        raise Violation(f"{reference} sends what looks like a kennitala as a code, and nobody has pressed # again")


def _names(typed: str, customer: str) -> bool:
    """A kennitala or a phone number, perhaps with 354 before it, or an app code, which may be its last four digits."""
    return typed.endswith(customer[-7:]) or (len(typed) == 4 and customer.endswith(typed))


def names_its_own(disk: SimulatedDisk, netgiro: SimulatedNetgiro, effect: fx.Call) -> None:
    """No call of a sale is about the payment of another one."""
    if not isinstance(effect, fx.QueryStatus | fx.SubmitCode | fx.RequestCapture | fx.RequestVoid):
        return
    cart, sale = netgiro.book.find(effect.authorization_id.lower()), disk.find_sale(effect.sale_number)
    if cart is not None and sale is not None and cart.order.reference != sale.reference:
        raise Violation(f"{type(effect).__name__} of sale {sale.number} is about {cart.order.reference}")


def when_told(
    netgiro: SimulatedNetgiro, disk: SimulatedDisk, register: SimulatedRegister, ring: Ring, told: Told, *, id_s: float
) -> None:
    """The register never hears "paid" for what is not paid, nor two outcomes of one request."""
    ledger = ledger_of(disk, netgiro)
    if told.register_id is not None:
        if ids.was_garbled_into(ring, told, disk, ledger, register):
            return
        ids.when_told(netgiro, disk, ring, told, id_s)
        return
    paid = [sale for sale in sales_of(disk, register, ring) if ledger.get(sale.reference) == [told.amount_kr]]
    if told.paid and not paid and any(sale.number in disk.misread_as_paid for sale in sales_of(disk, register, ring)):
        return
    if told.paid and not paid:
        raise Violation(f"{ring.name} was told {told.words}, and no sale of it is paid")
    since_s = register.driver.asked_s - SAME_REQUEST_S
    backing = paid + [sale for sale in sales_of(disk, register, ring) if sale.number in disk.misread_as_paid]
    if told.paid and not disk.clock_was_wrong and all(disk.begun_s[sale.number] < since_s for sale in backing):
        raise Violation(f"{ring.name} was told {told.words} by the money of an earlier customer")
    of_request = [one.paid for one in ring.told if one.attempt == told.attempt]
    if (False, True) in itertools.pairwise(of_request):  # taking "paid" back is all that may follow
        raise Violation(f"{ring.name} was told {told.words} after it was told that it is not paid")


def totals_told(disk: SimulatedDisk, register: SimulatedRegister, sum_kr: int, now_s: float) -> None:
    """A register that hears of an empty period has all that it asked for before, unless it means another day by then.
    It books nothing twice that the terminal knows it to have."""
    for twice in days.booked_once(disk, sum_kr):
        raise Violation(twice)
    asked = [close for close in disk.closes if close.number not in disk.closed_by_staff]
    sums_kr = {close.number: close.totals.of(Outcome.APPROVED).sum_kr for close in asked}
    last = next((close.number for close in reversed(asked) if sums_kr[close.number]), None)
    if sum_kr or last is None or last in disk.closes_taken or days.is_of_another_day(disk, last, now_s):
        return
    last_kr = sums_kr[last]
    if list(sums_kr.values()).count(last_kr) > register.driver.booked_kr.count(last_kr):
        raise Violation(f"the register ends its day with nothing, and never heard of {last_kr} kr. that ended before")


def sales_of(disk: SimulatedDisk, register: SimulatedRegister, ring: Ring) -> list[Sale]:
    """The sales that can be this ring's."""
    numbers = {number for like in register.like(ring) for number in disk.latest if number in register.numbers_of(like)}
    return [disk.latest[number] for number in sorted(numbers)]


def at_the_end(  # noqa: PLR0917  everybody who can bear witness
    terminal: SimulatedTerminal,
    disk: SimulatedDisk,
    netgiro: SimulatedNetgiro,
    register: SimulatedRegister,
    paper: Paper,
    cashier: Cashier,
    beside: Collection[SimulatedDisk] = (),
) -> Iterator[str]:
    """Everything else, once all faults have stopped and time has passed.

    ``beside``: the disks of other terminals of the same account.
    """
    ledger = ledger_of(disk, netgiro)
    for sale in disk.latest.values():
        refunded = is_refunded(sale, disk, netgiro)
        if not may_stand_as_paid(sale, disk, netgiro):
            yield from _money(sale, disk, ledger.get(sale.reference, []), is_refunded=refunded)
        yield from _receipts(sale, disk, paper, is_screen_free=terminal.sale is None)
        if not is_over(sale):
            yield f"sale {sale.number} is still open: {sale.state}"
        if sale.state is State.ATTENTION and register.is_done:
            yield f"sale {sale.number} could not be settled: {sale.outcome}"
    known = {sale.reference for one in (disk, *beside) for sale in (*one.latest.values(), *one.lost.values())}
    known |= disk.vanished.references
    yield from (f"captured without a journal row: {reference}" for reference in ledger if reference not in known)
    yield from (
        f"{count} InsertCarts under {reference}" for reference, count in netgiro.insert_carts.items() if count > 1
    )
    yield from (f"{call} went over a connection that was gone" for call in netgiro.network.lost_for_being_idle)
    # Before a restore they may have been ahead of the true time.
    marks_may_be_lost = disk.first_since_loss() > 1 and "clock jump" in terminal.world.faults
    steps_back = sum(later <= earlier for earlier, later in itertools.pairwise(terminal.nonces))
    if not marks_may_be_lost and steps_back > disk.vanished.marks:
        yield "a nonce was repeated or went back"
    live, stored = terminal.sale, disk.latest.get(terminal.sale.number) if terminal.sale else None
    if live is not None and stored is not None and (live.state, live.reason) != (stored.state, stored.reason):
        yield f"the journal says {stored.state}, the terminal {live.state}"
    if not terminal.bookkeeper.view.conditions.network_ok:
        yield "the screen still says that there is no connection"
    yield from refunds.at_the_end(disk, netgiro, beside)
    yield from cards.at_the_end(disk, netgiro)
    for number in disk.refunds:
        yield from _on_paper(disk, number, paper, is_screen_free=terminal.sale is None)
    yield from register.driver.offences[:1]
    yield from _days(disk, paper, is_screen_free=terminal.sale is None)
    yield from days.ended_in_time(
        terminal.close_at, terminal.zone, disk, terminal.world.now_s, is_free=terminal.sale is None
    )
    yield from days.booked_is_taken(disk, register.driver.booked_kr)
    yield from days.sums(disk.committed, disk.open_period().totals)
    approved = [sale.reference for sale in disk.latest.values() if sale.outcome is Outcome.APPROVED and is_over(sale)]
    banked_kr = sum(sum(ledger.get(reference, [])) for reference in approved)
    misread = (one for one in disk.latest.values() if may_stand_as_paid(one, disk, netgiro))
    banked_kr += sum(sale.amount_kr for sale in misread if sale.outcome is Outcome.APPROVED)
    yield from days.booked_is_banked(disk.committed, disk.open_period().totals, banked_kr)
    for ring in register.rings:
        yield from _told_is_stored(ring, disk, register)
        yield from _amount_rung_up(ring, disk, register)
    if register.driver.has_names:
        yield from ids.at_the_end(register, disk, netgiro, terminal)
    for number in register.driver.printed_untaken:
        yield f"the register printed that sale {number} is paid, and had not taken it"
    strangers = {sale.reference for one in beside for sale in one.latest.values()}
    yield from _right_customer(netgiro, cashier, strangers)
    yield from _needless_unknowns(disk, netgiro)
    yield from _privacy(disk, cashier.typed | netgiro.secrets)


def is_refunded(sale: Sale, disk: SimulatedDisk, netgiro: SimulatedNetgiro) -> bool:
    """By staff in the service's portal, or by the terminal itself because the register did not accept the payment."""
    by_itself = [one for one in disk.refunds_of(sale.number) if one.source is RefundSource.AUTOMATIC]
    return sale.reference in netgiro.refunded or any(one.is_done for one in by_itself)


def _money(sale: Sale, disk: SimulatedDisk, captured: list[int], *, is_refunded: bool) -> Iterator[str]:
    """One capture at most, of this amount, and the outcome says so."""
    if is_refunded != (sale.outcome is Outcome.REFUNDED):
        yield f"sale {sale.number} is {sale.outcome}, {'and' if is_refunded else 'not'} refunded"
    if len(captured) > 1:
        yield f"sale {sale.number} was captured {len(captured)} times"
    if captured and captured != [sale.amount_kr]:
        yield f"sale {sale.number} over {sale.amount_kr} kr was captured as {captured}"
    approved = sale.outcome is Outcome.APPROVED
    if approved and not captured:
        yield f"sale {sale.number} is approved and not paid"
    if sale.outcome in (Outcome.REFUND_DUE, Outcome.REFUNDED):
        if not captured or not (sale.terms.final_when_taken or was_proved_late(sale.number, disk)):
            yield f"sale {sale.number} is to be refunded, captured is {captured}"
    elif captured and not approved and sale.outcome is not Outcome.UNKNOWN and is_over(sale):
        if undone_in_gap(sale.reference, disk):
            return  # the service's record says only that nothing is paid any more
        if sale.reference in disk.vanished.references and sale.reason is Reason.POWER_CUT and sale.has_no_authorization:
            return  # it had no name to ask about, as the journal knows it
        yield f"sale {sale.number} is paid and told {sale.outcome}"


def _amount_rung_up(ring: Ring, disk: SimulatedDisk, register: SimulatedRegister) -> Iterator[str]:
    """Nobody pays another amount than the register asked for, where a checksum protects what it says."""
    if ids.names_are_bare(register):
        return
    for sale in sales_of(disk, register, ring):
        if sale.amount_kr not in register.driver.amounts_asked:
            yield f"{ring.name} over {ring.amount_kr} kr was sold over {sale.amount_kr} kr"


def _right_customer(netgiro: SimulatedNetgiro, cashier: Cashier, strangers: Collection[str]) -> Iterator[str]:
    """Whoever is asked to pay has been typed in for this sale, or their app's code was scanned whole."""
    for cart in netgiro.book.newest(MOST_CARTS):
        reference, customer = cart.order.reference, cart.order.customer_id
        if reference in strangers:
            continue
        is_typed = customer[-4:] in cashier.typed_for.get(reference, "")
        if not is_typed and customer not in cashier.scanned_for.get(reference, ()):
            yield f"somebody was asked to pay {reference} whom nobody has typed in or scanned"


def _needless_unknowns(disk: SimulatedDisk, netgiro: SimulatedNetgiro) -> Iterator[str]:
    """Only what nobody can find out: an automatic sale without a name, a cart that is lost or cannot be voided."""
    for sale in disk.latest.values():
        was_unknown = sale.outcome is Outcome.UNKNOWN or Outcome.UNKNOWN in disk.outcomes.get(sale.number, [])
        if not was_unknown or sale.capture_mode is CaptureMode.AUTOMATIC:
            continue
        if sale.number in disk.lost or sale.number in disk.misread_as_paid or undone_in_gap(sale.reference, disk):
            continue
        is_forgotten = sale.reference in netgiro.insert_carts and netgiro.cart_for(sale.reference) is None
        may_not_know = is_forgotten or sale.reference in netgiro.ailments.lagged
        if not may_not_know and not netgiro.settings.refuse_cancel_of_reservation:
            yield f"sale {sale.number} is left unknown, and could have been found out"


def is_noticed_loss(sale: Sale, disk: SimulatedDisk, captured: list[int]) -> bool:
    """Paid where the terminal cannot see it, and said so: possible by the API's nature in automatic mode only."""
    was_unknown = Outcome.UNKNOWN in disk.outcomes.get(sale.number, [])
    return bool(captured) and was_unknown and sale.capture_mode is CaptureMode.AUTOMATIC


def _receipts(sale: Sale, disk: SimulatedDisk, paper: Paper, *, is_screen_free: bool) -> Iterator[str]:
    """Whatever a sale stood as is on paper, once; of what staff have corrected there are later prints beside it."""
    refunds_corrected = any(one.corrected_from is not None for one in disk.refunds_of(sale.number))
    is_corrected = sale.corrected_from is not None or refunds_corrected or sale.number in disk.lost
    outcomes, queued = disk.outcomes.get(sale.number, []), disk.queued[sale.number]
    if not is_corrected and sorted(queued) != sorted(
        kind for outcome in outcomes for kind in _papers_of(outcome, sale)
    ):
        yield f"sale {sale.number} has been {', then '.join(map(str, outcomes))} and is on paper as {queued}"
    stood_as = outcomes if is_corrected else [sale.outcome]
    is_excused = (sale.number in disk.lost and bool(disk.lost_keys)) or sale.number in disk.misread_as_paid
    is_excused |= sale.number in disk.vanished.paid_numbers or undone_in_gap(sale.reference, disk)
    if sale.number in paper.says_paid and Outcome.APPROVED not in stood_as and not is_excused:
        yield f"paper says that sale {sale.number} is paid, and it is {sale.outcome}"
    yield from _on_paper(disk, sale.number, paper, is_screen_free=is_screen_free)


MOST_UNASKED_PRINTS = 2  # the receipt and one copy


def _on_paper(disk: SimulatedDisk, number: int, paper: Paper, *, is_screen_free: bool) -> Iterator[str]:
    """Each came out, and never twice without being marked as a copy.

    One in doubt waits for staff, who cannot be asked while a sale that only they can settle fills the screen.
    """
    for receipt in disk.receipts_of(number):
        sheets = [copy for receipt_id, copy in paper.sheets if receipt_id == receipt.receipt_id]
        if disk.may_be_printed_anew(receipt):
            if sheets.count(0) > 1:
                yield f"receipt {receipt.receipt_id} came out again after a restore without being marked"
            continue
        unasked = [copy for copy in sheets if (receipt.receipt_id, copy) not in paper.asked]
        is_forgotten = receipt.receipt_id in disk.vanished.receipts  # or a sale whose number has come again
        if len(unasked) > MOST_UNASKED_PRINTS and not is_forgotten:
            yield f"receipt {receipt.receipt_id} came out {len(unasked)} times, and nobody had asked"
        if len(sheets) != len(set(sheets)) and not is_forgotten:
            yield f"receipt {receipt.receipt_id} came out twice as the same copy"
        waits_for_staff = receipt.state is ReceiptState.DOUBTFUL and not is_screen_free
        is_elsewhere = is_forgotten and len(sheets) > 1  # the same sheet came out before, and that one was whole
        if not (waits_for_staff or is_elsewhere) and all((receipt.receipt_id, copy) in paper.torn for copy in sheets):
            yield f"receipt {receipt.receipt_id} never came out"


def _days(disk: SimulatedDisk, paper: Paper, *, is_screen_free: bool) -> Iterator[str]:
    """Every end of day has its slip, and what has ended was counted: in each period as it stood at its end."""
    slips = [receipt for receipt in disk.receipts_of(0) if receipt.receipt_id.endswith("-0")]
    if [slip.period for slip in slips] != [close.number for close in disk.closes]:
        yield f"{len(disk.closes)} ends of day have {len(slips)} slips"
    yield from _on_paper(disk, 0, paper, is_screen_free=is_screen_free)
    counted = sum(close.totals.count for close in disk.closes) + disk.open_period().totals.count
    if not len(disk.outcomes) <= counted <= sum(map(len, disk.outcomes.values())):
        yield f"{len(disk.outcomes)} sales have ended, and {counted} were counted"


def _papers_of(outcome: Outcome | None, sale: Sale) -> list[ReceiptKind]:
    """Where there is a printer."""
    terms = sale.terms
    if outcome is Outcome.REFUND_DUE and terms.refunds_itself and sale.refused_by_register:
        return []
    if outcome in (Outcome.REFUND_DUE, Outcome.UNKNOWN):
        return [ReceiptKind.ATTENTION]
    if outcome not in (Outcome.APPROVED, Outcome.REFUNDED):
        return []
    return [ReceiptKind.CUSTOMER] * terms.customer_copy + [ReceiptKind.MERCHANT] * terms.merchant_copy


def _told_is_stored(ring: Ring, disk: SimulatedDisk, register: SimulatedRegister) -> Iterator[str]:
    """The register's last word and the journal's agree."""
    if not register.driver.acknowledges:
        yield from ids.told_is_stored(ring, disk)
        return
    approved = [
        sale.number
        for sale in sales_of(disk, register, ring)
        if sale.outcome is Outcome.APPROVED and Outcome.UNKNOWN not in disk.outcomes[sale.number]
    ]
    if len(approved) > sum(like.is_paid for like in register.like(ring)):
        words = ring.told[-1].words if ring.told else "nothing"
        yield f"{ring.name} took {words}, the journal says that {approved} are approved"


def doubts(disk: SimulatedDisk, register: SimulatedRegister) -> Iterator[str]:
    """Payments that the register took and that stand as due for a refund: it said that it took them, and its word was
    lost. Staff see them; where no word can be lost there are none."""
    if not register.driver.acknowledges:
        return
    for ring in register.rings:
        outcomes = [disk.outcomes.get(sale.number, [None])[0] for sale in sales_of(disk, register, ring)]
        if ring.is_paid and Outcome.APPROVED not in outcomes:
            yield f"{ring.name} was taken as paid and stands as {', '.join(str(outcome) for outcome in outcomes)}"


def needless_refunds(disk: SimulatedDisk, register: SimulatedRegister) -> Iterator[str]:
    """Only what a register refused, ignored or gave up is to be paid back, as long as no word is lost on the way; and
    what was proved to be paid after it had been told "not paid"."""
    for ring in register.rings:
        sales = [sale.number for sale in sales_of(disk, register, ring)]
        due = [number for number in sales if Outcome.REFUND_DUE in disk.outcomes.get(number, [])]
        due = [number for number in due if not was_proved_late(number, disk)]
        given_up = (like.is_left_alone or like.is_refused or like.has_given_up_a_try for like in register.like(ring))
        if due and not any(given_up):
            yield f"{ring.name} refused nothing, and {due} are to be refunded"


def was_proved_late(number: int, disk: SimulatedDisk) -> bool:
    """It had ended as not paid, and the register heard so or was about to."""
    versions = (one for one in disk.committed if isinstance(one, Sale) and one.number == number)
    return any(one.has_ended and one.outcome in NOT_PAID for one in versions)


def _privacy(disk: SimulatedDisk, secrets: set[str]) -> Iterator[str]:
    """No kennitala, phone or code in any durable byte. Short ones are looked for as whole strings."""
    if not secrets:
        return
    everything = b"\n".join(disk.rows)
    for refund in disk.refunds.values():  # forty random digits of sixteen: a phone number can be among them
        everything = everything.replace(refund.idempotency_key.encode(), b"")
    secrets = secrets - {sale.invoice_number for sale in disk.latest.values()}  # four digits too, by chance the same
    for secret in secrets:
        text = secret.encode() if len(secret) >= 7 else f'"{secret}"'.encode()
        if text in everything:
            yield f"{len(secret)} personal digits are on the disk"
