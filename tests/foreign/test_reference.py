"""The HTTP register and its reference as foreign programs see them: schemathesis, and a validator of OpenAPI."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from terminal.register.http.forms import LONGEST_WAIT_S
from terminal.register.http.openapi import document
from tests.foreign.conftest import FOLDER, not_there
from tests.integration.test_http import HttpDemo
from tests.patience import at_most

pytestmark = pytest.mark.slow

EXAMPLES = 3
"""For each operation and each way to try it: some hundred requests in all."""
LONGEST_ANSWER_S = LONGEST_WAIT_S + 10
"""As long as a call may wait for a change. Longer, and it would be a fault."""
NOT_ASKED = (
    "positive_data_acceptance",  # what the reference allows can be refused: an amount above the shop's limit
    "use_after_free",  # DELETE calls a payment off; its record stays, because it is money
)
"""Checks of schemathesis that are wrong here."""
SETTINGS = """
[[operations]]
include-path-regex = '/[{]id[}]$'
include-method = "GET"
parameters = { "query.wait" = 1 }
"""
"""Otherwise it waits up to a minute for each payment that nobody pays."""


def run(program: str, *words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    if not (FOLDER / ".venv" / ".ready").is_file():
        not_there("the programs of tests/foreign/requirements.lock are not installed")
    command = [str(FOLDER / ".venv" / "bin" / program), *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=at_most(300), check=False, cwd=cwd)


def test_the_reference_is_openapi_3_1(tmp_path: Path) -> None:
    reference: dict[str, Any] = document("1.2.3")
    (tmp_path / "right.json").write_text(json.dumps(reference))
    assert reference["openapi"].startswith("3.1.")
    said = run("openapi-spec-validator", "--schema", "3.1.0", "right.json", cwd=tmp_path)
    assert said.returncode == 0, said.stdout + said.stderr
    del reference["paths"]["/v1/payments"]["post"]["responses"]
    reference["info"].pop("title")
    (tmp_path / "wrong.json").write_text(json.dumps(reference))
    assert run("openapi-spec-validator", "--schema", "3.1.0", "wrong.json", cwd=tmp_path).returncode == 1


def test_whatever_the_reference_allows_or_forbids_is_answered_as_it_says(tmp_path: Path) -> None:
    """All but the event stream, which never ends."""
    with HttpDemo(tmp_path, {"register": {"protocol": "http"}}) as counter:
        till = counter.get("/api/register")
        (tmp_path / "schemathesis.toml").write_text(SETTINGS)
        said = run(
            *("schemathesis", "run", f"{till['port']}/openapi.json"),
            *("--header", f"Authorization: Bearer {till['token']}"),
            *("--exclude-operation-id", "events", "--checks", "all", "--exclude-checks", ",".join(NOT_ASKED)),
            *("--max-response-time", str(LONGEST_ANSWER_S), "--request-timeout", str(at_most(LONGEST_ANSWER_S))),
            *("--max-examples", str(EXAMPLES), "--seed", "1", "--no-color"),
            cwd=tmp_path,
        )
        assert said.returncode == 0, said.stdout[-4000:].replace(till["token"], "TOKEN") + said.stderr[-1000:]
        tried = re.search(r"(\d+) generated", said.stdout)
        assert tried
        assert int(tried[1]) > 200, said.stdout
        assert "Traceback" not in counter.process.output
        assert counter.state()["register"] == "ok"
