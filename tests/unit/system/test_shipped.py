"""Files that come along are found in a checkout, and the doctor tells what it was installed from."""

from __future__ import annotations

from pathlib import Path

import pytest

from terminal import __version__
from terminal.config.schema import Config
from terminal.doctor.settings import check_version
from terminal.doctor.system import System
from terminal.errors import TerminalError
from terminal.system import shipped
from terminal.system.shipped import shipped_file


def test_the_configuration_and_the_unit_come_along() -> None:
    assert shipped_file("config.toml").read_text("utf-8").startswith("# Settings")
    assert shipped_file("netgiro-terminal.service").is_file()


def test_what_did_not_come_along_is_told() -> None:
    with pytest.raises(TerminalError, match="install the terminal again"):
        shipped_file("no-such-file")


def test_the_doctor_names_version_and_hash_of_an_installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shipped, "FOLDERS", (tmp_path,))
    assert check_version(Config(), System()).found == f"{__version__}, from a checkout"

    (tmp_path / "FINGERPRINT").write_text("0123456789abcdef" * 4 + "\n")

    assert check_version(Config(), System()).found == f"{__version__}, 0123456789ab"
