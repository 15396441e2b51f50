"""Settings of the register protocols that the configuration names. Plain data; importing this loads no codec."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import msgspec

from hardware.settings import SerialSettings
from terminal.sale.money import AmountDecimals, Kronur

LengthFrame: TypeAlias = Literal["auto", "none", "2", "4"]
"""Bytes of length that a ZVT program on the network puts before each message."""
Emulation = Literal["epson", "cd5220", "utc", "aedex", "adm"]
"""Whose control sequences a customer display understands; see pole_display.py."""

DEFAULT_LABELS = (
    "TIL GREI.SLU",
    "A. GREI.A",
    "AMOUNT DUE",
    "TO PAY",
    r"HEILDARUPPH\S*",
    "SAMTALS ME. VSK",
    "SAMTALS",
    "SAMT",
    "TOTAL",
)
"""A dot stands for a letter that code pages disagree about."""
DEFAULT_OTHER_LABELS = (
    "TIL BAKA",
    "AFGANGUR",
    "SKIPTIMYNT",
    "(YOUR )?CHANGE",
    "GREITT",
    "M.TTEKI.",
    "PAID",
    "CASH",
    r"REI.UF\S*",
    "TENDER",
    r"(ENDURGREI|BAKF|SKILAV|V.RUSKIL|INNEIGN|REFUND|RETURN)\S*",
    "SKILA.",
)
"""Once one of these stands on a display, the sale is over or is none: the other line may hold the old total, the change
or what is paid back."""


CERTIFICATE_FILE = "register-certificate.pem"
"""Beside the journal: what register programs on the network are to trust."""

NETWORK_PROTOCOLS = ("line", "zvt")
"""Those that can be spoken over the network."""
DEFAULT_SECTION_LABELS = (
    r"(.AR AF |HVAR AF )?V\.?S\.?K",
    r"VIR.ISAUKASK\S*",
    "VAT",
    "TAX",
    r"PUNKT\S*",
    r"VILDAR\S*",
    "POINTS?",
    r"SPARNA\S*",
    r".. SPARA\S*",
    "SAVINGS?",
    "(YOU )?SAVED",
    "GREITT",
    r"REI.UF\S*",
    "KORT",
    r"(DEBE|DEBI|KREDI|CREDI)T\S*",
    "CASH",
    "CARD",
    "VISA",
    "MASTERCARD",
    "TENDER",
)
"""Below a total these begin what is no part of it: taxes, points, savings, how it was paid. Sums there are none."""
DEFAULT_PAID_LABELS = (
    "(GREI.SLU|DEBET|DEBIT|KREDIT|CREDIT|GJAFA)?-?KORT",
    "GREITT ME. KORTI",
    "(DEBIT |CREDIT |GIFT )?CARD",
    "DEB(E|I)T",
    "(C|K)REDIT",
    "VISA",
    "MASTERCARD",
    "MAESTRO",
    "AMEX",
    "REI.UF.",
    "PENINGAR",
    "SE.LAR",
    "CASH",
    "MILLIF.RSLA",
)
"""What stands beside them was not paid by Netgíró."""
DEFAULT_VOID_LABELS = (
    r".?GIL(T|D|DA|DING)( (F.RSLA|SALA|KVITTUN))?",
    r".?FINGA?R?(SALA|KVITTUN|HAMUR)?",
    r"(.?FING\W+)?EKKI (GILD )?KVITTUN",
    "AFRIT( AF)?( (KVITTUN(AR)?|REIKNING[IS]))?",
    r"(X|Z)\W*(SK.RSLA|UPPGJ.R|.?LESTUR|REPORT)",
    "DAGSUPPGJ.R",
    "((SALE|TRANSACTION) )?VOID(ED)?( (SALE|TRANSACTION))?",
    "TRAINING( (MODE|RECEIPT))?",
    "(RE)?COPY( (OF )?RECEIPT)?",
    "(RECEIPT COPY|NOT A RECEIPT)",
    "DUPLICATE( RECEIPT)?",
)
"""A slip on which one of these is a whole line is no sale: voided, training, a copy, a report."""
LONGEST_VOID_PATIENCE_S = {"zvt": 35.0, "concert": 25.0}
"""What calling off a sale may take, after the codec's ``longest_sale_s``, while the register still waits."""


class TotalRules(msgspec.Struct, frozen=True, kw_only=True):
    """How this shop's register writes a total."""

    amount_decimals: AmountDecimals = 0
    labels: tuple[str, ...] = DEFAULT_LABELS
    other_labels: tuple[str, ...] = DEFAULT_OTHER_LABELS
    section_labels: tuple[str, ...] = DEFAULT_SECTION_LABELS
    tender_labels: tuple[str, ...] = ()
    """How the register names what is paid by Netgíró; where set, nothing else is offered."""
    paid_labels: tuple[str, ...] = DEFAULT_PAID_LABELS
    """How it names what is paid in other ways; only looked for where no tender is named."""
    void_labels: tuple[str, ...] = DEFAULT_VOID_LABELS


class RegisterSettings(SerialSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[register]``: the cash register's language and line."""

    protocol: Literal["line", "zvt", "concert", "display", "receipt", "http"] = "line"
    port: str = ""
    allow: tuple[str, ...] = ()
    amount_decimals: AmountDecimals = 0
    min_amount: Kronur = 1
    max_amount: Kronur = 500_000
    id_hours: Annotated[float, msgspec.Meta(gt=0, le=8760)] = 20.0
    training: bool = False

    accept_foreign_currency_code: bool = False
    length_frame: LengthFrame = "auto"
    intermediate_status: Literal["asked", "never"] = "asked"
    print_lines: Literal["asked", "never"] = "asked"
    immediate_answer: Literal["refuse", "received"] = "refuse"
    cancelled_status: Literal[6, 7] = 7
    emulation: Emulation | Literal["plain"] = "epson"
    passthrough_port: str = ""
    total_labels: tuple[str, ...] = DEFAULT_LABELS
    other_labels: tuple[str, ...] = DEFAULT_OTHER_LABELS
    section_labels: tuple[str, ...] = DEFAULT_SECTION_LABELS
    tender_labels: tuple[str, ...] = ()
    paid_labels: tuple[str, ...] = DEFAULT_PAID_LABELS
    void_labels: tuple[str, ...] = DEFAULT_VOID_LABELS

    @property
    def total_rules(self) -> TotalRules:
        """How a tap finds the total."""
        return TotalRules(
            amount_decimals=self.amount_decimals,
            labels=self.total_labels,
            other_labels=self.other_labels,
            section_labels=self.section_labels,
            tender_labels=self.tender_labels,
            paid_labels=self.paid_labels,
            void_labels=self.void_labels,
        )


class HttpSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[http]``: where register programs call, with ``register.protocol = "http"`` only."""

    listen: str = "127.0.0.1:8026"
    allowed_origins: Annotated[tuple[str, ...], msgspec.Meta(max_length=16)] = ()
