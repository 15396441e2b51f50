"""Commands: what they print, their exit codes, and that nobody gets a traceback."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from terminal import __version__
from terminal.commands import main as cli
from terminal.commands.main import _parser, main
from terminal.journal.thread import JournalFile
from terminal.netgiro.sandbox import PUBLIC_APPLICATION_ID, PUBLIC_SECRET_KEY
from terminal.sale.record import Record
from terminal.sale.sale import State
from tests.each import each, each_of
from tests.sales import GUID, new_sale, walk_to

ROOT = Path(__file__).parents[3]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration whose journal has one paid sale and one that is open."""
    path = tmp_path / "config.toml"
    path.write_text('[netgiro]\nsecret_key = "leyndarmal"\n[journal]\npath = "journal.db"\n', encoding="utf-8")
    path.chmod(0o600)
    with JournalFile(tmp_path / "journal.db", lambda: "2026-11-23T12:00:05.000Z") as journal:
        journal.open()
        for state in (State.ENTRY, State.CAPTURE, State.REPORT, State.CLOSED):
            journal.append(Record(f"to {state}", walk_to(state).sale))
        journal.append(Record("SaleRequested", new_sale(8, register_id="43", amount_kr=500)))
    return path


def run(*arguments: str | Path) -> int:
    return main([str(argument) for argument in arguments])


def commands() -> Iterator[list[str]]:
    """Every command, and every command of a command."""

    def below(parser: object, words: list[str]) -> Iterator[list[str]]:
        yield words
        for action in parser._actions:  # type: ignore[attr-defined]
            if hasattr(action, "choices") and isinstance(action.choices, dict):
                for name, command in action.choices.items():
                    yield from below(command, [*words, name])

    return below(_parser(), [])


def parser_of(words: list[str]) -> argparse.ArgumentParser:
    parser = _parser()
    for word in words:
        (below,) = (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
        parser = below.choices[word]
    return parser


def test_every_command_and_each_of_its_words_is_explained() -> None:
    with each() as case:
        for words in commands():
            parser = parser_of(words)
            with case(*words):
                assert parser.description, "it does not say what it does"
            for action in parser._actions:
                with case(*words, *action.option_strings, action.dest):
                    assert action.help or isinstance(action, argparse._SubParsersAction), "no help"


@pytest.mark.parametrize("words", [*commands()], ids=" ".join)
def test_every_command_has_help(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*words, "--help"])
    assert ended.value.code == 0
    assert " ".join(["usage: netgiro-terminal", *words[:1]]) in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["journal"],
        ["fly"],
        ["journal", "show"],
        ["demo", "--port", "x"],
        ["demo", "--port", "65536"],
        ["simulate", "--count", "0"],
        ["simulate", "--count", "5", "--jobs", "-2"],
        ["journal", "list", "--outcome", "good"],
    ],
    ids=" ".join,
)
def test_wrong_use_is_exit_code_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    complaint = capsys.readouterr().err
    assert "usage:" in complaint
    assert "invalid _" not in complaint, "the name of a function helps nobody"


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])
    assert __version__ in capsys.readouterr().out


# --- configuration ----------------------------------------------------------------------------------------------------


def test_a_sound_configuration_is_ok(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    needed = (
        '[netgiro]\napplication_id = "A"\nsecret_key = "k"\n[register]\nport = "/dev/r"\n[printer]\ndriver = "none"\n'
    )
    config.write_text(needed, encoding="utf-8")
    assert run("check-config", "--config", config) == 0
    told = capsys.readouterr()
    assert told.out.endswith(f"{config}: ok\n")
    assert told.err == "warning: shop.name: empty, so receipts do not say whose they are\n"


def test_what_it_cannot_run_without_is_a_problem_too(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config.write_text('[register]\nbaudrate = "x"\n', encoding="utf-8")
    assert run("check-config", "--config", config) == 1
    told = capsys.readouterr().err
    for key in ("register.baudrate", "netgiro.application_id", "register.port", "printer.device"):
        assert told.count(f"{key}: ") == 1


def test_every_problem_of_a_configuration_is_told_at_once(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config.write_text('[register]\nbaudrate = "x"\n[terminal]\nid = ""\n', encoding="utf-8")
    assert run("check-config", "--config", config) == 1
    told = capsys.readouterr().err
    assert "register.baudrate" in told
    assert "terminal.id" in told


def test_a_printer_that_cannot_do_what_it_should_is_told_with_the_remedy(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = '[printer]\ndriver = "network"\nhost = "192.0.2.1"\nprofile = "ZJ-5870"\nlogo = "none.png"\n'
    config.write_text(text, encoding="utf-8")
    assert run("check-config", "--config", config) == 1
    told = capsys.readouterr().err
    assert 'printer.codepage: profile "ZJ-5870" has no CP858; take "CP1252" or "CP850"' in told
    assert 'printer.columns: profile "ZJ-5870" prints 32 on a line; take 32' in told
    assert "printer.logo: " in told


@pytest.mark.parametrize("command", [["check-config"], ["show-config"], ["journal", "list"], ["run"]], ids=" ".join)
def test_a_configuration_that_is_not_there_is_exit_code_1(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*command, "--config", tmp_path / "none.toml") == 1
    told = capsys.readouterr().err
    assert "none.toml" in told
    assert "Traceback" not in told


def test_the_effective_configuration_hides_the_secret(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--config", config, "show-config") == 0
    shown = capsys.readouterr().out
    assert "[register]" in shown
    assert "leyndarmal" not in shown


def test_a_terminal_without_credentials_does_not_run(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("run", "--config", config) == 1
    assert "netgiro.application_id" in capsys.readouterr().err


# --- the journal ------------------------------------------------------------------------------------------------------


def test_the_list_is_newest_first(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("journal", "list", "--config", config) == 0
    header, newest, oldest, total = capsys.readouterr().out.splitlines()
    assert header.split() == ["number", "begun", "amount", "ended", "as", "register", "reference"]
    assert total == "approved: 1, 1.990 kr.; open: 1, 500 kr.; turnover: 1.990 kr."
    assert ("500 kr." in newest, "open: entry" in newest) == (True, True)
    assert ("1.990 kr." in oldest, "approved (paid)" in oldest) == (True, True)


def test_the_list_as_json_has_the_promised_keys(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("journal", "list", "--json", "--config", config) == 0
    newest, oldest = map(json.loads, capsys.readouterr().out.splitlines())
    promised = {"sale_id", "reference", "transaction_id", "amount", "state", "outcome", "created", "closed"}
    assert promised <= set(oldest)
    assert {key: oldest[key] for key in sorted(promised)} == {
        "amount": 1990,
        "closed": "2026-11-23T12:00:05.000Z",
        "created": "2026-11-23T12:00:00.000Z",
        "outcome": "approved",
        "reference": "T1-000007-A1B2C3",
        "sale_id": "7",
        "state": "closed",
        "transaction_id": GUID,
    }
    assert (newest["outcome"], newest["closed"], newest["transaction_id"]) == (None, None, None)


@pytest.mark.parametrize(
    ("choice", "sales"),
    [
        (["--outcome", "approved"], ["7"]),
        (["--outcome", "declined"], []),
        (["--since", "2026-11-23T12:00:00Z"], ["8", "7"]),
        (["--since", "2026-11-24"], []),
        (["--until", "2026-11-23T12:00:00Z"], []),
    ],
    ids=" ".join,
)
def test_the_list_can_be_narrowed(
    config: Path, choice: list[str], sales: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("journal", "list", "--json", *choice, "--config", config) == 0
    assert [json.loads(line)["sale_id"] for line in capsys.readouterr().out.splitlines()] == sales


@pytest.mark.parametrize("name", ["7", "T1-000007-A1B2C3", "42"])
def test_a_sale_is_shown_step_by_step_by_any_of_its_names(
    config: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("journal", "show", name, "--config", config) == 0
    shown = capsys.readouterr().out
    assert len(shown.splitlines()) == 4
    assert GUID in shown


@pytest.mark.parametrize("name", ["99", "", "9" * 40, "'; DROP TABLE entries"])
def test_a_sale_that_is_not_there_is_exit_code_1(config: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("journal", "show", "--config", config, "--", name) == 1
    assert capsys.readouterr().out == ""


def test_a_time_that_is_none_is_explained(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("journal", "list", "--since", "yesterday", "--config", config) == 1
    assert "2026-11-23T14:30" in capsys.readouterr().err


def test_a_journal_that_is_not_there_is_explained(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (config.parent / "journal.db").unlink()
    assert run("journal", "list", "--config", config) == 1
    assert "journal.db" in capsys.readouterr().err


def test_the_list_is_read_while_the_terminal_writes(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with JournalFile(config.parent / "journal.db", lambda: "2026-11-23T12:01:00.000Z") as journal:
        journal.open()
        journal.append(Record("SaleRequested", new_sale(9, register_id="44")))
        assert run("journal", "list", "--json", "--config", config) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[0])["sale_id"] == "9"


# --- as a process -----------------------------------------------------------------------------------------------------


def test_a_reader_that_goes_away_gets_no_complaint(config: Path) -> None:
    read_fd, write_fd = os.pipe()
    os.close(read_fd)
    command = [sys.executable, "-m", "terminal", "journal", "list", "--config", str(config)]
    try:
        ended = subprocess.run(command, stdout=write_fd, stderr=subprocess.PIPE, text=True, cwd=ROOT, check=False)
    finally:
        os.close(write_fd)
    assert (ended.returncode, ended.stderr) == (1, "")


# --- where the keys of Netgíró's sandbox come from --------------------------------------------------------------------

PORTAL = "https://partner.test.netgiro.is/Account/Register"
WHERE = ("Stillingar", "Grunnupplýsingar", "Listi yfir öll vörumerki")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], (PUBLIC_APPLICATION_ID, PUBLIC_SECRET_KEY)),
        (["--application-id", "mine", "--secret-key", "secret"], ("mine", "secret")),
    ],
)
def test_the_sandbox_says_which_keys_it_expects_and_that_they_work_nowhere_else(
    given: list[str], expected: tuple[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def at_once() -> None:
        """Stopped as soon as it runs."""

    monkeypatch.setattr(cli, "_signalled", at_once)
    assert run("sandbox", "--port", "0", *given) in (0, None)
    said = capsys.readouterr().out
    assert f"application_id = {expected[0]}" in said
    assert f"secret_key = {expected[1]}" in said
    assert "work nowhere else" in said
    assert all(words in " ".join(said.split()) for words in (PORTAL, *WHERE))


@pytest.mark.parametrize("name", ["README.md", "config.toml"])
def test_who_reads_first_learns_where_to_register(name: str) -> None:
    text = " ".join((ROOT / name).read_text(encoding="utf-8").replace("\n#", "\n").split())
    assert all(words in text for words in (PORTAL, *WHERE))


def test_so_does_who_checks_a_configuration_without_keys(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "config.toml"
    path.write_text("", encoding="utf-8")
    run("check-config", "--config", path)
    said = capsys.readouterr()
    assert all(words in said.out + said.err for words in (PORTAL, *WHERE))


@pytest.mark.parametrize("words", [["run"], ["run", "--config", "a.toml"]])
def test_what_a_service_is_started_with_means_the_same_without_a_parser(words: list[str]) -> None:
    quick = cli._options_of_run(words)
    assert quick is not None
    assert vars(quick) == vars(_parser().parse_args(words, SimpleNamespace(config=None)))


@each_of("words", [[], ["run", "--config"], ["run", "--config", "--help"], ["run", "-h"], ["doctor"]])
def test_all_other_words_are_left_to_the_parser(words: list[str]) -> None:
    assert cli._options_of_run(words) is None
