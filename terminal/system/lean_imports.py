"""Libraries without those of their parts that nothing here calls: what is loaded once takes memory for good."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any, cast

_replacing = threading.Lock()


class LateModule(ModuleType):
    """Loads the module of its name as soon as it is asked for something that it was not given, and then is that."""

    def __init__(self, name: str, **given: object) -> None:
        super().__init__(name)
        vars(self).update(given)

    def __getattr__(self, name: str) -> Any:
        if name == "__path__":  # every "from" import asks for it; parts are imported from a whole package only
            raise AttributeError(name)
        with _replacing:
            if sys.modules.get(self.__name__) is self:
                del sys.modules[self.__name__]
        whole = import_module(self.__name__)
        vars(self).update(vars(whole))
        return getattr(whole, name)


def load_late(*modules: str) -> None:
    """Modules that others import with themselves and hardly ever call. Whoever imports names *from* one still loads it.

    importlib's own LazyLoader is of no use: up to Python 3.11 at least, the import statement alone makes it load.
    """
    for name in modules:
        with suppress(ModuleNotFoundError):  # not even its package
            if name not in sys.modules and find_spec(name) is not None:
                sys.modules[name] = late = LateModule(name)
                package, _, last = name.rpartition(".")
                if package:
                    setattr(sys.modules[package], last, late)


@contextmanager
def left_out(*modules: str, stand_in: object = None) -> Iterator[None]:
    """Whoever imports these meanwhile gets ``stand_in``, or with None an ImportError. Afterwards they can be had."""
    loaded = cast("dict[str, object]", sys.modules)
    left = [module for module in modules if module not in loaded]
    loaded.update(dict.fromkeys(left, stand_in))
    try:
        yield
    finally:
        for module in left:
            if loaded.get(module, left) is stand_in:  # and not what it has loaded
                del loaded[module]


def lighten_httpx() -> None:
    """Without its command line, and what that is made of, and without what it needs for other hosts, forms and servers.

    Call it before anything imports httpx, which minds none of it.
    """
    cast("dict[str, object]", sys.modules).setdefault("httpx._main", None)
    load_late("certifi", "email.parser", "idna", "mimetypes")


def lighten_pillow() -> None:
    """Without the names of what cameras write into pictures. Call it before anything imports Pillow."""
    load_late("PIL.ExifTags", "PIL.TiffTags")
