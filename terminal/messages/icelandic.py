"""Íslenska: the words that Icelandic staff know from their card terminals."""

from __future__ import annotations

from terminal.customer import CustomerKind, IdentifierProblem
from terminal.messages.words import Advice, ReceiptWords, Trouble, Words
from terminal.register.protocol import RefusalCode
from terminal.sale import Outcome, Reason

_COMPLETE = "Sölunni er lokið."
_OTHER_PAYMENT = "Biddu um annan greiðslumáta."
_SEND_AGAIN = "Byrjaðu söluna aftur."
_CHECK_NETWORK = "Athugaðu netið."
_NOT_CHARGED = "Ekkert var gjaldfært."
_CALL_SERVICE = "Hringdu í þjónustuver."

ICELANDIC = Words(
    outcomes={
        Outcome.APPROVED: "Samþykkt",
        Outcome.DECLINED: "Heimild hafnað",
        Outcome.CANCELLED: "Hætt við",
        Outcome.FAILED: "Mistókst",
        Outcome.UNKNOWN: "Óvíst",
        Outcome.REFUND_DUE: "Endurgreiða þarf",
        Outcome.REFUNDED: "Endurgreitt",
        Outcome.REFUND_DUE: "Endurgreiða",
        Outcome.REFUNDED: "Endurgreitt",
    },
    results={
        Reason.PAID: Advice("Greitt með Netgíró.", _COMPLETE),
        Reason.CUSTOMER_DECLINED: Advice("Greiðsla ekki samþykkt.", _OTHER_PAYMENT),
        Reason.CUSTOMER_UNKNOWN: Advice("Óþekkt hjá Netgíró.", "Athugaðu númerið og byrjaðu aftur."),
        Reason.BELOW_MINIMUM: Advice("Of lág upphæð.", _OTHER_PAYMENT),
        Reason.WITHDRAWN: Advice("Greiðsla afturkölluð.", _OTHER_PAYMENT),
        Reason.WRONG_CODE: Advice("SMS-kóði of oft rangur.", _SEND_AGAIN),
        Reason.CASHIER_CANCELLED: Advice("Hætt við á posanum.", _NOT_CHARGED),
        Reason.REGISTER_CANCELLED: Advice("Hætt við á kassanum.", _NOT_CHARGED),
        Reason.TIMED_OUT: Advice("Tíminn rann út.", f"{_NOT_CHARGED} {_SEND_AGAIN}"),
        Reason.POWER_CUT: Advice("Rafmagnið fór af.", f"{_NOT_CHARGED} {_SEND_AGAIN}"),
        Reason.REQUEST_NOT_VALID: Advice("Beiðni ekki samþykkt.", f"{_NOT_CHARGED} {_CALL_SERVICE}"),
        Reason.CREDENTIALS: Advice("Aðgangi hafnað.", f"{_NOT_CHARGED} {_CALL_SERVICE}"),
        Reason.NO_CONNECTION: Advice("Sambandslaust.", f"{_NOT_CHARGED} {_CHECK_NETWORK}"),
        Reason.NO_ANSWER: Advice("Netgíró svaraði ekki.", f"{_NOT_CHARGED} {_SEND_AGAIN}"),
        Reason.MISMATCH: Advice("Rangt svar frá Netgíró.", f"{_NOT_CHARGED} {_CALL_SERVICE}"),
        Reason.NOT_TRACEABLE: Advice("Gæti verið greitt.", "Spyrðu Netgíró áður en þú rukkar aftur."),
        Reason.REFUND_DUE: Advice("Kassinn tók ekki við.", "Endurgreiddu hjá Netgíró, skráðu það svo hér."),
        Reason.SETTLED_PAID: Advice("Greitt: staðfest af starfsfólki.", "Sölunni er lokið."),
        Reason.SETTLED_UNPAID: Advice("Ógreitt: staðfest af starfsfólki.", _SEND_AGAIN),
        Reason.REFUNDED: Advice("Endurgreitt af starfsfólki.", "Ekkert meira að gera."),
        Reason.REFUND_DUE: Advice("Kassi hafnaði sölunni.", "Endurgreiddu hana hjá Netgíró."),
        Reason.SETTLED_PAID: Advice("Greitt hjá Netgíró.", _COMPLETE),
        Reason.SETTLED_UNPAID: Advice("Ekki greitt.", _NOT_CHARGED),
        Reason.REFUNDED: Advice("Salan var endurgreidd.", _COMPLETE),
    },
    refusals={
        RefusalCode.BUSY: "Önnur sala er í gangi. Ljúktu henni eða hættu við hana fyrst.",
        RefusalCode.AMOUNT: "Upphæðin er ekki gild. Sendu hana aftur í heilum krónum.",
        RefusalCode.UNAVAILABLE: "Posinn getur ekki tekið við greiðslu núna. Líttu á skjá posans.",
        RefusalCode.NOT_FOUND: "Engin sala er með þessu númeri. Athugaðu númerið.",
        RefusalCode.NOT_POSSIBLE: "Ekki hægt í posanum. Endurgreiddu hjá Netgíró.",
    },
    amount_limits=f"Upphæðin þarf að vera á bilinu {{lowest}} til {{highest}} {_OTHER_PAYMENT}",
    identifier_problems={
        IdentifierProblem.NOT_AN_IDENTIFIER: Advice("Rangur fjöldi stafa.", "Appkóði, kennitala eða símanúmer?"),
        IdentifierProblem.BAD_APP_CODE: Advice("Rangur appkóði.", "Sláðu inn síðustu 4 tölustafina."),
        IdentifierProblem.BAD_KENNITALA: Advice("Röng kennitala.", "Sláðu inn 10 tölustafi."),
        IdentifierProblem.DOUBTFUL_KENNITALA: Advice("Er kennitalan rétt?", "Ýttu á # ef svo er."),
        IdentifierProblem.BAD_PHONE: Advice("Rangt farsímanúmer.", "7 tölustafir, byrjar á 6, 7 eða 8."),
        IdentifierProblem.BAD_SMS_CODE: Advice("Rangur fjöldi stafa.", "Sláðu inn kóðann úr SMS-inu."),
    },
    customer_kinds={
        CustomerKind.APP_CODE: "Appkóði",
        CustomerKind.KENNITALA: "Kennitala",
        CustomerKind.PHONE: "Símanúmer",
    },
    troubles={
        Trouble.JOURNAL: Advice("Skráning biluð", f"Engin sala möguleg. {_CALL_SERVICE}"),
        Trouble.KEYPAD: Advice("Lyklaborð ótengt", "Athugaðu snúru lyklaborðsins."),
        Trouble.REGISTER: Advice("Kassi ótengdur", "Athugaðu snúruna milli kassa og posa."),
        Trouble.NETWORK: Advice("Sambandslaust", _CHECK_NETWORK),
        Trouble.PAPER_OUT: Advice("Pappír búinn", "Settu nýja rúllu í prentarann."),
        Trouble.COVER_OPEN: Advice("Prentari opinn", "Lokaðu prentaranum."),
        Trouble.PRINTER_OFFLINE: Advice("Prentari ótengdur", "Athugaðu rafmagn og snúru prentarans."),
        Trouble.RECEIPTS_PENDING: Advice("Kvittun bíður", "Prentast þegar prentari er tilbúinn."),
    },
    ready="Tilbúið",
    offer="Greiða með Netgíró?",
    key_take_offer="# já   * nei",
    ask_identifier="Appkóði, kennitala eða símanúmer",
    identifier_typed="Númer viðskiptavinar",
    ask_code="Kóði úr SMS-i",
    ask_code_again="Rangur kóði",
    tries_left_one="{count} tilraun eftir",
    tries_left_many="{count} tilraunir eftir",
    key_cancel="* hætta við",
    key_ok_or_clear="# OK   * hreinsa",
    one_moment="Augnablik…",
    contacting="Tengist Netgíró",
    approve_in_app="Samþykktu í Netgíró-appinu",
    look_at_app="Fylgstu með appinu",
    checking_code="Athuga kóðann",
    completing="Geng frá greiðslu",
    cancelling="Hætti við…",
    wait_for_confirmation="Bíddu eftir staðfestingu",
    checking_payment="Greiðsla í athugun",
    checking_stay="Ekki rukka aftur.",
    checking_call="Hringdu í Netgíró.",
    receipt=ReceiptWords(
        sale="SALA",
        customer_copy="Eintak viðskiptavinar",
        merchant_copy="Eintak söluaðila",
        reprint="AFRIT",
        kennitala="Kt.",
        status="Staða",
        date="Dagsetning",
        printed="Prentað",
        number="Kvittun nr.",
        terminal="Posi",
        identified_by="Auðkenni",
        invoice_number="Reikningur nr.",
        reference="Tilvísun",
        transaction_id="Færslunúmer",
        support_reference="Númer fyrir þjónustu Netgíró",
        clock_not_set="Klukka óstillt: tími gæti verið rangur",
        thanks="Takk fyrir viðskiptin",
    ),
)
