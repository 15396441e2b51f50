"""What staff and customer can be shown at one moment: the input of the screens, of the panel and of ``status``."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from hardware.interfaces import NO_JAM, Jam, PrinterStatus
from terminal.counter.menu import Menu
from terminal.counter.typing import Entry
from terminal.sale.effects import SetDeadline
from terminal.sale.record import JournalHealth, QueuedReceipt
from terminal.sale.refund import Refund, RefundState
from terminal.sale.sale import Sale, State
from terminal.sale.totals import ToldCloses


class Conditions(msgspec.Struct, frozen=True, kw_only=True):
    """How the world around the sale is doing."""

    network_ok: bool = True
    """The last call to the service brought an answer."""
    register_ok: bool = True
    keypad_ok: bool = True
    keypad_opening: bool = False
    """It is being got ready after a start, and nobody reads it yet."""
    jam: Jam = NO_JAM
    """Keys that are down and mean nothing."""
    printer: PrinterStatus = PrinterStatus.UNKNOWN
    paper_low: bool = False
    """The roll is near its end."""
    pending_receipts: int = 0
    """Not known to be on paper, the one that is being printed included."""
    is_printing: bool = False
    receipt_in_doubt: QueuedReceipt | None = None
    """Printed twice, and nobody knows whether it came out: staff are asked."""
    journal_ok: bool = True
    """The last record could be written."""
    journal_health: JournalHealth = JournalHealth.SOUND

    @property
    def keypad_is_read(self) -> bool:
        return self.keypad_ok and not self.keypad_opening


class Offer(msgspec.Struct, frozen=True):
    """A total that the register shows. The cashier takes it with a key, or waves it away: then it is not open."""

    amount_kr: int
    is_open: bool = True
    other_kr: int | None = None
    """The slip has this amount, too: the cashier chooses."""


class Question(msgspec.Struct, frozen=True):
    """What the screen asks about a receipt. Keys that were on their way as it appeared answer nothing."""

    receipt: QueuedReceipt | None = None
    is_read: bool = False
    """Somebody can have read it: the next key is an answer."""
    turn: int = 0
    """Counts how often that began anew."""


class View(msgspec.Struct, frozen=True, kw_only=True):
    """One moment. ``sale`` is the open one; ``result`` the last one, shown for a while after it ended."""

    sale: Sale | None = None
    entry: Entry = Entry()
    result: Sale | None = None
    deadline: SetDeadline | None = None
    """What bounds the open sale's present state, if something does; each stay in a state has its own."""
    has_more_time: bool = False
    """Somebody has asked for it in this stay; that can be done once."""
    offer: Offer | None = None
    """What could be paid next, where the register itself cannot ask."""
    differing_kr: tuple[int, int] | None = None
    """The register has printed two totals that cannot both be right, so nothing is offered; staff read it."""
    paid_kr: int | None = None
    """The register has just printed this total as paid in another way, so nothing is offered."""
    attention: tuple[Sale, ...] = ()
    """Sales that wait for staff, oldest first; they do not hold up others."""
    traced: tuple[Sale, ...] = ()
    """Sales that have ended and are still asked about, or were: an old answer is held against what was done since. They
    concern nobody at the counter."""
    told_closes: ToldCloses = ToldCloses()
    """Which ends of day the register has, and which it has not acknowledged."""
    refund: Refund | None = None
    """The one whose outcome somebody waits for; nothing else begins meanwhile."""
    refund_result: Refund | None = None
    """The last one, shown for a while after it ended."""
    refunds: tuple[Refund, ...] = ()
    """The others that are not over; they hold up nobody."""
    judged: QueuedReceipt | None = None
    """Staff have pressed a key about this receipt, and the answer is not on disk yet."""
    question: Question = Question()
    day_due_at: str | None = None
    """The end of day whose time has come, and which waits until nothing is open; see of_shop.py."""
    language: str = ""
    """What the customer reads; empty: the shop's own."""
    language_turn: int = 0
    """Counts choices: a timer set before the last of them finds nobody."""
    asks_operator: bool = False
    """The shop wants to know who sells."""
    operator: str = ""
    """Who does; empty: nobody has said so yet."""
    operator_typed: str = ""
    operator_unknown: bool = False
    """The number that was typed last is nobody's."""
    is_training: bool = False
    """Nothing here is real, and everything that can be read says so."""
    training_amount: str = ""
    """What has been typed of the amount of a training sale."""
    night_came: bool = False
    """Training ends as soon as nothing is open."""
    is_leaving: bool = False
    """The terminal begins anew, in training or out of it: nothing begins any more."""
    menu: Menu = Menu()
    conditions: Conditions = Conditions()

    @property
    def for_staff(self) -> tuple[Sale | Refund, ...]:
        """The sales and refunds that staff can settle, the open one first."""
        is_stuck = self.sale is not None and self.sale.stands_unknown
        refunds = (refund for refund in self.refunds if refund.state is RefundState.ATTENTION)
        return (*((self.sale,) if self.sale is not None and is_stuck else ()), *self.attention, *refunds)

    @property
    def may_get_more_time(self) -> bool:
        """A key would begin the present time limit anew: the customer's and the cashier's ones, each once.

        While something is typed the key means OK.
        """
        if self.sale is None or self.deadline is None or self.has_more_time or self.menu.is_open:
            return False
        is_typing = self.entry != Entry()
        return self.sale.state is State.CUSTOMER or (
            self.sale.state in (State.ENTRY, State.CODE_ENTRY) and not is_typing
        )

    @property
    def standing_offer(self) -> Offer | None:
        """What a key would make a sale of now."""
        if self.offer is None or not self.offer.is_open or self.menu.is_open or self.is_leaving:
            return None
        shown = self.sale or self.refund or self.result or self.refund_result
        return self.offer if shown is None else None

    @property
    def offered_kr(self) -> int | None:
        """Its amount; where there are two, the first."""
        return self.standing_offer.amount_kr if self.standing_offer is not None else None

    def with_offer_closed(self) -> View:
        """The offer is waved away, or a sale begins."""
        offer = replace(self.offer, is_open=False) if self.offer is not None else None
        return replace(self, offer=offer, differing_kr=None, paid_kr=None, training_amount="")
