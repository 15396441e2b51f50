"""What every table of config.toml is, and the tables about who sells and when the day ends."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import msgspec

from terminal.system.daily import TIME_OF_DAY


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
