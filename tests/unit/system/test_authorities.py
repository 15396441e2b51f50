"""The authorities of a machine: loaded one by one where that is enough, and all of them where it may not be."""

from __future__ import annotations

import re
import shutil
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path

import certifi
import pytest

from terminal.netgiro.pinning import pinned_context
from terminal.system import authorities
from terminal.system.authorities import trusting_context


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a machine knows: two authorities in a file, and in the folder beside it by their hashes."""
    two = re.findall(r"-----BEGIN.+?-----END CERTIFICATE-----\n", certifi.contents(), re.DOTALL)[:2]
    file, folder = tmp_path / "all.crt", tmp_path / "certs"
    file.write_text("".join(two))
    folder.mkdir()
    for number, one in enumerate(two):
        (folder / f"0123abcd.{number}").write_text(one)
    paths = ssl.get_default_verify_paths()._replace(cafile=str(file), capath=str(folder))
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: paths)
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    return tmp_path


def test_of_the_machines_authorities_none_is_loaded_before_it_is_needed(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """tests/attacks/test_tls.py speaks to servers with certificates of all kinds that way."""
    for lazy in (trusting_context(), pinned_context(frozenset()), pinned_context(frozenset({"0" * 64}))):
        assert lazy.cert_store_stats()["x509_ca"] == 0
        assert lazy.verify_mode is ssl.CERT_REQUIRED
        assert lazy.check_hostname
    monkeypatch.setenv("SSL_CERT_FILE", str(machine / "all.crt"))
    assert trusting_context().cert_store_stats()["x509_ca"] == 2, "somebody has chosen that file"


def _dead_link(machine: Path) -> None:
    (machine / "certs/0123abcd.1").unlink()
    (machine / "certs/0123abcd.1").symlink_to("removed.pem")


def _appended(machine: Path) -> None:
    with (machine / "all.crt").open("a", encoding="utf-8") as file:
        file.write((machine / "certs/0123abcd.0").read_text())


@pytest.mark.parametrize(
    "change",
    [
        lambda machine: (machine / "certs/0123abcd.1").unlink(),
        lambda machine: (machine / "certs/0123abcd.1").rename(machine / "certs/other.pem"),
        lambda machine: shutil.rmtree(machine / "certs"),
        lambda machine: (machine / "all.crt").unlink(),
        _dead_link,
        _appended,
    ],
    ids=["only one", "one without its hash", "no folder", "no file", "a dead link", "one only in the file"],
)
def test_a_folder_that_lacks_an_authority_is_not_used_alone(machine: Path, change: Callable[[Path], object]) -> None:
    folder, file = str(machine / "certs"), str(machine / "all.crt")
    assert authorities._has_each(folder, file)
    change(machine)
    assert not authorities._has_each(folder, file)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="the openssl command is missing (apt install openssl)")
def test_an_authority_that_only_the_file_has_counts_from_the_second_connection_on(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many in both, but not the same: no count tells that, and a shop must be able to sell all the same."""
    made, key = machine / "ours.crt", machine / "ours.key"
    new_key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", made)
    named = ("-subj", "/CN=shop", "-addext", "subjectAltName=DNS:shop.example")
    subprocess.run(("openssl", "req", "-x509", *new_key, *named), check=True, capture_output=True)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(made, key)
    client = trusting_context()
    monkeypatch.setenv("SSL_CERT_FILE", str(made))  # where OpenSSL itself finds what the machine knows
    with pytest.raises(ssl.SSLCertVerificationError):
        _shake_hands(client, server, "shop.example")
    _shake_hands(client, server, "shop.example")
    with pytest.raises(ssl.SSLCertVerificationError):
        _shake_hands(client, server, "elsewhere.example")


@pytest.mark.parametrize(("verify_code", "looks"), [(9, False), (62, False), (64, False), (10, True), (20, True)])
def test_a_clock_that_is_not_set_yet_loads_no_authorities(
    machine: Path, monkeypatch: pytest.MonkeyPatch, verify_code: int, looks: bool
) -> None:
    """A terminal without a clock's battery calls once before it knows the time, and would keep all of them for good."""

    def refuse(_connection: ssl.SSLObject) -> None:
        error = ssl.SSLCertVerificationError(1, "certificate verify failed")
        error.verify_code = verify_code
        raise error

    monkeypatch.setattr(ssl.SSLObject, "do_handshake", refuse)
    client = trusting_context()
    loaded: list[ssl.SSLContext] = []

    def load(context: ssl.SSLContext) -> None:
        loaded.append(context)

    monkeypatch.setattr(ssl.SSLContext, "load_default_certs", load)
    with pytest.raises(ssl.SSLCertVerificationError):
        client.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="shop.example").do_handshake()
    assert loaded == [client] * looks


def _shake_hands(client: ssl.SSLContext, server: ssl.SSLContext, host: str) -> None:
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(to_client, to_server, server_hostname=host)
    theirs = server.wrap_bio(to_server, to_client, server_side=True)
    for side in (ours, theirs, ours, theirs):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
