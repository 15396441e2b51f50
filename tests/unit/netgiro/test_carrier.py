"""The carrier that is built when it is first needed, and what the event loop has to load for a call then: nothing."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from terminal.netgiro.carrier import Carrier, LateCarrier, RawAnswer, Request
from terminal.sale.gateway import CallRefused, Refusal

ROOT = Path(__file__).parents[3]
REQUEST = Request("POST", "https://netgiro.test/v1/InsertCart", b"{}", {})
ANSWER = RawAnswer(200, {}, b"{}")


class Known(Carrier):
    """Answers all that it is asked."""

    def __init__(self) -> None:
        self.is_closed = False

    async def exchange(self, _request: Request) -> RawAnswer:
        return ANSWER

    async def reach(self, _url: str) -> bool:
        return True

    async def close(self) -> None:
        self.is_closed = True


def test_it_is_built_once_and_not_on_the_event_loop() -> None:
    built: list[threading.Thread] = []
    known = Known()

    def build() -> Carrier:
        built.append(threading.current_thread())
        return known

    async def scenario() -> None:
        late = LateCarrier(build)
        answers = await asyncio.gather(late.reach("https://netgiro.test"), late.exchange(REQUEST))
        assert answers == [True, ANSWER]
        await late.close()

    asyncio.run(scenario())
    assert known.is_closed
    assert len(built) == 1
    assert built[0] is not threading.main_thread()


def test_one_that_was_never_needed_is_never_built() -> None:
    asyncio.run(LateCarrier(lambda: pytest.fail("it was built")).close())


def test_what_cannot_be_built_now_has_sent_nothing_and_is_tried_again() -> None:
    faults = [OSError(24, "Too many open files"), ImportError("No module named 'httpx'")]

    def build() -> Carrier:
        if faults:
            raise faults.pop()
        return Known()

    async def scenario() -> None:
        late = LateCarrier(build)
        with pytest.raises(CallRefused) as refused:
            await late.exchange(REQUEST)
        assert refused.value.refusal is Refusal.NOT_SENT
        assert not await late.reach("https://netgiro.test")
        assert await late.exchange(REQUEST) == ANSWER

    asyncio.run(scenario())


def test_the_first_call_loads_no_module() -> None:
    """Loading is work for a thread, and the loop that makes the call has keys and a register to listen to."""
    program = """
import asyncio, sys
from terminal.netgiro.carrier import Request
from terminal.netgiro.https import HttpsCarrier

async def call():
    carrier = HttpsCarrier("https://127.0.0.1:9/v1", connect_timeout_s=1)
    before = set(sys.modules)
    await carrier.reach("https://127.0.0.1:9/v1")
    print(*sorted(set(sys.modules) - before))

asyncio.run(call())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == []
