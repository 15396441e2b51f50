"""Joining an office: what can be wrong before anything is sent is a sentence."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from terminal.config.schema import Config, OfficeSettings
from terminal.errors import TerminalError
from terminal.office.uplink.check import examine, join
from terminal.sale.sensitive import Sensitive


def configured(folder: Path, ca_file: Path) -> Config:
    office = OfficeSettings(url="https://127.0.0.1:1", token_file=str(folder / "token"), ca_file=str(ca_file))
    return Config(office=office, office_token=Sensitive("token"))


@pytest.mark.parametrize("content", [None, "", "no certificate\n"], ids=["missing", "empty", "something else"])
def test_an_authority_that_cannot_be_read_is_named_with_advice(content: str | None, tmp_path: Path) -> None:
    authority = tmp_path / "office.pem"
    if content is not None:
        authority.write_text(content)
    config = configured(tmp_path, authority)
    with pytest.raises(TerminalError, match=r"office\.ca_file cannot be used: .*; name a PEM file"):
        asyncio.run(join(config, "ABCD-EFGH-JKLM"))
    assert not (tmp_path / "token").exists()
    (finding,) = asyncio.run(examine(config))
    assert "office.ca_file cannot be used" in finding.found
