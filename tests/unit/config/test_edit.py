"""Editing config.toml changes the values asked for and not a byte more."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.config.edit import edit_config, replace_file
from terminal.errors import ConfigError
from tests.each import each_of
from tests.full_disk import full

SHIPPED = (Path(__file__).parents[3] / "config.toml").read_text("utf-8")


def test_the_shipped_file_keeps_its_comments_and_their_column() -> None:
    edited = edit_config(SHIPPED, {("terminal", "language"): "en", ("register", "baudrate"): 19200})

    changed = [line for line in edited.splitlines() if line not in SHIPPED.splitlines()]
    assert len(edited.splitlines()) == len(SHIPPED.splitlines())
    assert changed == [
        'language = "en"                 # "is" or "en": screen and register',
        "baudrate = 19200                # this and the next as the register's manual says",
    ]


def test_the_same_key_in_another_section_stays() -> None:
    edited = tomllib.loads(edit_config(SHIPPED, {("receipt", "language"): "en"}))

    assert edited["receipt"]["language"] == "en"
    assert edited["terminal"]["language"] == "is"


def test_every_key_of_the_shipped_file_can_be_changed() -> None:
    for section, values in tomllib.loads(SHIPPED).items():
        for key, value in values.items():
            new = not value if isinstance(value, bool) else value * 2 if isinstance(value, list) else f"{value}#\"'"
            assert tomllib.loads(edit_config(SHIPPED, {(section, key): new}))[section][key] == new


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_any_text_comes_back_as_it_was(text: str) -> None:
    edited = edit_config(SHIPPED, {("shop", "name"): text})

    assert tomllib.loads(edited) == tomllib.loads(SHIPPED) | {"shop": tomllib.loads(SHIPPED)["shop"] | {"name": text}}


def test_keys_and_sections_that_are_left_out_are_added() -> None:
    edited = edit_config('[shop]\nname = "A"  # ours\n\n[log]\n', {("shop", "kennitala"): "1", ("panel", "listen"): ""})

    assert edited == '[shop]\nname = "A"  # ours\nkennitala = "1"\n\n[log]\n\n[panel]\nlisten = ""\n'


@each_of("text", ['shop.name = "A"\n', 'shop = { name = "A" }\n', '[shop]\nname = """\nA"""\n', "[x"])
def test_a_file_written_in_another_way_is_refused_rather_than_spoiled(text: str) -> None:
    with pytest.raises(ConfigError):
        edit_config(text, {("shop", "name"): "B"})


def test_replacing_keeps_owner_and_mode_and_leaves_nothing_beside(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("old")
    path.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(path, 1234, 1234)
    before = path.stat()

    replace_file(path, "new þ\n")

    assert path.read_text("utf-8") == "new þ\n"
    assert (path.stat().st_mode, path.stat().st_uid) == (before.st_mode, before.st_uid)
    assert os.listdir(tmp_path) == ["config.toml"]


def test_a_disk_that_refuses_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "config.toml"
    path.write_text("old")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ConfigError, match="No space left"):
        replace_file(path, "new")

    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["config.toml"]
