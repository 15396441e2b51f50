"""The doctor's report: every check in its turn, whatever becomes of each."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from terminal.config.schema import Config, NetgiroSettings, read_config
from terminal.doctor.run import CHECKS, Check, Result, examine, report_json, report_lines, run_doctor
from terminal.doctor.system import Finding, Grade, System, ok
from terminal.sale.sensitive import Sensitive
from tests.doctor_machine import APPLICATION_ID, SECRET, config_with, put


def unfit(_config: Config, _system: System) -> Finding:
    return Finding(Grade.FAILED, "broken", "mend it")


def fit(_config: Config, _system: System) -> Finding:
    return ok("fine")


def crash(_config: Config, _system: System) -> Finding:
    raise KeyError("x")


def test_results_come_in_the_order_of_the_checks_whatever_becomes_of_each() -> None:
    checks = [Check("a", None, unfit), Check("b", None, crash), Check("c", None, fit)]

    assert run_doctor(Config(), checks=checks) == [
        Result("a", Grade.FAILED, "broken", "mend it"),
        Result("b", Grade.FAILED, "the check itself failed: KeyError: 'x'", "please report this"),
        Result("c", Grade.OK, "fine", ""),
    ]


def test_a_check_that_hangs_does_not_hold_up_the_others() -> None:
    released = threading.Event()

    def hang(_config: Config, _system: System) -> Finding:
        released.wait()
        return ok("too late")

    stuck, fine = run_doctor(Config(), checks=[Check("a", None, hang), Check("b", None, fit)], deadline_s=0.05)
    released.set()

    assert (stuck.status, stuck.found) == (Grade.FAILED, "no answer within 0.05 s")
    assert fine.status is Grade.OK


def test_problems_of_the_configuration_are_a_finding_and_spare_what_they_describe(tmp_path: Path) -> None:
    path = put(tmp_path, "config.toml", "[printer]\nport = 0\n[keypad]\ndriver = 'simulated'\n")
    config, problems = read_config(path, {})
    checks = [Check(name, name, fit) for name in ("keypad", "printer")]

    results = run_doctor(config, problems, checks=[Check("configuration", None, fit), *checks])

    assert [(result.name, result.status) for result in results] == [
        ("configuration", Grade.FAILED),
        ("keypad", Grade.OK),
        ("printer", Grade.WARNING),
    ]
    assert "printer.port: 0 is not allowed" in results[0].found
    assert results[2].advice == "mend [printer] in the configuration first"


def test_an_unreadable_configuration_spares_everything_it_would_describe(tmp_path: Path) -> None:
    config, problems = read_config(put(tmp_path, "config.toml", "["), {})

    results = run_doctor(config, problems, checks=[Check("keypad", "keypad", unfit), Check("clock", None, fit)])

    assert [result.status for result in results] == [Grade.WARNING, Grade.OK]


def test_every_section_named_by_a_check_exists() -> None:
    assert {check.section for check in CHECKS} - {None} <= set(Config.__struct_fields__)


RESULTS = [Result("disk", Grade.OK, "1 MiB", ""), Result("clock", Grade.WARNING, "13:37", "set it")]


def test_text_report_has_a_line_a_check() -> None:
    assert report_lines(RESULTS) == ["ok       disk: 1 MiB", "warning  clock: 13:37 -> set it"]


def test_json_report_is_a_list() -> None:
    assert json.loads(report_json(RESULTS)) == [
        {"name": "disk", "status": "ok", "found": "1 MiB", "advice": ""},
        {"name": "clock", "status": "warning", "found": "13:37", "advice": "set it"},
    ]
    assert json.loads(report_json([])) == []


def test_examine_prints_a_report_of_a_file_and_fails_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("terminal.doctor.run.run_doctor", lambda *_: RESULTS)
    assert examine(tmp_path / "config.toml") == 0
    monkeypatch.setattr(
        "terminal.doctor.run.run_doctor", lambda *_: [Result("disk", Grade.FAILED, "full", "make room")]
    )
    assert examine(tmp_path / "config.toml", as_json=True) == 1

    text, _, as_json = capsys.readouterr().out.partition("[")
    assert text.splitlines() == report_lines(RESULTS)
    assert json.loads("[" + as_json)[0]["name"] == "disk"


def test_the_secret_is_in_no_report() -> None:
    config = config_with(
        netgiro=NetgiroSettings(
            base_url="http://127.0.0.1:1/v1", application_id=APPLICATION_ID, secret_key=Sensitive(SECRET)
        )
    )

    assert SECRET not in report_json(run_doctor(config))
