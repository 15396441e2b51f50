"""A release goes out in waves: when a counter is well, when it has failed, when the next ones follow, when it stops."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from terminal.office.server.waves import ILL_AFTER, SILENT, Member, Plan, State, Step, judge, next_step, read_sizes
from tests.each import each_of

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
PLAN = Plan("1.1.0", (2, 4), 25, timedelta(hours=24))
FRESH = Member("T1", 1, NOW - timedelta(hours=2), State.WAITING, "1.0.0", NOW)
RUNS = FRESH._replace(version="1.1.0", runs_since=NOW - timedelta(hours=2))


@each_of(
    ("member", "state", "why"),
    [
        (FRESH, State.WAITING, ""),
        (FRESH._replace(heard=None), State.WAITING, ""),
        (FRESH._replace(new_troubles=("printer",)), State.WAITING, ""),
        (RUNS, State.PROVING, ""),
        (RUNS._replace(has_sold=True), State.WELL, ""),
        (RUNS._replace(has_sold=True, heard=NOW - SILENT * 2), State.PROVING, ""),
        (RUNS._replace(has_sold=True, new_troubles=("printer",), runs_since=NOW), State.PROVING, ""),
        (RUNS._replace(has_sold=True, new_troubles=("printer",)), State.FAILED, "in trouble: printer"),
        (RUNS._replace(version="1.0.0"), State.FAILED, "it went back to 1.0.0"),
        (RUNS._replace(version=""), State.FAILED, "it went back to an unknown version"),
        (FRESH._replace(since=NOW - timedelta(hours=25), heard=None), State.FAILED, "silent since"),
        (RUNS._replace(since=NOW - timedelta(days=9), heard=NOW - timedelta(hours=25)), State.FAILED, "silent since"),
        (FRESH._replace(since=NOW, heard=NOW - timedelta(days=3)), State.WAITING, ""),
        (FRESH._replace(state=State.WELL, version="1.0.0", heard=None), State.WELL, ""),
        (RUNS._replace(state=State.FAILED, has_sold=True), State.FAILED, ""),
    ],
)
def test_how_a_counter_does(member: Member, state: State, why: str) -> None:
    verdict = judge(PLAN, member, NOW)
    assert verdict.state is state
    assert verdict.why.startswith(why)
    assert bool(verdict.why) is (state is State.FAILED and not member.state.is_over)
    assert timedelta(hours=2) > ILL_AFTER


def test_the_first_wave_begins_at_once_and_the_next_when_all_of_it_are_over() -> None:
    others = iter(["T1", "T2", "T3"])
    assert next_step(PLAN, [], others) == Step(begin=("T1", "T2"))
    assert list(others) == ["T3"], "no more are taken than begin"
    assert next_step(PLAN, [(1, State.WELL), (1, State.PROVING)], ["T3"]) == Step()
    second = next_step(PLAN, [(1, State.WELL), (1, State.WELL)], [f"T{n}" for n in range(9)])
    assert second.begin == ("T0", "T1", "T2", "T3")
    assert next_step(PLAN, [(1, State.WELL)], []) == Step(done=True)


def test_too_many_failures_stop_it_also_while_others_are_on_their_way() -> None:
    states = [(1, State.WELL)] * 3 + [(1, State.FAILED)]
    assert next_step(PLAN, states, ["T9"]).begin == ("T9",), "25 % are not more than 25 %"
    stopped = next_step(PLAN, [*states, (2, State.FAILED), (2, State.WAITING)], ["T9"])
    assert stopped.stop == "2 of 6 counters failed, which is more than 25 %"
    assert next_step(PLAN._replace(stop_percent=0), [(1, State.FAILED)], []).stop, "a failure is not 'everywhere'"


@each_of("text", ["", "0", "-1", "10,", "ten", "1" * 9, ",".join("1" * 21)])
def test_sizes_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"sizes|invalid literal"):
        read_sizes(text)
    assert read_sizes("10,50,100") == (10, 50, 100)


@pytest.mark.parametrize("bad_percent", [0, 30, 100])
def test_a_bad_release_reaches_few_and_a_good_one_all(bad_percent: int) -> None:
    """A fleet in virtual hours: some are silent, some go back, some get ill, each sells when it pleases."""
    plan = Plan("2", (10, 50, 100), 5, timedelta(hours=24))
    for seed in range(3):
        chance = random.Random(seed)
        left = [f"T{n}" for n in range(600)]
        members: dict[str, Member] = {}
        now, step = NOW, Step()
        for _hour in range(24 * 60):
            now += timedelta(hours=1)
            for name, one in members.items():
                if not one.state.is_over:
                    later = an_hour_later(chance, one._replace(heard=now), is_bad=place_of(name) < bad_percent)
                    members[name] = later._replace(state=judge(plan, later, now).state)
            states = [(one.wave, one.state) for one in members.values()]
            step = next_step(plan, states, left)
            if step.stop or step.done:
                break
            wave = max((one.wave for one in members.values()), default=0) + 1
            for name in step.begin:
                left.remove(name)
                members[name] = Member(name, wave, now, version="1", heard=now)
        if bad_percent:
            assert step.stop
            assert len(members) == 10, "the first wave has seen it"
        else:
            assert step.done
            assert len(members) == 600


def an_hour_later(chance: random.Random, one: Member, *, is_bad: bool) -> Member:
    if one.runs_since is None:
        return one._replace(version="2", runs_since=one.heard) if chance.random() < 0.3 else one
    if is_bad:
        return one._replace(version="1") if chance.random() < 0.5 else one._replace(new_troubles=("keypad",))
    return one._replace(has_sold=one.has_sold or chance.random() < 0.5)


def place_of(name: str) -> int:
    return int(name[1:]) * 37 % 100
