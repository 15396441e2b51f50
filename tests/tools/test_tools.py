"""Every tool beside the product still runs to its end: bench, fuzz, storm, golden's maker, wiring's drawer."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from hardware.wiring import draw
from terminal.simulation.world import NO_TROUBLE
from tests.bench import __main__ as bench
from tests.bench import beside_office, chain_cost, footprint, latency, uplink_bytes
from tests.bench.history import BEGIN, COLUMNS, END, HISTORY, MOST_RUNS, with_run
from tests.bench.results import Result
from tests.each import each_of
from tests.fuzz import __main__ as fuzz
from tests.fuzz.codecs import CODECS
from tests.golden import __main__ as golden
from tests.golden import pictures, samples, slips, views
from tests.golden.samples import GOLDEN
from tests.patience import at_most
from tests.violence.shops import SHOPS
from tests.violence.storm import storm


def test_bench_times_sales_and_devices_and_ends_with_one_line_of_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(latency, "STEP_LIMIT_S", at_most(latency.STEP_LIMIT_S))
    assert bench.main(["--small", "--only-devices"]) == 0
    numbers = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert numbers.keys() >= {"date", "commit", "machine", "wrong_keys"}
    steps = {result.key.removesuffix("_first_ms") for result in latency.measure_latencies(tmp_path, sales=1)}
    assert steps >= {"amount_shown", "insert_cart", "paid_to_ok"}


@pytest.mark.slow  # it starts the terminal ten times
def test_bench_measures_everything_and_ends_with_one_line_of_json(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(latency, "STEP_LIMIT_S", at_most(latency.STEP_LIMIT_S))
    assert bench.main(["--small"]) == 0
    numbers = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert numbers.keys() >= {"date", "commit", "machine", *COLUMNS}
    assert numbers["wrong_keys"] == 0
    assert numbers["start_ratio"] > 1


def test_the_cost_of_the_chain_is_measured_with_its_hash_and_without(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert chain_cost.main(["--rows", "3", "--turns", "1"]) == 0
    assert [line.partition(":")[0] for line in capsys.readouterr().out.splitlines()] == ["commit", "start"]
    for cost in chain_cost.measure(tmp_path, rows=2, turns=1):
        assert min(cost) > 0


def test_a_sale_costs_the_way_to_the_office_a_kilobyte(tmp_path: Path) -> None:
    day = uplink_bytes.play(tmp_path, range(1, 5), NO_TROUBLE)
    sale, refund = (uplink_bytes.send(day)[name] for name in ("sale", "refund"))
    assert sale.calls < 1.3, "it goes over when it has ended, with its refund as one more"
    assert sale.all_bytes <= 1.05 * uplink_bytes.TARGET_BYTES, "of a few sales"
    assert refund.all_bytes <= 1.2 * uplink_bytes.TARGET_BYTES
    assert 300 < sale.body_bytes <= 600
    whole = uplink_bytes.send(day, takes_compact=False)["sale"]
    assert whole.body_bytes > 2 * sale.body_bytes


@pytest.mark.slow
def test_what_an_office_costs_a_sale_is_measured_for_each_kind(tmp_path: Path) -> None:
    sales = asyncio.run(beside_office.sell(tmp_path, rounds=2))
    assert {len(of.waits_s) for of in sales.values()} == {2}
    found = {result.key: result for result in beside_office.results(sales)}
    for kind in beside_office.OFFICES:
        assert found[f"{kind}_ratio"].target == 1.05
        assert found[f"{kind}_cpu"].value > 0
        assert found[f"{kind}_cpu_ratio"].value > 0
        assert found[f"{kind}_calls_in_sales"].value == 0
        assert found[f"{kind}_calls"].value > 0
        log = (tmp_path / kind / "latency.log").read_text()
        assert ("the journal keeps everything until the office is back" in log) == (kind in ("dead", "500")), log


def test_bench_says_in_a_sentence_what_did_not_answer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(footprint, "READY_LIMIT_S", 0.001)
    assert bench.main(["--small"]) == 2
    said = capsys.readouterr()
    assert said.err.startswith("bench: the terminal was not ready within 0.001 s")
    assert "Traceback" not in said.out + said.err


def test_bench_repeats_the_last_words_of_a_terminal_that_ended(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(latency, "STEP_LIMIT_S", 2.0)
    monkeypatch.setattr(latency, "TERMINAL", "tests.bench.no_such_module")
    monkeypatch.setattr(bench, "measure_starts", lambda _folder, repeats: [])
    monkeypatch.setattr(bench, "measure_idle", lambda _folder, seconds: [])
    assert bench.main(["--small"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("bench: the terminal does not answer: waited 2 s in vain for 'ready'")
    assert "No module named tests.bench.no_such_module" in said


def test_recorded_runs_are_listed_newest_first_and_not_for_ever() -> None:
    text = HISTORY.read_text(encoding="utf-8")
    for number in range(MOST_RUNS + 3):
        about = {"date": f"2026-11-{number % 28 + 1:02}", "commit": f"c{number}", "machine": "test"}
        text = with_run(text, [Result("start_ratio", "", 2.5, "x")], about)
    rows = text.partition(BEGIN)[2].partition(END)[0].splitlines()
    assert [row.split(" | ")[1] for row in rows[2:5]] == [f"c{MOST_RUNS + 2 - age}" for age in range(3)]
    assert len(rows) == 2 + MOST_RUNS
    assert len({row.count("|") for row in rows}) == 1
    assert text.startswith("# The numbers")


@pytest.mark.parametrize("most_bytes", [2_000, pytest.param(20_000, marks=pytest.mark.slow)])
@each_of("codec", sorted(CODECS))
def test_fuzz_feeds_every_codec(codec: str, most_bytes: int) -> None:
    reports: list[str] = []
    fuzz.fuzz(CODECS[codec], most_bytes, seed=1, report=reports.append)
    assert "bytes in" in reports[0]


def test_a_storm_of_one_kill_leaves_no_difference(tmp_path: Path) -> None:
    report = storm(tmp_path, kills=1, lanes=1, seed=7, shops=SHOPS[:1])
    assert report.differences == []
    assert report.kills.total() >= 1
    assert report.sales == 2
    assert report.refunds >= 1


def test_golden_files_are_drawn_and_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "PICTURE_CASES", pictures.PICTURE_CASES[::10])  # tests/unit/screen draws each one
    monkeypatch.setattr(views, "SHOWN", dict(list(views.SHOWN.items())[::10]))
    drawn = {pictures.picture_path(*case) for case in pictures.PICTURE_CASES}
    kept = {path for path in samples.GOLDEN.glob("*/**/*.*") if path in drawn or path.suffix == ".txt"}
    assert kept > drawn
    for module in (samples, pictures, slips):
        monkeypatch.setattr(module, "GOLDEN", tmp_path)
    golden.write_all()
    assert {path.relative_to(tmp_path) for path in tmp_path.glob("*/**/*.*")} == {
        path.relative_to(GOLDEN) for path in kept
    }
    golden.write_sheet(tmp_path / "sheet.png")
    assert (tmp_path / "sheet.png").stat().st_size > 10_000


def test_wiring_is_drawn(tmp_path: Path) -> None:
    draw.main(tmp_path / "wiring.svg")
    assert (tmp_path / "wiring.svg").read_text(encoding="utf-8") == draw.draw()
