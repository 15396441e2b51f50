"""What a counter says of its last reconciliation: read with care, for another version may say it differently."""

from __future__ import annotations

from typing import Annotated

import msgspec

Count = Annotated[int, msgspec.Meta(ge=0, lt=1 << 40)]
Kronur = Annotated[int, msgspec.Meta(gt=-(1 << 53), lt=1 << 53)]
Short = Annotated[str, msgspec.Meta(max_length=64)]


class Settlement(msgspec.Struct, frozen=True, kw_only=True):
    """One payment to the shop's account. None: not known."""

    number: Short
    date: Short = ""
    total_kr: Kronur = 0
    fee_kr: Kronur | None = None
    net_kr: Kronur | None = None
    agrees: bool = True


class Reconciled(msgspec.Struct, frozen=True, kw_only=True):
    """A counter's journal held against Netgíró's own records."""

    first: Short = ""
    last: Short = ""
    at: Short = ""
    agree: Count = 0
    differ: Count = 0
    not_asked: Count = 0
    day_only: Count = 0
    """Paid out, but settlement, fee and net are not known."""
    lines: Annotated[tuple[Annotated[str, msgspec.Meta(max_length=500)], ...], msgspec.Meta(max_length=20)] = ()
    settlements: Annotated[tuple[Settlement, ...], msgspec.Meta(max_length=20)] = ()


_decoder = msgspec.json.Decoder(Reconciled)


def told(value: object) -> Reconciled | None:
    """Of a status. None: there was none yet, or it is not understood."""
    if value is None:
        return None
    try:
        return msgspec.convert(value, Reconciled)
    except msgspec.ValidationError:
        return None


def kept_text(reconciled: Reconciled | None) -> str:
    """As a database can keep it; JSON writes a zero as an escape."""
    if reconciled is None:
        return ""
    try:
        return msgspec.json.encode(reconciled).decode()
    except UnicodeEncodeError:  # half a letter
        return ""


def read_kept(text: str) -> Reconciled | None:
    try:
        return _decoder.decode(text.encode()) if text else None
    except msgspec.MsgspecError:
        return None
