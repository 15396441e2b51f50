"""The check of the way out of the shop: by which wire or Wi-Fi, how well that is heard, and how far the router is."""

from __future__ import annotations

import ipaddress
import re
import socket
import sys
import time
from typing import NamedTuple

from terminal.config.schema import Config
from terminal.doctor.system import Finding, System, ok, warning

WEAK_DBM = -75
"""Below it frames are lost and sent again, so that a payment takes seconds longer, or fails."""
ROUTER_PORT = 53
"""A router's DNS. One that refuses has answered as well: what counts is the time."""
ROUTER_DEADLINE_S = 1.0
HAS_ROUTER = 0x2
"""RTF_GATEWAY, linux/route.h."""


class Route(NamedTuple):
    """Where everything goes that is not in the shop."""

    interface: str
    router: str
    """Its address; empty on a line that has only one other end."""


def check_link(_config: Config, system: System) -> Finding:
    """The way out: default route, level of the Wi-Fi (dBm), and whether the router answers."""
    route = default_route(system.read("/proc/net/route"))
    if route is None:
        return warning(
            "no way out of this network (no default route)", "check the cable, Wi-Fi and router; see: ip route"
        )
    level_dbm = wifi_level_dbm(system.read("/proc/net/wireless"), route.interface)
    found = route.interface if level_dbm is None else f"{route.interface} at {level_dbm} dBm"
    if route.router:
        took_s = _router_answers_in_s(route.router)
        found += f", router {route.router} " + ("says nothing" if took_s is None else f"in {took_s * 1000:.1f} ms")
    if level_dbm is not None and level_dbm < WEAK_DBM:
        return warning(f"{found}: weak", "put the access point nearer, or use a cable")
    return ok(found)


def default_route(table: str) -> Route | None:
    """The best of /proc/net/route, proc(5). Its addresses are hexadecimal in this machine's order of bytes."""
    routes = []
    for line in table.splitlines():
        fields = line.split()
        if len(fields) >= 8 and fields[1] == fields[7] == "00000000" and re.fullmatch("[0-9A-F]{8}", fields[2]):
            has_router = int(fields[3], 16) & HAS_ROUTER
            router = ipaddress.IPv4Address(int(fields[2], 16).to_bytes(4, sys.byteorder))
            routes.append((int(fields[6]), Route(fields[0], str(router) if has_router else "")))
    return min(routes)[1] if routes else None


def wifi_level_dbm(table: str, interface: str) -> int | None:
    """How loud the access point is, by /proc/net/wireless; None on a cable, or where the driver does not say."""
    found = re.search(rf"^\s*{re.escape(interface)}:\s+\S+\s+\S+\s+(-\d+)", table, re.MULTILINE)
    return int(found[1]) if found else None


def _router_answers_in_s(address: str) -> float | None:
    began_s = time.monotonic()
    try:
        socket.create_connection((address, ROUTER_PORT), ROUTER_DEADLINE_S).close()
    except ConnectionRefusedError:
        pass
    except OSError:
        return None
    return time.monotonic() - began_s
