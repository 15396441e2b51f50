"""Whom a TLS client trusts: the authorities that the machine knows, each loaded when a server's certificate needs it.

Debian keeps the authorities twice, in one file and in a folder by the hash of their names. From the folder OpenSSL
loads only the one that it needs; the whole file is more than a megabyte of memory.
"""

from __future__ import annotations

import os
import re
import ssl
from pathlib import Path

_HASHED = re.compile(r"[0-9a-f]{8}\.[0-9]+")
_FEWEST = 16
"""A server's certificate needs fewer authorities than this, and each machine knows more."""
_NOT_YET_VALID, _OTHER_NAME, _OTHER_ADDRESS = 9, 62, 64
"""OpenSSL's numbers of what no other authority would mend: a clock that is not set yet, as at a start, and another
server."""


class SecondLook(ssl.SSLObject):
    """If no authority in the folder vouches for a server, its next connection is held against all that there are."""

    def do_handshake(self) -> None:
        try:
            super().do_handshake()
        except ssl.SSLCertVerificationError as error:
            may_help = error.verify_code not in (_NOT_YET_VALID, _OTHER_NAME, _OTHER_ADDRESS)
            if may_help and self.context.cert_store_stats()["x509"] < _FEWEST:
                self.context.load_default_certs()
            raise


def trusting_context() -> ssl.SSLContext:
    """Verifies certificates and names as ``ssl.create_default_context`` does."""
    paths = ssl.get_default_verify_paths()
    is_chosen = paths.openssl_cafile_env in os.environ or paths.openssl_capath_env in os.environ
    if is_chosen or not _has_each(paths.capath, paths.cafile):
        return ssl.create_default_context()
    context = ssl.create_default_context(capath=paths.capath)
    context.sslobject_class = SecondLook
    return context


def _has_each(folder: str | None, file: str | None) -> bool:
    """Whether the folder has as many authorities as the file: elsewhere a few links may be all that it has."""
    if folder is None or file is None:
        return False
    try:
        with os.scandir(folder) as entries:
            hashed = sum(1 for entry in entries if _HASHED.fullmatch(entry.name) and entry.is_file())
        return hashed >= Path(file).read_bytes().count(b"-----BEGIN ")
    except OSError:
        return False
