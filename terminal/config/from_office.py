"""Settings that a chain's head office may send: which ones, and how they are laid over config.toml. Pure.

A document is TOML as config.toml is. Only keys of MAY_TRAVEL stand in it: nothing that is secret, that says where money
goes or whom the terminal trusts, no path, no address, no port, pin or driver, and nothing of ``[office]`` itself. The
list is held where a document is written, where it is taken, and each time it is read: whoever can write the terminal's
own folder gains no more than the office has.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Annotated

import msgspec

LONGEST_BYTES = 8 * 1024
MAY_TRAVEL: Mapping[str, frozenset[str]] = {
    "terminal": frozenset({"language"}),
    "sale": frozenset(
        {
            "entry_timeout_s",
            "customer_timeout_s",
            "code_timeout_s",
            "capture_patience_s",
            "void_patience_s",
            "report_timeout_s",
            "code_tries",
        }
    ),
    "register": frozenset({"min_amount", "max_amount"}),
    "refund": frozenset({"automatic", "max_amount", "max_days", "patience_s"}),
    "reconcile": frozenset({"daily"}),
    "day": frozenset({"close_at"}),
    "shop": frozenset({"name", "kennitala", "lines", "service_phone"}),
    "display": frozenset({"contrast", "night_contrast", "night_hours", "blank_after_s", "large_text"}),
    "signals": frozenset({"key_beep"}),
    "receipt": frozenset({"language", "merchant_copy", "reference_qr"}),
    "log": frozenset({"level"}),
}

Revision = Annotated[int, msgspec.Meta(ge=1, lt=1 << 53)]
Tables = Mapping[str, Mapping[str, object]]


class Document(msgspec.Struct, frozen=True):
    """One state of a group's settings. Later ones have higher revisions."""

    revision: Revision
    text: str

    @property
    def sha256(self) -> str:
        return sha256_of(self.text)


def sha256_of(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def laid_over(tables: Mapping[str, object], document: Tables) -> dict[str, object]:
    """The tables of config.toml with the document's values in their place."""
    laid = dict(tables)
    for section, values in document.items():
        own = laid.get(section, {})
        if isinstance(own, Mapping):
            laid[section] = {**own, **values}
    return laid
