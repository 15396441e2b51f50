"""A server in another's place with every certificate that it can get, against the clients that speak to Netgíró and to
a chain's office: whoever has not the right one hears no word."""

from __future__ import annotations

import asyncio
import gzip
import shutil
import ssl
import warnings
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from terminal.netgiro.carrier import Request
from terminal.netgiro.https import HttpsCarrier
from terminal.office.uplink.client import OfficeClient, OfficeError
from terminal.sale.gateway import CallLost, CallRefused
from terminal.sale.sensitive import Sensitive
from tests.attacks.impostor import HERE, Authority, Certificate, Impostor

HELLO = b'HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: close\r\n\r\n{"have":7}'
Ask = Callable[[str, int], Awaitable[None]]


class Certificates:
    """One authority that the clients trust, and one that they do not."""

    def __init__(self, folder: Path) -> None:
        self.authority = Authority(folder / "trusted")
        other = Authority(folder / "other")
        far = ("DNS:api.elsewhere.example", "IP:192.0.2.7")
        self.of = {
            "right": self.authority.issue("right"),
            "ran out yesterday": self.authority.issue("old", begins_h=-48, ends_h=-1),
            "is good from tomorrow on": self.authority.issue("early", begins_h=24, ends_h=48),
            "for another host": self.authority.issue("far", names=far),
            "for the hosts below it": self.authority.issue("below", names=("DNS:*.localhost",)),
            "that names nobody": self.authority.issue("nobody", names=()),
            "signed by nobody else": Authority(folder / "self", names=HERE).own,
            "signed by an unknown authority": other.issue("unknown"),
        }


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    if shutil.which("openssl") is None:
        pytest.skip("the openssl command is missing (apt install openssl)")
    return Certificates(tmp_path_factory.mktemp("tls"))


async def ask_netgiro(host: str, port: int) -> None:
    """As every call of a sale goes out."""
    url = f"https://{host}:{port}/v1/checkout/InsertCart"
    carrier = HttpsCarrier(url, connect_timeout_s=5, read_timeout_s=5)
    try:
        await carrier.exchange(Request("POST", url, b'{"secret":1}', {}))
    finally:
        await carrier.close()


async def ask_office(host: str, port: int) -> None:
    client = OfficeClient(f"https://{host}:{port}", Sensitive("token"))
    try:
        await client.have("T1", "e")
    finally:
        await client.close()


def outcome_of(ask: Ask, impostor: Impostor, host: str) -> Exception | None:
    failure: list[Exception] = []

    async def try_it(port: int) -> None:
        try:
            await ask(host, port)
        except (CallLost, CallRefused, OfficeError) as error:
            failure.append(error)

    asyncio.run(impostor.serve(try_it))
    return failure[0] if failure else None


@pytest.fixture(params=["localhost", "127.0.0.1"])
def host(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(
    params=[(ask_netgiro, "file"), (ask_netgiro, "folder"), (ask_office, "file"), (ask_office, "folder")],
    ids=["netgiro", "netgiro, authorities in a folder", "office", "office, authorities in a folder"],
)
def ask(request: pytest.FixtureRequest, certificates: Certificates, monkeypatch: pytest.MonkeyPatch) -> Ask:
    client: Ask
    client, place = request.param
    if place == "file":
        monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority.own.chain))
    else:
        monkeypatch.delenv("SSL_CERT_FILE", raising=False)
        monkeypatch.delenv("SSL_CERT_DIR", raising=False)
        file, folder = certificates.authority.own.chain, certificates.authority.as_the_machine_keeps_it()
        paths = ssl.get_default_verify_paths()._replace(cafile=str(file), capath=str(folder))
        monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: paths)
    return client


WRONG = (
    "ran out yesterday",
    "is good from tomorrow on",
    "for another host",
    "for the hosts below it",
    "that names nobody",
    "signed by nobody else",
    "signed by an unknown authority",
)


def test_the_right_certificate_is_spoken_to(ask: Ask, certificates: Certificates, host: str) -> None:
    """The pair of the tests below: it is the certificate alone that makes the difference."""
    assert set(certificates.of) == {"right", *WRONG}
    server = Impostor(HELLO, certificates.of["right"].server())
    assert outcome_of(ask, server, host) is None
    assert server.heard == 1


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_certificate_hears_no_word(ask: Ask, certificates: Certificates, host: str, kind: str) -> None:
    impostor = Impostor(HELLO, certificates.of[kind].server())
    failure = outcome_of(ask, impostor, host)
    assert isinstance(failure, CallRefused | OfficeError), "nothing has left, so no sale is in doubt"
    assert "certificate" in str(failure).lower()
    assert impostor.heard == 0


def old_tls(certificate: Certificate, version: ssl.TLSVersion) -> ssl.SSLContext:
    context = certificate.server()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = version
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_tls_that_is_too_old_hears_no_word(
    ask: Ask, certificates: Certificates, host: str, version: ssl.TLSVersion
) -> None:
    impostor = Impostor(HELLO, old_tls(certificates.of["right"], version))
    assert isinstance(outcome_of(ask, impostor, host), CallRefused | OfficeError)
    assert impostor.heard == 0


@pytest.mark.parametrize("ciphers", ["aNULL:eNULL:@SECLEVEL=0", "NULL:@SECLEVEL=0"])
def test_tls_without_a_cipher_or_a_certificate_hears_no_word(
    ask: Ask, certificates: Certificates, host: str, ciphers: str
) -> None:
    context = certificates.of["right"].server()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(ciphers)
    impostor = Impostor(HELLO, context)
    assert isinstance(outcome_of(ask, impostor, host), CallRefused | OfficeError)
    assert impostor.heard == 0


def test_a_connection_without_tls_hears_no_secret(ask: Ask, host: str) -> None:
    """It hears the beginning of a handshake, which says nothing of the shop."""
    assert isinstance(outcome_of(ask, Impostor(HELLO), host), CallLost | CallRefused | OfficeError)


def test_an_office_that_compresses_its_answer_is_not_unpacked(
    certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority.own.chain))
    bomb = gzip.compress(gzip.compress(bytes(20_000_000)))
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb)
    server = Impostor(head + bomb, certificates.of["right"].server())
    assert "compressed" in str(outcome_of(ask_office, server, "localhost"))
