"""Alerts and dashboard speak of metrics that the terminal really has."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from terminal.counter.view import View
from tests.patience import at_most

MONITORING = Path(__file__).parents[3] / "systemd/monitoring"


def promtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    if shutil.which("promtool") is None:
        sentence = "promtool is not installed: apt-get install prometheus"
        if os.environ.get("CI") == "true":
            pytest.fail(sentence)
        pytest.skip(sentence)
    return subprocess.run(
        ["promtool", *arguments], cwd=MONITORING, capture_output=True, text=True, timeout=at_most(60), check=False
    )


def exposed() -> set[str]:
    """The name of every sample, also of those that only a sale brings about."""
    pytest.importorskip("prometheus_client", reason="optional: pip install prometheus-client")
    from terminal.daemon.metrics import Metrics  # noqa: PLC0415

    readings = {name: lambda: 0 for name in ("journal_bytes", "register_silent_s", "damaged_bytes")}
    reconciled = {"reconciliation": lambda: (0, 0, 0), "reconciles_daily": True}
    metrics = Metrics("1", lambda: 0.0, view=View, **readings, **reconciled)
    endings = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum"), "info": ("_info",), "gauge": ("",)}
    return {family.name + ending for family in metrics.registry.collect() for ending in endings[family.type]}


def used(expression: str) -> set[str]:
    return set(re.findall(r"\bnetgiro_(?:terminal|office)_\w+", expression))


def dashboard(name: str = "dashboard.json") -> dict[str, Any]:
    board: dict[str, Any] = json.loads((MONITORING / name).read_text("utf-8"))
    return board


each_alerts = pytest.mark.parametrize("alerts", ["alerts", "office_alerts"])
each_board = pytest.mark.parametrize("board", ["dashboard.json", "office_dashboard.json"])


@each_alerts
def test_alerts_are_valid(alerts: str) -> None:
    result = promtool("check", "rules", f"{alerts}.yml")

    assert result.returncode == 0, result.stdout + result.stderr


@each_alerts
def test_alerts_fire_when_they_should_and_only_then(alerts: str) -> None:
    result = promtool("test", "rules", f"{alerts}_test.yml")

    assert result.returncode == 0, result.stdout + result.stderr


def test_alerts_speak_of_metrics_that_exist() -> None:
    assert used((MONITORING / "alerts.yml").read_text("utf-8")) <= exposed()


def test_the_dashboard_speaks_of_metrics_that_exist() -> None:
    expressions = [target["expr"] for panel in dashboard()["panels"] for target in panel["targets"]]

    assert all(used(expression) for expression in expressions)
    assert used(" ".join(expressions)) <= exposed()


@each_board
def test_no_panel_lies_on_another(board: str) -> None:
    cells: set[tuple[int, int]] = set()
    for panel in dashboard(board)["panels"]:
        place = panel["gridPos"]
        covered = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert place["x"] + place["w"] <= 24
        assert not covered & cells
        cells |= covered


@each_board
def test_every_expression_of_the_dashboard_is_promql(tmp_path: Path, board: str) -> None:
    expressions = [target["expr"] for panel in dashboard(board)["panels"] for target in panel["targets"]]
    rules = [{"record": f"panel:{number}", "expr": text} for number, text in enumerate(expressions)]
    (tmp_path / "rules.yml").write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))  # JSON is YAML

    result = promtool("check", "rules", str(tmp_path / "rules.yml"))

    assert result.returncode == 0, result.stdout + result.stderr
