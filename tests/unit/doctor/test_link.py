"""The way out of the shop, from the kernel's own tables."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.config.schema import Config
from terminal.doctor.link import Route, check_link, default_route, wifi_level_dbm
from terminal.doctor.system import Grade, ok
from tests.doctor_machine import machine_at, put

HEAD = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
WIRELESS = """\
Inter-| sta-|   Quality        |   Discarded packets               | Missed | WE
 face | tus | link level noise |  nwid  crypt   frag  retry   misc | beacon | 22
 wlan0: 0000   57.  {level}.  -256        0      0      0      0      0        0
"""


def hexadecimal(address: str) -> str:
    """As the kernel prints it on this machine."""
    return f"{int.from_bytes(bytes(int(part) for part in address.split('.')), sys.byteorder):08X}"


def row(interface: str, router: str = "", *, metric: int = 100, destination: str = "0.0.0.0") -> str:
    fields = (interface, hexadecimal(destination), hexadecimal(router or "0.0.0.0"), "0003" if router else "0001")
    return "\t".join((*fields, "0", "0", str(metric), hexadecimal(destination), "0", "0", "0")) + "\n"


def test_the_default_route_with_the_least_metric_is_taken() -> None:
    table = HEAD + row("eth0", destination="192.168.1.0") + row("wlan0", "10.0.0.1", metric=600)

    assert default_route(table) == Route("wlan0", "10.0.0.1")
    assert default_route(table + row("eth0", "192.168.1.1")) == Route("eth0", "192.168.1.1")
    assert default_route(HEAD + row("ppp0")) == Route("ppp0", "")
    assert default_route(HEAD) is None
    assert default_route("") is None


@given(st.text(max_size=200))
def test_any_table_is_survived(text: str) -> None:
    default_route(text)
    wifi_level_dbm(text, "wlan0")


@pytest.mark.parametrize(("level", "status"), [("-53", Grade.OK), ("-75", Grade.OK), ("-82", Grade.WARNING)])
def test_weak_wifi_is_told_with_its_level(tmp_path: Path, level: str, status: Grade) -> None:
    put(tmp_path, "/proc/net/route", HEAD + row("wlan0"))
    put(tmp_path, "/proc/net/wireless", WIRELESS.format(level=level))
    finding = check_link(Config(), machine_at(tmp_path))

    assert finding.status is status
    assert finding.found.startswith(f"wlan0 at {level} dBm")


def test_on_a_cable_there_is_no_level_and_the_routers_time_is_told(tmp_path: Path) -> None:
    """This machine refuses the connection, as a router without DNS does."""
    put(tmp_path, "/proc/net/route", HEAD + row("eth0", "127.0.0.1"))
    put(tmp_path, "/proc/net/wireless", WIRELESS.format(level="-82"))
    finding = check_link(Config(), machine_at(tmp_path))

    assert finding.status is Grade.OK
    assert finding.found.startswith("eth0, router 127.0.0.1 in ")
    assert finding.found.endswith(" ms")


def test_a_router_that_says_nothing_is_no_fault(tmp_path: Path) -> None:
    put(tmp_path, "/proc/net/route", HEAD + row("eth0", "255.255.255.255"))  # where no connection can be made

    assert check_link(Config(), machine_at(tmp_path)) == ok("eth0, router 255.255.255.255 says nothing")


def test_no_way_out_is_told(tmp_path: Path) -> None:
    finding = check_link(Config(), machine_at(tmp_path))

    assert finding.status is Grade.WARNING
    assert "no default route" in finding.found
