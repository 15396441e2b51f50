"""Plays a capture (``netgiro-terminal listen --out``) to a protocol, at the times at which the register sent it.

A capture under tests/captures becomes a test by a line in tests/unit/register/test_captures.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from terminal.counter.register_words import RegisterQuestion, RegisterReply, RegisterRequest
from terminal.register.protocol import RegisterProtocol
from terminal.register.unknown.capture import Chunk, read_capture

CAPTURES = Path(__file__).parent / "captures"
AFTERWARDS_S = 600.0
"""How long the terminal goes on after the register's last byte."""


def replay(
    protocol: RegisterProtocol,
    chunks: Sequence[Chunk],
    answer: Callable[[RegisterRequest], Sequence[RegisterReply]] = lambda _request: (),
) -> tuple[list[RegisterRequest], bytes]:
    """Every request, and everything the terminal said; ``answer`` is the terminal behind the protocol."""
    requests: list[RegisterRequest] = []
    said = b""

    def take(new: Sequence[RegisterRequest], now_s: float) -> None:
        nonlocal said
        for request in new:
            requests.append(request)
            question = request if isinstance(request, RegisterQuestion) else None
            for reply in answer(request):
                protocol.send(reply, now_s, question)
                question = None
        if data := protocol.data_to_send():
            said += data
            take(protocol.data_sent(), now_s)

    def sleep_until(end_s: float) -> None:
        while (due_s := protocol.next_wakeup_s) is not None and due_s <= end_s:
            take(protocol.wake(max(due_s, now_s)), max(due_s, now_s))

    now_s = 0.0
    for chunk in chunks:
        sleep_until(chunk.time_s)
        now_s = chunk.time_s
        take(protocol.receive_data(chunk.data, now_s), now_s)
    sleep_until(now_s + AFTERWARDS_S)
    return requests, said


def captured(name: str) -> list[Chunk]:
    """The chunks of a file under tests/captures."""
    return read_capture((CAPTURES / f"{name}.txt").read_text("utf-8"))
