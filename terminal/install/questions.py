"""One question: a default in brackets, the configuration's own check of each answer, a bounded number of tries."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeAlias

from terminal.config.schema import Config
from terminal.errors import TerminalError
from terminal.texts.setup import SetupWords

MOST_TRIES = 5
DECIDING = ("api", "protocol", "driver", "width", "height")
"""Keys by which others of the same section are judged."""
YES = ("", "y", "yes", "j", "já")

Key: TypeAlias = tuple[str, str]


class Questions:
    """Asks about single keys of a configuration. ``changes`` is what was answered differently from it."""

    def __init__(
        self, read: Callable[[str], str], say: Callable[[str], None], config: Config, words: SetupWords
    ) -> None:
        self._read = read
        self._say = say
        self._config = config
        self.words = words
        self.changes: dict[Key, object] = {}
        self.again: dict[Key, Callable[[], object]] = {}
        """Asks once more what was asked about that key."""

    def now(self, section: str, key: str) -> object:
        """As answered so far, else as configured."""
        return self.changes.get((section, key), getattr(getattr(self._config, section), key))

    def choose(self, section: str, key: str, question: str, choices: Sequence[object], *, hint: str = "") -> object:
        """One of the choices, by its number or as it is written; or a path or an address of the installer's own."""
        self.again[section, key] = partial(self.choose, section, key, question, choices, hint=hint)
        self._say(question)
        for number, choice in enumerate(choices, 1):
            self._say(f"  {number}  {choice}")
        if hint:
            self._say(hint)
        return self._ask(section, key, self.words.which, partial(self._chosen, choices))

    def pick(self, question: str, choices: dict[str, str], default: str) -> str:
        """One of the choices, each with a sentence; of no key by itself."""
        self._say(question)
        for number, (name, sentence) in enumerate(choices.items(), 1):
            self._say(f"  {number}  {name}  {sentence}")
        for _ in range(MOST_TRIES):
            answer = self._read(f"{self.words.which} [{default}]: ").strip()
            try:
                return str(self._chosen([*choices], answer, may_be_own=False)) if answer else default
            except ValueError as error:
                self._say(f"  {error}")
        raise TerminalError(self.words.too_many.format(key=question))

    def _chosen(self, choices: Sequence[object], text: str, *, may_be_own: bool = True) -> object:
        by_word = {str(choice): choice for choice in choices}
        if text in by_word:
            return by_word[text]
        if text.isdecimal() and 1 <= int(text) <= len(choices):
            return choices[int(text) - 1]
        if may_be_own and text.startswith(("/", "https://", "tcp://")):
            return text
        raise ValueError(self.words.no_choice)

    def text(self, section: str, key: str, question: str) -> object:
        return self.ask(section, key, question, str)

    def number(self, section: str, key: str, question: str) -> object:
        current = self.now(section, key)
        shown = f"0x{current:04x}" if isinstance(current, int) else ""
        return self.ask(section, key, question, partial(self.whole, base=16), shown=shown)

    def whole(self, text: str, base: int = 10) -> int:
        """A number. Raises ValueError in the installer's words."""
        try:
            return int(text, base)
        except ValueError as error:
            raise ValueError(self.words.no_number) from error

    def ask(
        self, section: str, key: str, question: str, convert: Callable[[str], object], *, shown: str = ""
    ) -> object:
        """Until an answer can be used. Raises TerminalError after too many that cannot."""
        self.again[section, key] = partial(self.ask, section, key, question, convert)
        return self._ask(section, key, question, convert, shown)

    def _ask(self, section: str, key: str, question: str, convert: Callable[[str], object], shown: str = "") -> object:
        default = self.now(section, key)
        for _ in range(MOST_TRIES):
            answer = self._read(f"{question} [{shown or default}]: ").strip()
            if looks_like_key(answer):
                self._say(f"  {self.words.looks_like_key}")
                continue
            try:
                value = convert(answer) if answer else default
            except ValueError as error:
                self._say(f"  {error}")
                continue
            if answer and (problem := self.problem(section, key, value)) is not None:
                self._say(f"  {self.words.said(problem)}")
                continue
            self.put(section, key, value)
            return value
        raise TerminalError(self.words.too_many.format(key=f"{section}.{key}"))

    def put(self, section: str, key: str, value: object) -> None:
        """An answer, whoever gave it."""
        if value != getattr(getattr(self._config, section), key):
            self.changes[section, key] = value
        else:
            self.changes.pop((section, key), None)

    def yes(self, question: str) -> bool:
        return self._read(f"{question} ").strip().lower() in YES

    def problem(self, section: str, key: str, value: object) -> str | None:
        """What the configuration's own check says of the value, if anything."""
        from terminal.config.checks import find_problems  # noqa: PLC0415
        from terminal.config.toml import convert_sections  # noqa: PLC0415

        fields = getattr(self._config, section).__struct_fields__
        beside = {name: self.now(section, name) for name in DECIDING if name in fields}
        config, problems = convert_sections({section: {**beside, key: value}}, Config)
        return next((one for one in [*problems, *find_problems(config)] if one.startswith(f"{section}.{key}:")), None)


def looks_like_key(answer: str) -> bool:
    """A secret that was pasted into the wrong question. Paths, addresses and application IDs do not look like one."""
    is_path = answer.startswith(("tcp://", "http")) or (answer.startswith("/") and Path(answer).parent.exists())
    has_form = re.fullmatch(r"[A-Za-z0-9+/=_-]{40,}", answer) is not None
    return has_form and not is_path and not answer.startswith("/dev/")
