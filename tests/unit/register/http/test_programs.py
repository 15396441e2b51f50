"""Who may speak: six digits that are good once and not for long, tokens that are kept as hashes."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from terminal.register.http.programs import (
    CODE_GOOD_FOR_S,
    MOST_FAILURES,
    MOST_PROGRAMS,
    Programs,
    TooManyPrograms,
)
from tests.virtual_time import HandClock

FILE = "register-programs.json"


def programs(folder: Path, clock: HandClock | None = None) -> Programs:
    return Programs(folder / FILE, clock or HandClock())


def paired(known: Programs, name: str = "Kassi 1") -> str:
    token = known.pair(known.new_code().digits.reveal(), name)
    assert token is not None
    return token


def other_than(digits: str) -> str:
    return f"{(int(digits) + 1) % 1_000_000:06d}"


def test_the_right_digits_give_a_token_that_outlives_a_restart(tmp_path: Path) -> None:
    token = paired(programs(tmp_path))
    assert len(token) >= 40
    assert programs(tmp_path).name_of(token) == "Kassi 1"
    assert programs(tmp_path).name_of(token + "x") is None
    assert programs(tmp_path).name_of("") is None


def test_no_token_is_kept(tmp_path: Path) -> None:
    token = paired(programs(tmp_path))
    assert token not in (tmp_path / FILE).read_text()
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


def test_a_code_has_six_digits_and_is_not_shown_by_accident(tmp_path: Path) -> None:
    code = programs(tmp_path).new_code()
    assert len(code.digits.reveal()) == 6
    assert code.digits.reveal().isdigit()
    assert code.digits.reveal() not in repr(code)


def test_a_code_is_good_once(tmp_path: Path) -> None:
    known = programs(tmp_path)
    digits = known.new_code().digits.reveal()
    assert known.pair(digits, "Kassi 1") is not None
    assert known.pair(digits, "Kassi 2") is None


def test_a_newer_code_takes_the_place_of_an_older_one(tmp_path: Path) -> None:
    given = iter(("111111", "222222"))
    known = Programs(tmp_path / FILE, HandClock(), lambda: next(given))
    known.new_code()
    known.new_code()
    assert known.pair("111111", "Kassi 1") is None
    assert known.pair("222222", "Kassi 1") is not None


@pytest.mark.parametrize(("age_s", "is_good"), [(CODE_GOOD_FOR_S - 1, True), (CODE_GOOD_FOR_S, False)])
def test_a_code_is_good_for_five_minutes(tmp_path: Path, age_s: float, is_good: bool) -> None:
    clock = HandClock()
    known = programs(tmp_path, clock)
    digits = known.new_code().digits.reveal()
    clock.now_s += age_s
    assert (known.pair(digits, "Kassi 1") is not None) == is_good
    assert CODE_GOOD_FOR_S == 300


@pytest.mark.parametrize(("failures", "is_good"), [(MOST_FAILURES - 1, True), (MOST_FAILURES, False)])
def test_five_failures_end_a_code(tmp_path: Path, failures: int, is_good: bool) -> None:
    known = programs(tmp_path)
    digits = known.new_code().digits.reveal()
    for _ in range(failures):
        assert known.pair(other_than(digits), "Kassi 1") is None
    assert (known.pair(digits, "Kassi 1") is not None) == is_good
    assert MOST_FAILURES == 5


def test_without_a_code_nobody_is_let_in(tmp_path: Path) -> None:
    assert programs(tmp_path).pair("000000", "Kassi 1") is None


def test_a_program_may_be_paired_again_under_its_name(tmp_path: Path) -> None:
    known = programs(tmp_path)
    tokens = [paired(known), paired(known)]
    assert [known.name_of(token) for token in tokens] == ["Kassi 1", "Kassi 1"]


def test_what_is_revoked_may_call_no_more(tmp_path: Path) -> None:
    known = programs(tmp_path)
    first, second, other = paired(known), paired(known), paired(known, "Kassi 2")
    assert known.revoke("Kassi 1") == 2
    again = programs(tmp_path)
    assert [again.name_of(token) for token in (first, second, other)] == [None, None, "Kassi 2"]
    assert known.revoke("nobody") == 0


def test_there_are_only_so_many(tmp_path: Path) -> None:
    known = programs(tmp_path)
    for _ in range(MOST_PROGRAMS):
        known.admit("Kassi")
    digits = known.new_code().digits.reveal()
    with pytest.raises(TooManyPrograms):
        known.pair(digits, "Kassi")
    known.revoke("Kassi")
    assert known.pair(digits, "Kassi") is not None, "the code was not the fault"


def test_a_list_that_cannot_be_read_knows_nobody_and_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    token = paired(programs(tmp_path))
    (tmp_path / FILE).write_text("[{")
    known = programs(tmp_path)
    assert known.name_of(token) is None
    assert "pair them again" in caplog.text
    assert known.name_of(paired(known)) == "Kassi 1"
