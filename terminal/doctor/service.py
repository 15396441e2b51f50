"""Checks of the way to Netgíró and of the key pair."""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import TYPE_CHECKING

from msgspec.structs import replace

from terminal.config.schema import Config
from terminal.doctor.stored_key import read_stored_key
from terminal.doctor.system import Finding, System, failed, ok, warning
from terminal.netgiro.pinning import fingerprint_of, pins_in
from terminal.sale.gateway import AuthorizationStatus, CallLost, CallRefused, CaptureMode, Refusal, StatusReport

# httpx takes 85 ms to import: nothing of it before a check needs it.
# ruff: noqa: PLC0415
if TYPE_CHECKING:
    import httpx

NOBODYS_CART = "00000000-0000-0000-0000-000000000000"
NOBODYS_REFERENCE = "netgiro-terminal-doctor"


def check_network(config: Config, system: System) -> Finding:
    """Any HTTP answer will do: name, route and certificate are right then."""
    import httpx

    url = config.netgiro.base_url
    try:
        status, fingerprint = asyncio.run(_get(config, system))
    except httpx.HTTPError as error:
        return _explain(error, config.netgiro.host)
    pin = config.netgiro.certificate_pin
    if pin and fingerprint and fingerprint not in pins_in(pin):
        return failed(
            f"the certificate of {config.netgiro.host} is not the one of netgiro.certificate_pin: {fingerprint}",
            "ask Netgíró whether it has changed; if so, put the new SHA-256 beside the old one",
        )
    return ok(f"{url} answers (HTTP {status}){f', certificate {fingerprint}' if fingerprint else ''}")


async def _get(config: Config, system: System) -> tuple[int, str]:
    """The HTTP status, and the SHA-256 of the certificate if there is one."""
    import httpx

    timeout = httpx.Timeout(config.netgiro.read_timeout_s, connect=config.netgiro.connect_timeout_s)
    verify = ssl.create_default_context()  # whom the terminal trusts, and not the list that comes with httpx
    async with (
        httpx.AsyncClient(timeout=timeout, trust_env=False, verify=verify, transport=system.transport) as client,
        client.stream("GET", config.netgiro.base_url) as response,
    ):
        stream = response.extensions.get("network_stream")
        tls = stream.get_extra_info("ssl_object") if stream is not None else None
        return response.status_code, fingerprint_of(tls.getpeercert(binary_form=True)) if tls is not None else ""


def _explain(error: httpx.HTTPError, host: str) -> Finding:
    import httpx

    for cause in _causes(error):
        match cause:
            case ssl.SSLCertVerificationError():
                return failed(
                    f"the certificate of {host} is not accepted: {cause.verify_message}",
                    "look at the clock first (timedatectl): a wrong date does this; else something between here and"
                    " there stands in for it",
                )
            case ssl.SSLError():
                return failed(f"no TLS with {host}: {cause.reason or cause}", "check netgiro.base_url and any proxy")
            case socket.gaierror():
                return failed(
                    f"the name {host} is not found: {cause.strerror}", "check the cable, Wi-Fi and router (DNS)"
                )
            case ConnectionRefusedError():
                return failed(f"{host} refuses the connection", "check netgiro.base_url and the shop's firewall")
    if isinstance(error, httpx.TimeoutException):
        return failed(f"{host} does not answer in time", "check the cable, Wi-Fi, router and the shop's firewall")
    return failed(f"{host}: {type(error).__name__}: {error}", "check the cable, Wi-Fi, router and netgiro.base_url")


def _causes(error: BaseException) -> list[BaseException]:
    """The error and what lies below it. asyncio tries several addresses and bundles what went wrong with each."""
    chain: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        current = waiting.pop()
        if current is None or current in chain:
            continue
        chain.append(current)
        waiting += [current.__cause__, current.__context__]
        if isinstance(current, BaseExceptionGroup):
            waiting += current.exceptions
    return chain


def check_credentials(config: Config, system: System) -> Finding:
    """A question about a payment that nobody has. It changes nothing.

    Netgíró docs, CheckCart: 10201 or 10424 for a cart that does not exist; how a wrong key is refused they do not say.
    V2: "Transaction not found", and HTTP 401 for a wrong key.
    """
    if not config.netgiro.has_credentials:
        config = replace(config, netgiro=replace(config.netgiro, secret_key=read_stored_key(system)))
    if not config.netgiro.has_credentials:
        return warning("could not be tried without application ID and secret key", "see what was said of these")
    compare = (
        "compare application ID and secret key with what Netgíró's partner portal shows: sandbox and production differ,"
        " and the sandbox wants an account of its own (https://partner.test.netgiro.is/Account/Register)"
    )
    try:
        report = asyncio.run(_ask_signed(config, system))
    except CallRefused as error:
        match error.refusal:
            case Refusal.NOT_FOUND:
                return ok("Netgíró takes signed calls")
            case Refusal.NOT_SENT:
                return warning("could not be tried: no connection", "see the network check")
            case Refusal.CREDENTIALS:
                return failed("Netgíró does not accept them", compare)
            case _:
                return failed(f"Netgíró refuses a signed call: {error}", compare)
    except CallLost as error:
        return warning(f"could not be tried: {error}", f"if the network check is fine, {compare}")
    if report.status is AuthorizationStatus.CANCELLED or report.refusal is Refusal.NOT_FOUND:
        return ok("Netgíró takes signed calls")
    return warning(f"Netgíró gave an unclear answer to a signed call: {report.status}", compare)


def check_look_up(config: Config, system: System) -> Finding:
    """A question about a reference that no sale has. Only Netgíró's .NET client of 2015 documents the call."""
    settings = config.netgiro
    if settings.api != "v1" or not settings.has_credentials:
        return ok("not asked: only V1 can have it, with its key")
    try:
        asyncio.run(_find_nobody(config, system))
    except CallRefused as error:
        match error.refusal:
            case Refusal.NOT_FOUND:
                return ok("Netgíró finds payments by reference: one whose answer was lost is found again")
            case Refusal.NOT_OFFERED if settings.confirmation is CaptureMode.AUTOMATIC:
                return warning(
                    "Netgíró finds no payment by reference: one whose answer is lost is left to staff",
                    'confirmation = "manual" has no such loss',
                )
            case Refusal.NOT_OFFERED:
                return ok("Netgíró finds no payment by reference; manual confirmation does not need it")
        return warning(f"could not be tried: {error}", "see the checks above")
    except CallLost as error:
        return warning(f"could not be tried: {error}", "see the checks above")
    return warning("Netgíró finds a payment under a reference that no sale has", "tell Netgíró's support")


async def _find_nobody(config: Config, system: System) -> StatusReport:
    from terminal.netgiro.factory import build_gateway

    gateway = build_gateway(config.netgiro, transport=system.transport)
    try:
        return await gateway.find(NOBODYS_REFERENCE)
    finally:
        await gateway.close()


async def _ask_signed(config: Config, system: System) -> StatusReport:
    from terminal.netgiro.factory import build_gateway

    gateway = build_gateway(config.netgiro, transport=system.transport)
    try:
        return await gateway.query_status(NOBODYS_CART)
    finally:
        await gateway.close()
