"""HTML made of values: whatever is not :class:`Html` yet is escaped, so nothing that a shop wrote becomes markup."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TypeAlias

_EMPTY = frozenset({"input", "meta", "link", "br", "rect"})


class Html(str):
    """Markup that may stand as it is."""

    __slots__ = ()


Child: TypeAlias = "str | int | Iterable[Child] | None"


def tag(name: str, /, *children: Child, **attributes: str | int | bool | None) -> Html:
    """``class_`` is written class, ``aria_label`` aria-label; an attribute that is None or False is left out."""
    words = [name]
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        attribute = key.rstrip("_").replace("_", "-")
        words.append(attribute if value is True else f'{attribute}="{escape(str(value))}"')
    if name in _EMPTY:
        return Html(f"<{' '.join(words)}>")
    return Html(f"<{' '.join(words)}>{together(*children)}</{name}>")


def together(*children: Child) -> Html:
    return Html("".join(_text(child) for child in children))


def _text(child: Child) -> str:
    match child:
        case None:
            return ""
        case Html():
            return child
        case str() | int():
            return escape(str(child))
        case _:
            return together(*child)


def table(heads: Iterable[Child], rows: Iterable[Iterable[Child]], numbers: frozenset[int] = frozenset()) -> Html:
    """``numbers`` are the columns that stand flush right."""
    lines = [
        tag("tr", *(tag("td", cell, class_="n" if place in numbers else None) for place, cell in enumerate(row)))
        for row in rows
    ]
    head = tag(
        "tr",
        *(tag("th", one, scope="col", class_="n" if place in numbers else None) for place, one in enumerate(heads)),
    )
    return tag("div", tag("table", tag("thead", head), tag("tbody", *lines)), class_="wide")
