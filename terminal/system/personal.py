"""What in a text is a customer's: cards, kennitölur, phone numbers, app codes, keys. Pure.

The one place that knows these shapes: the log, the traffic log, captures and support bundles all ask here. Amounts,
references, GUIDs and times look alike and must stay, or nobody could read a log; so a card must pass its check digit
(Luhn), and ten digits in odd company must pass the kennitala's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from terminal.system.broken_numbers import broken_spans
from terminal.system.check_digits import has_date, is_kennitala, passes_luhn
from terminal.system.digits import SEVEN_BITS, plain_digits, text_and_places

MASK = "***"


class Span(NamedTuple):
    """From and to where in the text."""

    start: int
    end: int
    is_certain: bool = True
    """False for any ten digits: a kennitala need not have a right check digit, but an amount may be padded to ten."""


# What comes first wins: what is known to be harmless is stepped over before anything inside it can look like a number
# that is not.
_PERSONAL = re.compile(
    r"""
      (?P<name>
          \b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b     # a GUID
        | -\d{6,}-[0-9A-F]{6}\b                                       # the tail of a sale's reference
      )
    | (?P<amount>
          \b\d{1,3}(?:\.\d{3})+(?!\d)                                 # 8.500.000, as kronur are written
        | \b\d{1,9}(?=\s?kr\b)
        | \b(?:PAY|OK|amount=|amount_kr=)\s*\d{1,9}(?!\d)             # on the register's line and in our entries
      )
    | "(?:CustomerId|CustomerIdentifier|Identifier)"\s*:\s*"(?P<value>[^"\n]*)"
    | (?P<ten>(?<![A-Za-z0-9_])(?<!\d[.,])\d{10}(?![A-Za-z0-9_]|[.,]\d))              # kennitala
    | (?<![A-Za-z0-9_])(?<!\d[.,])\d{6}-\d{4}(?![A-Za-z0-9_]|[.,]\d)
    | (?<!\d)500004[ -]?\d{4}(?!\d)                                                   # app code
    | (?:(?<![A-Za-z0-9_])|(?<=s[ií]mi)|(?<=gsm)|(?<=tel)|(?<=Tel))(?<!\d[.,])        # mobile phone
      (?:(?:\+|00)?354[ -]?)?[678]\d{2}[ -]?\d{2}[ -]?\d{2}(?![A-Za-z0-9_]|[.,]\d)
    | (?<![A-Za-z0-9+/])(?=[a-z0-9+/]*[A-Z])(?=[A-Z0-9+/]*[a-z])(?=[A-Za-z+/]*\d)[A-Za-z0-9+/]{40,}={0,2}  # key
    """,
    re.VERBOSE | re.ASCII,
)

_SHORTEST_CARD, _LONGEST_CARD = 13, 19
_CARD_BEGINS = "23456"
_MANY_DIGITS = re.compile(r"[0-9](?:[ -]?[0-9]){12,}")
_APART = r"[^0-9A-Za-z\r\n]"
_IN_GROUPS = re.compile(
    rf"(?<![0-9])(?=[{_CARD_BEGINS}])"
    rf"(?:[0-9]{{4}}(?P<four>{_APART}{{1,3}})[0-9]{{4}}(?P=four)[0-9]{{4}}(?P=four)[0-9]{{1,4}}(?:(?P=four)[0-9]{{1,3}})?"
    rf"|[0-9]{{4}}(?P<six>{_APART}{{1,3}})[0-9]{{6}}(?P=six)[0-9]{{4,5}}"
    rf"|[0-9](?P<one>{_APART}{{1,2}})[0-9](?:(?P=one)[0-9]){{11,17}})(?![0-9])"
)
"""Whatever parts them, it is the same each time: a dot, a slash, a tab, two spaces; a NUL in UTF-16."""
_TRACK = re.compile(r"[=D][0-9]{4,}\??")
"""What follows a card's number on its magnetic stripe."""
_TEN_DIGITS = re.compile(r"(?<![0-9])(?:[0-9]{10}|[0-9]{6}(?P<between>[ -])[0-9]{4})(?![0-9])")
_MARKED = re.compile(r"(?i:kt|kennitala)[.:=]? ?\Z")


def mask_personal_data(text: str) -> str:
    """The text without whatever looks like a customer's identifier or a key. Amounts and GUIDs stay."""
    pieces, at = [], 0
    for span in personal_spans(text):
        pieces += [text[at : span.start], MASK]
        at = span.end
    return "".join([*pieces, text[at:]])


def personal_spans(text: str) -> list[Span]:
    """Where :func:`mask_personal_data` masks something, in order; no two touch the same character."""
    text = plain_digits(text)
    names: list[tuple[int, int]] = []
    found: list[Span] = []
    for match in _PERSONAL.finditer(text):
        if match["name"] is not None:
            names.append(match.span())
        elif match["value"] is not None:
            found.append(Span(*match.span("value")))
        elif match["amount"] is None:
            found.append(Span(*match.span(), is_certain=match["ten"] is None or is_kennitala(match["ten"])))
    more = [*_card_spans(text), *_kennitala_spans(text), *(Span(*ends) for ends in broken_spans(text))]
    found += [span for span in more if not any(span.start < end and start < span.end for start, end in names)]
    return _merged(found)


def card_spans(text: str) -> list[Span]:
    """Card numbers on one line, with what the stripe tells after them."""
    return list(_card_spans(plain_digits(text)))


def _card_spans(text: str) -> Iterator[Span]:
    for run in _MANY_DIGITS.finditer(text):
        places = [at for at in range(*run.span()) if text[at].isdigit()]
        begin = 0
        while begin + _SHORTEST_CARD <= len(places):
            count = _card_at(text, places, begin)
            if count:
                end = places[begin + count - 1] + 1
                track = _TRACK.match(text, end)
                yield Span(places[begin], track.end() if track else end)
            begin += count or 1
    for run in _IN_GROUPS.finditer(text):
        if passes_luhn("".join(char for char in run[0] if char.isdigit())):
            yield Span(*run.span())


def spans_of_bytes(data: bytes) -> list[Span]:
    """:func:`personal_spans` of what came over a line, also where every byte still has its parity bit."""
    return _in_bytes(data, personal_spans)


def card_spans_of_bytes(data: bytes) -> list[Span]:
    """:func:`card_spans` likewise."""
    return _in_bytes(data, card_spans)


def _in_bytes(data: bytes, spans: Callable[[str], list[Span]]) -> list[Span]:
    text, places = text_and_places(data)
    found = [Span(places[span.start], places[span.end], span.is_certain) for span in spans(text)]
    seven_bits = data.translate(SEVEN_BITS)
    return _merged([*found, *spans(seven_bits.decode("ascii"))]) if seven_bits != data else found


def _card_at(text: str, places: list[int], begin: int) -> int:
    """How many digits the card has that begins with this one; 0 if none does. It begins and ends as groups do."""
    if text[places[begin]] not in _CARD_BEGINS or (begin and places[begin] - places[begin - 1] == 1):
        return 0
    for count in range(min(_LONGEST_CARD, len(places) - begin), _SHORTEST_CARD - 1, -1):
        end = begin + count
        ends_here = end == len(places) or places[end] - places[end - 1] > 1
        if ends_here and passes_luhn("".join(text[at] for at in places[begin:end])):
            return count
    return 0


def _kennitala_spans(text: str) -> Iterator[Span]:
    """Those that stand between letters, or with a space inside."""
    for match in _TEN_DIGITS.finditer(text):
        digits = "".join(char for char in match[0] if char.isdigit())
        is_dated = match["between"] is not None and has_date(digits)
        if is_dated or is_kennitala(digits) or _MARKED.search(text, max(0, match.start() - 12), match.start()):
            yield Span(*match.span())


def _merged(spans: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and span.start < merged[-1].end:
            last = merged[-1]
            merged[-1] = Span(last.start, max(last.end, span.end), last.is_certain or span.is_certain)
        else:
            merged.append(span)
    return merged
