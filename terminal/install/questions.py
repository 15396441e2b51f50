"""One question: a default in brackets, the configuration's own check of each answer, a bounded number of tries."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from terminal.config.schema import Config
from terminal.errors import TerminalError

MOST_TRIES = 5


class Questions:
    """Asks about single keys of a configuration. ``changes`` is what was answered differently from it."""

    def __init__(self, read: Callable[[str], str], say: Callable[[str], None], config: Config) -> None:
        self._read = read
        self._say = say
        self._config = config
        self.changes: dict[tuple[str, str], object] = {}

    def choose(self, section: str, key: str, question: str, choices: Sequence[object], current: object) -> object:
        """One of the choices, by its number or as it is written; or a path or an address of the installer's own."""
        self._say(question)
        for number, choice in enumerate(choices, 1):
            self._say(f"  {number}  {choice}")

        def convert(text: str) -> object:
            by_word = {str(choice): choice for choice in choices}
            if text in by_word:
                return by_word[text]
            if text.isdecimal() and 1 <= int(text) <= len(choices):
                return choices[int(text) - 1]
            if text.startswith(("/", "https://")):
                return text
            raise ValueError("type one of the numbers, or a path")

        return self.ask(section, key, "  which", current, convert)

    def text(self, section: str, key: str, question: str, current: str) -> object:
        return self.ask(section, key, question, current, str)

    def number(self, section: str, key: str, question: str, current: int) -> object:
        return self.ask(section, key, question, current, lambda text: int(text, 16), shown=f"0x{current:04x}")

    def ask(
        self,
        section: str,
        key: str,
        question: str,
        default: object,
        convert: Callable[[str], object],
        *,
        shown: str = "",
    ) -> object:
        for _ in range(MOST_TRIES):
            answer = self._read(f"{question} [{shown or default}]: ").strip()
            try:
                value = convert(answer) if answer else default
            except ValueError as error:
                self._say(f"  {error}")
                continue
            if answer and (problem := self.problem(section, key, value)) is not None:
                self._say(f"  {problem}")
                continue
            if value != getattr(getattr(self._config, section), key):
                self.changes[section, key] = value
            return value
        raise TerminalError(f"{section}.{key}: no usable answer in {MOST_TRIES} tries; nothing is changed")

    def problem(self, section: str, key: str, value: object) -> str | None:
        """What the configuration's own check says of the value, if anything."""
        from terminal.config.checks import find_problems  # noqa: PLC0415
        from terminal.config.toml import convert_sections  # noqa: PLC0415

        api = {"api": self.changes.get(("netgiro", "api"), self._config.netgiro.api)} if section == "netgiro" else {}
        config, problems = convert_sections({section: {**api, key: value}}, Config)
        return next((one for one in [*problems, *find_problems(config)] if one.startswith(f"{section}.{key}:")), None)
