"""A night is a bounded time, names what broke with the command that does it again, and ends with one line of JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

import pytest

from terminal.commands.simulate import Tally
from tests import night
from tests.night import Findings, Part


def part(words: Sequence[str], *, survivors: bool = False) -> Part:
    return Part("try", 0.0, lambda seed: (*words, str(seed)), survivors)


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[int | None, str]]:
    """What the commands of a night come to, by their first word."""
    given: dict[str, tuple[int | None, str]] = {}
    monkeypatch.setattr(night, "_run", lambda words, _patience_s: given[words[2]])
    return given


def test_what_fails_is_named_with_its_seed(answers: dict[str, tuple[int | None, str]]) -> None:
    answers.update(good=(0, "fine"), bad=(1, "it raised"), stuck=(None, "so far"))
    findings = Findings()
    for word in answers:
        night.run_part(part((word,)), 7, 0.0, findings)
    assert findings.violations == ["it raised\n    again: python -m bad 7"]
    assert findings.runs == {"try": 2, "try, not to the end": 1}
    assert not findings.survivors


def test_a_change_that_no_test_notices_is_named_and_breaks_nothing(answers: dict[str, tuple[int | None, str]]) -> None:
    answers.update(mutants=(1, "4 of 5"), red=(2, "the tests are red without any change"))
    findings = Findings()
    for word in answers:
        night.run_part(part((word,), survivors=True), 7, 0.0, findings)
    assert findings.survivors == ["4 of 5\n    again: python -m mutants 7"]
    assert findings.violations == ["the tests are red without any change\n    again: python -m red 7"]


def test_a_command_is_run_and_ended_when_its_time_is_over() -> None:
    python = sys.executable
    assert night._run((python, "-c", "print('said'); raise SystemExit(3)"), 60.0) == (3, "said\n")
    assert night._run((python, "-c", "input()"), 60.0)[0] == 1  # nobody types
    code, said = night._run((python, "-c", "import threading; threading.Event().wait()"), 0.3)
    assert code is None
    assert "KeyboardInterrupt" in said or not said


@pytest.mark.parametrize(("violations", "code"), [([], 0), ([(42, "a krona is missing")], 1)])
def test_a_night_ends_with_one_line_of_json(
    violations: list[tuple[int, str]],
    code: int,
    answers: dict[str, tuple[int | None, str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    seeds: list[int] = []

    def worlds(first_seed: int, _seconds: float, _jobs: int) -> Tally:
        seeds.append(first_seed)
        return Tally(worlds=3, sales=30, violations=violations)

    monkeypatch.setattr(night, "run_worlds", worlds)
    answers.update({"tests.fuzz": (0, ""), "tests.violence.storm": (0, ""), "tests.mutation": (0, "")})
    assert night.main(["--minutes", "1e-12", "--date", "2026-11-30"]) == code
    *lines, last = capsys.readouterr().out.splitlines()
    summary = json.loads(last)
    assert summary["sales"] == 30
    assert summary["runs"] == {"fuzz": 1, "mutation": 1, "storm": 1}
    assert len(summary["violations"]) == code
    assert ("    again: netgiro-terminal simulate --seed 42 --story" in lines) == bool(code)
    assert seeds == [202611300000000]


def test_worlds_are_run_and_their_cells_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(night, "WORLDS_A_CHUNK", 2)
    total = night.run_worlds(20261130 * night.WORLDS_A_NIGHT, 0.0, 1)
    assert (total.worlds, total.violations) == (2, [])
    assert total.met


def test_every_part_has_its_tool_and_its_time() -> None:
    assert sum(one.share for one in night.PARTS) < 0.5
    for name in night.MONEY:
        assert (night.ROOT / f"terminal/sale/{name}.py").is_file()


@pytest.mark.parametrize("minutes", ["abc", "0", "-3", "1e9", "nan", "inf"])
def test_a_length_that_no_night_has_is_refused(minutes: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        night.main(["--minutes", minutes])
    assert ended.value.code == 2
    assert "--minutes" in capsys.readouterr().err
