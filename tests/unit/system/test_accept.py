"""Who is let in: so many and no more, whatever knocks, and never at the price of a file descriptor that sales need."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import resource
import socket
from collections.abc import Awaitable, Callable, Iterator

import pytest

from terminal.system import accept
from terminal.system.accept import BACKLOG, USUAL, Acceptor, Limits, highest_descriptor
from tests.each import each_of
from tests.patience import at_most

Scenario = Callable[["Door"], Awaitable[None]]


class Door:
    """An acceptor that keeps everybody until they hang up."""

    def __init__(self, limits: Limits) -> None:
        self.listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.listener.bind(("127.0.0.1", 0))
        self.inside = 0
        self.most_inside = 0
        self.acceptor = Acceptor(self.listener, "door", self._serve, limits)

    async def _serve(self, connection: socket.socket) -> None:
        self.inside += 1
        self.most_inside = max(self.inside, self.most_inside)
        try:
            await asyncio.get_running_loop().sock_recv(connection, 1)
        finally:
            self.inside -= 1

    def call(self, source: str = "127.0.0.1") -> socket.socket:
        caller = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        caller.bind((source, 0))
        caller.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            caller.connect(self.listener.getsockname())
        return caller


async def until(look: Callable[[], bool]) -> None:
    async with asyncio.timeout(at_most(5)):
        while not look():  # noqa: ASYNC110 - sockets have no event for it
            await asyncio.sleep(0.001)


def run(scenario: Scenario, limits: Limits = USUAL) -> None:
    async def inside() -> None:
        door = Door(limits)
        door.acceptor.start()
        try:
            await scenario(door)
        finally:
            door.acceptor.close()
            await door.acceptor.hang_up()

    asyncio.run(inside())


def test_the_next_one_is_let_in_when_one_has_left() -> None:
    async def scenario(door: Door) -> None:
        callers = [door.call() for _ in range(5)]
        await until(lambda: door.inside == 2)
        for left in range(4):
            callers[left].close()
            await until(lambda left=left: door.inside == min(2, 4 - left))  # type: ignore[misc]
        assert door.most_inside == 2
        callers[4].close()

    run(scenario, Limits(connections=2))


def test_a_crowd_costs_no_more_descriptors_than_the_most_there_may_be(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario(door: Door) -> None:
        callers = [door.call() for _ in range(100)]
        await until(lambda: door.inside == 8)
        await asyncio.sleep(0)
        assert door.most_inside == 8
        for caller in callers:
            caller.close()

    run(scenario, Limits(connections=8))
    assert [record.message for record in caplog.records] == [
        "door: 8 connections are open, the most there may be: others wait"
    ]


def test_one_address_outside_has_its_own_bound_and_the_others_still_get_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accept, "_outside", lambda address: address[0] if address[0] != "127.0.0.1" else "")

    async def scenario(door: Door) -> None:
        greedy = [door.call("127.0.0.9") for _ in range(10)]
        await until(lambda: door.inside == 3)
        other = door.call("127.0.0.8")
        await until(lambda: door.inside == 4)
        here = [door.call() for _ in range(5)]
        await until(lambda: door.inside == 9)
        for caller in [*greedy, other, *here]:
            caller.close()

    run(scenario, Limits(connections=20, per_address=3))


def test_who_was_let_in_at_the_last_moment_is_hung_up_on_too() -> None:
    """Before a task has begun there is nothing in it that could close a connection."""

    async def scenario(door: Door) -> None:
        caller = door.call()
        await asyncio.sleep(0.01)
        door.acceptor.close()
        door.acceptor._accept_more = lambda: None  # type: ignore[method-assign]
        ours, theirs = socket.socketpair()
        door.acceptor._admit(ours, "")
        await door.acceptor.hang_up()
        assert ours.fileno() < 0
        assert theirs.recv(1) == b""
        theirs.close()
        caller.close()

    run(scenario)


@each_of(
    ("address", "outside"),
    [
        (("192.0.2.7", 5), "192.0.2.7"),
        (("127.0.0.1", 5), ""),
        (("::1", 5, 0, 0), ""),
        (("::ffff:127.0.0.1", 5, 0, 0), ""),
        (("::ffff:192.0.2.7", 5, 0, 0), "192.0.2.7"),
        (("fe80::1%eth0", 5, 0, 2), "fe80::1"),
        ("", ""),
    ],
)
def test_only_addresses_of_other_machines_are_told_apart(address: object, outside: str) -> None:
    assert accept._outside(address) == outside


@pytest.fixture
def few_descriptors() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def fourth_free_descriptor() -> int:
    gc.collect()
    found = [os.dup(0) for _ in range(4)]
    for descriptor in found:
        os.close(descriptor)
    return found[-1]


def test_descriptors_are_kept_for_the_sale(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """How many get in, other tests have a say in: what runs beside this in its process opens and closes descriptors."""
    monkeypatch.setattr(accept, "PAUSE_S", 0.01)

    async def scenario(door: Door) -> None:
        callers = [door.call() for _ in range(BACKLOG)]
        highest = door.acceptor._highest_descriptor = fourth_free_descriptor()
        await until(lambda: bool(caplog.records))
        await asyncio.sleep(0.1)  # several pauses
        assert door.most_inside < BACKLOG
        assert all(connection.fileno() <= highest for connection, _ in door.acceptor._connections.values())
        door.acceptor._highest_descriptor = 1 << 30
        before = door.inside
        callers.append(door.call())
        await until(lambda: door.inside > before)
        for caller in callers:
            caller.close()

    run(scenario)
    assert len(caplog.records) == 1
    assert "file descriptors are in use" in caplog.text
    assert "-1" not in caplog.text


def test_without_any_descriptor_it_waits_and_says_so_once(
    few_descriptors: None, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accept, "PAUSE_S", 0.01)
    caplog.set_level(logging.DEBUG)

    async def scenario(door: Door) -> None:
        callers = [door.call() for _ in range(4)]
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, limits[1]))  # EMFILE for whatever wants a descriptor
        await asyncio.sleep(0.1)
        assert door.most_inside == 0
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        await until(lambda: door.inside == 4)
        for caller in callers:
            caller.close()

    run(scenario)
    told = [record.message for record in caplog.records if record.name.startswith(("terminal", "asyncio"))]
    assert [line for line in told if "nobody is let in" in line] == ["door: nobody is let in: Too many open files"]


def test_what_is_kept_free_follows_the_process_limit(few_descriptors: None) -> None:
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    assert highest_descriptor() == 256 - accept.RESERVED_DESCRIPTORS - 1
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
    assert highest_descriptor() == 31
