"""Builds the gateway that the configuration asks for: the one place that knows both generations of the API."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

from terminal.netgiro.carrier import Carrier, LateCarrier
from terminal.netgiro.client import Credentials, SignatureCheck, SignedClient
from terminal.netgiro.keyed import KeyedClient
from terminal.netgiro.nonce import NonceSource
from terminal.netgiro.pinning import pins_in
from terminal.netgiro.refunds import PartnerApi
from terminal.netgiro.v1 import NetgiroV1
from terminal.netgiro.wire_v2 import API_KEY_HEADER, TOKEN_HEADER
from terminal.sale.gateway import Gateway
from terminal.sale.sensitive import Sensitive
from terminal.system.lean_imports import lighten_httpx

if TYPE_CHECKING:
    import httpx


class ServiceSettings(Protocol):
    """``[netgiro]`` of the configuration, as far as it matters here."""

    @property
    def api(self) -> str: ...
    @property
    def api_key(self) -> Sensitive: ...
    @property
    def base_url(self) -> str: ...
    @property
    def effective_partner_url(self) -> str: ...
    @property
    def application_id(self) -> str: ...
    @property
    def secret_key(self) -> Sensitive: ...
    @property
    def check_response_signature(self) -> str: ...
    @property
    def certificate_pin(self) -> str: ...
    @property
    def connect_timeout_s(self) -> float: ...
    @property
    def read_timeout_s(self) -> float: ...


def build_gateway(
    settings: ServiceSettings,
    nonces: NonceSource | None = None,
    *,
    callback_base_url: str = "",
    transport: httpx.AsyncBaseTransport | None = None,
) -> Gateway:
    """Without ``nonces`` they come from the clock: good for a question, whose answer is all that matters."""
    carrier = _build_carrier(settings, settings.base_url, pins_in(settings.certificate_pin), transport)
    if settings.api == "v2":
        from terminal.netgiro.v2 import NetgiroV2  # noqa: PLC0415  only when configured

        key = settings.api_key
        keyed = KeyedClient(carrier, settings.base_url, API_KEY_HEADER, key)
        return NetgiroV2(keyed, callback_base_url=callback_base_url, callback_key=key)
    client = SignedClient(
        carrier,
        settings.base_url,
        Credentials(settings.application_id, settings.secret_key),
        nonces or nonces_of_the_clock(),
        SignatureCheck(settings.check_response_signature),
    )
    partner = _build_partner_api(settings, transport) if settings.effective_partner_url else None
    return NetgiroV1(client, callback_base_url=callback_base_url, partner=partner)


def _build_partner_api(settings: ServiceSettings, transport: httpx.AsyncBaseTransport | None) -> PartnerApi:
    url = settings.effective_partner_url
    carrier = _build_carrier(settings, url, frozenset(), transport)
    return PartnerApi(KeyedClient(carrier, url, TOKEN_HEADER, settings.secret_key))


def _build_carrier(
    settings: ServiceSettings, url: str, pins: frozenset[str], transport: httpx.AsyncBaseTransport | None
) -> Carrier:
    def build() -> Carrier:
        lighten_httpx()
        from terminal.netgiro.https import HttpsCarrier  # noqa: PLC0415  not before there is something to carry

        return HttpsCarrier(
            url,
            connect_timeout_s=settings.connect_timeout_s,
            read_timeout_s=settings.read_timeout_s,
            certificate_pins=pins,
            transport=transport,
        )

    return LateCarrier(build)


def nonces_of_the_clock() -> NonceSource:
    """The running terminal's own nonces are never behind the clock, so one from the clock disturbs none of them."""

    async def keep_nothing(_high_water: int, _answers_signed: bool) -> None:
        """There is no journal here."""

    return NonceSource(0, keep_nothing, time.time)
