"""Every sentence that staff or customers read, in Icelandic and English.

:class:`Words` names each text once; ``icelandic.py`` and ``english.py`` fill it. A text missing from a table stops the
import, a missing enum member fails the tests. Sentences say what happened and what to do next.
"""

from __future__ import annotations

from functools import lru_cache
from typing import cast

import msgspec

from terminal.counter.register_words import RefusalCode
from terminal.counter.trouble import Trouble
from terminal.sale.money import format_kr
from terminal.sale.refund import Refund
from terminal.sale.sale import Reason
from terminal.texts.english import ENGLISH
from terminal.texts.icelandic import ICELANDIC
from terminal.texts.words import Advice, Language, ToDo, Words

__all__ = [
    "Advice",
    "ToDo",
    "Trouble",
    "Words",
    "refund_sentence",
    "refusal_in",
    "refusal_sentence",
    "result_sentence",
    "words_in",
    "words_on_line",
]

_TABLES: dict[Language, Words] = {"is": ICELANDIC, "en": ENGLISH}


LANGUAGES = tuple(_TABLES)
"""All that there are. Another one is another table, and its name in :data:`terminal.texts.words.Language`."""


def language_of(chosen: str, own: Language) -> Language:
    """The one that was chosen, if there is a table for it."""
    return chosen if chosen in _TABLES else own


@lru_cache(maxsize=16)
def words_in(language: Language, service_phone: str = "", *, has_menu_key: bool = True) -> Words:
    """All texts of one language; where they say to call service, the number, all of it on one line.

    On a pad without the menu's key no text names it.
    """
    words = _TABLES[language]
    if service_phone:
        call = words.call_service_at.format(phone=service_phone.replace(" ", "\u00a0"))
        words = cast("Words", _reworded(words, words.call_service, call))
    return words if has_menu_key else cast("Words", _reworded(words, (f"{words.menu_key_or} ",), ""))


@lru_cache(maxsize=8)
def words_on_line(language: Language, service_phone: str) -> Words:
    """The same texts with plain spaces, for paper and registers, which break lines where they like."""
    return cast("Words", _reworded(words_in(language, service_phone), ("\u00a0",), " "))


def _reworded(value: object, sentences: tuple[str, ...], instead: str) -> object:
    """The same with other sentences, wherever they stand below it."""
    match value:
        case str():
            for sentence in sentences:
                value = value.replace(sentence, instead)
            return value
        case dict():
            return {key: _reworded(below, sentences, instead) for key, below in value.items()}
        case tuple():
            return tuple(_reworded(below, sentences, instead) for below in value)
        case msgspec.Struct():
            fields = msgspec.structs.asdict(value)
            return type(value)(**{name: _reworded(below, sentences, instead) for name, below in fields.items()})
    return value


def result_sentence(reason: Reason, language: Language, service_phone: str = "") -> str:
    """One sentence for staff: why a sale ended, and what the cashier does now."""
    return str(words_on_line(language, service_phone).results[reason])


def refund_sentence(refund: Refund, language: Language, service_phone: str = "") -> str:
    """How a refund stands and what the cashier does now."""
    words = words_on_line(language, service_phone).refund
    return str(words.unknown if refund.reason is None else words.results[refund.reason])


def refusal_sentence(
    code: RefusalCode, language: Language, limits_kr: tuple[int, int] | None = None, *, of_refund: bool = False
) -> str:
    """Why the register's request started nothing and what the cashier does now.

    With the lowest and the highest amount given, a refused amount is answered with them.
    """
    return refusal_in(words_in(language), code, limits_kr, of_refund=of_refund)


def refusal_in(words: Words, code: RefusalCode, limits_kr: tuple[int, int] | None, *, of_refund: bool) -> str:
    """:func:`refusal_sentence` in these words."""
    if code is RefusalCode.AMOUNT and limits_kr is not None:
        lowest_kr, highest_kr = limits_kr
        limits = words.refund_limits if of_refund else words.amount_limits
        return limits.format(lowest=format_kr(lowest_kr), highest=format_kr(highest_kr))
    of_refunds = {RefusalCode.BUSY: words.refund_busy, RefusalCode.RECORDS_LOST: words.refund_lost}
    return (of_refund and of_refunds.get(code)) or words.refusals[code]
