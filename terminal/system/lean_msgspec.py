"""msgspec without what the types are made of that no message here has, and without its descriptions of types: a MiB.

It refuses a message with a Decimal or a UUID in it as of a type that it does not know.
"""

from __future__ import annotations

from terminal.system.lean_imports import LateModule, left_out


class _Nobodys:
    """There are none of it."""

    unknown = None


_DECIMAL = LateModule("decimal", Decimal=type("Decimal", (_Nobodys,), {}))
_UUID = LateModule("uuid", UUID=type("UUID", (_Nobodys,), {}), SafeUUID=_Nobodys)
_INSPECT = LateModule("msgspec.inspect")

with (
    left_out("decimal", stand_in=_DECIMAL),
    left_out("uuid", stand_in=_UUID),
    left_out("msgspec.inspect", stand_in=_INSPECT),
    left_out("typing_extensions"),  # typing reads annotations as well
):
    import msgspec

__all__ = ["msgspec"]
