"""What is left out of a library is left out while that is imported, and for nobody else."""

from __future__ import annotations

import importlib
import subprocess
import sys
from contextlib import suppress
from types import SimpleNamespace

import pytest

from terminal.system.lean_imports import left_out
from tests.patience import at_most

SELDOM = "this"
"""A module that nobody needs."""


@pytest.fixture(autouse=True)
def _not_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, SELDOM, raising=False)


def test_meanwhile_there_is_none_and_afterwards_there_is() -> None:
    with left_out(SELDOM), pytest.raises(ImportError):
        importlib.import_module(SELDOM)
    assert importlib.util.find_spec(SELDOM) is not None
    assert SELDOM not in sys.modules


def test_meanwhile_there_is_a_stand_in_also_if_the_import_fails() -> None:
    with suppress(ValueError), left_out(SELDOM, stand_in=SimpleNamespace(name="nobody")):
        assert importlib.import_module(SELDOM).name == "nobody"
        raise ValueError("the library's")
    assert SELDOM not in sys.modules


def test_what_is_loaded_already_stays() -> None:
    with left_out("json"):
        assert importlib.import_module("json").dumps({}) == "{}"
    assert "json" in sys.modules


def test_uvicorn_serves_whoever_imports_it_otherwise() -> None:
    lean = importlib.import_module("terminal.system.lean_uvicorn")
    uvicorn = importlib.import_module("uvicorn")
    assert (uvicorn.Server, uvicorn.Config) == (lean.Server, lean.Config)


def test_another_uvicorn_that_wants_more_of_itself_is_loaded_whole() -> None:
    """In an interpreter of its own: what is loaded already cannot be loaded in another way."""
    program = (
        "from terminal.system import lean_imports\n"
        "from types import SimpleNamespace\n"
        "import sys\n"
        "whole, lean_imports.left_out = lean_imports.left_out, lambda *names, stand_in: whole(*names)\n"
        "from terminal.system.lean_uvicorn import Config, Server\n"
        "import uvicorn\n"
        "assert uvicorn.Server is Server and 'click' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=at_most(30))
