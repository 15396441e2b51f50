"""What ``setup`` asks about the register: what it speaks and over which line, or what listening to it says."""

from __future__ import annotations

import asyncio
import re
import tomllib
from collections.abc import Callable, Sequence
from typing import get_args, get_type_hints

from hardware.settings import SerialSettings
from terminal.errors import TerminalError
from terminal.install.questions import Questions
from terminal.register.settings import NETWORK_PROTOCOLS, Emulation, RegisterSettings
from terminal.register.unknown.guess import Guess

UNKNOWN = "?"
LINE_FORM = re.compile(r"([0-9]{3,6})\s*,?\s*([78])([NEO])([12])", re.IGNORECASE)
"""As manuals write it: 9600 8N1."""
FLOW = {"none": (False, False), "rtscts": (True, False), "xonxoff": (False, True)}
MOST_LISTENING = 5

Listening = Callable[[SerialSettings], Sequence[Guess]]


class RegisterQuestions:
    """In the order in which an installer knows the answers."""

    def __init__(
        self, asking: Questions, say: Callable[[str], None], ports: Callable[[str], list[str]], listen: Listening
    ) -> None:
        self._asking = asking
        self._words = asking.words
        self._say = say
        self._ports = ports
        self._listen = listen

    def ask(self) -> None:
        """Everything; with an unknown register, listening answers most of it."""
        words, asking = self._words, self._asking
        protocols = {
            name: words.protocols.get(name, "") for name in get_args(get_type_hints(RegisterSettings)["protocol"])
        }
        chosen = asking.pick(
            words.protocol, {**protocols, UNKNOWN: words.protocols[UNKNOWN]}, str(self._now("protocol"))
        )
        if chosen != UNKNOWN:
            asking.put("register", "protocol", chosen)
        if chosen == "http":
            asking.text("http", "listen", words.http_listen)
            return
        current = str(self._now("port"))
        hint = words.port_hint if chosen in NETWORK_PROTOCOLS else ""
        asking.choose("register", "port", words.port, self._ports(current), hint=hint)
        if str(self._now("port")).startswith("tcp://"):
            return
        if chosen == UNKNOWN:
            self._listen_to_it()
        self._ask_line()
        if self._now("protocol") in ("display", "receipt"):
            emulations = [*get_args(Emulation)] if self._now("protocol") == "display" else ["epson", "plain"]
            asking.choose("register", "emulation", words.emulation, emulations)
            asking.text("register", "passthrough_port", words.passthrough)
        asking.choose("register", "amount_decimals", words.decimals, [0, 2])

    def _now(self, key: str) -> object:
        return self._asking.now("register", key)

    def _ask_line(self) -> None:
        """One question for what manuals write in one word, one for flow control."""
        names = ("baudrate", "bytesize", "parity", "stopbits")
        values = [self._now(name) for name in names]
        shown = "{} {}{}{}".format(*values)

        def convert(text: str) -> object:
            form = LINE_FORM.fullmatch(text)
            if form is None:
                raise ValueError(self._words.line_form)
            for name, value in zip(names[1:], (int(form[2]), form[3].upper(), int(form[4])), strict=True):
                self._asking.put("register", name, value)
            return int(form[1])

        self._asking.ask("register", "baudrate", self._words.line, convert, shown=shown)
        flow = next(name for name, held in FLOW.items() if held == (self._now("rtscts"), self._now("xonxoff")))
        chosen = self._asking.pick(self._words.flow, dict.fromkeys(FLOW, ""), flow)
        for key, held in zip(("rtscts", "xonxoff"), FLOW.get(chosen, (False, False)), strict=True):
            self._asking.put("register", key, held)

    def _listen_to_it(self) -> None:
        """Until something usable was heard, or the installer has had enough."""
        words = self._words
        for _ in range(MOST_LISTENING):
            self._ask_line()
            self._say(words.listen_now)
            try:
                guesses = self._listen(self._serial())
            except TerminalError as error:
                self._say(f"  {error}")
                guesses = []
            self._say(words.listen_ended)
            usable = next((one for one in guesses if one.settings), None)
            if usable is not None:
                for key, value in tomllib.loads("\n".join(usable.settings)).items():
                    self._asking.put("register", key, value)
                self._say(words.listen_taken.format(settings=", ".join(usable.settings)))
                return
            if not self._asking.yes(words.listen_nothing):
                return

    def _serial(self) -> SerialSettings:
        names = ("port", "baudrate", "bytesize", "parity", "stopbits", "rtscts", "xonxoff")
        return SerialSettings(**{name: self._now(name) for name in names})  # type: ignore[arg-type]


def listen_until_enter(settings: SerialSettings, say: Callable[[str], None], read: Callable[[str], str]) -> list[Guess]:
    """What the register says until the installer presses Enter."""
    from terminal.register.unknown.listen import listen  # noqa: PLC0415  only when it is wanted

    async def enter() -> None:
        await asyncio.to_thread(read, "")

    return asyncio.run(listen(settings, None, say, enter))
