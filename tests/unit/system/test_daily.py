"""A time of day, in zones that set their clocks and on nights when they do."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import product
from zoneinfo import ZoneInfo

import pytest

from terminal.system.daily import LOOK_AGAIN_S, MOST_UNSET_LOOKS, DailyAlarm, last_time, next_time, parse_time
from tests.each import each, each_of

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
NEVER_SET = ZoneInfo("Atlantic/Reykjavik")
BEFORE_CLOCKS_ARE_SET = [datetime(2026, month, 20, 12, 0, tzinfo=COPENHAGEN) for month in (3, 10)]
DAYS = 15


def _unix(*args: int, tzinfo: tzinfo) -> float:
    return datetime(*args, tzinfo=tzinfo).timestamp()  # type: ignore[arg-type,misc]


def alarms_from(begin: datetime, at: time, zone: ZoneInfo, *, step_s: float | None = None) -> list[datetime]:
    """Every moment that was told, looked at as the task does, or in steps of its own."""
    alarm, now_s = DailyAlarm(at, zone), begin.timestamp()
    told = []
    while now_s < begin.timestamp() + DAYS * 86_400:
        look = alarm.look(now_s, clock_is_set=True)
        if look.due_s is not None:
            told.append(datetime.fromtimestamp(look.due_s, zone))
        assert 0 < look.again_s <= LOOK_AGAIN_S
        now_s += step_s or look.again_s
    return told


@each_of("at", ["22:00", "02:30", "02:00", "03:00", "00:00", "23:59"])
def test_every_date_has_the_time_once_also_when_clocks_are_set(at: str) -> None:
    """In Copenhagen 02:30 did not exist on 29 March, and came twice on 25 October."""
    with each() as case:
        for begin, zone, step_s in product(
            BEFORE_CLOCKS_ARE_SET, (COPENHAGEN, NEVER_SET), (None, 1800.0, 5 * 86_400.0 / 7)
        ):
            with case(begin, zone.key, step_s):
                told = alarms_from(begin, parse_time(at), zone, step_s=step_s)
                per_date = Counter(moment.date() for moment in told)
                assert set(per_date.values()) == {1}
                days = [min(per_date) + timedelta(days) for days in range(len(per_date))]
                assert sorted(per_date) == days, "no date is left out"
                assert len(days) >= DAYS


def test_a_time_that_does_not_exist_is_as_if_the_clocks_had_not_been_set() -> None:
    noon = datetime(2026, 3, 29, 12, 0, tzinfo=COPENHAGEN).timestamp()
    assert last_time(time(2, 30), noon, COPENHAGEN) == _unix(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_of_a_time_that_comes_twice_the_first_counts() -> None:
    noon = datetime(2026, 10, 25, 12, 0, tzinfo=COPENHAGEN).timestamp()
    assert last_time(time(2, 30), noon, COPENHAGEN) == _unix(2026, 10, 25, 0, 30, tzinfo=UTC)
    between = datetime(2026, 10, 25, 2, 45, fold=1, tzinfo=COPENHAGEN).timestamp()
    assert datetime.fromtimestamp(next_time(time(2, 30), between, COPENHAGEN), COPENHAGEN).date() == date(2026, 10, 26)


def test_the_moment_itself_has_passed() -> None:
    at = datetime(2026, 11, 23, 22, 0, tzinfo=UTC).timestamp()
    assert last_time(time(22), at, UTC) == at
    assert next_time(time(22), at, UTC) == at + 86_400
    assert last_time(time(22), at - 0.001, UTC) == at - 86_400


def test_a_clock_that_nothing_has_set_is_waited_for_and_then_believed() -> None:
    alarm = DailyAlarm(time(22), UTC)
    for _ in range(MOST_UNSET_LOOKS):
        assert alarm.look(0.0, clock_is_set=False).due_s is None
    assert alarm.look(0.0, clock_is_set=False).due_s is not None


def test_a_clock_that_nothing_has_set_is_never_believed_before_what_has_been() -> None:
    alarm, newest_s = DailyAlarm(time(22), UTC), datetime(2026, 11, 20, 12, 0, tzinfo=UTC).timestamp()
    for _ in range(3 * MOST_UNSET_LOOKS):
        assert alarm.look(newest_s - 1, clock_is_set=False, newest_s=newest_s).due_s is None
    assert alarm.look(newest_s, clock_is_set=False, newest_s=newest_s).due_s is not None


def test_a_clock_that_something_has_set_is_believed_although_a_row_was_written_later() -> None:
    """That row's clock was wrong; a day that waits for it might wait for years."""
    newest_s = datetime(2038, 1, 1, tzinfo=UTC).timestamp()
    assert DailyAlarm(time(22), UTC).look(newest_s - 1e8, clock_is_set=True, newest_s=newest_s).due_s is not None


def test_a_clock_that_is_set_forward_tells_the_missed_time_once() -> None:
    alarm, now_s = DailyAlarm(time(22), UTC), datetime(2026, 11, 20, 12, 0, tzinfo=UTC).timestamp()
    alarm.look(now_s, clock_is_set=True)
    later = alarm.look(now_s + 3 * 86_400, clock_is_set=True)
    assert later.due_s == datetime(2026, 11, 22, 22, 0, tzinfo=UTC).timestamp()
    assert alarm.look(now_s + 3 * 86_400 + 1, clock_is_set=True).due_s is None


@each_of("text", ["", "24:00", "9:00", "22", "22:00:00", "22.00", "ab:cd", "22:0\n"])
def test_other_words_are_no_time(text: str) -> None:
    with pytest.raises(ValueError, match="time"):
        parse_time(text)
