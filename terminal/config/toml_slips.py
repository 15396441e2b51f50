"""What is wrong in a file that is not TOML: every slip at once, in words, with its line. Pure.

A line that cannot be read is left out and the rest is read again, so that one missing quotation mark does not hide what
else is wrong. Nothing of a value is repeated: a secret may stand there.
"""

from __future__ import annotations

import re
import tomllib
from typing import NamedTuple

MOST_SLIPS = 20
_SPOILED = "spoiled-section-"
_PLACE = re.compile(r" ?\(at (?:line (\d+), column \d+|end of document)\)")
_KEY = re.compile(r"\s*([A-Za-z0-9_-]{1,60})\s*=(.*)")
_HEADER = re.compile(r"\s*\[\s*([A-Za-z0-9_-]{1,60})")
_OTHER_QUOTES = "“”„«»‘’‚`´"
_SWITCHES = {"true", "false", "yes", "no", "on", "off", "já", "nei"}


class Slip(NamedTuple):
    """Where, and what to do."""

    line: int
    words: str


def read_around(text: str) -> tuple[dict[str, object], list[Slip]]:
    """The tables of all lines that can be read, and why the others cannot; with a slip too many, no tables."""
    lines = text.replace("\r\n", "\n").split("\n")
    slips: dict[int, Slip] = {}
    while True:
        try:
            tables = tomllib.loads("\n".join(lines))
        except tomllib.TOMLDecodeError as error:
            number = _line_of(str(error), lines)
            known = number in slips
            slips.setdefault(number, Slip(number, _in_words(lines[number - 1], _PLACE.sub("", str(error)))))
            if known or len(slips) >= MOST_SLIPS:
                return {}, sorted(slips.values())
            lines[number - 1] = _instead(lines[number - 1], number)
        else:
            return {name: one for name, one in tables.items() if not name.startswith(_SPOILED)}, sorted(slips.values())


def _line_of(message: str, lines: list[str]) -> int:
    place = _PLACE.search(message)
    number = min(int(place[1]), len(lines)) if place is not None and place[1] else len(lines)
    if "array" in message.lower():  # noticed where the next key stands
        opened = [
            at for at, line in enumerate(lines[:number], 1) if "= [" in line.replace("=[", "= [") and "]" not in line
        ]
        return opened[-1] if opened else number
    if place is not None and not place[1]:
        begun = [at for at, line in enumerate(lines, 1) if _opens_text(line)]
        return begun[-1] if begun else max((at for at, line in enumerate(lines, 1) if line.strip()), default=1)
    return number


def _opens_text(line: str) -> bool:
    """It begins a text that may go on for lines, and does not end it."""
    if '"""' in line or "'''" in line:
        return True
    found = _KEY.fullmatch(line)
    return found is not None and found[2].strip().startswith("'") and found[2].count("'") % 2 == 1


def _instead(line: str, number: int) -> str:
    """Keys below a header that cannot be read must not land in the section above."""
    header = _HEADER.match(line)
    if header is None:
        return ""
    return f"[{header[1]}]" if "]" not in line else f"[{_SPOILED}{number}]"


def _in_words(line: str, message: str) -> str:
    text = line.strip()
    if any(char in text for char in _OTHER_QUOTES) and '"' not in text:
        return "these quotation marks are a text program's; type the keyboard's: \""
    if text.startswith("["):
        return _of_header(text, message)
    found = _KEY.fullmatch(line)
    if found is None:
        return 'there is no equals sign: a line is a key, = and its value, such as id = "T1"'
    key, value = found[1], _without_comment(found[2]).strip()
    return f"{key}: {_of_value(key, value, message)}"


def _of_header(text: str, message: str) -> str:
    if "]" not in text:
        return "the ] at the end of the section's name is missing"
    if "twice" in message or "overwrite" in message.lower():
        return "this section stands twice: put its keys together in one"
    return "a section is a name in square brackets, such as [register]"


def _of_value(key: str, value: str, message: str) -> str:
    plain = value.replace('\\"', "")
    if not value:
        return "nothing stands after the equals sign"
    if "overwrite" in message.lower():
        return "stands twice in its section: delete one of the two"
    if plain.count('"') % 2 or (value.startswith("'") and value.count("'") % 2):
        return "a quotation mark is missing"
    if value.strip('"').lower() in _SWITCHES:
        return "write true or false, in small letters and without quotation marks"
    if "\\" in value and value.startswith('"'):
        return "a backslash in text is written twice"
    if value.startswith("["):
        return "a comma or the ] of the list is missing"
    if re.fullmatch(r"-?[0-9]+,[0-9]+", value):
        return "write the number with a point, not with a comma"
    if re.fullmatch(r"0[0-9]+", value):
        return "a number does not begin with 0; if it is text, it needs quotation marks"
    if value[0] in "\"'":
        return "something stands after the value; what is only for people begins with #"
    if value[0].isalpha() or value[0] in "/.":
        return f'text needs quotation marks: {key} = "..."'
    return f"cannot be read: {message.lower()}" if "'" not in message else "cannot be read"


def _without_comment(value: str) -> str:
    quote = ""
    for at, char in enumerate(value):
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        elif char == "#":
            return value[:at]
    return value
