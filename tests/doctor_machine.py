"""A machine for the doctor: its /dev, /proc, /run and /sys are folders of a test."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from terminal.config.schema import Config
from terminal.doctor.system import System

# Netgíró's public sandbox key pair.
APPLICATION_ID = "0F8FAD5B-D9CB-469F-A165-70867728950E"
SECRET = (
    "YCFd6hiA8lUjZejVcIf/LhRXO4wTDxY0JhOXvQZwnMSiNynSxmNIMjMf1HHwdV6cMN48NX3ZipA9q9hLPb9C1ZIzMH5dvELPAHceiu7LbZzmIAGeOf"
    "/OUaDrk2Zq2dbGacIAzU6yyk4KmOXRaSLi8KW8t3krdQSX7Ecm8Qunc/A="
)
TODAY = datetime.datetime(2026, 11, 23, tzinfo=datetime.UTC).timestamp()


def config_with(**sections: Any) -> Config:
    return msgspec.structs.replace(Config(), **sections)


def machine_at(root: Path, **changed: Any) -> System:
    """``changed``: fields of System."""
    defaults: dict[str, Any] = {
        "now": lambda: TODAY,
        "clock_is_synchronised": lambda: True,
        "user_id": lambda: 1000,
        "wear": lambda _config: None,
    }
    return System(root=root, **(defaults | changed))


def put(root: Path, path: str, text: str = "") -> Path:
    file = root / path.lstrip("/")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def nobody_may(_path: Path, _access: int) -> bool:
    return False


def has_library(name: str) -> Callable[[str], object | None]:
    return lambda wanted: object() if wanted == name else None
