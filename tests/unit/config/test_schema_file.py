"""The configuration's file: where it is, what it may hold, and the secret that is never shown."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hardware.settings import KeypadSettings
from terminal.config import checks as config_checks
from terminal.config import places
from terminal.config import toml as config_toml
from terminal.config.places import find_config_path
from terminal.config.schema import (
    Config,
    JournalSettings,
    NetgiroSettings,
    ShopSettings,
    load_config,
    read_config,
    show_config,
)
from terminal.config.secret_key import MASK
from terminal.config.section import SaleSettings
from terminal.errors import ConfigError
from terminal.register.settings import RegisterSettings
from terminal.sale.gateway import CaptureMode
from tests.unit.config.schema_bench import SECRET, problems_of, written

USUAL_EXAMPLES = settings().max_examples
"""Fewer in ``make test``."""

# --- the file itself --------------------------------------------------------------------------------------------------


def test_missing_file_says_what_to_do(tmp_path: Path) -> None:
    assert "no such file; copy the config.toml" in read_config(tmp_path / "none.toml", {})[1][0]


def test_folder_instead_of_a_file_is_told(tmp_path: Path) -> None:
    assert read_config(tmp_path, {})[1] == [f"{tmp_path}: cannot be read: is a directory"]


def test_toml_mistake_is_told_with_its_line(tmp_path: Path) -> None:
    problem = problems_of(tmp_path, '[terminal]\nid = "T1"\nlanguage = \n')[0]

    assert problem == f"{tmp_path / 'config.toml'}: line 3: language: nothing stands after the equals sign"


def test_one_slip_hides_neither_another_nor_what_else_is_wrong(tmp_path: Path) -> None:
    text = '[terminal]\nid = "T1\nlangauge = "is"\n[register]\nrtscts = True\nbaudrate = "x"\n[printer\ncolumns = 8\n'
    problems = "\n".join(problems_of(tmp_path, text))

    for words in (
        "line 2: id: a quotation mark is missing",
        "terminal.langauge",
        "line 5: rtscts: write true or false",
        "register.baudrate",
        "line 7: the ] at the end of the section's name is missing",
        "printer.columns",
    ):
        assert words in problems


def test_other_encodings_are_told_with_the_line(tmp_path: Path) -> None:
    path = written(tmp_path, b"[shop]\nname = '" + "Búð".encode("latin-1") + b"'\n")

    assert "line 2 is not UTF-8" in read_config(path, {})[1][0]


def test_byte_order_mark_of_a_windows_editor_is_accepted(tmp_path: Path) -> None:
    path = written(tmp_path, '\ufeff[shop]\r\nname = "Búð"\r\n')

    assert load_config(path, {}).shop.name == "Búð"


def test_a_file_that_is_no_configuration_is_refused_by_its_size(tmp_path: Path) -> None:
    assert "larger than" in problems_of(tmp_path, "#" * (config_toml.LARGEST_FILE_BYTES + 1))[0]


def test_deep_nesting_is_refused(tmp_path: Path) -> None:
    assert "not valid TOML" in problems_of(tmp_path, "x = " + "[" * 20_000)[0]


@given(st.binary(max_size=300))
@settings(max_examples=2 * USUAL_EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_read_or_refused_in_words(tmp_path: Path, data: bytes) -> None:
    config, problems = read_config(written(tmp_path, data), {})

    assert isinstance(config, Config)
    assert all(problem.isprintable() for problem in problems), problems


TOML_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates() | st.times(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.sampled_from([*Config.__struct_fields__[:-2], "other"]).flatmap(
        lambda section: st.dictionaries(
            st.sampled_from(getattr(getattr(Config(), section, None), "__struct_fields__", ("x",)))
            | st.text(max_size=5),
            TOML_VALUES,
            max_size=4,
        ).map(lambda table: {section: table})
    )
)
@settings(max_examples=3 * USUAL_EXAMPLES)
def test_any_values_are_converted_or_refused_in_words(tables: dict[str, object]) -> None:
    config, problems = config_toml.convert_sections(tables, Config)

    assert isinstance(config, Config)
    assert all(problem.isprintable() for problem in problems), problems
    assert isinstance(config_checks.find_problems(config), list)


# --- where the file is ------------------------------------------------------------------------------------------------


def test_path_given_on_the_command_line_wins() -> None:
    assert find_config_path("given.toml", {"NETGIRO_TERMINAL_CONFIG": "other.toml"}) == Path("given.toml")


def test_environment_names_the_path_otherwise() -> None:
    assert find_config_path(None, {"NETGIRO_TERMINAL_CONFIG": "other.toml"}) == Path("other.toml")


def test_first_usual_place_that_exists_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = written(tmp_path, "")
    monkeypatch.setattr(places, "CONFIG_PATHS", (tmp_path / "none.toml", there, tmp_path))

    assert find_config_path(None, {}) == there


def test_a_file_that_may_not_be_looked_at_is_not_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unreachable = tmp_path / ("x" * 300)  # the system refuses to look, as it does without permission
    monkeypatch.setattr(places, "CONFIG_PATHS", (unreachable, written(tmp_path, "")))

    assert find_config_path(None, {}) == unreachable


def test_no_file_anywhere_says_how_to_name_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "CONFIG_PATHS", (tmp_path / "none.toml",))

    with pytest.raises(ConfigError, match="--config or NETGIRO_TERMINAL_CONFIG"):
        find_config_path(None, {})


def test_relative_paths_in_the_file_count_from_its_folder(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(SECRET)
    (tmp_path / "key").chmod(0o600)
    config = load_config(written(tmp_path, "[journal]\npath = 'j.db'\n[netgiro]\nsecret_key_file = 'key'"), {})

    assert config.journal == JournalSettings(path=str(tmp_path / "j.db"))
    assert config.netgiro.secret_key_file == str(tmp_path / "key")


# --- the secret key ---------------------------------------------------------------------------------------------------


def secret_places(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """A configuration with the key in all four places, each with another text."""
    (tmp_path / "netgiro-secret-key").write_text("from-credential\n")
    (tmp_path / "key").write_text("from-file\n")
    (tmp_path / "key").chmod(0o600)
    path = written(tmp_path, "[netgiro]\nsecret_key = 'from-config'\nsecret_key_file = 'key'\n")
    return path, {"CREDENTIALS_DIRECTORY": str(tmp_path), "NETGIRO_SECRET_KEY": "from-environment"}


def test_secret_is_taken_from_the_best_place(tmp_path: Path) -> None:
    path, environ = secret_places(tmp_path)
    taken = [load_config(path, environ).netgiro.secret_key.reveal()]
    (tmp_path / "netgiro-secret-key").unlink()
    taken.append(load_config(path, environ).netgiro.secret_key.reveal())
    del environ["NETGIRO_SECRET_KEY"]
    taken.append(load_config(path, environ).netgiro.secret_key.reveal())
    config = load_config(written(tmp_path, "[netgiro]\nsecret_key = ' from-config '"), environ)
    taken.append(config.netgiro.secret_key.reveal())

    assert taken == ["from-credential", "from-environment", "from-file", "from-config"]
    assert config.secret_from == "netgiro.secret_key in the configuration file"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_secret_file_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    path, _ = secret_places(tmp_path)
    (tmp_path / "key").chmod(mode)

    problem = read_config(path, {})[1][0]

    assert problem.startswith("netgiro.secret_key_file: others")
    assert f"chmod 600 {tmp_path / 'key'}" in problem


@pytest.mark.parametrize("content", [b"", b"\n", b"two\nlines\n", b"\xff\xfe", b"x" * 5000], ids=repr)
def test_secret_file_must_hold_the_key_and_nothing_else(tmp_path: Path, content: bytes) -> None:
    path, environ = secret_places(tmp_path)
    (tmp_path / "key").write_bytes(content)
    (tmp_path / "netgiro-secret-key").write_bytes(content)

    assert read_config(path, {})[1][0].startswith("netgiro.secret_key_file: ")
    assert read_config(path, environ)[1][0].startswith("systemd credential netgiro-secret-key: ")


def test_missing_secret_file_is_not_replaced_by_a_worse_place(tmp_path: Path) -> None:
    config, problems = read_config(
        written(tmp_path, "[netgiro]\nsecret_key = 'from-config'\nsecret_key_file = 'none'\n"), {}
    )

    assert problems == [
        f"netgiro.secret_key_file: cannot read {tmp_path / 'none'}: no such file or directory",
    ]
    assert config.secret_from == ""


def test_a_credential_that_may_not_be_looked_at_is_not_passed_over(tmp_path: Path) -> None:
    path, environ = secret_places(tmp_path)
    environ["CREDENTIALS_DIRECTORY"] = "x" * 300  # the system refuses to look, as it does without permission

    assert read_config(path, environ)[1][0].startswith("systemd credential netgiro-secret-key: cannot read ")


def test_masked_secret_pasted_from_show_config_is_refused(tmp_path: Path) -> None:
    assert problems_of(tmp_path, f"[netgiro]\nsecret_key = '{MASK}'")[0].startswith("netgiro.secret_key: ")


@pytest.mark.parametrize(
    "text",
    [
        f"[netgiro]\nsecret_key = '{SECRET}'\nsecret_key_file = 5\n",
        f"[netgiro]\nsecret_kye = '{SECRET}'\n",
        f"[netgiro]\nsecret_key = ['{SECRET}']\n",
        f"secret_key = '{SECRET}'\n",
        f"[netgiro]\nsecret_key = '{SECRET}\n",
        f"[netgiro]\nsecret_key = {SECRET}\n",
    ],
)
def test_secret_never_shows(tmp_path: Path, text: str) -> None:
    config, problems = read_config(written(tmp_path, text), {})

    assert problems
    assert SECRET not in "\n".join([*problems, show_config(config), repr(config)])


# --- showing ----------------------------------------------------------------------------------------------------------


def test_shown_configuration_masks_the_secret_and_says_where_it_is_from(tmp_path: Path) -> None:
    shown = show_config(load_config(written(tmp_path, ""), {"NETGIRO_SECRET_KEY": SECRET}))

    assert f'secret_key = "{MASK}"' in shown
    assert SECRET not in shown
    assert "# The secret key comes from the environment variable NETGIRO_SECRET_KEY." in shown


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


CONFIGS = st.builds(
    Config,
    netgiro=st.builds(NetgiroSettings, confirmation=st.sampled_from(CaptureMode), secret_key_file=TEXT),
    sale=st.builds(SaleSettings, entry_timeout_s=st.floats(0.1, 3600)),
    register=st.builds(RegisterSettings, port=TEXT, rtscts=st.booleans(), amount_decimals=st.sampled_from([0, 2])),
    shop=st.builds(ShopSettings, name=TEXT),
    keypad=st.builds(KeypadSettings, row_pins=st.lists(st.integers(0, 53), max_size=5).map(tuple)),
)


@given(CONFIGS)
def test_shown_configuration_reads_back_as_the_same(config: Config) -> None:
    assert config_toml.convert_sections(tomllib.loads(show_config(config)), Config) == (config, [])


def test_no_text_may_have_a_nul_in_it(tmp_path: Path) -> None:
    """As a path it would end the program with an error of Python's."""
    text = '[journal]\npath = "/tmp/a\\u0000b"\n[office]\nca_file = "a\\u0000b"\n[netgiro]\nsecret_key = "s\\u0000"\n'
    keys = [problem.split(":")[0] for problem in problems_of(tmp_path, text)]
    assert {"journal.path", "office.ca_file", "netgiro.secret_key"} <= set(keys)
