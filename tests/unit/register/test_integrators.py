"""What the integrator's guide shows happens: each conversation on the page is played against the terminal."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, cast

import pytest

from terminal.daemon.operations import commands_of
from terminal.netgiro.sandbox.control import control_routes
from terminal.register.line import format as line_format
from terminal.register.zvt.format import ZvtResult
from tests.each import each_of
from tests.unit.register.transcript import agree, play, transcripts

PAGE = Path(__file__).parents[3] / "terminal/register/integrators.md"
CONVERSATIONS = list(transcripts(PAGE))


@each_of(
    ("protocol", "conversation"),
    [pytest.param(protocol, text, id=f"{protocol} line {line}") for protocol, text, line in CONVERSATIONS],
)
def test_a_conversation_of_the_guide_goes_as_written(protocol: str, conversation: str) -> None:
    written = list(filter(None, conversation.splitlines()))

    went = play(protocol, conversation)

    assert agree(written, went), "\n".join(went)


def test_a_conversation_that_goes_otherwise_is_noticed() -> None:
    assert not agree(["> PING", "< READY"], play("line", "> PING\n< READY\n"))
    assert not agree(["> PING"], play("line", "> PING\n"))


def test_every_verb_of_the_line_protocol_is_shown() -> None:
    shown = {line.split()[1] for _, text, _ in CONVERSATIONS for line in text.splitlines() if line.startswith("> ")}

    assert set(line_format._KEYS) <= {word.partition("*")[0] for word in shown}


def test_every_code_has_its_row() -> None:
    page = PAGE.read_text("utf-8")
    codes = {
        *line_format._REFUSALS.values(),
        *line_format._FAILURES.values(),
        *line_format._REFUND_FAILURES.values(),
    }
    rows = "\n".join(line for line in page.splitlines() if line.startswith("| "))
    zvt = {int(code, 16) for code in re.findall(r"\b([0-9A-F]{2})\b", rows)}

    assert {code for code in codes if not re.search(rf"`(NO|ERR) {code}`", rows)} == set()
    assert set(ZvtResult) - {ZvtResult.OUT_OF_ORDER, ZvtResult.BAUD_RATE_NOT_SUPPORTED} <= zvt


def test_every_path_of_the_sandbox_and_every_command_of_the_control_socket_is_named() -> None:
    page = PAGE.read_text("utf-8")
    paths = {route.path.replace("{transaction_id}", "{cart}") for route in control_routes(cast("Any", None))}
    assert {path for path in paths if path not in page} == set()
    assert {name for name in commands_of(cast("Any", None)) if f"`{name}`" not in page} == set()
