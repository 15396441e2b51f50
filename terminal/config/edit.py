"""Changes values in config.toml and leaves everything else as it is: comments, order, spelling.

Works on lines, as the shipped file is written: a key with its value on one line. Whatever comes out is read back before
it is used, so a file that is written in another way is refused rather than spoiled.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from terminal.config.toml import write_value
from terminal.errors import ConfigError
from terminal.system.files import write_whole

Changes: TypeAlias = Mapping[tuple[str, str], object]
"""By section and key."""

_SECTION = re.compile(r"^\s*\[([A-Za-z0-9_-]+)\]")
_STRING = r"""(?:"(?:[^"\\]|\\.)*"|'[^']*')"""
_VALUE = rf"""(?:{_STRING}|\[(?:{_STRING}|[^\]\n"'])*\]|[^\s#]+)"""


def edit_config(text: str, changes: Changes) -> str:
    """The file's text with these values. Raises ConfigError if it cannot be edited by lines."""
    lines = text.splitlines()
    for (section, key), value in changes.items():
        _set(lines, section, key, write_value(value))
    edited = "\n".join(lines) + "\n"
    _check(text, edited, changes)
    return edited


def _set(lines: list[str], section: str, key: str, value: str) -> None:
    pattern = re.compile(rf"^(\s*{re.escape(key)}\s*=\s*)({_VALUE})(\s*)(#.*)?$")
    start = end = None
    for number, line in enumerate(lines):
        if header := _SECTION.match(line):
            if start is not None:
                break
            if header[1] == section:
                start = number
        elif start is not None and (found := pattern.match(line)):
            lines[number] = _with_value(found, value)
            return
        if start is not None and line.strip():
            end = number
    if start is None or end is None:
        lines += ["", f"[{section}]", f"{key} = {value}"]
    else:
        lines.insert(end + 1, f"{key} = {value}")


def _with_value(found: re.Match[str], value: str) -> str:
    """The comment stays in its column, if there is room."""
    before, old, gap, comment = found.groups()
    if not comment:
        return before + value
    column = len(before) + len(old) + len(gap)
    return (before + value).ljust(column - 1) + " " + comment


def _check(before: str, after: str, changes: Changes) -> None:
    try:
        wanted, edited = tomllib.loads(before), tomllib.loads(after)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([f"the file is not valid TOML and cannot be edited: {error}"]) from error
    for (section, key), value in changes.items():
        wanted.setdefault(section, {})[key] = list(value) if isinstance(value, tuple) else value
    if edited != wanted:
        raise ConfigError(["the file is written in a way that cannot be edited here; change it by hand"])


def replace_file(path: Path, text: str) -> None:
    """All of the new text or all of the old, whatever happens meanwhile. Owner and mode stay as they were.

    Raises ConfigError if the disk refuses.
    """
    try:
        if path.exists():
            status = path.stat()
            owner, mode = (status.st_uid, status.st_gid), status.st_mode & 0o777
            write_whole(path, text.encode(), mode=mode, owner=owner)
        else:
            write_whole(path, text.encode())
    except OSError as error:
        raise ConfigError([f"{path}: cannot be written: {error.strerror}; try with sudo"]) from error
