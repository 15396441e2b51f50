"""The V1 signature as the sandbox understands it, and help for those whose signature does not match."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import random
import uuid
from collections import OrderedDict
from collections.abc import Iterator, Mapping

import msgspec

APPKEY_HEADER = "netgiro_appkey"
NONCE_HEADER = "netgiro_nonce"
SIGNATURE_HEADER = "netgiro_signature"
REFERENCE_ID_HEADER = "netgiro_referenceId"

MAX_NONCE_CHARS = 64
MAX_NONCES = 100_000
NONCE_WAS_USED = f"{NONCE_HEADER} was used before: send a new one with every call."


def signature(secret_key: str, nonce: str, url: str, body: bytes) -> str:
    """Lowercase hex SHA-256 of secret, nonce, full URL and body, nothing between them (Netgíró docs, Signature).

    The page speaks of HMAC, but its code and both published examples are a plain hash.
    """
    return hashlib.sha256(f"{secret_key}{nonce}{url}".encode() + body).hexdigest()


class SignedBody(msgspec.Struct, frozen=True):
    """Bytes to send and the headers that vouch for them."""

    body: bytes
    headers: dict[str, str]


def sign(application_id: str, secret_key: str, url: str, body: bytes, rng: random.Random) -> SignedBody:
    """The headers that Netgíró puts on answers and callbacks, over the exact body that is sent."""
    nonce = str(rng.getrandbits(63))
    return SignedBody(
        body,
        {
            APPKEY_HEADER: application_id,
            NONCE_HEADER: nonce,
            SIGNATURE_HEADER: signature(secret_key, nonce, url, body),
            REFERENCE_ID_HEADER: str(uuid.UUID(int=rng.getrandbits(128), version=4)),
        },
    )


class CredentialsRefused(PermissionError):
    """The call is not known to come from the provider. ``status`` is the HTTP status, the message helps to mend it."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Gatekeeper:
    """Checks the three headers of a call: is this the provider, unchanged, and for the first time?"""

    def __init__(self, application_id: str, secret_key: str) -> None:
        self._application_id = application_id
        self._secret_key = secret_key
        self._used_nonces: OrderedDict[str, None] = OrderedDict()

    def check(self, headers: Mapping[str, str], url: str, body: bytes) -> None:
        """Raise CredentialsRefused unless the call is signed by the provider and its nonce is new."""
        self._check_application(headers.get(APPKEY_HEADER, ""))
        nonce, given = headers.get(NONCE_HEADER, ""), headers.get(SIGNATURE_HEADER, "")
        if not 1 <= len(nonce) <= MAX_NONCE_CHARS:
            raise CredentialsRefused(400, f"Header {NONCE_HEADER} must have 1 to {MAX_NONCE_CHARS} characters.")
        if not given:
            raise CredentialsRefused(400, f"Header {SIGNATURE_HEADER} is missing.")
        expected = signature(self._secret_key, nonce, url, body)
        if not hmac.compare_digest(expected.encode(), given.encode()):
            raise CredentialsRefused(400, explain_mismatch(self._secret_key, nonce, url, body, given))
        # Only nonces of genuine calls are remembered: a stranger can neither fill the memory nor use one up.
        if nonce in self._used_nonces:
            raise CredentialsRefused(400, NONCE_WAS_USED)
        self._used_nonces[nonce] = None
        if len(self._used_nonces) > MAX_NONCES:
            self._used_nonces.popitem(last=False)

    def _check_application(self, given: str) -> None:
        if not given:
            raise CredentialsRefused(401, f"Header {APPKEY_HEADER} is missing: it carries the application id.")
        if not hmac.compare_digest(given.upper().encode(), self._application_id.upper().encode()):
            raise CredentialsRefused(401, f"{APPKEY_HEADER} is not the application id that this sandbox was given.")


def explain_mismatch(secret_key: str, nonce: str, url: str, body: bytes, given: str) -> str:
    """What went wrong with a signature, as far as trying the usual mistakes can tell."""
    checked = f"{SIGNATURE_HEADER} does not match. It was checked over the URL {url} and a body of {len(body)} bytes."
    for mistake, attempt in _usual_mistakes(secret_key, nonce, url, body):
        if hmac.compare_digest(attempt.encode(), given.encode()):
            return f"{checked} {mistake}"
    return f"{checked} It must be the lowercase hex SHA-256 of secret key + nonce + URL + body."


def _usual_mistakes(secret_key: str, nonce: str, url: str, body: bytes) -> Iterator[tuple[str, str]]:
    right = signature(secret_key, nonce, url, body)
    key, text = secret_key.encode(), f"{nonce}{url}".encode() + body
    yield "It is in upper case: send lowercase hex.", right.upper()
    yield "It is in base64: send lowercase hex.", base64.b64encode(bytes.fromhex(right)).decode()
    for message in (text, key + text):
        mistake = "It is an HMAC: Netgíró's examples are a plain SHA-256 that starts with the secret key."
        yield mistake, hmac.new(key, message, hashlib.sha256).hexdigest()
    try:
        decoded = base64.b64decode(secret_key, validate=True)
    except binascii.Error:
        pass
    else:
        mistake = "The secret key was base64-decoded: use it as the text it is."
        yield mistake, hashlib.sha256(decoded + text).hexdigest()
    yield "The body was left out.", signature(secret_key, nonce, url, b"")
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    for other in (
        f"http://{rest}",
        f"https://{rest}",
        rest,
        slash + path,
        f"{scheme}://{host.partition(':')[0]}/{path}",
    ):
        yield f"It was made over the URL {other}.", signature(secret_key, nonce, other, body)
