"""What may travel from the head office to a terminal, and how it lies over config.toml."""

from __future__ import annotations

import contextlib
import stat
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.config import office_trial
from terminal.config.from_office import LONGEST_BYTES, MAY_TRAVEL, Document, laid_over
from terminal.config.office_tables import tables_of
from terminal.config.office_trial import FILE, Kept, read_kept, write_kept
from terminal.config.schema import Config, problems_with, read_config, show_config
from terminal.errors import ConfigError
from terminal.sale.sensitive import Sensitive
from tests.each import each_of
from tests.unit.config.schema_bench import written

HEAD = '[office]\nurl = "https://office.example.is"\ntakes_settings = true\n[journal]\npath = "journal.db"\n'
NEVER = {"key", "secret", "code", "password", "token", "path", "file", "url", "listen", "port", "pin", "driver"}


def refusal(text: str) -> str:
    with pytest.raises(ConfigError) as refused:
        tables_of(text)
    return "; ".join(refused.value.problems)


def kept(folder: Path, text: str, revision: int = 7) -> None:
    write_kept(folder, Kept(running=Document(revision, text)))


def test_what_may_travel_is_in_the_schema_and_none_of_it_is_secret_or_a_place() -> None:
    for section, keys in MAY_TRAVEL.items():
        fields = {one.name: one.type for one in msgspec.structs.fields(type(getattr(Config(), section)))}
        assert keys <= set(fields)
        assert not any(fields[key] is Sensitive for key in keys)
        words = {word for key in keys for word in key.split("_")}
        assert not words & NEVER - {"code", "key"}, "code_tries and key_beep are neither"
    for section in ("netgiro", "journal", "office", "panel", "http", "callback", "keypad", "printer", "metrics"):
        assert section not in MAY_TRAVEL


@each_of(
    "text",
    [
        '[netgiro]\nsecret_key = "x"',
        '[netgiro]\nbase_url = "https://evil.example.is/v1"',
        '[terminal]\nstaff_code = "1234"',
        "[terminal]\ntraining = true",
        '[office]\nurl = ""',
        "[office]\ntakes_settings = false",
        '[journal]\npath = "/tmp/x"',
        '[register]\nport = "/dev/null"',
        '[register.min_amount]\nx = 1\n[register]\nvoid_labels = ["(a+)+$"]',
        '[printer]\nlogo = "/etc/shadow"',
        "min_amount = 5",
        "[[sale]]\ncode_tries = 1",
        "[sale\n",
        "[sale]\ncode_tries = \x00",
        "a = " + "[" * 5000,
        "# " + "x" * LONGEST_BYTES,
        '["\\u001b[2J"]\nx = 1',
    ],
)
def test_what_may_not_travel_is_refused_in_words(text: str) -> None:
    said = refusal(text)
    assert said
    assert said.isprintable()
    assert "evil" not in said
    assert "1234" not in said


@given(st.text() | st.binary().map(lambda data: data.decode("utf-8", "replace")))
def test_any_text_is_tables_or_refused(text: str) -> None:
    tables: dict[str, dict[str, object]] = {}
    with contextlib.suppress(ConfigError):
        tables = tables_of(text)
    assert all(set(table) <= MAY_TRAVEL[section] for section, table in tables.items() if table)


def test_a_document_lies_over_the_file_and_the_rest_stays(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD + '[register]\nmax_amount = 500\nport = "/dev/ttyS9"\n[shop]\nname = "Búðin"\n')
    kept(tmp_path, "[register]\nmax_amount = 900\n[receipt]\nmerchant_copy = false\n")
    config, problems = read_config(path, {})
    assert problems == []
    assert (config.register.max_amount, config.register.port, config.shop.name) == (900, "/dev/ttyS9", "Búðin")
    assert config.receipt.merchant_copy is False
    assert config.from_office is not None
    assert config.from_office.revision == 7
    assert "# Revision 7 of the office's settings" in show_config(config)
    assert laid_over({"register": 5}, {"register": {"min_amount": 1}}) == {"register": 5}


def test_a_terminal_that_takes_no_settings_has_none(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD.replace("true", "false"))
    kept(tmp_path, "[register]\nmax_amount = 900\n")
    assert read_config(path, {})[0].from_office is None


def test_a_document_that_does_not_fit_the_file_counts_not_at_all(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD + "[register]\nmin_amount = 1000\n")
    document = Document(7, "[register]\nmax_amount = 900\n[receipt]\nmerchant_copy = false\n")
    assert problems_with(path, document, {}) == ["register.min_amount: must not be above register.max_amount"]
    kept(tmp_path, document.text)
    config, problems = read_config(path, {})
    assert problems == []
    assert (config.register.max_amount, config.receipt.merchant_copy, config.from_office) == (500_000, True, None)


def test_a_document_is_not_blamed_for_what_is_wrong_with_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD + "[sale]\ncode_tries = 99\n")
    assert problems_with(path, Document(1, "[receipt]\nmerchant_copy = false\n"), {}) == []
    assert problems_with(path, Document(1, "[receipt]\nmerchant_copy = 3\n"), {})[0].startswith("receipt.merchant_copy")


@pytest.mark.parametrize(
    "content",
    [b"", b"{}x", b"\xff\xfe", b"[" * 100_000, b'{"running":{"revision":-1,"text":""}}', b" " * 100_000],
)
def test_a_file_that_is_damaged_is_none(tmp_path: Path, content: bytes) -> None:
    path = written(tmp_path, HEAD)
    (tmp_path / FILE).write_bytes(content)
    assert read_kept(tmp_path) == Kept()
    assert read_config(path, {})[1] == []


def test_whoever_writes_the_folder_gains_no_more_than_the_office_has(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD)
    kept(tmp_path, '[netgiro]\nbase_url = "https://evil.example.is/v1"\n')
    assert read_config(path, {})[0].netgiro.base_url == Config().netgiro.base_url
    (tmp_path / FILE).unlink()
    (tmp_path / "elsewhere").write_bytes(msgspec.json.encode(Kept(running=Document(1, "[log]\nlevel='debug'"))))
    (tmp_path / FILE).symlink_to("elsewhere")
    assert read_kept(tmp_path) == Kept(), "nothing is read through a link"


def test_the_file_is_the_owners_alone(tmp_path: Path) -> None:
    kept(tmp_path, "")
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    assert office_trial.read_kept(tmp_path).running == Document(7, "")
