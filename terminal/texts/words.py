"""The texts that a language must have, by name. Braces are filled in by whoever shows the text."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from terminal.counter.menu import Item
from terminal.counter.register_words import RefusalCode, Step
from terminal.counter.trouble import Trouble
from terminal.sale.customer import CustomerKind, IdentifierProblem
from terminal.sale.effects import ReceiptKind
from terminal.sale.events import Verdict
from terminal.sale.refund import RefundReason
from terminal.sale.sale import Outcome, Reason
from terminal.texts.doctor import DoctorWords

Language: TypeAlias = Literal["is", "en"]

SERVICE_NAME = "Netgíró"
SERVICE_ADDRESS = "www.netgiro.is"


class Advice(msgspec.Struct, frozen=True):
    """What happened, and what to do about it."""

    what: str
    next: str

    def __str__(self) -> str:
        return f"{self.what} {self.next}"


class ToDo(msgspec.Struct, frozen=True):
    """What staff do with a sale that only they can bring to an end."""

    title: str
    steps: tuple[str, ...]


class ReceiptWords(msgspec.Struct, frozen=True, kw_only=True):
    """The words on paper."""

    sale: str
    refund: str
    payment_receipt: str
    """So that nobody takes it for the invoice."""
    customer_copy: str
    merchant_copy: str
    staff_slip: str
    to_do: dict[Outcome, ToDo]
    """For every outcome that needs staff."""
    reprint: str
    kennitala: str
    status: str
    date: str
    printed: str
    number: str
    terminal: str
    register: str
    operator: str
    operators: str
    """The heading of what each has sold."""
    identified_by: str
    invoice_number: str
    reference: str
    transaction_id: str
    support_reference: str
    sold: str
    """When the sale was that is refunded."""
    refunded_receipt: str
    """The number of the sale's receipt."""
    clock_not_set: str
    thanks: str
    contact: str
    """With ``{address}``: where the customer asks about the payment."""
    end_of_day: str
    x_report: str
    closes_nothing: str
    """What an X report is not."""
    still_open: str
    """With ``{number}``: of the period."""
    charged: str
    """What the payment service bills."""
    refunds: str
    refunded_earlier: str
    billed_earlier: str
    corrected_earlier: str
    refunds_undone: str
    corrected: str
    not_charged: str
    all_sales: str
    period: str
    head: str
    """Of the journal's chain: `journal verify --head` holds a slip against the journal."""
    since: str
    until: str
    numbers: str
    """Of the first receipt and the last."""
    left_to_staff: str
    reconciled: str
    """The journal held against the payment service's own records."""
    reconciled_days: str
    reconcile_agree: str
    reconcile_differ: str
    reconcile_not_asked: str
    reconcile_more: str
    """With ``{count}``."""
    reconcile_advice: str
    transactions: str
    no_transactions: str
    earlier_left_out: str
    still_going_on: str
    not_refunded: str


class MenuWords(msgspec.Struct, frozen=True, kw_only=True):
    """The words of the menu."""

    title: str
    items: dict[Item, str]
    key_choose_or_next: str
    key_digit_or_next: str
    """Where the pad has no D."""
    key_ok_next_or_back: str
    """The same."""
    staff_code: str
    refund_code: str
    code_again: str
    no_code: Advice
    no_refund_code: Advice
    locked: Advice
    """With ``{minutes}``."""
    which_code: str
    key_which_code: str
    new_code: str
    new_code_again: str
    code_changed: str
    sale: str
    """With ``{number}``."""
    refund: str
    """With ``{number}``."""
    verdict_keys: dict[Verdict, str]
    """Key and verdict, as one of several on a line."""
    key_next_or_back: str
    verdicts: dict[Verdict, str]
    """As a question."""
    refund_verdict_keys: dict[Verdict, str]
    refund_verdicts: dict[Verdict, str]
    """Of a refund: both verdicts that staff may give."""
    key_yes_or_no: str
    receipt_number: str
    refund_number: str
    key_last_or_back: str
    at_most: str
    """With ``{amount}``."""
    key_all_or_back: str
    refund_sure: str
    begin_training: str
    end_training: str
    end_day: str
    key_end_day: str
    day_number: str
    empty_day: str
    day_ended: str
    printed: str
    not_printed: Advice
    not_written: Advice
    day_not_ended: Advice
    nothing_to_print: Advice
    scanned: str
    """With ``{count}``."""
    noted: str
    printing: str
    examining: str
    problems: str
    """With ``{count}``."""
    all_is_well: str
    gap: str
    """With ``{since}`` and ``{until}``: when the records were written that are missing."""
    gap_from_start: str
    gap_until_nobody_knows: str
    gap_known: str
    gap_known_at_least: str
    """With ``{count}``, both."""
    gap_unknown: str
    gap_sure: Advice
    """A question, and what must have been done before."""
    no_gap: str
    key_back: str
    press_every_key: str
    keys_together: str
    """With ``{keys}``: several that are down at the same time."""
    key_stuck: str
    """With ``{keys}``."""
    key_twice_to_leave: str
    any_key: str


class RefundWords(msgspec.Struct, frozen=True, kw_only=True):
    """The words of a refund."""

    title: str
    going_on: str
    """Its call is on its way."""
    unknown: Advice
    """Nobody can say yet; the terminal goes on asking."""
    results: dict[RefundReason, Advice]


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """One language."""

    outcomes: dict[Outcome, str]
    results: dict[Reason, Advice]
    refusals: dict[RefusalCode, str]
    amount_limits: str
    """With ``{lowest}`` and ``{highest}``."""
    refund_limits: str
    """Of an amount that is to go back, likewise."""
    refund_busy: str
    """Something else is open, or a refund of the same sale whose end nobody knows."""
    refund_lost: str
    """Records are missing, and with them perhaps a refund of the same sale."""
    identifier_problems: dict[IdentifierProblem, Advice]
    customer_kinds: dict[CustomerKind, str]
    troubles: dict[Trouble, Advice]
    """``what`` is short enough for a line of the screen."""

    ready: str
    key_language: str
    """The key that turns to the next language, in that language."""
    ask_operator: str
    unknown_operator: str
    training: str
    """On each screen and paper of a terminal in training."""
    training_no_money: str
    training_ready: str
    training_phone: str
    """Of the simulated customer who pays."""
    training_sale: str
    offer: str
    key_take_offer: str
    choose_amount: str
    """The register names two: what Netgíró seems to pay, and the total."""
    key_choose_amount: str
    two_totals: Advice
    """The register's receipt has two of them that differ."""
    paid_otherwise: Advice
    """The register's receipt says so, so it is not offered."""
    ask_receipt_whole: str
    receipt_kinds: dict[ReceiptKind, str]
    key_whole_or_again: str
    ask_identifier: str
    ask_code_or_phone: str
    """The same, where no kennitala is taken."""
    identifier_typed: str
    ask_code: str
    ask_code_again: str
    tries_left_one: str
    tries_left_many: str
    """With ``{count}``."""
    key_cancel: str
    key_more_time: str
    """The same, and what gives more time."""
    key_ok_or_clear: str

    steps: dict[Step, str]
    """What the cashier's own screen says meanwhile."""
    one_moment: str
    contacting: str
    approve_in_app: str
    look_at_app: str
    checking_code: str
    completing: str
    cancelling: str
    wait_for_confirmation: str
    checking_payment: str
    checking_stay: str
    checking_call: str
    may_stay_reserved: str

    menu_key_or: str
    """Begins advice that names two ways into the menu; left out where the pad has no key of its own for it."""
    call_service: tuple[str, ...]
    """Sentences of this table that name nobody's number."""
    call_service_at: str
    """With ``{phone}``: stands in their place where the shop has one."""
    doctor: DoctorWords

    menu: MenuWords
    refund: RefundWords
    receipt: ReceiptWords

    def tries_left(self, count: int) -> str:
        """How many more times the code may be typed."""
        return (self.tries_left_one if count == 1 else self.tries_left_many).format(count=count)
