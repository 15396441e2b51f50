"""The scanner tried from the command line: a FIFO plays one that types, and what is made of what came in."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hardware import factory
from hardware.scanner import SimulatedScanner
from hardware.settings import ScannerSettings
from terminal.commands.main import main
from terminal.config.control_path import control_path
from terminal.config.schema import Config, ScannerSection, read_config
from terminal.errors import TerminalError
from terminal.install.scanner_trial import NO_END, NONE, NOTHING_CAME, try_scanner, try_scanner_alone
from terminal.system.control import ControlServer

SIMULATED = Config(scanner=ScannerSection(driver="simulated"))


@pytest.fixture
def scanner(monkeypatch: pytest.MonkeyPatch) -> SimulatedScanner:
    made = SimulatedScanner()

    def build(_settings: ScannerSettings) -> SimulatedScanner:
        return made

    monkeypatch.setattr(factory, "build_scanner", build)
    return made


def test_every_code_is_described_and_none_is_shown(scanner: SimulatedScanner) -> None:
    said: list[str] = []

    def say(line: str) -> None:
        said.append(line)
        if len(said) == 1:
            scanner.sends_end = True
            asyncio.get_running_loop().call_soon(lambda: [scanner.scan(code) for code in ("5000041234", "8223281")])

    trial = try_scanner(SIMULATED, say, quiet_s=0.05)
    assert trial.is_well
    assert trial.verdict == "2 codes came in, each with its end"
    assert said[1] == "10 characters 500004••••: an app code"
    assert "scanner.accepts" in said[2]
    assert "82232" not in str(said)


def test_a_scanner_without_an_end_gets_advice_and_one_that_says_nothing_is_not_well(scanner: SimulatedScanner) -> None:
    def say(_line: str) -> None:
        if not scanner.pauses_after:
            scanner.pauses_after = 99
            asyncio.get_running_loop().call_soon(scanner.scan, "5000041234")

    assert try_scanner(SIMULATED, say, quiet_s=0.05) == (True, NO_END)
    assert try_scanner(SIMULATED, lambda _line: None, quiet_s=0.01) == (False, NOTHING_CAME)
    scanner.unplug()
    assert "unplugged" in try_scanner(SIMULATED, lambda _line: None).verdict


def test_no_scanner_and_a_missing_one_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f'[journal]\npath = "{tmp_path}/journal.db"\n')
    assert main(["scanner-test", "--config", str(config)]) == 1
    assert NONE in capsys.readouterr().out
    config.write_text(
        f'[scanner]\ndriver = "evdev"\ndevice = "{tmp_path}/none"\n[journal]\npath = "{tmp_path}/journal.db"\n'
    )
    assert main(["scanner-test", "--config", str(config)]) == 1
    assert "plug the scanner in" in capsys.readouterr().out


def test_while_a_terminal_runs_it_says_where_to_look(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f'[journal]\npath = "{tmp_path}/journal.db"\n')
    config, _ = read_config(path)

    async def serve() -> None:
        async def status(_request: object) -> dict[str, object]:
            return {}

        server = ControlServer(control_path(config), {"status": status})
        await server.start()
        try:
            with pytest.raises(TerminalError, match="doctor"):
                await asyncio.to_thread(try_scanner_alone, config)
        finally:
            await server.stop()

    asyncio.run(serve())
