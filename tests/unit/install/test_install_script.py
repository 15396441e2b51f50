"""The installer's files under DESTDIR: where they go, what is left alone, what is taken away."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.patience import at_most

ROOT = Path(__file__).parents[3]
SCRIPT = ROOT / "systemd/install.sh"
INSTALLED = {
    "etc/systemd/system/netgiro-terminal.service": "netgiro-terminal.service",
    "etc/systemd/system/netgiro-terminal-upgrade.path": "netgiro-terminal-upgrade.path",
    "etc/systemd/system/netgiro-terminal-upgrade.service": "netgiro-terminal-upgrade.service",
    "etc/sysusers.d/netgiro-terminal.conf": "sysusers.conf",
    "etc/tmpfiles.d/netgiro-terminal.conf": "tmpfiles.conf",
    "etc/modules-load.d/netgiro-terminal.conf": "modules-load.conf",
    "etc/systemd/journald.conf.d/netgiro-terminal.conf": "journald.conf",
    "etc/udev/rules.d/70-netgiro-terminal.rules": "udev.rules",
    "etc/netgiro-terminal/release-keys": "release-keys",
}


def install(root: Path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "DESTDIR": str(root), **settings}
    return subprocess.run(
        ["sh", str(SCRIPT), *words], env=environment, capture_output=True, text=True, timeout=at_most(60), check=False
    )


def test_files_go_where_systemd_looks(tmp_path: Path) -> None:
    done = install(tmp_path, "files")

    assert done.returncode == 0, done.stderr
    for target, source in INSTALLED.items():
        assert (tmp_path / target).read_bytes() == (ROOT / "systemd" / source).read_bytes()
    assert (
        os.readlink(tmp_path / "usr/local/bin/netgiro-terminal") == "/opt/netgiro-terminal/current/bin/netgiro-terminal"
    )
    assert (tmp_path / "etc/netgiro-terminal/config.toml").stat().st_mode & 0o777 == 0o640


def test_settings_and_trusted_keys_are_never_written_over(tmp_path: Path) -> None:
    install(tmp_path, "files")
    mine = [tmp_path / "etc/netgiro-terminal" / name for name in ("config.toml", "release-keys")]
    for path in mine:
        path.write_text("mine")

    install(tmp_path, "files")

    assert [path.read_text() for path in mine] == ["mine", "mine"]


def test_uninstalling_takes_away_the_program_and_keeps_what_is_the_shops(tmp_path: Path) -> None:
    install(tmp_path, "files")
    (tmp_path / "opt/netgiro-terminal/a").mkdir(parents=True)
    journal = tmp_path / "var/lib/netgiro-terminal/journal.db"
    journal.parent.mkdir(parents=True)
    journal.write_text("sales")

    done = install(tmp_path, "uninstall")

    files = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if not path.is_dir()}
    assert done.returncode == 0, done.stderr
    assert files == {
        "etc/netgiro-terminal/config.toml",
        "etc/netgiro-terminal/release-keys",
        "var/lib/netgiro-terminal/journal.db",
    }


def test_a_32_bit_system_is_refused_unless_somebody_insists(tmp_path: Path) -> None:
    python = tmp_path / "python3-of-a-pi-zero"
    python.write_text(
        '#!/bin/sh\ncase "$*" in *machine.py) echo armhf python3.11 ;; "-m venv"*) exit 77 ;;'
        f' *) exec {sys.executable} "$@" ;; esac\n'
    )
    python.chmod(0o755)
    root = tmp_path / "root"

    refused = install(root, "install", PYTHON=str(python))
    assert refused.returncode == 1
    assert refused.stderr.startswith("install.sh: armhf is not supported")
    assert "64-bit system" in refused.stderr
    assert not root.exists()

    begun = install(root, "install", PYTHON=str(python), UNTESTED="yes")
    assert (begun.returncode, begun.stderr) == (77, "")


@pytest.mark.parametrize("words", [(), ("nonsense",), ("slot",)])
def test_wrong_words_are_told_and_change_nothing(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = install(tmp_path, *words)

    assert done.returncode != 0
    assert done.stderr.startswith("install.sh: ")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
@pytest.mark.parametrize("script", sorted((ROOT / "systemd").glob("*.sh")), ids=lambda path: path.name)
def test_scripts_have_nothing_that_shells_take_differently(script: Path) -> None:
    done = subprocess.run(["shellcheck", "--shell=sh", str(script)], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout
