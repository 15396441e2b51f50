"""Somebody who answers in another's place, and the certificates that such people have."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

CONFIG = """
[ca]
default_ca = it
[it]
database = {folder}/index
serial = {folder}/serial
new_certs_dir = {folder}
default_md = sha256
policy = any
x509_extensions = {extensions}
copy_extensions = none
[any]
commonName = supplied
[authority]
basicConstraints = critical, CA:true
[server]
basicConstraints = CA:false
subjectAltName = {names}
[unnamed]
basicConstraints = CA:false
"""


HERE = ("DNS:localhost", "IP:127.0.0.1")


class Certificate(NamedTuple):
    """Two PEM files."""

    chain: Path
    key: Path

    def server(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.chain, self.key)
        return context


class Authority:
    """Issues certificates with ``openssl ca``, which lets one choose the times."""

    def __init__(self, folder: Path, names: Sequence[str] = ()) -> None:
        """``names`` that its own certificate is for."""
        self._folder = folder
        folder.mkdir()
        self.own = Certificate(folder / "authority.pem", folder / "authority.key")
        _openssl("req", "-x509", *_NEW_KEY, "-days", "2", "-subj", "/CN=authority", *_for(names), *_to(self.own))

    def as_the_machine_keeps_it(self) -> Path:
        """A folder in which its certificate is found by its name's hash, as in Debian's /etc/ssl/certs."""
        folder = self._folder / "by-hash"
        if not folder.exists():
            folder.mkdir()
            name = _openssl("x509", "-noout", "-subject_hash", "-in", self.own.chain).strip()
            (folder / f"{name}.0").symlink_to(self.own.chain)
        return folder

    def issue(
        self,
        name: str,
        *,
        names: Sequence[str] = HERE,
        begins_h: float = -1,
        ends_h: float = 24,
    ) -> Certificate:
        """``names`` that it is for, or none; ``begins_h`` and ``ends_h`` count from now."""
        made = Certificate(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        request, config = self._folder / f"{name}.csr", self._folder / f"{name}.cnf"
        extensions = "server" if names else "unnamed"
        text = CONFIG.format(folder=self._folder, extensions=extensions, names=",".join(names) or "DNS:none")
        config.write_text(text, encoding="utf-8")
        (self._folder / "index").write_text("", encoding="utf-8")
        (self._folder / "serial").write_text("01\n", encoding="utf-8")
        _openssl("req", "-new", *_NEW_KEY, "-subj", f"/CN={name}", "-keyout", made.key, "-out", request)
        signed_by = ("-cert", self.own.chain, "-keyfile", self.own.key)
        times = ("-startdate", _time(begins_h), "-enddate", _time(ends_h))
        _openssl("ca", "-batch", "-notext", "-config", config, *signed_by, *times, "-in", request, "-out", made.chain)
        return made


class Impostor:
    """Says the same to everybody, and counts who has said something to it."""

    def __init__(self, answer: bytes, tls: ssl.SSLContext | None = None) -> None:
        self._answer = answer
        self._tls = tls
        self.heard = 0

    async def serve(self, ask: Callable[[int], Awaitable[None]]) -> None:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if await reader.read(65536):
                self.heard += 1
            writer.write(self._answer)
            writer.close()

        asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)  # its side of failed handshakes
        server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=self._tls)
        try:
            await ask(server.sockets[0].getsockname()[1])
        finally:
            server.close()


_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


def _for(names: Sequence[str]) -> tuple[str, ...]:
    return ("-addext", f"subjectAltName={','.join(names)}") if names else ()


def _to(made: Certificate) -> tuple[str | Path, ...]:
    return "-keyout", made.key, "-out", made.chain


def _time(hours: float) -> str:
    return f"{datetime.now(UTC) + timedelta(hours=hours):%y%m%d%H%M%SZ}"


def _openssl(*words: str | Path) -> str:
    command = ["openssl", *map(str, words)]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
