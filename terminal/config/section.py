"""What every table of config.toml is, and the tables of the business: sales, refunds, receipts, the day, who sells."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import msgspec

from terminal.sale.money import Kronur
from terminal.system.daily import TIME_OF_DAY
from terminal.texts.words import Language

Duration: TypeAlias = Annotated[float, msgspec.Meta(ge=0.1, le=3600)]
"""Seconds: every wait ends."""


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One table of the file. Every key has a default, so that an empty file is a configuration."""


class DaySettings(Section, frozen=True, kw_only=True):
    """``[day]``: its end."""

    close_at: Annotated[
        str,
        msgspec.Meta(pattern=rf"^({TIME_OF_DAY})?\Z", description='a time such as "22:00", or empty'),
    ] = ""


Operator: TypeAlias = Annotated[
    str,
    msgspec.Meta(pattern=r"^[0-9]{1,4}( [^\x00-\x1f]{1,20})?\Z", description='a number and perhaps a name: "12 Anna"'),
]


class OperatorSettings(Section, frozen=True, kw_only=True):
    """``[operators]``: the shop's cashiers."""

    numbers: Annotated[tuple[Operator, ...], msgspec.Meta(max_length=200)] = ()

    @property
    def by_number(self) -> dict[str, str]:
        return {one.partition(" ")[0]: one for one in self.numbers}


class SaleSettings(Section, frozen=True, kw_only=True):
    """``[sale]``: how long each step of a sale may take; the meanings are those of ``terminal.sale.sale.Terms``."""

    entry_timeout_s: Duration = 300.0
    customer_timeout_s: Duration = 150.0
    code_timeout_s: Duration = 150.0
    capture_patience_s: Duration = 45.0
    void_patience_s: Duration = 20.0
    report_timeout_s: Duration = 30.0
    code_tries: Annotated[int, msgspec.Meta(ge=1, le=10)] = 3


class RefundSettings(Section, frozen=True, kw_only=True):
    """``[refund]``: what may be given back, and how."""

    automatic: bool = True
    max_amount: Kronur = 500_000
    max_days: Annotated[int, msgspec.Meta(ge=1, le=3650)] = 90
    patience_s: Duration = 30.0


class LogSettings(Section, frozen=True, kw_only=True):
    """``[log]``"""

    level: Literal["debug", "info", "warning", "error"] = "info"
    register_traffic: bool = False


class ReceiptSettings(Section, frozen=True, kw_only=True):
    """``[receipt]``"""

    language: Language = "is"
    merchant_copy: bool = True
    reference_qr: bool = False
