"""The terminal's own certificate: made once, for ten years, by the openssl command, and known by its SHA-256.

Nobody vouches for a terminal in a shop's own network. So a program pins the certificate: it compares the SHA-256 with
the one that the terminal prints and shows, and from then on trusts this one only.
"""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

from terminal.errors import TerminalError
from terminal.register.settings import CERTIFICATE_FILE
from terminal.system.certificate import certificate_sha256
from terminal.system.files import sync_file, sync_folder

KEY_FILE = "register-certificate.key"
DAYS = 3650
PATIENCE_S = 60.0


class OwnCertificate:
    """In ``folder``. Blocks while it is made."""

    def __init__(self, folder: Path, terminal_id: str, host: str) -> None:
        """``host``: the address on which the terminal listens."""
        self._folder = folder
        self._terminal_id = terminal_id
        self._host = host

    @property
    def sha256(self) -> str:
        """In hex; empty as long as there is none."""
        return certificate_sha256(self._folder / CERTIFICATE_FILE)

    def context(self) -> ssl.SSLContext:
        """For the server; the certificate is made if there is none. Raises TerminalError."""
        certificate, key = self._folder / CERTIFICATE_FILE, self._folder / KEY_FILE
        if not certificate.exists():
            self._make(certificate, key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            context.load_cert_chain(certificate, key)
        except OSError as error:  # ssl's, too
            raise TerminalError(
                f"{certificate} cannot be used ({error}): delete it and {key.name}, and a new one is made at the next "
                "start; programs have to trust it anew"
            ) from error
        return context

    def _make(self, certificate: Path, key: Path) -> None:
        """The key first: a certificate that is there has its key."""
        new_certificate, new_key = certificate.with_suffix(".new"), key.with_name(f"{key.name}.new")
        names = ",".join(self._names())
        command = ("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        wanted = ("-days", str(DAYS), "-subj", f"/CN=netgiro-terminal {self._terminal_id}")
        extensions = ("-addext", f"subjectAltName={names}", "-addext", "extendedKeyUsage=serverAuth")
        files = ("-keyout", str(new_key), "-out", str(new_certificate))
        for path in (new_certificate, new_key):
            path.unlink(missing_ok=True)
        try:
            made = subprocess.run(
                [*command, *wanted, *extensions, *files],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=PATIENCE_S,
                check=False,
            )
        except FileNotFoundError as error:
            raise TerminalError("no certificate: the openssl command is missing: apt-get install openssl") from error
        except subprocess.TimeoutExpired as error:
            raise TerminalError("no certificate: the openssl command does not end") from error
        if made.returncode != 0:
            told = made.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
            raise TerminalError(f"no certificate: openssl says: {told}")
        for new, path in ((new_key, key), (new_certificate, certificate)):
            os.chmod(new, 0o600)
            sync_file(new)
            new.replace(path)
        sync_folder(self._folder)

    def _names(self) -> Iterator[str]:
        """Under which it may be called; whoever comes by another address checks the SHA-256 alone."""
        name = "".join(char for char in socket.gethostname() if char.isascii() and (char.isalnum() or char in "-."))
        yield "DNS:localhost"
        if name:
            yield f"DNS:{name}"
            if "." not in name:
                yield f"DNS:{name}.local"
        yield "IP:127.0.0.1"
        if self._host.replace(".", "").isdigit() or ":" in self._host:
            if self._host not in ("0.0.0.0", "::", "127.0.0.1"):
                yield f"IP:{self._host}"
        elif self._host not in ("localhost", name):
            yield f"DNS:{self._host}"
