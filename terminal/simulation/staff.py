"""The staff of a simulated shop: once the register has rung up everything, they settle what only they can; now and then
they end the day.

They see what real staff see, the register and Netgíró's own records. Their chance is their own, so that a world without
anything to settle is the same with and without them.
"""

from __future__ import annotations

import random

from terminal.counter.trouble import receipt_asked_about
from terminal.sale import effects as fx
from terminal.sale.events import Verdict
from terminal.sale.refund import Refund, RefundSource, RefundState
from terminal.sale.sale import CallKind, Outcome, Reason, Sale
from terminal.simulation import checks_of_staff
from terminal.simulation.checks import sales_of
from terminal.simulation.ledger import is_returned
from terminal.simulation.people import Paper
from terminal.simulation.register import SimulatedRegister
from terminal.simulation.service import SimulatedNetgiro
from terminal.simulation.slips import RefundSlips, Slips
from terminal.simulation.terminal import SimulatedTerminal

AT_THE_SCREEN_S = (3.0, 20.0)
LOOKED_UP_AGO_S = 8.0
"""They walk from the portal to the terminal."""
PAUSE_S = (30.0, 240.0)
ENDS_THE_DAY = 0.06
GIVES_BACK = 0.05
PRINTS_AGAIN = 0.05
ARE_IMPATIENT = 0.5
"""They settle what stands unknown while the terminal still asks."""
GO_HOME_S = 1900.0
"""What they have last asked for is on paper when the world ends."""
SURE_AFTER_S = 400.0
"""By then no customer and no request that came late makes a payment of what is none yet."""


class Staff:
    """Look at the terminal now and then."""

    def __init__(
        self,
        terminal: SimulatedTerminal,
        netgiro: SimulatedNetgiro,
        register: SimulatedRegister,
        paper: Paper,
        seed: int,
    ) -> None:
        self._world = terminal.world
        self._terminal = terminal
        self._netgiro = netgiro
        self._register = register
        self._paper = paper
        self._rng = random.Random(f"staff {seed}")
        self._chance_of_refunds = random.Random(f"staff gives back {seed}")
        self._chance_of_reprints = random.Random(f"staff prints again {seed}")
        self._slips = Slips(terminal, seed)
        self._refund_slips = RefundSlips(terminal, seed)
        self._first_seen_s: dict[int, float] = {}
        self._is_impatient = False

    def start(self) -> None:
        self._paper.on_doubt = self._soon
        self._world.at(self._rng.uniform(*PAUSE_S), self._look)
        self._is_impatient = self._rng.random() < ARE_IMPATIENT
        if self._is_impatient:
            self._world.at(self._rng.uniform(*AT_THE_SCREEN_S), self._glance)

    def call_leaves(self, effect: fx.Call) -> None:
        """The one moment at which a word must not be believed at once is in the middle of a call."""
        if self._is_impatient and isinstance(effect, fx.RequestCapture | fx.RequestVoid):
            self._world.at(self._rng.uniform(0.0, 0.4), self._settle_what_stands_unknown)

    def _look(self) -> None:
        if self._terminal.is_on:
            self._slips.correct()
            self._refund_slips.correct()
        if self._world.now_s > GO_HOME_S:
            return
        if self._terminal.is_on:
            for sale in self._terminal.attention:
                self._first_seen_s.setdefault(sale.number, self._world.now_s)
        if self._terminal.is_on and self._register.is_done:
            for sale in self._terminal.attention:
                self._settle(sale)
        if self._terminal.is_on:  # a register that asks for an open sale without an end is never done
            for refund in self._terminal.view.refunds:
                self._settle_refund(refund)
        if self._terminal.is_on and self._chance_of_refunds.random() < GIVES_BACK:
            self._give_back()
        if self._terminal.is_on and self._rng.random() < ENDS_THE_DAY:
            self._world.tell("staff", "end the day")
            self._terminal.end_day()
        if self._terminal.is_on and self._chance_of_reprints.random() < PRINTS_AGAIN:
            self._print_again()
        self._world.at(self._rng.uniform(*PAUSE_S), self._look)

    def _print_again(self) -> None:
        """By the command, whatever is going on at the counter."""
        self._world.tell("staff", "print a receipt again")
        self._terminal.reprint(self._chance_of_reprints.choice([None, *self._terminal.disk.latest]))

    def _glance(self) -> None:
        if self._world.now_s > GO_HOME_S:
            return
        self._settle_what_stands_unknown()
        self._world.at(self._rng.uniform(*AT_THE_SCREEN_S), self._glance)

    def _settle_what_stands_unknown(self) -> None:
        sale = self._terminal.sale
        if self._terminal.is_on and sale is not None and sale.stands_unknown:
            self._settle_open(sale)

    def _look_at_paper(self) -> None:
        """Once the screen asks: a press too early could mean something else."""
        if not self._terminal.is_on:
            return
        receipt = receipt_asked_about(self._terminal.view)
        if receipt is not None:
            is_whole = self._paper.is_whole(receipt.receipt_id)
            if not is_whole:
                self._paper.asked.add((receipt.receipt_id, receipt.copy + 1))
            self._world.tell("staff", f"find receipt {receipt.receipt_id} {'whole' if is_whole else 'torn or missing'}")
            self._terminal.press("#" if is_whole else "*")
        if self._terminal.view.conditions.receipt_in_doubt is not None:
            self._soon()

    def _soon(self) -> None:
        self._world.at(self._rng.uniform(*AT_THE_SCREEN_S), self._look_at_paper)

    def _settle(self, sale: Sale) -> None:
        if sale.outcome is Outcome.REFUND_DUE and (self._returns_itself(sale) or self._refund_slips.concerns(sale)):
            return
        verdict = self._slips.take_unwritten(sale)
        if verdict is None:
            verdict = self._due_refund(sale) if sale.outcome is Outcome.REFUND_DUE else self._looked_up(sale)
        if verdict is None:
            return
        verdict = self._slips.said(sale, verdict)
        self._world.tell("staff", f"settle sale {sale.number} as {verdict}")
        self._terminal.settle(sale.number, verdict)

    def _settle_refund(self, refund: Refund) -> None:
        """What the service refused after an answer had been lost: they look whether it has it."""
        if refund.state is not RefundState.ATTENTION:
            return
        self._first_seen_s.setdefault(refund.number, self._world.now_s)
        is_done = is_returned(refund, self._netgiro)
        if is_done or self._world.now_s - self._first_seen_s[refund.number] > SURE_AFTER_S:
            is_done = self._refund_slips.said(refund, is_done=is_done)
            self._world.tell("staff", f"settle refund {refund.number}: {'done' if is_done else 'not done'}")
            self._terminal.settle_refund(refund.number, is_done=is_done)

    def _give_back(self) -> None:
        """By the command, a part of some payment or all of it."""
        chance = self._chance_of_refunds
        stand = [sale for sale in self._terminal.disk.latest.values() if not self._slips.concerns(sale)]
        paid = [sale for sale in stand if sale.outcome is Outcome.APPROVED and not self._refund_slips.concerns(sale)]
        if paid:
            sale = chance.choice(paid)
            amount_kr = chance.choice((None, 1, sale.amount_kr // 3, sale.amount_kr))
            self._world.tell("staff", f"give back {amount_kr or 'all'} of sale {sale.number}")
            self._terminal.refund(sale.number, amount_kr)

    def _returns_itself(self, sale: Sale) -> bool:
        """The terminal is at it, or will be as soon as it can write it down."""
        mine = [one for one in self._terminal.disk.refunds_of(sale.number) if one.source is RefundSource.AUTOMATIC]
        return sale.is_returned_by_itself and not any(one.outcome == "refused" for one in mine)

    def _settle_open(self, sale: Sale) -> None:
        """While the terminal still asks, perhaps in the middle of a call.

        They say "not paid" of whatever is not paid yet: also of a reservation while a capture that the terminal has
        given up is still on its way to the service, and of what the customer may still approve.
        """
        is_paid = sale.reference in self._netgiro.captured()
        verdict = Verdict.PAID if is_paid or self._slips.misreads_open() else Verdict.UNPAID
        if self._rng.random() < 0.5:
            self._world.at(self._rng.uniform(0.0, LOOKED_UP_AGO_S), lambda: self._say(sale.number, verdict))
        else:
            self._say(sale.number, verdict)

    def _say(self, number: int, verdict: Verdict) -> None:
        """What they have seen may have changed since."""
        sale = self._terminal.sale
        if not self._terminal.is_on or sale is None or sale.number != number:
            return
        is_mid_call = sale.asking in (CallKind.CAPTURE, CallKind.VOID)
        self._world.count("staff settle an open sale" + (" in mid-call" if is_mid_call else ""))
        if verdict is Verdict.UNPAID and self._netgiro.network.captures_under_way:
            self._world.count("staff settle while a capture is on its way")
        self._world.tell("staff", f"settle open sale {number} as {verdict}")
        self._terminal.settle(number, Verdict.REFUNDED)  # by mistake: it says nothing of a sale that is open
        if verdict is Verdict.PAID and sale.reference not in self._netgiro.captured():
            self._world.count("staff call an open sale paid that is not")
            self._terminal.disk.misread_as_paid.add(number)
        self._terminal.settle(number, verdict)
        checks_of_staff.when_settled(sale, self._terminal.disk.find_sale(number))

    def _due_refund(self, sale: Sale) -> Verdict:
        """As the slip says: look at the register, and pay back what is not paid there."""
        if sale.reference not in self._netgiro.refunded and self._register_has(sale):
            return Verdict.PAID
        self._netgiro.refunded.add(sale.reference)
        return Verdict.REFUNDED

    def _looked_up(self, sale: Sale) -> Verdict | None:
        if sale.reference in self._netgiro.captured():
            return Verdict.PAID
        if sale.reason is Reason.PROVED_UNPAID:
            return Verdict.UNPAID
        is_sure = self._world.now_s - self._first_seen_s[sale.number] > SURE_AFTER_S
        return Verdict.UNPAID if is_sure else None

    def _register_has(self, sale: Sale) -> bool:
        """It shows more payments than the terminal knows of."""
        for ring in self._register.rings:
            sales = sales_of(self._terminal.disk, self._register, ring)
            if sale.number in [one.number for one in sales]:
                known = sum(self._slips.means_paid(one) for one in sales)
                if known < sum(like.is_paid for like in self._register.like(ring)):
                    return True
        return False
