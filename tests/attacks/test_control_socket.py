"""Another user of this machine at the control socket, which stops sales, settles them and tells of all."""

from __future__ import annotations

import asyncio
import os
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from terminal.system.control import ControlServer

NOBODY = 65534
ASK = (
    "import socket, sys\n"
    "line = socket.socket(socket.AF_UNIX)\n"
    "try: line.connect(sys.argv[1])\n"
    "except PermissionError: sys.exit('refused')\n"
    'line.sendall(b\'{"command": "status"}\\n\'); print(line.recv(100))\n'
)


@pytest.fixture
def folder() -> Iterator[Path]:
    """One that everybody may enter: the socket has to protect itself."""
    with tempfile.TemporaryDirectory(prefix="netgiro-control-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


async def at_socket(path: Path, *, user: int | None = None) -> subprocess.CompletedProcess[str]:
    async def status(_request: object) -> dict[str, object]:
        return {"state": "idle"}

    server = ControlServer(path, {"status": status})
    await server.start()
    command = ["/usr/bin/env", "python3", "-I", "-c", ASK, str(path)]
    other: dict[str, Any] = {} if user is None else {"user": user, "group": user, "extra_groups": []}
    try:
        return await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False, **other)
    finally:
        await server.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_another_user_is_refused_by_the_kernel(folder: Path) -> None:
    own = asyncio.run(at_socket(folder / "own.sock"))
    assert "idle" in own.stdout, own.stderr
    other = asyncio.run(at_socket(folder / "other.sock", user=NOBODY))
    assert (other.stdout, other.stderr.strip()) == ("", "refused")


def test_at_no_moment_may_everybody_connect(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not between its making and its closing to others, either, whatever umask the service was started with."""
    seen: list[int] = []
    path = folder / "control.sock"

    def look(changed: Path, mode: int) -> None:
        seen.append(stat.S_IMODE(changed.stat().st_mode))
        os.chmod(changed, mode)

    monkeypatch.setattr(Path, "chmod", look)
    before = os.umask(0)
    try:
        asyncio.run(at_socket(path))
    finally:
        os.umask(before)
    assert seen == [0o660]
