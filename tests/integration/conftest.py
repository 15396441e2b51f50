"""Processes are dear, so tests share them: each sale has a register id of its own, and settings are put back."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from tests.integration.counter import DemoCounter, Settings, free_port, merged
from tests.integration.netgiro import NetgiroProcess

_numbers = itertools.count(1)


@pytest.fixture
def sale_id() -> str:
    """A register id that no other test uses."""
    return f"S{next(_numbers)}"


def _demo(tmp_path_factory: pytest.TempPathFactory, settings: Settings) -> Iterator[DemoCounter]:
    with DemoCounter(tmp_path_factory.mktemp("demo"), settings) as counter:
        yield counter


@pytest.fixture(scope="session")
def manual(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoCounter]:
    """The terminal as it comes: only its own capture pays."""
    yield from _demo(tmp_path_factory, {})


@pytest.fixture(scope="session")
def automatic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoCounter]:
    """The customer's approval pays."""
    yield from _demo(tmp_path_factory, {"netgiro": {"confirmation": "automatic"}})


@pytest.fixture(scope="session")
def server_callback(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoCounter]:
    """Our acknowledgement of the callback pays."""
    listen = f"127.0.0.1:{free_port()}"
    settings: Settings = {
        "netgiro": {"confirmation": "server_callback"},
        "callback": {"listen": listen, "public_url": f"http://{listen}"},
    }
    yield from _demo(tmp_path_factory, settings)


V2: Settings = {"netgiro": {"api": "v2", "base_url": "https://api.test.netgiro.is/v2"}}


@pytest.fixture(scope="module")
def v2(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoCounter]:
    """The terminal as it comes, but for the API."""
    yield from _demo(tmp_path_factory, V2)


@pytest.fixture(scope="module")
def v2_server_callback(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoCounter]:
    """V2, and our acknowledgement of the callback pays."""
    listen = f"127.0.0.1:{free_port()}"
    callback: Settings = {
        "netgiro": {"confirmation": "server_callback"},
        "callback": {"listen": listen, "public_url": f"http://{listen}"},
    }
    yield from _demo(tmp_path_factory, merged(V2, callback))


@pytest.fixture(scope="module")
def netgiro(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NetgiroProcess]:
    """A simulated Netgíró that outlives terminals."""
    process = NetgiroProcess(tmp_path_factory.mktemp("netgiro"))
    yield process
    process.close()


@pytest.fixture
def counter(manual: DemoCounter) -> Iterator[DemoCounter]:
    """The shared terminal, with nobody before us and a Netgíró without faults."""
    yield manual
    manual.netgiro.spoil()
    manual.netgiro.set(min_amount_kr=1)
    manual.clear()
