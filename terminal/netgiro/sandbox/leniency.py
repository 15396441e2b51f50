"""What Netgíró takes although its documentation asks for something else; found in the clients that it publishes itself.

Each leniency leaves a notice for whoever integrates: what is taken today need not be taken tomorrow.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import msgspec

_NUMBER = re.compile(r"-?[0-9]{1,15}(\.0+)?")
INTEGERS = frozenset({"Amount", "ConfirmationType", "Quantity", "UnitPrice"})
"""V1's fields that are whole numbers."""


def in_proper_form(fields: dict[str, Any], names: tuple[str, ...]) -> tuple[dict[str, Any], list[str]]:
    """The fields under their proper names and as whole numbers where they are ones, and a notice for each change."""
    proper = {name.lower(): name for name in names}
    read: dict[str, Any] = {}
    notices: list[str] = []
    for given, value in fields.items():
        name = proper.get(given.lower(), given)
        if name != given:
            notices.append(f"{given} is written {name} in the documentation.")
        read[name] = _whole(name, value, notices) if name in INTEGERS else value
    return read, notices


def _whole(name: str, value: Any, notices: list[str]) -> Any:
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        notices.append(f"{name} is a number, not a text.")
        return int(value.partition(".")[0])
    if isinstance(value, float) and value.is_integer():
        notices.append(f"{name} is a whole number, without a decimal point.")
        return int(value)
    return value


@cache
def field_names(form: type[msgspec.Struct]) -> tuple[str, ...]:
    return tuple(field.encode_name for field in msgspec.structs.fields(form))
