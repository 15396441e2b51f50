"""Crowds at the register's port on the network, and that nothing in the program listens in any other way."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import logging
import os
import socket
from pathlib import Path

import pytest

from terminal.daemon.metrics import SCRAPERS
from terminal.office.server.serve import CALLERS as CALLERS_OF_OFFICE
from terminal.register.http.desk import MOST_CALLS
from terminal.register.http.port import CALLERS, MOST_LISTENERS
from terminal.register.http.server import LONGEST_BODY, LONGEST_PRINT_BODY
from terminal.register.network_port import KNOCKING, NetworkPort
from terminal.system.accept import RESERVED_DESCRIPTORS, USUAL
from terminal.system.control import MOST_CLIENTS
from terminal.system.web import REQUEST_S, UNREAD_S
from tests.attacks.test_idle_connections import descriptors_of_the_unit
from tests.patience import at_most

ROOT = Path(__file__).parents[2]
CROWD = 200
OTHER_SERVERS = {"create_server", "start_server", "create_unix_server", "start_unix_server", "serve_forever"}


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


async def whole(reader: asyncio.StreamReader, length: int) -> bytes:
    async with asyncio.timeout(at_most(5)):
        return await reader.readexactly(length)


def test_a_crowd_at_the_registers_port_neither_disturbs_it_nor_costs_descriptors(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def scenario() -> None:
        port, heard = NetworkPort("127.0.0.1", 0), asyncio.Queue[bytes]()
        await port.open(heard.put_nowait, lambda _error: None)
        reader, writer = await asyncio.open_connection("127.0.0.1", port.port)
        writer.write(b"PAY 1990 ID=K-1\n")
        assert await heard.get() == b"PAY 1990 ID=K-1\n"
        before, crowd = open_files(), []
        for _ in range(CROWD):
            caller = socket.socket()
            caller.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                caller.connect(("127.0.0.1", port.port))
            crowd.append(caller)
            await asyncio.sleep(0)
            assert open_files() <= before + len(crowd) + KNOCKING.connections
        await port.write(b"OK 1990 ID=K-1 REF=A1\n")
        assert await whole(reader, 22) == b"OK 1990 ID=K-1 REF=A1\n"
        for caller in crowd:
            caller.close()
        writer.close()
        await port.close()

    asyncio.run(scenario())
    assert len([one for one in caplog.records if one.levelno >= logging.WARNING]) < 30


def test_the_bounds_are_those_of_the_list_and_all_of_them_together_leave_room_for_sales() -> None:
    """A bound that nobody reaches in a test is only a number, so it is held to what SECURITY.md says."""
    office = CALLERS_OF_OFFICE
    said = " ".join((ROOT / "SECURITY.md").read_text(encoding="utf-8").split())
    for sentence in (
        f"at most {USUAL.connections} connections at a time ({SCRAPERS.connections} for metrics)",
        f"{USUAL.per_address} from one address outside this machine, {USUAL.backlog} more wait in the kernel",
        f"{REQUEST_S:.0f} seconds to arrive",
        f"reads no answer for {UNREAD_S:.0f} seconds",
        f"{RESERVED_DESCRIPTORS} of the unit's {descriptors_of_the_unit()} file descriptors",
        f"The control socket takes {MOST_CLIENTS}, a register's port on the network (`tcp://`) {KNOCKING.connections}",
        f"A head office takes {office.connections}, {office.per_address} of them from one address",
        f"may have {CALLERS.connections} connections, {CALLERS.per_address} from one address",
        f"{MOST_LISTENERS} of them as event streams, and {MOST_CALLS} calls that wait",
        f"a body has at most {LONGEST_BODY // 1024} KiB, of lines to print {LONGEST_PRINT_BODY // 1024} KiB",
    ):
        assert sentence in said, sentence
    panel = callbacks = USUAL.connections
    register = CALLERS.connections + KNOCKING.connections
    callers = panel + callbacks + SCRAPERS.connections + MOST_CLIENTS + register
    assert callers + RESERVED_DESCRIPTORS < descriptors_of_the_unit()


def test_whatever_listens_lets_callers_in_by_the_one_bounded_way() -> None:
    """Found by reading the source: a new listener must not bring asyncio's own server, which knows no bounds."""
    binding = set()
    for path in [*(ROOT / "terminal").rglob("*.py"), *(ROOT / "hardware").rglob("*.py")]:
        text = path.read_text(encoding="utf-8")
        if not any(name in text for name in ("bind", *OTHER_SERVERS)):
            continue
        tree = list(ast.walk(ast.parse(text)))
        called = {
            node.func.attr for node in tree if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        }
        assert not called & OTHER_SERVERS, f"{path} has a server of its own: {called & OTHER_SERVERS}"
        if "bind" in called:
            binding.add(path.name)
            assert "Acceptor" in {node.id for node in tree if isinstance(node, ast.Name)}, path
    assert binding == {"web.py", "control.py", "network_port.py"}
