"""The key where the service gets it from, as root sees it and as others do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from terminal.doctor.stored_key import closed_store, read_stored_key, stored_key_path
from terminal.sale.sensitive import Sensitive
from tests.doctor_machine import machine_at, nobody_may, put

NAME = "netgiro-secret-key"


def test_a_key_in_the_plain_store_is_read(tmp_path: Path) -> None:
    assert read_stored_key(machine_at(tmp_path)) == Sensitive("")
    put(tmp_path, f"etc/credstore/{NAME}", "leyndarmal\n")
    assert stored_key_path(machine_at(tmp_path)) == Path(f"/etc/credstore/{NAME}")
    assert read_stored_key(machine_at(tmp_path)) == Sensitive("leyndarmal")


def test_an_encrypted_one_is_decrypted_by_systemd_and_counts_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, f"etc/credstore/{NAME}", "old")
    encrypted = put(tmp_path, f"etc/credstore.encrypted/{NAME}", "cipher")
    tool = put(
        tmp_path,
        "bin/systemd-creds",
        f'#!/bin/sh\n[ "$1 $2 $3 $4" = "decrypt --name={NAME} {encrypted} -" ] && echo new\n',
    )
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}:/bin:/usr/bin")
    assert read_stored_key(machine_at(tmp_path)) == Sensitive("new")


@pytest.mark.parametrize("tool", [None, "#!/bin/sh\nexit 1\n", "#!/bin/sh\nprintf '\\377'\n"])
def test_one_that_cannot_be_decrypted_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tool: str | None
) -> None:
    put(tmp_path, f"etc/credstore.encrypted/{NAME}", "cipher")
    folder = tmp_path / "bin"
    folder.mkdir()
    if tool is not None:
        put(tmp_path, "bin/systemd-creds", tool).chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    assert read_stored_key(machine_at(tmp_path)) == Sensitive("")


def test_a_store_that_is_closed_to_this_user_is_named(tmp_path: Path) -> None:
    assert closed_store(machine_at(tmp_path, may_use=nobody_may)) is None
    put(tmp_path, f"etc/credstore/{NAME}")
    assert closed_store(machine_at(tmp_path, may_use=nobody_may)) == Path("/etc/credstore")
    assert closed_store(machine_at(tmp_path)) is None
