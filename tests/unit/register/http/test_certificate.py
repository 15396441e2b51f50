"""The terminal's own certificate: made once, kept, and known by its SHA-256."""

from __future__ import annotations

import hashlib
import shutil
import ssl
import stat
from pathlib import Path

import pytest

from terminal.errors import TerminalError
from terminal.register.http.certificate import KEY_FILE, OwnCertificate
from terminal.register.settings import CERTIFICATE_FILE
from terminal.system.certificate import certificate_sha256

needs_openssl = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="openssl is not installed: apt-get install openssl"
)


@needs_openssl
def test_it_is_made_once_and_kept(tmp_path: Path) -> None:
    own = OwnCertificate(tmp_path, "T1", "192.168.1.20")
    assert own.sha256 == ""
    own.context()
    der = ssl.PEM_cert_to_DER_cert((tmp_path / CERTIFICATE_FILE).read_text())
    assert own.sha256 == hashlib.sha256(der).hexdigest()
    OwnCertificate(tmp_path, "T1", "192.168.1.20").context()
    assert own.sha256 == hashlib.sha256(der).hexdigest()
    assert {path.name for path in tmp_path.iterdir()} == {CERTIFICATE_FILE, KEY_FILE}
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600


@needs_openssl
def test_it_names_the_address_and_is_for_a_server(tmp_path: Path) -> None:
    OwnCertificate(tmp_path, "T7", "192.168.1.20").context()
    theirs = ssl.create_default_context(cafile=str(tmp_path / CERTIFICATE_FILE))
    (shown,) = theirs.get_ca_certs()
    assert ("IP Address", "192.168.1.20") in shown["subjectAltName"]
    assert ("DNS", "localhost") in shown["subjectAltName"]
    assert shown["subject"] == ((("commonName", "netgiro-terminal T7"),),)


@needs_openssl
@pytest.mark.parametrize("host", ["0.0.0.0", "::", "terminal.example.is", "fd00::7"])
def test_any_address_that_can_be_listened_on_will_do(tmp_path: Path, host: str) -> None:
    OwnCertificate(tmp_path, "T1", host).context()


@needs_openssl
def test_one_that_is_cut_off_half_made_is_made_again(tmp_path: Path) -> None:
    own = OwnCertificate(tmp_path, "T1", "192.168.1.20")
    own.context()
    (tmp_path / CERTIFICATE_FILE).unlink()
    own.context()
    assert own.sha256


@needs_openssl
def test_one_that_is_spoiled_is_explained(tmp_path: Path) -> None:
    own = OwnCertificate(tmp_path, "T1", "192.168.1.20")
    own.context()
    (tmp_path / KEY_FILE).write_text("spoiled")
    with pytest.raises(TerminalError, match=r"delete it and register-certificate\.key"):
        own.context()


def test_without_openssl_it_is_said_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(TerminalError, match="apt-get install openssl"):
        OwnCertificate(tmp_path, "T1", "192.168.1.20").context()


def test_what_openssl_refuses_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refusing = tmp_path / "openssl"
    refusing.write_text("#!/bin/sh\necho no entropy >&2\nexit 1\n")
    refusing.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(TerminalError, match="openssl says: no entropy"):
        OwnCertificate(tmp_path, "T1", "192.168.1.20").context()


@pytest.mark.parametrize("content", [b"", b"\xff", b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n"])
def test_what_is_no_certificate_has_no_fingerprint(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "certificate.pem"
    assert certificate_sha256(path) == ""
    path.write_bytes(content)
    assert certificate_sha256(path) == ""
