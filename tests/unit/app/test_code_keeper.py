"""Staff's codes: hashed on disk, the configuration's until one is changed, and slower with each wrong one."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from terminal.app import code_keeper
from terminal.app.code_keeper import FILE, LONGEST_WAIT_S, CodeKeeper, reset, wait_s
from terminal.commands.main import main
from terminal.counter.menu import CodeKind
from terminal.counter.menu_codes import CodeVerdict
from terminal.sale.sensitive import Sensitive
from tests.virtual_time import HandClock

pytestmark = pytest.mark.usefixtures("quick_hashes")

STAFF, REFUND = CodeKind.STAFF, CodeKind.REFUND
OLD, NEW, WRONG = Sensitive("4711"), Sensitive("123456"), Sensitive("0000")


def keeper(folder: Path, clock: HandClock | None = None) -> CodeKeeper:
    return CodeKeeper(folder, {STAFF: OLD, REFUND: Sensitive("")}, clock or HandClock())


def test_the_configurations_code_counts_until_one_is_changed(tmp_path: Path) -> None:
    codes = keeper(tmp_path)
    assert codes.check(STAFF, OLD).verdict is CodeVerdict.RIGHT
    assert codes.change(STAFF, NEW).verdict is CodeVerdict.CHANGED
    for one in (codes, keeper(tmp_path)):
        assert one.check(STAFF, OLD).verdict is CodeVerdict.WRONG
        assert one.check(STAFF, NEW).verdict is CodeVerdict.RIGHT
    assert reset(tmp_path, STAFF)
    assert keeper(tmp_path).check(STAFF, OLD).verdict is CodeVerdict.RIGHT
    assert not reset(tmp_path, STAFF)


def test_without_a_code_there_is_none_and_nothing_is_right(tmp_path: Path) -> None:
    codes = keeper(tmp_path)
    assert codes.has(STAFF)
    assert not codes.has(REFUND)
    assert codes.check(REFUND, Sensitive("")).verdict is CodeVerdict.WRONG
    codes.change(REFUND, NEW)
    assert codes.has(REFUND)


def test_neither_disk_nor_log_holds_a_code_and_nobody_else_reads_the_file(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    codes = keeper(tmp_path)
    codes.change(STAFF, NEW)
    codes.check(STAFF, WRONG)
    content = (tmp_path / FILE).read_text()
    for secret in (OLD, NEW, WRONG):
        assert secret.reveal() not in caplog.text
        assert f'"{secret.reveal()}"' not in content
    assert content.count("scrypt$") == 1
    assert (tmp_path / FILE).stat().st_mode & 0o077 == 0


def test_wrong_codes_wait_longer_and_longer_and_a_right_one_ends_that(tmp_path: Path) -> None:
    clock = HandClock()
    codes = keeper(tmp_path, clock)
    waits = []
    for _ in range(12):
        word = codes.check(STAFF, WRONG)
        assert word.verdict is CodeVerdict.WRONG
        waits.append(word.locked_s)
        if word.locked_s:
            clock.now_s += word.locked_s - 1
            assert codes.check(STAFF, OLD).verdict is CodeVerdict.LOCKED, "not even the right one is looked at"
            clock.now_s += 1
    assert waits[:5] == [0, 0, 60, 120, 240]
    assert waits[-1] == LONGEST_WAIT_S
    assert codes.check(STAFF, OLD).verdict is CodeVerdict.RIGHT
    assert codes.check(STAFF, WRONG).locked_s == 0


def test_pulling_the_plug_neither_forgets_a_try_nor_shortens_the_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        keeper(tmp_path).check(STAFF, WRONG)
    clock = HandClock()
    codes = keeper(tmp_path, clock)
    word = codes.check(STAFF, OLD)
    assert (word.verdict, word.locked_s) == (CodeVerdict.LOCKED, 60.0)
    clock.now_s += 60
    counted = []

    def cut(*_args: object) -> bool:
        counted.append((tmp_path / FILE).read_bytes())
        raise KeyboardInterrupt

    monkeypatch.setattr(code_keeper.CodeKeeper, "_is_right", cut)
    with pytest.raises(KeyboardInterrupt):
        codes.check(STAFF, WRONG)
    assert b'"wrong":4' in counted[0], "on disk before it is looked at"


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"staff":"4711"}', b'{"wrong":-5}', b'{"wrong":"x"}', b"\xff" * 5000]
)
def test_a_file_that_says_nothing_sensible_lets_nobody_in(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    codes = keeper(tmp_path)
    assert codes.has(STAFF)
    assert codes.check(STAFF, OLD).verdict is CodeVerdict.FAILED
    assert codes.change(STAFF, NEW).verdict is CodeVerdict.FAILED


def test_a_disk_that_takes_nothing_lets_nobody_in(tmp_path: Path) -> None:
    codes = keeper(tmp_path / "not there")
    assert codes.check(STAFF, OLD).verdict is CodeVerdict.FAILED


def test_by_the_command_the_configurations_code_counts_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[journal]\npath = "journal.db"\n', encoding="utf-8")
    keeper(tmp_path).change(STAFF, NEW)
    for told in ("is valid again", "was valid already"):
        assert main(["code", "reset", "staff", "--config", str(config)]) == 0
        assert told in capsys.readouterr().out
    assert keeper(tmp_path).check(STAFF, OLD).verdict is CodeVerdict.RIGHT


def test_no_count_of_wrong_codes_waits_for_ever() -> None:
    assert wait_s(10**6) == LONGEST_WAIT_S
