"""The secret key goes from a pipe to a file of root's, and nowhere else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from terminal.config.secret_key import CREDENTIAL
from terminal.errors import TerminalError
from terminal.install.secret_store import (
    DROP_IN,
    ENCRYPTED,
    PLAIN,
    check_secret,
    encrypt_credential,
    remove_secret,
    store_secret,
)
from terminal.sale.sensitive import Sensitive
from tests.each import each_of
from tests.patience import at_most

KEY = "Th1s1sTheSecretKey0fTheStoreTests+/x9Qm3Zk7Vb2Nw8Lr4Yp6Tg5Hs1Jd0Fc=="


def cannot(_secret: Sensitive) -> bytes | None:
    return None


def rot(secret: Sensitive) -> bytes | None:
    return secret.reveal().encode()[::-1]


def test_where_the_machine_cannot_encrypt_only_root_may_read_it(tmp_path: Path) -> None:
    stored = store_secret(Sensitive(KEY), tmp_path, cannot)

    assert stored == (tmp_path / PLAIN, False)
    assert stored.path.read_text() == KEY
    assert stored.path.stat().st_mode & 0o777 == 0o600
    assert stored.path.parent.stat().st_mode & 0o777 == 0o700


def test_encrypted_the_unit_is_told_so_and_no_plain_copy_stays(tmp_path: Path) -> None:
    store_secret(Sensitive(KEY), tmp_path, cannot)

    stored = store_secret(Sensitive(KEY), tmp_path, rot)

    assert stored == (tmp_path / ENCRYPTED, True)
    assert f"LoadCredentialEncrypted={CREDENTIAL}\n" in (tmp_path / DROP_IN).read_text()
    assert not (tmp_path / PLAIN).exists()
    assert [file for file in tmp_path.rglob("*") if file.is_file() and KEY in file.read_text()] == []


def test_a_key_in_the_clear_takes_the_place_of_an_encrypted_one(tmp_path: Path) -> None:
    store_secret(Sensitive("old"), tmp_path, rot)

    store_secret(Sensitive(KEY), tmp_path, cannot)

    assert not (tmp_path / ENCRYPTED).exists()
    assert not (tmp_path / DROP_IN).exists()


def test_it_is_never_readable_by_others_not_even_for_a_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    modes = []
    fsync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda fd: (modes.append(os.fstat(fd).st_mode & 0o777), fsync(fd))[1])
    old_mask = os.umask(0)
    try:
        store_secret(Sensitive(KEY), tmp_path, cannot)
    finally:
        os.umask(old_mask)

    assert modes == [0o600, 0o700], "the file and its folder"


def test_removing_tells_what_was_there(tmp_path: Path) -> None:
    store_secret(Sensitive(KEY), tmp_path, rot)

    assert remove_secret(tmp_path) == [tmp_path / ENCRYPTED, tmp_path / DROP_IN]
    assert remove_secret(tmp_path) == []


@each_of("text", ["", " \n", "two words", "a\nb", "x" * 5000, "********", "a\x00b"])
def test_what_cannot_be_a_key_changes_nothing(text: str) -> None:
    with pytest.raises(TerminalError):
        check_secret(text)


def test_what_surrounds_a_key_is_not_part_of_it() -> None:
    assert check_secret(f"  {KEY}\r\n").reveal() == KEY


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("systemd-creds"), reason="needs root and systemd-creds")
def test_systemd_itself_can_read_what_was_encrypted(tmp_path: Path) -> None:
    encrypted = encrypt_credential(Sensitive(KEY))
    if encrypted is None:
        pytest.skip("this machine has no key to encrypt credentials with")
    (tmp_path / "credential").write_bytes(encrypted)

    decrypted = subprocess.run(
        ["systemd-creds", "decrypt", f"--name={CREDENTIAL}", str(tmp_path / "credential"), "-"],
        capture_output=True,
        check=True,
        timeout=at_most(30),
    )

    assert KEY.encode() not in encrypted
    assert decrypted.stdout.decode() == KEY


def test_it_is_no_argument_of_any_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """systemd-creds is stood in for by a program that keeps its own arguments, as ps would show them."""
    program = tmp_path / "systemd-creds"
    program.write_text(f'#!/bin/sh\ntr "\\0" " " </proc/$$/cmdline >{tmp_path}/arguments\ncat\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    encrypted = encrypt_credential(Sensitive(KEY))

    arguments = (tmp_path / "arguments").read_text()
    assert encrypted == KEY.encode()
    assert f"--name={CREDENTIAL}" in arguments
    assert KEY not in arguments


def test_from_a_pipe_it_is_neither_shown_nor_logged(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from terminal.install import secret_store as s;"
        f"s.encrypt_credential = lambda secret: None; print(s.store_secret(s.read_secret(), Path({str(tmp_path)!r})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=KEY, capture_output=True, text=True, timeout=at_most(30), check=True
    )

    assert (tmp_path / PLAIN).read_text() == KEY
    assert KEY not in done.stdout + done.stderr


def test_a_process_that_keeps_its_memory_private_leaves_no_core_and_lets_nobody_look() -> None:
    code = (
        "import ctypes, resource; from terminal.system.private_memory import keep_memory_private as keep; keep();"
        "print(resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3))"  # PR_GET_DUMPABLE
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=at_most(30), check=True)

    assert done.stdout == "(0, 0) 0\n"
