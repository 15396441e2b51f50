"""The simulated cable between a register and the real serial driver."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import AsyncIterator

import pytest

from hardware.interfaces import DeviceError
from hardware.register_cable import MAX_LOG_ENTRIES, MAX_SEND_BYTES, RegisterCable
from hardware.serial_port import TtySerialPort
from hardware.settings import SerialSettings
from tests.patience import at_most


class Terminal:
    """The terminal's side, by the real driver."""

    def __init__(self, cable: RegisterCable) -> None:
        self.port = TtySerialPort(SerialSettings(port=cable.terminal_path))
        self.received: asyncio.Queue[bytes] = asyncio.Queue()
        self.lost: asyncio.Queue[DeviceError] = asyncio.Queue()

    async def open(self) -> None:
        await self.port.open(self.received.put_nowait, self.lost.put_nowait)


@contextlib.asynccontextmanager
async def plugged_in() -> AsyncIterator[tuple[RegisterCable, Terminal]]:
    cable = RegisterCable()
    await cable.open()
    terminal = Terminal(cable)
    async with asyncio.timeout(at_most(10)):
        await terminal.open()
        yield cable, terminal
    await terminal.port.close()
    await cable.close()


def test_the_panel_s_register_and_the_terminal_hear_each_other():
    async def main() -> None:
        async with plugged_in() as (cable, terminal):
            heard: asyncio.Queue[bytes] = asyncio.Queue()
            cable.on_received = heard.put_nowait
            cable.send(b"PING\n")
            assert await terminal.received.get() == b"PING\n"
            await terminal.port.write(b"PONG\n")
            assert await heard.get() == b"PONG\n"
            assert [(entry.direction, entry.source, entry.data, entry.lost) for entry in cable.log] == [
                ("to_terminal", "panel", b"PING\n", False),
                ("to_register", "terminal", b"PONG\n", False),
            ]
            assert cable.log[0].time_s <= cable.log[1].time_s <= asyncio.get_running_loop().time()

    asyncio.run(main())


def test_shell_commands_may_come_and_go():
    async def main() -> None:
        async with plugged_in() as (cable, terminal):
            for number in range(3):
                command = f"printf 'PAY {number}\\n' > {cable.register_path}"
                await asyncio.to_thread(subprocess.run, ["sh", "-c", command], check=True)
                assert await terminal.received.get() == f"PAY {number}\n".encode()
            carried = asyncio.Event()
            cable.on_received = lambda _data: carried.set()
            await terminal.port.write(b"OK 2\n")
            await carried.wait()
            head = await asyncio.to_thread(subprocess.check_output, ["head", "-n", "1", cable.register_path])
            assert head == b"OK 2\n"
            assert [entry.source for entry in cable.log] == ["program"] * 3 + ["terminal"]

    asyncio.run(main())


def test_a_register_program_with_pyserial_can_use_the_other_end():
    program = (
        "import serial, sys; p = serial.Serial(sys.argv[1], 9600, timeout=5, exclusive=True); "
        "p.write(b'PING\\n'); print(p.readline().decode(), end='')"
    )

    async def main() -> None:
        async with plugged_in() as (cable, terminal):
            arguments = [sys.executable, "-c", program, cable.register_path]
            process = await asyncio.create_subprocess_exec(*arguments, stdout=asyncio.subprocess.PIPE)
            assert await terminal.received.get() == b"PING\n"
            await terminal.port.write(b"PONG\n")
            output, _ = await process.communicate()
            assert output == b"PONG\n"

    asyncio.run(main())


def test_unplugged_the_port_is_lost_and_gone_and_plugged_in_it_is_back():
    async def main() -> None:
        async with plugged_in() as (cable, terminal):
            register_path = cable.register_path
            cable.unplug()
            assert "was unplugged" in str(await terminal.lost.get())
            with pytest.raises(DeviceError, match="there is no"):
                await terminal.open()
            cable.send(b"lost\n")
            assert cable.log[-1].lost
            cable.plug_in()
            await terminal.open()
            cable.send(b"here\n")
            assert await terminal.received.get() == b"here\n"
            assert cable.register_path == register_path

    asyncio.run(main())


def test_what_the_terminal_does_not_take_is_lost_and_logged():
    async def main() -> None:
        async with plugged_in() as (cable, terminal):
            await terminal.port.close()
            cable.send(b"x" * MAX_SEND_BYTES)
            assert [entry.lost for entry in cable.log] == [False, True]
            assert sum(len(entry.data) for entry in cable.log) == MAX_SEND_BYTES
            with pytest.raises(ValueError, match="at most"):
                cable.send(b"x" * (MAX_SEND_BYTES + 1))

    asyncio.run(main())


def test_the_log_is_bounded_and_changes_are_announced():
    async def main() -> None:
        async with plugged_in() as (cable, _terminal):
            changes = []
            cable.on_change = lambda: changes.append(1)
            for _ in range(MAX_LOG_ENTRIES + 5):
                cable.send(b"")
                cable.send(b"x")
            assert len(cable.log) == MAX_LOG_ENTRIES
            assert len(changes) >= MAX_LOG_ENTRIES

    asyncio.run(main())


def test_closed_it_leaves_nothing_behind_and_may_be_closed_twice():
    async def main() -> str:
        cable = RegisterCable()
        await cable.open()
        path = cable.terminal_path
        await cable.close()
        await cable.close()
        with pytest.raises(DeviceError, match="not open"):
            _ = cable.terminal_path
        return path

    path = asyncio.run(main())
    assert not os.path.lexists(path)
    assert not os.path.exists(os.path.dirname(path))
