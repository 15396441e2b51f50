"""The doctor asks Netgíró: is it there, and does it know us?"""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from terminal.config.schema import Config, NetgiroSettings
from terminal.doctor import service as service_checks
from terminal.doctor.system import Finding, Grade, System, ok
from terminal.netgiro.pinning import fingerprint_of
from terminal.netgiro.sandbox import build_sandbox, create_app
from terminal.sale.gateway import CaptureMode
from terminal.sale.sensitive import Sensitive
from tests.doctor_machine import APPLICATION_ID, SECRET, config_with, put
from tests.each import each_of
from tests.patience import at_most

# --- network ----------------------------------------------------------------------------------------------------------

# A certificate for localhost that nobody has reason to trust, with its key.
SELF_SIGNED = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgJaRJmjde672vQEmG
iDWz7eNYgim77cyM+Uhxp+IsAWyhRANCAAQYias8qBLS9cMROAMpRhj+FJo68S1Z
Dw5648KV87zoAeoeA4+hkaBl54YyT/d6bCLAMb2mS10QsuLAUMkTPWyZ
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBnDCCAUGgAwIBAgIUR9wnBRS8FYgrhMbf9oydOp8m00kwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMzE0NTI0M1oYDzIxMjYxMDMw
MTQ1MjQzWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQYias8qBLS9cMROAMpRhj+FJo68S1ZDw5648KV87zoAeoeA4+hkaBl
54YyT/d6bCLAMb2mS10QsuLAUMkTPWyZo28wbTAdBgNVHQ4EFgQUrh/pPQuqpO8/
qeqs9nFmIjDk86owHwYDVR0jBBgwFoAUrh/pPQuqpO8/qeqs9nFmIjDk86owDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSQAwRgIhAN6TKaMpisF6Hd/2j+csta1VKq5dkG1lxL1FpA+n458+AiEA
mAhvBH9EMrmMPeLopIEsLYq/OuG47q15LaeH9d3TmSs=
-----END CERTIFICATE-----
"""


@contextmanager
def serving(answer: bytes, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """A server for one caller; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                try:
                    with tls.wrap_socket(connection, server_side=True) if tls else connection as talk:
                        talk.recv(4096)
                        talk.sendall(answer)
                        talk.recv(4096)
                except OSError:
                    return  # the caller did not like what it saw, which is what is tested

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(timeout=at_most(10))


def netgiro_at(base_url: str, **more: Any) -> Config:
    return config_with(netgiro=NetgiroSettings(base_url=base_url, connect_timeout_s=2, read_timeout_s=2, **more))


@each_of("status", [b"200 OK", b"404 Not Found", b"500 Oops", b"302 Found"])
def test_any_http_answer_is_reachable(status: bytes) -> None:
    with serving(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n") as port:
        finding = service_checks.check_network(netgiro_at(f"http://127.0.0.1:{port}/v1"), System())

    assert finding == ok(f"http://127.0.0.1:{port}/v1 answers (HTTP {status[:3].decode()})")


def test_certificate_that_is_not_accepted_is_told_with_the_clock(tmp_path: Path) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(put(tmp_path, "self-signed.pem", SELF_SIGNED))
    with serving(b"", tls) as port:
        finding = service_checks.check_network(netgiro_at(f"https://127.0.0.1:{port}/v1"), System())

    assert finding.status is Grade.FAILED
    assert finding.found.startswith("the certificate of 127.0.0.1 is not accepted: ")
    assert "clock" in finding.advice


def test_certificate_is_compared_with_the_one_that_is_configured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = put(tmp_path, "self-signed.pem", SELF_SIGNED)
    monkeypatch.setenv("SSL_CERT_FILE", str(chain))  # this machine trusts it
    right = fingerprint_of(ssl.PEM_cert_to_DER_cert(SELF_SIGNED.partition("-----END PRIVATE KEY-----\n")[2]))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(chain)
    for pin, status in ((right, Grade.OK), ("0" * 64, Grade.FAILED), ("", Grade.OK)):
        with serving(b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", tls) as port:
            config = netgiro_at(f"https://127.0.0.1:{port}/v1", certificate_pin=pin)
            finding = service_checks.check_network(config, System())
        assert finding.status is status
        assert right in finding.found


def test_server_without_tls_is_told() -> None:
    with serving(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        finding = service_checks.check_network(netgiro_at(f"https://127.0.0.1:{port}/v1"), System())

    assert finding.found.startswith("no TLS with 127.0.0.1")


def test_nobody_listening_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    assert service_checks.check_network(netgiro_at(f"http://127.0.0.1:{port}/v1"), System()).found == (
        "127.0.0.1 refuses the connection"
    )


def failing_with(error: Exception) -> System:
    def handle(_request: httpx.Request) -> httpx.Response:
        raise error

    return System(transport=httpx.MockTransport(handle))


def caused_by(cause: OSError) -> httpx.ConnectError:
    error = httpx.ConnectError("failed")
    error.__cause__ = cause
    return error


@each_of(
    ("error", "words"),
    [
        (caused_by(socket.gaierror(-2, "Name or service not known")), "the name api.test.netgiro.is is not found"),
        (caused_by(OSError("Multiple exceptions")), "api.test.netgiro.is: ConnectError: failed"),
        (httpx.ConnectTimeout("slow"), "does not answer in time"),
        (httpx.ReadTimeout("slow"), "does not answer in time"),
        (httpx.RemoteProtocolError("nonsense"), "RemoteProtocolError: nonsense"),
    ],
)
def test_other_failures_are_told_in_words(error: Exception, words: str) -> None:
    finding = service_checks.check_network(Config(), failing_with(error))

    assert finding.status is Grade.FAILED
    assert words in finding.found


# --- credentials ------------------------------------------------------------------------------------------------------


def asking_the_sandbox(**credentials: Any) -> Finding:
    sandbox = build_sandbox(APPLICATION_ID, SECRET)
    given = {"application_id": APPLICATION_ID, "secret_key": Sensitive(SECRET)} | credentials
    config = netgiro_at("http://127.0.0.1/v1", **given)
    finding = service_checks.check_credentials(config, System(transport=httpx.ASGITransport(create_app(sandbox))))
    asyncio.run(sandbox.aclose())
    return finding


def test_right_credentials_are_ok() -> None:
    assert asking_the_sandbox() == ok("Netgíró takes signed calls")


def asking_v2(**credentials: Any) -> Finding:
    sandbox = build_sandbox(APPLICATION_ID, SECRET)
    given = {"application_id": APPLICATION_ID, "secret_key": Sensitive("")} | credentials
    config = netgiro_at("http://127.0.0.1/v2", api="v2", **given)
    finding = service_checks.check_credentials(config, System(transport=httpx.ASGITransport(create_app(sandbox))))
    asyncio.run(sandbox.aclose())
    return finding


def test_with_v2_the_application_id_is_all_that_is_needed_wherever_it_is_kept() -> None:
    assert asking_v2().status is Grade.OK
    assert asking_v2(application_id="", secret_key=Sensitive(APPLICATION_ID)).status is Grade.OK
    assert asking_v2(application_id="wrong").found == "Netgíró does not accept them"
    assert asking_v2(application_id="").status is Grade.WARNING


def test_wrong_application_id_fails() -> None:
    finding = asking_the_sandbox(application_id="wrong")

    assert "https://partner.test.netgiro.is/Account/Register" in finding.advice
    assert (finding.status, finding.found) == (Grade.FAILED, "Netgíró does not accept them")


def test_wrong_secret_key_is_never_ok() -> None:
    finding = asking_the_sandbox(secret_key=Sensitive("wrong"))

    assert finding.status is not Grade.OK
    assert "compare application ID and secret key" in finding.advice


@pytest.mark.parametrize("missing", [{"application_id": ""}, {"secret_key": Sensitive("")}], ids=str)
def test_missing_credentials_are_not_judged(missing: dict[str, Any]) -> None:
    finding = asking_the_sandbox(**missing)

    assert (finding.status, finding.found[:19]) == (Grade.WARNING, "could not be tried ")


def test_without_a_connection_credentials_are_not_judged() -> None:
    config = netgiro_at("http://127.0.0.1/v1", application_id="a", secret_key=Sensitive("b"))
    finding = service_checks.check_credentials(config, failing_with(httpx.ConnectError("down")))

    assert (finding.status, finding.advice) == (Grade.WARNING, "see the network check")


def test_an_unreadable_answer_does_not_judge_credentials() -> None:
    config = netgiro_at("http://127.0.0.1/v1", application_id="a", secret_key=Sensitive("b"))
    system = System(transport=httpx.MockTransport(lambda _request: httpx.Response(502)))

    assert service_checks.check_credentials(config, system).status is Grade.WARNING


# --- look-up by reference ---------------------------------------------------------------------------------------------


@each_of(
    ("offered", "confirmation", "grade", "words"),
    [
        (True, "automatic", Grade.OK, "found again"),
        (True, "manual", Grade.OK, "found again"),
        (False, "automatic", Grade.WARNING, "left to staff"),
        (False, "manual", Grade.OK, "does not need it"),
    ],
)
def test_whether_netgiro_finds_by_reference_is_told(
    *, offered: bool, confirmation: str, grade: Grade, words: str
) -> None:
    sandbox = build_sandbox(APPLICATION_ID, SECRET)
    sandbox.change_settings({"finds_by_reference": offered})
    given = {
        "application_id": APPLICATION_ID,
        "secret_key": Sensitive(SECRET),
        "confirmation": CaptureMode(confirmation),
    }
    config = netgiro_at("http://127.0.0.1/v1", **given)
    finding = service_checks.check_look_up(config, System(transport=httpx.ASGITransport(create_app(sandbox))))
    asyncio.run(sandbox.aclose())
    assert finding.status is grade
    assert words in finding.found


def test_nobody_is_asked_to_find_without_a_key_or_with_v2() -> None:
    system = failing_with(AssertionError("asked"))
    assert service_checks.check_look_up(netgiro_at("http://127.0.0.1/v1"), system).status is Grade.OK
    config = netgiro_at("http://127.0.0.1/v2", api="v2", application_id=APPLICATION_ID)
    assert service_checks.check_look_up(config, system).status is Grade.OK


def test_a_look_up_that_gets_no_answer_is_not_judged() -> None:
    config = netgiro_at("http://127.0.0.1/v1", application_id="a", secret_key=Sensitive("b"))
    finding = service_checks.check_look_up(config, failing_with(httpx.ConnectError("down")))
    assert finding.status is Grade.WARNING
