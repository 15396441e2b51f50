"""What is left out of a library is left out while that is imported, and for nobody else."""

from __future__ import annotations

import importlib
import subprocess
import sys
from contextlib import suppress
from types import SimpleNamespace

import pytest

from terminal.system.lean_imports import LateModule, left_out, load_late
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


def test_a_late_module_is_loaded_by_what_is_asked_of_it_and_not_by_its_import(
    capsys: pytest.CaptureFixture[str],
) -> None:
    load_late(SELDOM)
    late = importlib.import_module(SELDOM)
    assert not capsys.readouterr().out
    assert late.s.startswith("Gur Mra")
    assert "Zen of Python" in capsys.readouterr().out
    assert importlib.import_module(SELDOM) is not late
    assert vars(late).items() >= vars(importlib.import_module(SELDOM)).items(), "it has all that the whole one has"


def test_a_late_module_has_what_it_is_given_and_loads_for_what_it_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    few = LateModule(SELDOM, i=42)
    monkeypatch.setitem(sys.modules, SELDOM, few)
    with left_out(SELDOM, stand_in=few):  # there already, so it stays
        assert importlib.import_module(SELDOM).i == 42
    assert sys.modules[SELDOM] is few
    assert few.d["a"] == "n"
    assert sys.modules[SELDOM] is not few


def test_what_a_stand_in_has_loaded_meanwhile_stays() -> None:
    with left_out(SELDOM, stand_in=LateModule(SELDOM)):
        assert importlib.import_module(SELDOM).d
    assert sys.modules[SELDOM].d


def test_a_late_module_has_nothing_that_the_whole_one_has_not() -> None:
    load_late(SELDOM)
    with pytest.raises(AttributeError, match="nonsense"):
        _ = sys.modules[SELDOM].nonsense
    with pytest.raises(AttributeError, match="nonsense"):
        _ = sys.modules[SELDOM].nonsense


def test_what_is_not_installed_is_not_there_late_either() -> None:
    load_late("nobody_has_this", "nobody_has_this.either")
    for name in ("nobody_has_this", "nobody_has_this.either"):
        with pytest.raises(ModuleNotFoundError):
            importlib.import_module(name)


def run(program: str) -> None:
    """In an interpreter of its own: what is loaded already cannot be loaded in another way."""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=at_most(30))


def test_libraries_are_loaded_without_what_nothing_here_calls_and_have_it_when_it_is_called() -> None:
    run(
        "import sys\n"
        "import terminal.commands\n"
        "from terminal.system.lean_imports import lighten_httpx, lighten_pillow\n"
        "lighten_httpx(), lighten_pillow()\n"
        "import httpcore, PIL.Image, shutil, subprocess, terminal.netgiro.https\n"
        "seldom = '_bz2 _lzma _decimal _locale certifi.core click email.feedparser idna.core uuid'\n"
        "seldom += ' typing_extensions'\n"
        "assert not sys.modules.keys() & set(seldom.split()), sys.modules.keys() & set(seldom.split())\n"
        "import bz2, certifi, email.parser, idna, locale, mimetypes, PIL.ExifTags\n"
        "assert bz2.decompress(bz2.compress(b'x')) == b'x' and certifi.where().endswith('.pem')\n"
        "assert idna.decode(idna.encode('b\u00fa\u00f0.is')) == 'b\u00fa\u00f0.is'\n"
        "assert email.parser.Parser().parsestr('A: b')['a'] == 'b'\n"
        "assert mimetypes.guess_type('a.png')[0] == 'image/png' and locale.getlocale()\n"
        "assert PIL.ExifTags.TAGS and PIL.Image.new('1', (1, 1)).getexif() is not None\n"
        "from idna.core import IDNAError\n"
        "assert IDNAError is idna.IDNAError\n"
    )


def test_messages_are_read_and_written_by_a_msgspec_that_knows_no_decimals() -> None:
    run(
        "import terminal.commands, decimal, msgspec, uuid\n"
        "assert msgspec.json.decode(msgspec.json.encode({'a': [1, 2.5, None]})) == {'a': [1, 2.5, None]}\n"
        "assert msgspec.inspect.type_info(int) == msgspec.inspect.IntType()\n"
        "for strange in (decimal.Decimal(1), uuid.UUID(int=1)):\n"
        "    try:\n"
        "        msgspec.json.encode(strange)\n"
        "    except TypeError:\n"
        "        continue\n"
        "    raise AssertionError(strange)\n"
    )


def test_anyio_without_typing_extensions_is_whole() -> None:
    run(
        "import sys, terminal.system.lean_anyio\n"
        "assert 'typing_extensions' not in sys.modules\n"
        "import anyio, anyio.abc, anyio.from_thread, anyio.streams.buffered, anyio.streams.text\n"
        "for name in dir(anyio):\n"
        "    getattr(anyio, name)\n"
        "async def main():\n"
        "    async with anyio.create_task_group() as group:\n"
        "        group.start_soon(anyio.sleep, 0)\n"
        "    with anyio.move_on_after(0):\n"
        "        await anyio.Event().wait()\n"
        "anyio.run(main)\n"
    )


def test_uvicorn_serves_whoever_imports_it_otherwise() -> None:
    lean = importlib.import_module("terminal.system.lean_uvicorn")
    uvicorn = importlib.import_module("uvicorn")
    assert (uvicorn.Server, uvicorn.Config) == (lean.Server, lean.Config)


def test_another_uvicorn_that_wants_more_of_itself_is_loaded_whole() -> None:
    run(
        "from terminal.system import lean_imports\n"
        "from types import SimpleNamespace\n"
        "import sys\n"
        "whole, lean_imports.left_out = lean_imports.left_out, lambda *names, stand_in: whole(*names)\n"
        "from terminal.system.lean_uvicorn import Config, Server\n"
        "import uvicorn\n"
        "assert uvicorn.Server is Server and 'click' in sys.modules\n"
    )
