"""What is wrong around the terminal, and how much that matters."""

from __future__ import annotations

from enum import StrEnum

from hardware.interfaces import PrinterStatus
from terminal.counter.view import Conditions, View
from terminal.sale.record import JournalHealth, QueuedReceipt


class Trouble(StrEnum):
    """What is wrong around the terminal, the most hindering first."""

    JOURNAL = "journal"
    KEYPAD = "keypad"
    REGISTER = "register"
    JOURNAL_INCOMPLETE = "journal_incomplete"
    NETWORK = "network"
    KEY_STUCK = "key_stuck"
    SALES_WAITING = "sales_waiting"
    REFUNDS_WAITING = "refunds_waiting"
    PAPER_OUT = "paper_out"
    COVER_OPEN = "cover_open"
    PRINTER_OFFLINE = "printer_offline"
    RECEIPTS_PENDING = "receipts_pending"
    JOURNAL_UNMIRRORED = "journal_unmirrored"
    JOURNAL_REPAIRED = "journal_repaired"
    PAPER_LOW = "paper_low"

    @property
    def hinders_sales(self) -> bool:
        """No sale can begin or be carried out until it is mended."""
        return self in (Trouble.JOURNAL, Trouble.KEYPAD, Trouble.REGISTER)


def troubles_of(conditions: Conditions, *, sales_waiting: int = 0, refunds_waiting: int = 0) -> tuple[Trouble, ...]:
    """What is wrong, the most hindering first. A printer that says nothing of itself is no trouble."""
    standing = {
        Trouble.JOURNAL: not conditions.journal_ok,
        Trouble.KEYPAD: not conditions.keypad_ok,
        Trouble.REGISTER: not conditions.register_ok,
        Trouble.NETWORK: not conditions.network_ok,
        Trouble.KEY_STUCK: bool(conditions.jam.stuck),
        Trouble.PAPER_OUT: conditions.printer is PrinterStatus.PAPER_OUT,
        Trouble.COVER_OPEN: conditions.printer is PrinterStatus.COVER_OPEN,
        Trouble.PRINTER_OFFLINE: conditions.printer is PrinterStatus.OFFLINE,
        Trouble.RECEIPTS_PENDING: conditions.pending_receipts > 0 and not conditions.is_printing,
        Trouble.PAPER_LOW: conditions.paper_low and conditions.printer is not PrinterStatus.PAPER_OUT,
        Trouble.SALES_WAITING: sales_waiting > 0,
        Trouble.REFUNDS_WAITING: refunds_waiting > 0,
        Trouble.JOURNAL_INCOMPLETE: conditions.journal_health is JournalHealth.INCOMPLETE,
        Trouble.JOURNAL_UNMIRRORED: conditions.journal_health is JournalHealth.UNMIRRORED,
        Trouble.JOURNAL_REPAIRED: conditions.journal_health is JournalHealth.REPAIRED,
    }
    return tuple(trouble for trouble in Trouble if standing[trouble])


def receipt_asked_about(view: View) -> QueuedReceipt | None:
    """The receipt of which staff are asked now whether it is whole: whenever nothing else wants the keys."""
    if view.conditions.receipt_in_doubt is None:  # as nearly always, and it is asked after every input
        return None
    shown = (view.sale, view.result, view.refund, view.refund_result, view.judged, view.differing_kr)
    if any(one is not None for one in shown) or view.menu.is_open or view.offered_kr is not None:
        return None
    if any(trouble.hinders_sales for trouble in troubles_of(view.conditions)):
        return None
    return view.conditions.receipt_in_doubt
