"""Whoever looks after a simulated terminal from outside: makes a backup, and restores it when the card is gone.

What came after the backup is lost, and the shop goes on. Some time later they hold the journal against Netgíró's
records, tell the cashier what is paid already, and acknowledge what is missing.
"""

from __future__ import annotations

import random

from msgspec.structs import replace

from terminal.counter.menu import DIGIT_OF, MENU_KEY, Item, Menu, Page
from terminal.netgiro.nonce import mark_after_loss
from terminal.sale.refund import Refund, RefundSource
from terminal.sale.sale import Outcome, Sale
from terminal.simulation.boot import STAFF_CODE
from terminal.simulation.disk import SimulatedDisk
from terminal.simulation.disk_copies import copy_bits, restore
from terminal.simulation.till import Till
from terminal.simulation.world import World

WORLDS_WITH_ONE = 0.05
BACKUP_S = (2.0, 40.0)
LOST_AFTER_S = (1.0, 60.0)
SWAP_S = (95.0, 130.0)
"""Longer than any request is on its way."""
GIVES_BACK = 0.5
HAS_NO_CLOCK = 0.4
LONGEST_BEHIND_S = 90 * 86_400.0
TRIED_AFTER_S = (1.0, 150.0)
TRIES_AGAIN = 0.7
ACKNOWLEDGED_AFTER_S = 450.0
"""By then nothing that was on its way makes a payment of what is none."""
AT_THE_MENU = 0.5
KEY_S = (0.3, 1.5)
MOST_LOOKS = 400
"""Who does not get it done at the keypad gives the command."""


class Operator:
    """One backup, one card that dies, one restore."""

    def __init__(self, world: World, till: Till, seed: int) -> None:
        self._world = world
        self._till = till
        self._chance = random.Random(f"operator {seed}")
        self._chance_of_refunds = random.Random(f"operator gives back {seed}")
        self._chance_of_menu = random.Random(f"operator at the menu {seed}")
        self._goes_to_menu = self._chance_of_menu.random() < AT_THE_MENU

    def start(self) -> None:
        self._world.at(self._chance.uniform(*BACKUP_S), self._back_up)

    def _back_up(self) -> None:
        disk = self._till.disk
        backup = SimulatedDisk(self._world)
        copy_bits(disk, backup)
        lost_after_s = self._chance.uniform(*LOST_AFTER_S)
        self._world.at(lost_after_s, lambda: self._lose_card(backup))
        if self._chance_of_refunds.random() < GIVES_BACK:
            self._world.at(lost_after_s * self._chance_of_refunds.random(), self._give_back)

    def _give_back(self) -> None:
        """A customer brings something back, of which the backup does not know."""
        chance = self._chance_of_refunds
        paid = [sale for sale in self._till.disk.latest.values() if sale.outcome is Outcome.APPROVED]
        if not paid or not self._till.terminal.is_on:
            return
        sale = chance.choice(paid)
        amount_kr = chance.choice((None, sale.amount_kr // 2, sale.amount_kr // 3))
        self._world.tell("operator", f"has {amount_kr or 'all'} of sale {sale.number} given back")
        if chance.random() < 0.5:
            self._till.register.driver.refund(sale.register_id, amount_kr)
            self._till.register.cable.flush()
        else:
            self._till.terminal.refund(sale.number, amount_kr)

    def _lose_card(self, backup: SimulatedDisk) -> None:
        """Not with an end of day on it: its number would come again."""
        world, terminal, disk = self._world, self._till.terminal, self._till.disk
        if len(disk.closes) != len(backup.closes):
            return
        world.count("card lost and a backup restored")
        world.tell("operator", "the card is gone: a backup is restored")
        world.cuts += 1
        if self._goes_to_menu:
            rules = terminal.rules
            terminal.rules = replace(rules, menu=replace(rules.menu, has_staff_code=True))
        terminal.take_away(self._chance.uniform(*SWAP_S))
        high_water = mark_after_loss(backup.nonce_high_water(), world.wall_clock())
        restore(backup, disk, world.wall_clock() - self._behind_s(), high_water)
        disk.gap_is_dated = "restored by a clock that is behind" not in world.faults
        for sale in disk.lost.values():
            self._try_again(sale)
        for refund in disk.lost_refunds:
            self._give_back_again(refund)
        lost_s = world.now_s
        world.at(ACKNOWLEDGED_AFTER_S, lambda: self._acknowledge(lost_s))

    def _behind_s(self) -> float:
        """On a new card without a network nothing has set the clock yet."""
        chance = random.Random(f"clock of a new card {self._world.seed}")
        if chance.random() >= HAS_NO_CLOCK:
            return 0.0
        self._world.count("restored by a clock that is behind")
        return chance.uniform(0.0, LONGEST_BEHIND_S)

    def _try_again(self, sale: Sale) -> None:
        """The cashier does not find it in the terminal any more."""
        at_s = SWAP_S[1] + self._chance.uniform(*TRIED_AFTER_S)
        if self._chance.random() < TRIES_AGAIN:
            self._world.at(at_s, lambda: self._ask_for(sale))

    def _ask_for(self, sale: Sale) -> None:
        self._world.tell("register", f"is to try {sale.register_id} again")
        self._till.register.driver.ask_for(sale.register_id, sale.amount_kr)
        self._till.register.cable.flush()

    def _give_back_again(self, refund: Refund) -> None:
        """Neither does whoever has asked for it, the register or staff."""
        at_s = SWAP_S[1] + self._chance.uniform(*TRIED_AFTER_S)
        if self._chance.random() < TRIES_AGAIN and refund.source is not RefundSource.AUTOMATIC:
            self._world.at(at_s, lambda: self._ask_back(refund))

    def _ask_back(self, refund: Refund) -> None:
        self._world.count("lost refund asked for again")
        if refund.source is RefundSource.REGISTER:
            disk, register = self._till.disk, self._till.register
            sale = disk.latest.get(refund.sale_number) or disk.lost[refund.sale_number]
            self._world.tell("register", f"wants {refund.register_id} given back again")
            register.driver.repeat_refund(refund.register_id, sale.register_id, refund.amount_kr)
            register.cable.flush()
        else:
            self._world.tell("staff", f"give back {refund.amount_kr} of sale {refund.sale_number} again")
            self._till.terminal.refund(refund.sale_number, refund.amount_kr)

    def _acknowledge(self, lost_s: float) -> None:
        paid = self._till.captured()
        for sale in self._till.disk.lost.values():
            if sale.reference in paid:
                self._till.register.driver.forget(sale.register_id)
                self._till.register.close_by_hand(sale.register_id, lost_s)
        for refund in self._till.disk.lost_refunds:
            self._till.register.driver.forget(refund.register_id)
        if self._goes_to_menu:
            self._look_at_menu(MOST_LOOKS)
        else:
            self._give_command()

    def _give_command(self) -> None:
        self._world.tell("operator", "acknowledges what is missing")
        self._till.disk.acknowledged_gap_s = self._world.now_s

    def _look_at_menu(self, looks_left: int) -> None:
        """A key after each look at the screen: something else may stand there by now. Some are pressed double."""
        terminal, chance = self._till.terminal, self._chance_of_menu
        if self._till.disk.gap_since() is None:
            self._world.count("gap acknowledged at the keypad")
            return
        if not looks_left:
            self._give_command()
            return
        if terminal.is_on:
            is_free = terminal.sale is None and terminal.view.refund is None
            for key in _next_keys(terminal.view.menu) if is_free or terminal.view.menu.is_open else "":
                terminal.press(key)
        self._world.at(chance.uniform(*KEY_S), lambda: self._look_at_menu(looks_left - 1))


def _next_keys(menu: Menu) -> str:
    """What leads from this page towards the acknowledgement."""
    match menu.page:
        case None:
            return MENU_KEY
        case Page.CHOICE:
            return DIGIT_OF[Item.MORE] + DIGIT_OF[Item.GAP]
        case Page.CODE:
            return f"{STAFF_CODE}##"
        case Page.GAP | Page.GAP_SURE:
            return "##"
        case Page.ASKING | Page.CHECKING:
            return ""
    return "*"
