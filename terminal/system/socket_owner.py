"""Which user of this machine holds the other end of a loopback TCP connection. The kernel says it, not the caller.

A UNIX socket would have SO_PEERCRED; for TCP the kernel's table of connections names each one's user (proc_pid_net(5)).
Only an open end counts: once a program has let go of its end, the table names root in its place.
"""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import Iterator
from pathlib import Path

_TABLES = ("/proc/net/tcp", "/proc/net/tcp6")
_ESTABLISHED = "01"


def owner_of(near: tuple[str, int], far: tuple[str, int]) -> int | None:
    """The user who holds ``near`` of the connection from ``near`` to ``far``; None if nobody here is known to."""
    wanted = _as_address(near), _as_address(far)
    for table in _TABLES:
        for ends, user in _connections(Path(table)):
            if ends == wanted:
                return user
    return None


_End = tuple[ipaddress.IPv6Address, int]


def _connections(table: Path) -> Iterator[tuple[tuple[_End, _End], int]]:
    try:
        lines = table.read_text("ascii").splitlines()[1:]
    except (OSError, ValueError):
        return
    for line in lines:
        match line.split():
            case [_, near, far, state, _, _, _, user, _, inode, *_] if state == _ESTABLISHED and inode != "0":
                yield (_read_end(near), _read_end(far)), int(user)


def _read_end(text: str) -> _End:
    """``0100007F:1F90``: words in the machine's own order."""
    words, _, port = text.partition(":")
    raw = bytes.fromhex(words)
    turned = b"".join(
        int.from_bytes(raw[at : at + 4], "big").to_bytes(4, sys.byteorder) for at in range(0, len(raw), 4)
    )
    return _widened(ipaddress.ip_address(turned)), int(port, 16)


def _as_address(end: tuple[str, int]) -> _End:
    return _widened(ipaddress.ip_address(end[0].partition("%")[0])), end[1]


def _widened(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv6Address:
    """IPv4 in IPv6 as well: a program may reach 127.0.0.1 through either kind of socket."""
    if isinstance(address, ipaddress.IPv6Address):
        return address
    return ipaddress.IPv6Address(b"\0" * 10 + b"\xff\xff" + address.packed)
