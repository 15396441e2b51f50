"""Text that must stay in memory: kennitala, phone, app and SMS codes, the secret key."""

from __future__ import annotations

from typing import NoReturn


class Sensitive:
    """Personal or secret text. Printing, logging, encoding or pickling it by accident shows or stores nothing."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself; call this only where it leaves for Netgíró."""
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sensitive) and self._text == other._text

    def __hash__(self) -> int:
        return hash((Sensitive, self._text))

    def __repr__(self) -> str:
        return "Sensitive(***)"

    __str__ = __repr__

    def __reduce__(self) -> NoReturn:
        raise TypeError("sensitive text is never stored: pass the masked label instead")
