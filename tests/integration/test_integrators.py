"""What the integrator's guide shows of panel, sandbox and control socket, at a running demo and a running terminal."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from terminal.config.control_path import find_control_path
from tests.integration.counter import DemoCounter, ShopCounter
from tests.integration.netgiro import NetgiroProcess
from tests.integration.process import wait_until
from tests.patience import at_most

PAGE = Path(__file__).parents[2] / "terminal" / "register" / "integrators.md"
Ask = Callable[[str], str]


def exchanges(fence: str) -> list[tuple[str, str]]:
    """What is asked, and what is answered, in all fences of this name."""
    blocks = re.findall(rf"^```{fence} *\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return re.findall(r"^> (.*)\n< (.*)$", "\n".join(blocks), re.MULTILINE)


def play(fence: str, ask: Ask, fill_in: Callable[[str], str] = str) -> None:
    """Who only looks, looks again until it is as written."""
    written = exchanges(fence)
    assert written
    for asked, answered in written:
        answers: list[str] = []

        def is_as_written(asked: str = asked, answered: str = answered, answers: list[str] = answers) -> bool:
            pattern = ".*".join(map(re.escape, fill_in(answered).split("…")))
            answers.append(ask(fill_in(asked)))
            return re.fullmatch(pattern, answers[-1], re.DOTALL) is not None

        if asked.startswith("GET "):
            wait_until(f"{answered!r} to {asked!r}", is_as_written)
        else:
            assert is_as_written(), f"{asked}: {answers[-1]}"


@pytest.mark.slow
def test_panel_and_sandbox_answer_as_written(tmp_path: Path) -> None:
    with DemoCounter(tmp_path, {}) as counter, httpx.Client(trust_env=False, timeout=at_most(10)) as client:
        client.base_url = counter._panel.base_url

        def ask(words: str) -> str:
            method, path, body = [*words.split(" ", 2), ""][:3]
            answer = client.request(method, path, content=body.encode(), headers={"Content-Type": "application/json"})
            return f"{answer.status_code} {answer.text}"

        def fill_in(text: str) -> str:
            if "{cart}" not in text:
                return text
            return text.replace("{cart}", client.get("/sandbox/carts").json()[0]["TransactionId"])

        play("panel", ask, fill_in)


def test_the_control_socket_answers_as_written(tmp_path: Path, netgiro: NetgiroProcess) -> None:
    with ShopCounter(tmp_path, netgiro) as counter, socket.socket(socket.AF_UNIX) as line:
        line.settimeout(at_most(10))
        line.connect(str(find_control_path(counter.config_path)))
        answers = line.makefile("rb")

        def ask(request: str) -> str:
            line.sendall(f"{request}\n".encode())
            return json.dumps(json.loads(answers.readline()), separators=(",", ":"), ensure_ascii=False)

        play("control", ask)
        answers.close()
