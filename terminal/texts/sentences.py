"""Every sentence that staff or customers read, in Icelandic and English.

:class:`Words` names each text once; ``icelandic.py`` and ``english.py`` fill it. A text missing from a table stops the
import, a missing enum member fails the tests. Sentences say what happened and what to do next.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from terminal.register.protocol import RefusalCode
from terminal.sale.money import format_kr
from terminal.sale.sale import Reason
from terminal.texts.english import ENGLISH
from terminal.texts.icelandic import ICELANDIC
from terminal.texts.words import Advice, ToDo, Trouble, Words

__all__ = ["Advice", "Language", "ToDo", "Trouble", "Words", "refusal_sentence", "result_sentence", "words_in"]

Language: TypeAlias = Literal["is", "en"]

_TABLES: dict[Language, Words] = {"is": ICELANDIC, "en": ENGLISH}


def words_in(language: Language) -> Words:
    """All texts of one language."""
    return _TABLES[language]


def result_sentence(reason: Reason, language: Language) -> str:
    """Why a sale ended and what the cashier does now."""
    return str(words_in(language).results[reason])


def refusal_sentence(
    code: RefusalCode, language: Language, *, min_amount_kr: int | None = None, max_amount_kr: int | None = None
) -> str:
    """Why the register's request started nothing and what the cashier does now.

    With both limits given, a refused amount is answered with the amounts that are accepted.
    """
    words = words_in(language)
    if code is RefusalCode.AMOUNT and min_amount_kr is not None and max_amount_kr is not None:
        return words.amount_limits.format(lowest=format_kr(min_amount_kr), highest=format_kr(max_amount_kr))
    return words.refusals[code]
