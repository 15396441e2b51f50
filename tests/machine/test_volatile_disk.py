"""The disk that a power cut is played on, without a machine: what it promises to keep it keeps."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.machine.volatile_disk import SECTOR, VolatileDisk

SIZE = 64 * SECTOR
READ, WRITE, FLUSH = 0, 1, 3
FUA = 1


class Client:
    """Just enough of NBD's client."""

    def __init__(self, address: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(10)
        self._socket.connect(str(address))
        assert self._take(18)[:16] == b"NBDMAGICIHAVEOPT"
        self._socket.sendall(struct.pack(">I8sII", 3, b"IHAVEOPT", 1, 0))  # EXPORT_NAME
        assert struct.unpack(">QH", self._take(10))[0] == SIZE

    def _take(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            data += self._socket.recv(size - len(data))
        return data

    def ask(self, kind: int, offset: int = 0, data: bytes = b"", size: int = 0, flags: int = 0) -> bytes:
        header = struct.pack(">IHHQQI", 0x25609513, flags, kind, 7, offset, len(data) or size)
        self._socket.sendall(header + data)
        assert struct.unpack(">IIQ", self._take(16)) == (0x67446698, 0, 7)
        return self._take(size)

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "disk.img"
    path.write_bytes(bytes(SIZE))
    return path


@pytest.fixture(params=range(5))
def disk(image: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[VolatileDisk]:
    disk = VolatileDisk(image, tmp_path / "nbd", seed=request.param)
    yield disk
    disk.close()


@pytest.fixture
def client(disk: VolatileDisk, tmp_path: Path) -> Iterator[Client]:
    client = Client(tmp_path / "nbd")
    yield client
    client.close()


def test_what_was_flushed_outlives_a_cut(disk: VolatileDisk, client: Client) -> None:
    client.ask(WRITE, 0, b"a" * SECTOR)
    client.ask(FLUSH)
    client.ask(WRITE, SECTOR, b"b" * SECTOR, flags=FUA)

    disk.cut()

    assert client.ask(READ, 0, size=2 * SECTOR) == b"a" * SECTOR + b"b" * SECTOR


def test_what_was_not_flushed_is_read_back_until_a_cut_takes_some_of_it(disk: VolatileDisk, client: Client) -> None:
    for at in range(32):
        client.ask(WRITE, at * 2 * SECTOR, b"c" * 2 * SECTOR)
    assert client.ask(READ, size=SIZE) == b"c" * SIZE

    disk.cut()

    left = client.ask(READ, size=SIZE)
    assert disk.kept + disk.lost + disk.torn == 32
    assert disk.lost > 0
    assert 0 < left.count(b"c") < SIZE
    assert left.count(b"c") == SECTOR * (2 * disk.kept + disk.torn)
