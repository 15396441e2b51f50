"""The reference says what is served: every operation, every body, every status."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from terminal import __version__
from terminal.commands.main import main
from terminal.counter.register_words import RefusalCode, RequestRefused
from terminal.register.http import openapi
from terminal.register.http.openapi import document
from terminal.register.http.operations import OPERATIONS
from terminal.register.http.problems import STATUS_OF, Code, problem_of
from tests.unit.register.http.http_bench import HttpShop

REFERENCE: dict[str, Any] = document("1.2.3")


def references_in(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        for name, below in part.items():
            if name == "$ref":
                yield below
            else:
                yield from references_in(below)
    elif isinstance(part, list | tuple):
        for below in part:
            yield from references_in(below)


def test_it_is_of_the_version_that_says_json_schema_as_it_is() -> None:
    assert REFERENCE["openapi"].startswith("3.1.")
    assert REFERENCE["info"]["version"] == "1.2.3"
    assert json.loads(json.dumps(REFERENCE)) == REFERENCE


def test_every_reference_leads_somewhere() -> None:
    schemas = REFERENCE["components"]["schemas"]
    assert {name.removeprefix("#/components/schemas/") for name in references_in(REFERENCE)} <= set(schemas)


def test_every_operation_is_there_with_its_statuses() -> None:
    for operation in OPERATIONS:
        described = REFERENCE["paths"][operation.path][operation.method.lower()]
        assert described["operationId"] == operation.name
        assert str(operation.status) in described["responses"]
        assert {str(STATUS_OF[code]) for code in operation.problems} <= set(described["responses"])


def test_only_pairing_and_the_reference_need_no_token() -> None:
    open_ones = {operation.path for operation in OPERATIONS if operation.is_open}
    assert open_ones == {"/v1/pair", "/openapi.json"}
    assert REFERENCE["security"] == [{"token": []}]


def test_every_code_has_a_status_and_every_refusal_a_code() -> None:
    assert set(STATUS_OF) == set(Code)
    assert {problem_of(RequestRefused(None, code)).status for code in RefusalCode} <= {400, 404, 409, 422, 503}


def test_the_page_says_what_to_do_about_every_code() -> None:
    page = Path(openapi.__file__).with_name("README.md").read_text("utf-8")
    rows = {
        (code, int(row[1]))
        for row in re.finditer(r"^\| (\d{3}) \| (`.*?`) \| \S", page, re.MULTILINE)
        for code in re.findall(r"`(\w+)`", row[2])
    }
    assert rows == set(STATUS_OF.items())


def test_the_command_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["openapi"]) == 0
    assert json.loads(capsys.readouterr().out) == document(__version__)


def test_a_payment_is_as_it_is_described() -> None:
    shop = HttpShop()
    body = shop.look(shop.paid()).body
    described = REFERENCE["components"]["schemas"]["Payment"]
    assert set(body) == set(described["properties"]) == set(described["required"])


def test_forms_take_nothing_that_they_do_not_know() -> None:
    schemas = REFERENCE["components"]["schemas"]
    assert all(schemas[name]["additionalProperties"] is False for name in schemas if name.endswith("Form"))
