"""English."""

from __future__ import annotations

from terminal.customer import CustomerKind, IdentifierProblem
from terminal.messages.words import Advice, ReceiptWords, Trouble, Words
from terminal.register.protocol import RefusalCode
from terminal.sale import Outcome, Reason

_COMPLETE = "The sale is complete."
_OTHER_PAYMENT = "Ask for another way to pay."
_SEND_AGAIN = "Start the sale again."
_CHECK_NETWORK = "Check the network."
_NOT_CHARGED = "Nothing was charged."
_CALL_SERVICE = "Call service."

ENGLISH = Words(
    outcomes={
        Outcome.APPROVED: "Approved",
        Outcome.DECLINED: "Declined",
        Outcome.CANCELLED: "Cancelled",
        Outcome.FAILED: "Failed",
        Outcome.UNKNOWN: "Unclear",
        Outcome.REFUND_DUE: "Refund due",
        Outcome.REFUNDED: "Refunded",
        Outcome.REFUND_DUE: "Refund",
        Outcome.REFUNDED: "Refunded",
    },
    results={
        Reason.PAID: Advice("Paid with Netgíró.", _COMPLETE),
        Reason.CUSTOMER_DECLINED: Advice("Payment not approved.", _OTHER_PAYMENT),
        Reason.CUSTOMER_UNKNOWN: Advice("Not known to Netgíró.", "Check the number and start again."),
        Reason.BELOW_MINIMUM: Advice("Amount too small.", _OTHER_PAYMENT),
        Reason.WITHDRAWN: Advice("Payment withdrawn.", _OTHER_PAYMENT),
        Reason.WRONG_CODE: Advice("Too many wrong codes.", _SEND_AGAIN),
        Reason.CASHIER_CANCELLED: Advice("Cancelled at terminal.", _NOT_CHARGED),
        Reason.REGISTER_CANCELLED: Advice("Cancelled at register.", _NOT_CHARGED),
        Reason.TIMED_OUT: Advice("Time ran out.", f"{_NOT_CHARGED} {_SEND_AGAIN}"),
        Reason.POWER_CUT: Advice("Terminal lost power.", f"{_NOT_CHARGED} {_SEND_AGAIN}"),
        Reason.REQUEST_NOT_VALID: Advice("Request not accepted.", f"{_NOT_CHARGED} {_CALL_SERVICE}"),
        Reason.CREDENTIALS: Advice("Terminal not accepted.", f"{_NOT_CHARGED} {_CALL_SERVICE}"),
        Reason.NO_CONNECTION: Advice("No connection.", f"{_NOT_CHARGED} {_CHECK_NETWORK}"),
        Reason.NO_ANSWER: Advice("Netgíró did not answer.", f"{_NOT_CHARGED} {_SEND_AGAIN}"),
        Reason.MISMATCH: Advice("Answer does not fit.", f"{_NOT_CHARGED} {_CALL_SERVICE}"),
        Reason.NOT_TRACEABLE: Advice("May have been paid.", "Ask Netgíró before you charge again."),
        Reason.REFUND_DUE: Advice("Register did not take it.", "Refund it at Netgíró, then settle it here."),
        Reason.SETTLED_PAID: Advice("Paid: settled by staff.", "The sale is complete."),
        Reason.SETTLED_UNPAID: Advice("Not paid: settled by staff.", _SEND_AGAIN),
        Reason.REFUNDED: Advice("Refunded by staff.", "Nothing more to do."),
        Reason.REFUND_DUE: Advice("Register refused the sale.", "Refund it at Netgíró."),
        Reason.SETTLED_PAID: Advice("Paid at Netgíró.", _COMPLETE),
        Reason.SETTLED_UNPAID: Advice("Not paid.", _NOT_CHARGED),
        Reason.REFUNDED: Advice("The sale was refunded.", _COMPLETE),
    },
    refusals={
        RefusalCode.BUSY: "Another sale is open. Finish or cancel it first.",
        RefusalCode.AMOUNT: "The amount is not valid. Send it again in whole kronur.",
        RefusalCode.UNAVAILABLE: "The terminal cannot take a payment now. Look at its screen.",
        RefusalCode.NOT_FOUND: "No sale has this number. Check the number.",
        RefusalCode.NOT_POSSIBLE: "Not possible at the terminal. Refund at Netgíró.",
    },
    amount_limits=f"The amount must be from {{lowest}} to {{highest}} {_OTHER_PAYMENT}",
    identifier_problems={
        IdentifierProblem.NOT_AN_IDENTIFIER: Advice("Wrong length.", "App code, kennitala or phone?"),
        IdentifierProblem.BAD_APP_CODE: Advice("Wrong app code.", "Type its last 4 digits."),
        IdentifierProblem.BAD_KENNITALA: Advice("Wrong kennitala.", "Type 10 digits."),
        IdentifierProblem.DOUBTFUL_KENNITALA: Advice("Is the kennitala right?", "Press # if it is."),
        IdentifierProblem.BAD_PHONE: Advice("Wrong mobile number.", "7 digits, starting with 6, 7 or 8."),
        IdentifierProblem.BAD_SMS_CODE: Advice("Wrong length.", "Type the code from the SMS."),
    },
    customer_kinds={
        CustomerKind.APP_CODE: "App code",
        CustomerKind.KENNITALA: "Kennitala",
        CustomerKind.PHONE: "Phone number",
    },
    troubles={
        Trouble.JOURNAL: Advice("Journal fault", f"No sales possible. {_CALL_SERVICE}"),
        Trouble.KEYPAD: Advice("Keypad not found", "Check the keypad's cable."),
        Trouble.REGISTER: Advice("Register not found", "Check the cable to the register."),
        Trouble.NETWORK: Advice("No connection", _CHECK_NETWORK),
        Trouble.PAPER_OUT: Advice("Out of paper", "Put a new roll in the printer."),
        Trouble.COVER_OPEN: Advice("Printer open", "Close the printer."),
        Trouble.PRINTER_OFFLINE: Advice("Printer not found", "Check the printer's power and cable."),
        Trouble.RECEIPTS_PENDING: Advice("Receipt waiting", "It prints once the printer is ready."),
    },
    ready="Ready",
    offer="Pay with Netgíró?",
    key_take_offer="# yes   * no",
    ask_identifier="App code, kennitala or phone",
    identifier_typed="Customer's number",
    ask_code="Code from the SMS",
    ask_code_again="Wrong code",
    tries_left_one="{count} try left",
    tries_left_many="{count} tries left",
    key_cancel="* cancel",
    key_ok_or_clear="# OK   * clear",
    one_moment="One moment…",
    contacting="Contacting Netgíró",
    approve_in_app="Approve in the Netgíró app",
    look_at_app="Look at the app",
    checking_code="Checking the code",
    completing="Completing the payment",
    cancelling="Cancelling…",
    wait_for_confirmation="Wait for the confirmation",
    checking_payment="Checking payment",
    checking_stay="Do not charge again.",
    checking_call="Call Netgíró.",
    receipt=ReceiptWords(
        sale="SALE",
        customer_copy="Customer copy",
        merchant_copy="Merchant copy",
        reprint="DUPLICATE",
        kennitala="Kt.",
        status="Status",
        date="Date",
        printed="Printed",
        number="Receipt no.",
        terminal="Terminal",
        identified_by="Identified by",
        invoice_number="Invoice no.",
        reference="Reference",
        transaction_id="Transaction",
        support_reference="Number for Netgíró's support",
        clock_not_set="Clock not set: time may be wrong",
        thanks="Thank you",
    ),
)
