"""Reads a document of the head office's: TOML, and only keys that may travel."""

from __future__ import annotations

from terminal.config.from_office import LONGEST_BYTES, MAY_TRAVEL
from terminal.config.toml import read_text_around
from terminal.errors import ConfigError

MOST_PROBLEMS = 20


def tables_of(text: str) -> dict[str, dict[str, object]]:
    """What the document sets. Raises ConfigError with what is wrong with it, whatever the terminal."""
    if len(text.encode("utf-8", "replace")) > LONGEST_BYTES:
        raise ConfigError([f"the document is longer than {LONGEST_BYTES} bytes"])
    try:
        tables, problems = read_text_around(text)
    except RecursionError as error:
        raise ConfigError(["the document is nested too deeply"]) from error
    found: dict[str, dict[str, object]] = {}
    for section, table in tables.items():
        if not isinstance(table, dict):
            problems.append(f"{section[:60]!a}: stands before any section")
            continue
        known = MAY_TRAVEL.get(section, frozenset())
        problems += [_stays(section, key) for key in table if key not in known]
        found[section] = {key: value for key, value in table.items() if key in known}
    if problems:
        raise ConfigError(problems[:MOST_PROBLEMS])
    return found


def _stays(section: str, key: str) -> str:
    name = f"{section[:60]}.{key[:60]}"
    return f"{name if name.isprintable() else ascii(name)}: is no key that the office may set"
