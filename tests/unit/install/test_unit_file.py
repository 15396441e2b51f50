"""The service's unit and the files around it, judged by systemd's own tools."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.patience import at_most

ROOT = Path(__file__).parents[3]
FILES = ROOT / "systemd"
UNIT = FILES / "netgiro-terminal.service"
MOST_EXPOSURE = 15
"""Tenths of systemd's scale of 10; comparable services on a Pi have 92."""


def systemd_analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    if shutil.which("systemd-analyze") is None:
        sentence = "systemd-analyze is not installed: apt-get install systemd"
        if os.environ.get("CI") == "true":
            pytest.fail(sentence)
        pytest.skip(sentence)
    return subprocess.run(
        ["systemd-analyze", *arguments], capture_output=True, text=True, timeout=at_most(60), check=False
    )


def settings(section: str = "Service") -> dict[str, list[str]]:
    """Every value of every key, in order; systemd allows a key to stand more than once."""
    values: dict[str, list[str]] = {}
    current = ""
    for line in UNIT.read_text("utf-8").splitlines():
        if match := re.fullmatch(r"\[(\w+)\]", line):
            current = match[1]
        elif current == section and line and not line.startswith("#"):
            key, _, value = line.partition("=")
            values.setdefault(key, []).append(value)
    return values


@pytest.mark.parametrize("unit", [UNIT, FILES / "netgiro-office.service"], ids=lambda unit: unit.stem)
def test_the_service_is_exposed_to_little(unit: Path) -> None:
    result = systemd_analyze("security", "--offline=true", f"--threshold={MOST_EXPOSURE}", str(unit))

    assert result.returncode == 0, result.stdout + result.stderr


def test_a_service_without_its_restrictions_is_found_out(tmp_path: Path) -> None:
    """Holds the test above to account."""
    open_unit = tmp_path / UNIT.name
    open_unit.write_text(re.sub(r"(?m)^(Protect|Restrict|SystemCall)\w+=.*\n", "", UNIT.read_text("utf-8")), "utf-8")

    result = systemd_analyze("security", "--offline=true", f"--threshold={MOST_EXPOSURE}", str(open_unit))

    assert result.returncode != 0


def test_systemd_understands_every_line(tmp_path: Path) -> None:
    unit = tmp_path / UNIT.name
    text = UNIT.read_text("utf-8")
    program = re.search(r"(?m)^ExecStart=(\S+)", text)
    assert program is not None
    unit.write_text(text.replace(program[1], "/bin/true"), "utf-8")  # verify wants a program that is there

    result = systemd_analyze("verify", "--man=no", str(unit))

    assert (result.returncode, result.stderr) == (0, "")


def test_systemd_understands_what_wakes_an_upgrade(tmp_path: Path) -> None:
    paths = [tmp_path / f"netgiro-terminal-upgrade.{kind}" for kind in ("path", "service")]
    for path in paths:
        text = (FILES / path.name).read_text("utf-8")
        path.write_text(re.sub(r"(?m)^ExecStart=\S+", "ExecStart=/bin/true", text), "utf-8")

    result = systemd_analyze("verify", "--man=no", *map(str, paths))

    assert (result.returncode, result.stderr) == (0, "")


def test_an_upgrade_is_woken_by_the_ticket_that_the_terminal_writes() -> None:
    from terminal.config.office_release import FOLDER, READY  # noqa: PLC0415
    from terminal.config.schema import Config  # noqa: PLC0415

    ticket = Path(Config().journal.path).parent / FOLDER / READY
    assert f"PathExists={ticket}\n" in (FILES / "netgiro-terminal-upgrade.path").read_text("utf-8")


def test_what_the_terminal_tells_systemd_is_what_the_unit_waits_for() -> None:
    service = settings()

    assert service["Type"] == ["notify"]
    assert int(service["WatchdogSec"][0]) > 0
    assert service["Restart"] == ["always"]
    assert settings("Unit")["StartLimitIntervalSec"] == ["0"]  # never gives up


def test_memory_with_the_key_is_never_written_out() -> None:
    assert settings()["LimitCORE"] == ["0"]
    assert settings()["WatchdogSignal"] == ["SIGKILL"]


def test_its_groups_are_made_before_it_starts() -> None:
    made = re.findall(r"(?m)^g (\S+)", (FILES / "sysusers.conf").read_text("utf-8"))
    joined = re.findall(r"(?m)^m netgiro-terminal (\S+)", (FILES / "sysusers.conf").read_text("utf-8"))

    assert settings()["SupplementaryGroups"][0].split() == ["dialout", "gpio", "i2c", "spi", "lp", "input"]
    assert set(settings()["SupplementaryGroups"][0].split()) == set(made) == set(joined)


def test_folders_are_where_the_configuration_looks_for_them() -> None:
    from terminal.config.places import CONFIG_PATHS  # noqa: PLC0415
    from terminal.config.schema import Config  # noqa: PLC0415

    folders = (FILES / "tmpfiles.conf").read_text("utf-8")

    assert f"/var/lib/{settings()['StateDirectory'][0]}" == str(Path(Config().journal.path).parent)
    assert settings()["StateDirectoryMode"] == ["0700"]
    assert f"d {Path(Config().journal.path).parent} 0700 " in folders
    assert f"z {CONFIG_PATHS[0]} 0640 " in folders


def test_the_log_is_bounded() -> None:
    journald = configparser.ConfigParser()
    journald.read(FILES / "journald.conf", "utf-8")

    assert {"systemmaxuse", "runtimemaxuse", "maxretentionsec"} <= set(journald["Journal"])


def test_udev_rules_are_whole_and_give_no_device_to_everybody() -> None:
    rules = [line for line in (FILES / "udev.rules").read_text("utf-8").splitlines() if line and line[0] != "#"]

    assert rules
    for rule in rules:
        assert re.fullmatch(r'([A-Z]+(\{[\w/]+\})?(==|!=|\+=|=)"[^"]*"(, )?)+', rule), rule
        assert 'MODE="0666"' not in rule
        assert ("MODE=" in rule) == ("GROUP=" in rule), rule


def test_every_dependency_is_locked_by_hashes() -> None:
    lock = (FILES / "requirements.lock").read_text("utf-8")
    entries = re.split(r"(?m)^(?=[a-z])", lock)[1:]
    locked = {re.split(r"[=\s]", entry)[0] for entry in entries}
    wanted = re.findall(r'(?m)^    "([A-Za-z0-9.-]+)[<>=]', (ROOT / "pyproject.toml").read_text("utf-8"))
    needed = {name.replace(".", "-") for name in wanted[: wanted.index("pyusb")]}

    assert all("--hash=sha256:" in entry for entry in entries)
    assert needed <= locked, f"run: make lock ({needed - locked} is missing)"
