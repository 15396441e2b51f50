"""The stream of changes: who listens to it, what they are sent, and when it ends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from hardware.interfaces import DeviceError
from terminal.panel.backend import PrinterCondition
from terminal.panel.changes import MAX_SUBSCRIBERS, Part
from tests.panel_fake import FakeCounter
from tests.virtual_time import run_virtual

# --- the stream of changes --------------------------------------------------------------------------------------------


class Listener:
    """A browser at ``/api/events``, seen from the server: raw ASGI, because httpx waits for the end of an answer."""

    def __init__(self, counter: FakeCounter) -> None:
        self._messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._gone = asyncio.Event()
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "method": "GET",
            "path": "/api/events",
            "root_path": "",
            "query_string": b"",
            "headers": [(b"host", b"localhost")],
        }
        self.served = asyncio.create_task(counter.app()(scope, self._receive, self._messages.put))

    async def _receive(self) -> dict[str, Any]:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def message(self) -> dict[str, Any]:
        return await self._messages.get()

    async def chunk(self) -> str:
        return (await self.message())["body"].decode()

    async def event(self) -> dict[str, Any]:
        chunk = await self.chunk()
        assert chunk.startswith("data: ")
        assert chunk.endswith("\n\n")
        return json.loads(chunk.removeprefix("data: "))

    async def begin(self) -> list[dict[str, Any]]:
        """Everything up to the end of the first picture of the counter."""
        start = await self.message()
        assert start["status"] == 200
        assert (b"content-type", b"text/event-stream; charset=utf-8") in start["headers"]
        assert (await self.chunk()).startswith("retry: ")
        return [await self.event() for _ in Part]

    async def leave(self) -> None:
        self._gone.set()
        await self.served


def listening(check: Callable[[FakeCounter], Awaitable[None]]) -> None:
    async def scenario() -> None:
        counter = FakeCounter()
        await check(counter)
        await counter.aclose()

    run_virtual(scenario())


def test_listener_is_first_told_how_everything_stands():
    async def check(counter):
        listener = Listener(counter)
        events = await listener.begin()
        assert [event["part"] for event in events] == list(Part)
        state, register, printer = (
            next(event for event in events if event["part"] == part)
            for part in (Part.STATE, Part.REGISTER, Part.PRINTER)
        )
        assert state["state"]["state"] == "idle"
        assert register["register"]["port"] == "/dev/pts/7"
        assert printer["printer"]["paper"] == "ok"
        await listener.leave()

    listening(check)


def test_every_listener_is_told_of_a_change():
    async def check(counter):
        listeners = [Listener(counter) for _ in range(3)]
        for listener in listeners:
            await listener.begin()
        await counter.register_send("PAY 1990 ID=42")
        for listener in listeners:
            assert (await listener.event())["part"] == Part.REGISTER
            event = await listener.event()
            assert event["state"]["sale"]["amount_kr"] == 1990
            await listener.leave()

    listening(check)


def test_carts_of_the_sandbox_are_a_change_too():
    async def check(counter):
        listener = Listener(counter)
        await listener.begin()
        counter.sandbox.changed()
        assert await listener.event() == {"part": "carts"}
        await listener.leave()

    listening(check)


def test_changes_that_nobody_has_read_yet_become_one():
    async def check(counter):
        with counter.changes.subscribe() as subscription:
            await subscription.wait()
            for _ in range(1000):
                counter.changes.publish(Part.RECEIPTS, Part.STATE)
            counter.changes.publish(Part.DISPLAY)
            assert await subscription.wait() == (Part.RECEIPTS, Part.STATE, Part.DISPLAY)

    listening(check)


def test_device_that_is_missing_does_not_end_the_stream():
    async def check(counter):
        def gone() -> PrinterCondition:
            raise DeviceError("the printer is a real one")

        counter.printer = gone
        listener = Listener(counter)
        events = await listener.begin()
        assert {"part": "printer", "error": "the printer is a real one"} in events
        await listener.leave()

    listening(check)


def test_quiet_stream_says_every_15_seconds_that_it_lives():
    async def check(counter):
        listener = Listener(counter)
        await listener.begin()
        clock = asyncio.get_running_loop().time
        start_s = clock()
        assert (await listener.chunk()).startswith(":")
        assert (await listener.chunk()).startswith(":")
        assert clock() - start_s == pytest.approx(30)
        await listener.leave()

    listening(check)


def test_listener_that_left_is_forgotten():
    async def check(counter):
        for _ in range(2 * MAX_SUBSCRIBERS):
            listener = Listener(counter)
            await listener.begin()
            await listener.leave()

    listening(check)


def test_one_listener_too_many_is_answered_503():
    async def check(counter):
        listeners = [Listener(counter) for _ in range(MAX_SUBSCRIBERS)]
        for listener in listeners:
            await listener.begin()
        one_more = Listener(counter)
        assert (await one_more.message())["status"] == 503
        assert "close some" in await one_more.chunk()
        for listener in listeners:
            await listener.leave()
        await one_more.served

    listening(check)


def test_closing_ends_every_stream_and_those_to_come():
    async def check(counter):
        listener = Listener(counter)
        await listener.begin()
        counter.changes.close()
        await listener.served
        late = Listener(counter)
        await late.served

    listening(check)
