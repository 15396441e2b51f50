"""The way to a head office is loaded once the terminal is ready, if there is to be one."""

from __future__ import annotations

import subprocess
import sys

from terminal.config.schema import Config, OfficeSettings
from terminal.counter.decision import Decision
from terminal.counter.inputs import ResultSeen
from terminal.counter.view import View
from terminal.daemon import late_uplink
from terminal.daemon.late_uplink import LateUplink
from tests.doctor_machine import config_with
from tests.virtual_time import run_virtual

DECIDED = ResultSeen(1), Decision(view=View())


class FakeUplink:
    def __init__(self, config):
        self.config = config
        self.heard = []

    def start(self, desk):
        self.heard.append(desk)

    def decided(self, event, decision):
        self.heard.append((event, decision))

    async def stop(self):
        self.heard.append("stop")


def test_nothing_is_loaded_without_an_office(monkeypatch):
    monkeypatch.setattr(late_uplink, "_build", None)

    async def scenario():
        uplink = LateUplink(Config())
        await uplink.start(None)
        uplink.decided(*DECIDED)
        await uplink.stop()

    run_virtual(scenario())


def test_what_is_decided_before_it_is_loaded_passes_it_by_and_the_rest_reaches_it(monkeypatch):
    made = []
    monkeypatch.setattr(late_uplink, "_build", lambda config: made.append(FakeUplink(config)) or made[0])
    config = config_with(office=OfficeSettings(url="https://office.example"))

    async def scenario():
        uplink = LateUplink(config)
        uplink.decided(*DECIDED)
        await uplink.start("desk")
        uplink.decided(*DECIDED)
        await uplink.stop()

    run_virtual(scenario())
    assert made[0].config is config
    assert made[0].heard == ["desk", DECIDED, "stop"]


def test_the_http_librarys_command_line_is_left_out():
    program = (
        "import sys; from terminal.config.schema import Config; from terminal.daemon import late_uplink; "
        "late_uplink._build(Config()); print(*sys.modules)"
    )
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert "httpx" in loaded
    assert not {"click", "pygments"} & set(loaded)
