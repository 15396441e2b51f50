"""anyio on asyncio, as httpcore calls it, without typing_extensions: half a MiB less."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Any, TypeVar

from terminal.system.lean_imports import LateModule, left_out


def _type_variable(name: str, *of: Any, default: object = None, **more: Any) -> TypeVar:
    """Nothing here is subscripted with fewer types than it has, so a default is a checker's matter."""
    return TypeVar(name, *of, **more)


def _as_it_is(_why: str = "") -> Callable[[Any], Any]:
    return lambda function: function


_FEW = LateModule(
    "typing_extensions",
    TypeVar=_type_variable,
    override=_as_it_is(),
    deprecated=_as_it_is,
    sentinel=lambda _name: object(),
)

with suppress(ImportError), left_out("typing_extensions", stand_in=_FEW):
    import_module("anyio._backends._asyncio")
