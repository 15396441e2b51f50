"""The way to the office: one kept-alive HTTPS connection of its own. Every call ends within bounded time."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import quote

import httpx
import msgspec

from terminal.config.from_office import Document
from terminal.errors import TerminalError
from terminal.office import compact, wire
from terminal.sale.sensitive import Sensitive
from terminal.system.authorities import trusting_context

CONNECT_TIMEOUT_S = 10.0
CALL_TIMEOUT_S = 60.0
LARGEST_ANSWER_BYTES = 32 * 1024
"""A document of settings in JSON is the longest."""

T = TypeVar("T")


class OfficeError(TerminalError):
    """The office did not do what was asked. ``status`` is its answer's; 0: there was none."""

    def __init__(self, text: str, status: int = 0) -> None:
        super().__init__(text)
        self.status = status


class OfficeClient:
    """``close`` it at the end."""

    def __init__(
        self,
        url: str,
        token: Sensitive,
        ca_file: str = "",
        transport: Callable[[], httpx.AsyncBaseTransport] | None = None,
    ) -> None:
        """``transport`` makes what carries the calls; None: the network. Raises OSError if ``ca_file`` is of no use."""
        self._url = url
        self._token = token
        self._transport = transport
        plain = url.startswith("http://")  # then there is nothing to verify, and certificates load slowly
        self._verify: ssl.SSLContext | bool = False if plain else _verifying(ca_file)
        self._turn = asyncio.Lock()
        self._takes_compact = False
        """The office has said so."""
        self._http = self._new_http()

    def _new_http(self) -> httpx.AsyncClient:
        client = httpx.AsyncClient(
            timeout=httpx.Timeout(CALL_TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=70.0),
            headers={"Authorization": f"Bearer {self._token.reveal()}"} if self._token else {},
            follow_redirects=False,
            trust_env=False,
            verify=self._verify,
            transport=self._transport() if self._transport else None,
        )
        client.headers["User-Agent"] = "netgiro-terminal"
        for needless in ("Accept", "Accept-Encoding", "Connection"):  # a sale's rows are hardly longer than they
            del client.headers[needless]
        return client

    async def have(self, terminal: str, epoch: str) -> int:
        """How far the office has this journal. Raises OfficeError."""
        path = f"/v1/journal/{quote(terminal, safe='')}/{quote(epoch, safe='')}"
        return _read(await self._call("GET", path), wire.read_have).have

    async def send(self, batch: wire.Batch) -> int:
        """How far the office has the journal now. Raises OfficeError."""
        if self._takes_compact and (packed := compact.pack(batch)) is not None:
            try:
                return await self._send(packed, compact.ENCODING)
            except OfficeError as error:
                if error.status not in (415, 422):  # it wants these rows whole
                    raise
                self._takes_compact = error.status == 422
        return await self._send(wire.pack(batch), "gzip")

    async def _send(self, packed: bytes, encoding: str) -> int:
        return _read(await self._call("POST", "/v1/journal", packed, encoding), wire.read_have).have

    async def report(self, packed: bytes) -> wire.StatusAnswer:
        """A status; what the office wishes comes back. Raises OfficeError."""
        return _read(await self._call("POST", "/v1/status", packed, "gzip"), wire.read_status_answer)

    async def settings(self, terminal: str) -> Document:
        """What this terminal should run. Raises OfficeError."""
        return _read(await self._call("GET", f"/v1/settings/{quote(terminal, safe='')}"), wire.read_document)

    async def archive(self, terminal: str, machine: str) -> wire.ArchiveOffer:
        """What this terminal should install. Raises OfficeError."""
        path = f"/v1/release/{quote(terminal, safe='')}/{quote(machine, safe='')}"
        return _read(await self._call("GET", path), wire.read_offer)

    async def piece(self, terminal: str, sha256: str, number: int) -> bytes:
        """Of that archive. Raises OfficeError."""
        path = f"/v1/archive/{quote(terminal, safe='')}/{sha256}/{number}"
        return await self._call("GET", path, longest=wire.PIECE_BYTES)

    async def enrol(self, terminal: str, code: str) -> Sensitive:
        """This terminal's own token. Raises OfficeError."""
        asked = msgspec.json.encode(wire.Enrolment(terminal, code))
        return Sensitive(_read(await self._call("POST", "/v1/enrol", asked), wire.read_token).token)

    async def close(self) -> None:
        await self._http.aclose()

    async def _call(
        self,
        method: str,
        path: str,
        content: bytes | None = None,
        encoding: str = "",
        longest: int = LARGEST_ANSWER_BYTES,
    ) -> bytes:
        """One at a time, and after one that got no answer on a new connection: httpx may count the connection of a call
        that was given up as in use for ever, and then there would be none any more."""
        async with self._turn:
            try:
                return await self._exchange(method, path, content, encoding, longest)
            except OfficeError as error:
                if not error.status:
                    await self._connect_anew()
                raise

    async def _connect_anew(self) -> None:
        used, self._http = self._http, self._new_http()
        with contextlib.suppress(httpx.HTTPError, OSError, TimeoutError):
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await used.aclose()

    async def _exchange(self, method: str, path: str, content: bytes | None, encoding: str, longest: int) -> bytes:
        is_json = content is not None and encoding != compact.ENCODING
        headers = {"Content-Type": "application/json"} if is_json else {}
        headers |= {"Content-Encoding": encoding} if encoding else {}
        answer = bytearray()
        try:
            async with asyncio.timeout(CALL_TIMEOUT_S):  # httpx bounds each read, not the sum of them
                request = self._http.stream(method, self._url + path, content=content, headers=headers)
                async with request as response:
                    if response.headers.get("content-encoding", "identity") != "identity":  # it may hold a gigabyte
                        raise OfficeError("the office's answer is compressed, which was not asked for")
                    async for chunk in response.aiter_bytes():
                        answer += chunk
                        if len(answer) > longest:
                            raise OfficeError("the office's answer is too long to be one")
        except (httpx.HTTPError, TimeoutError, OSError) as error:
            raise OfficeError(f"no answer from the office: {type(error).__name__} {error}".rstrip()) from error
        self._takes_compact |= compact.ENCODING in response.headers.get("accept-encoding", "")
        if response.status_code != 200:
            raise OfficeError(_refusal(response.status_code, bytes(answer)), response.status_code)
        return bytes(answer)


def _verifying(ca_file: str) -> ssl.SSLContext:
    """For a server whose certificate ``ca_file`` has signed, or else an authority that the machine knows."""
    return ssl.create_default_context(cafile=ca_file) if ca_file else trusting_context()


def _read(answer: bytes, read: Callable[[bytes], T]) -> T:
    try:
        return read(answer)
    except (msgspec.DecodeError, RecursionError) as error:
        raise OfficeError(f"the office's answer cannot be read: {error}") from error


def _refusal(status: int, answer: bytes) -> str:
    try:
        words = str(msgspec.json.decode(answer, type=dict[str, object])["error"])[:200]
    except (msgspec.DecodeError, RecursionError, KeyError):
        words = "no reason given"
    return f"the office answers {status}: {' '.join(words.split())}"
