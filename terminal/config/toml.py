"""Between TOML and typed sections, in both directions, with a sentence for every key that does not fit.

Values are never repeated where a secret may stand: not those of secret fields and not those of unknown keys.
"""

from __future__ import annotations

import enum
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import inspect

from terminal.config.secret_key import MASK
from terminal.config.toml_slips import read_around
from terminal.errors import ConfigError
from terminal.sale.sensitive import Sensitive

LARGEST_FILE_BYTES = 256 * 1024
LONGEST_QUOTE = 60

T = TypeVar("T", bound=msgspec.Struct)


def read_tables(path: Path) -> dict[str, object]:
    """The file's tables. Raises ConfigError if it cannot be read or is not TOML."""
    tables, problems = read_tables_around(path)
    if problems:
        raise ConfigError(problems)
    return tables


def read_tables_around(path: Path) -> tuple[dict[str, object], list[str]]:
    """What of the file is TOML, and each line that is not. Raises ConfigError if it cannot be read at all."""
    try:
        tables, slips = read_text_around(_read_text(path))
    except RecursionError as error:
        raise ConfigError([f"{path}: not valid TOML: nested too deeply"]) from error
    return tables, [f"{path}: {slip}" for slip in slips]


def read_text_around(text: str) -> tuple[dict[str, object], list[str]]:
    """The same of a text that may come to be the file."""
    tables, slips = read_around(text)
    return tables, [f"line {slip.line}: {slip.words}" for slip in slips]


def _read_text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE_BYTES + 1)
    except FileNotFoundError as error:
        raise ConfigError([f"{path}: no such file; copy the config.toml that comes with the terminal there"]) from error
    except PermissionError as error:
        raise ConfigError([f"{path}: permission denied; run this with sudo or as the terminal's own user"]) from error
    except OSError as error:
        raise ConfigError([f"{path}: cannot be read: {os.strerror(error.errno or 0).lower()}"]) from error
    if len(data) > LARGEST_FILE_BYTES:
        raise ConfigError([f"{path}: larger than {LARGEST_FILE_BYTES // 1024} KiB; is this the right file?"])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError([f"{path}: line {line} is not UTF-8; save the file in that encoding"]) from error


def convert_sections(tables: Mapping[str, object], config_type: type[T]) -> tuple[T, list[str]]:
    """The config with every value that fits, and a sentence for every one that does not."""
    sections = _sections(config_type)
    problems: list[str] = []
    converted: dict[str, msgspec.Struct] = {}
    for name, table in tables.items():
        section = sections.get(name)
        if section is None:
            problems.append(_unknown_section(name, table, sections))
        elif not isinstance(table, dict):
            problems.append(f"{name}: must be a section: a line [{name}] and its keys below")
        else:
            converted[name] = _convert_section(name, table, sections, problems)
    return config_type(**converted), problems


def write_sections(config: msgspec.Struct) -> str:
    """TOML that reads back as the same values, except that a secret becomes a mask."""
    return "\n".join(_section_lines(config))


def _sections(config_type: type[msgspec.Struct]) -> dict[str, type[msgspec.Struct]]:
    return {
        field.name: field.type
        for field in msgspec.structs.fields(config_type)
        if isinstance(field.type, type) and issubclass(field.type, msgspec.Struct)
    }


def _convert_section(
    name: str,
    table: Mapping[str, object],
    sections: Mapping[str, type[msgspec.Struct]],
    problems: list[str],
) -> msgspec.Struct:
    section = sections[name]
    fields = {field.name: field for field in msgspec.structs.fields(section)}
    values: dict[str, object] = {}
    for key, value in table.items():
        if key not in fields:
            problems.append(_unknown_key(name, key, sections))
            continue
        if isinstance(value, str) and "\0" in value:  # no path and no call of the system takes it
            problems.append(f"{name}.{key}: has a NUL character in it; take that out")
            continue
        try:
            values[key] = msgspec.convert(value, fields[key].type, dec_hook=_convert_sensitive)
        except (msgspec.ValidationError, OverflowError):
            problems.append(_bad_value(f"{name}.{key}", value, inspect.type_info(fields[key].type)))
    return section(**values)


def _convert_sensitive(wanted: type, value: object) -> object:
    if wanted is Sensitive and isinstance(value, str):
        return Sensitive(value.strip())
    raise ValueError("not text")


def _unknown_section(name: str, table: object, sections: Mapping[str, type[msgspec.Struct]]) -> str:
    if not isinstance(table, dict) and (homes := _homes(name, sections)):
        return f"{_quoted_key(name)}: stands before any section; it belongs to {homes}"
    near = _nearest(name, sections)
    hint = f"did you mean [{near[0]}]?" if near else f"known are {', '.join(sections)}"
    return f"{_quoted_key(name)}: unknown section, {hint}"


def _nearest(word: str, known: Iterable[str]) -> list[str]:
    import difflib  # noqa: PLC0415  only where something is wrong

    return difflib.get_close_matches(word.lower(), list(known), n=1)


NOT_POSSIBLE = {
    ("register", "dsrdtr"): (
        "take it out: Linux does not hold a line by DTR/DSR. A register that waits for them gets 4 joined to 1 and 6 in"
        " its own plug; or cross wires 7 and 8 and set register.rtscts"
    ),
}
"""Keys that an installer may expect, and what to do instead."""


def _unknown_key(section: str, key: str, sections: Mapping[str, type[msgspec.Struct]]) -> str:
    if advice := NOT_POSSIBLE.get((section, key)):
        return f"{section}.{key}: {advice}"
    known = [field.name for field in msgspec.structs.fields(sections[section])]
    near = _nearest(key, known)
    if near:
        hint = f"did you mean {near[0]}?"
    elif homes := _homes(key, sections):
        hint = f"it belongs to {homes}"
    else:
        hint = f"known are {', '.join(known)}"
    return f"{section}.{_quoted_key(key)}: unknown key, {hint}"


def _homes(key: str, sections: Mapping[str, type[msgspec.Struct]]) -> str:
    homes = [name for name, section in sections.items() if key in section.__struct_fields__]
    return " or ".join(f"[{name}]" for name in homes)


def _bad_value(key: str, value: object, wanted: inspect.Type) -> str:
    if isinstance(wanted, inspect.CustomType):
        return f"{key}: must be {_describe(wanted)}"
    return f"{key}: {_quote(value)} is not allowed, it must be {_describe(wanted)}"


def _describe(wanted: inspect.Type) -> str:
    """What a type allows, in words."""
    match wanted:
        case inspect.Metadata(extra_json_schema={"description": str(words)}):
            return words
        case inspect.Metadata(type=inner):
            return _describe(inner)
        case inspect.LiteralType(values=values):
            return _either(values)
        case inspect.EnumType(cls=cls):
            return _either([member.value for member in cls])
        case inspect.BoolType():
            return "true or false"
        case inspect.IntType():
            return "a whole number" + _range(wanted)
        case inspect.FloatType():
            return "a number" + _range(wanted)
        case inspect.VarTupleType(item_type=item):
            return f"a list, each {_describe(item)}"
        case _:
            return 'text in "quotes"'


def _range(wanted: inspect.IntType | inspect.FloatType) -> str:
    parts = [
        f"{word} {limit}"
        for word, limit in (
            ("from", wanted.ge),
            ("above", wanted.gt),
            ("to", wanted.le),
            ("below", wanted.lt),
        )
        if limit is not None
    ]
    return " ".join(["", *parts])


def _either(values: tuple[object, ...] | list[object]) -> str:
    shown = [write_value(value) for value in values]
    return " or ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else shown[0]


def _quote(value: object) -> str:
    try:
        text = write_value(value)
    except TypeError:
        text = f"a {type(value).__name__}"
    text = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text[: LONGEST_QUOTE + 1])
    return text if len(text) <= LONGEST_QUOTE else text[:LONGEST_QUOTE] + "..."


def _quoted_key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]{1,60}", key) else _quote(key)


def _section_lines(config: msgspec.Struct) -> Iterator[str]:
    for name in _sections(type(config)):
        section = getattr(config, name)
        yield f"[{name}]"
        for key in section.__struct_fields__:
            yield f"{key} = {write_value(getattr(section, key))}"
        yield ""


def write_value(value: object) -> str:
    """A value as TOML writes it, a secret masked. Raises TypeError for what no configuration holds."""
    import json  # noqa: PLC0415  a terminal writes none

    match value:
        case Sensitive():
            return json.dumps(MASK if value else "")
        case enum.Enum():
            return write_value(value.value)
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case str():
            # JSON's escapes are TOML's too, but JSON leaves DEL as it is.
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case tuple() | list():
            return f"[{', '.join(write_value(item) for item in value)}]"
        case _:
            raise TypeError(f"{type(value).__name__} is not a type of the configuration")
