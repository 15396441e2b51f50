"""The register's port where register programs call: a small web server that carries calls to the codec and back.

For the link this is a port like any other: whole calls come in as bytes, answers and events go out as bytes. It listens
from ``open()`` to ``close()``, and nobody has to be connected.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Awaitable, Callable, Iterator
from typing import NamedTuple

from msgspec.structs import replace

from hardware.interfaces import Columns, DeviceError, Document, LineSignals
from terminal.errors import TerminalError
from terminal.register.http.certificate import OwnCertificate
from terminal.register.http.frames import Answer, Call, Event, Gone, line_of, said_in
from terminal.register.http.programs import Programs
from terminal.register.http.server import LONGEST_ANSWER_S, Application, NotAnswered
from terminal.system.accept import Limits
from terminal.system.web import WebServer

CALLERS = Limits(connections=64, per_address=24)
MOST_LISTENERS = 24
MOST_UNREAD_EVENTS = 100
"""Of a program that does not read them; then its stream ends, and it may come again."""
NO_PRINTER = 'there is no printer: set printer.driver in config.toml to other than "none"'


class Listen(NamedTuple):
    """Where, and how it is reached."""

    host: str
    port: int
    certificate: OwnCertificate | None = None
    """None: in plain text, on this machine only."""
    origins: tuple[str, ...] = ()
    """Web pages that may call, such as https://pos.example.is."""


class HttpPort:
    """Implements :class:`hardware.interfaces.SerialPort`."""

    damaged_bytes = 0

    def __init__(self, listen: Listen, programs: Programs, terminal_id: str = "") -> None:
        self.programs = programs
        self.terminal_id = terminal_id
        self.origins = frozenset(origin.lower() for origin in listen.origins)
        self.on_peer: Callable[[bool], None] = lambda _is_there: None
        self.print_now: Callable[[Document], Awaitable[None]] = _no_printer
        """Set by whoever has a printer. Raises DeviceError."""
        self.columns: Columns = 32
        self._listen = listen
        self._port = listen.port
        self._server: WebServer | None = None
        self._numbers = itertools.count(1)
        self._on_data: Callable[[bytes], None] = lambda _data: None
        self._answers: dict[int, asyncio.Future[Answer]] = {}
        self._listeners: set[asyncio.Queue[Event | None]] = set()

    @property
    def description(self) -> str:
        return self.base_url

    @property
    def base_url(self) -> str:
        """Where programs call; with port 0 known once it is open."""
        if self._server is not None:
            return self._server.base_url
        scheme = "https" if self._listen.certificate is not None else "http"
        return f"{scheme}://{self._listen.host}:{self._port}"

    @property
    def certificate_sha256(self) -> str:
        """In hex; empty where there is none."""
        return self._listen.certificate.sha256 if self._listen.certificate is not None else ""

    async def open(self, on_data: Callable[[bytes], None], on_lost: Callable[[DeviceError], None]) -> None:
        """Listen. ``on_lost`` is never called: there is no line to lose. Raises DeviceError."""
        await self.close()
        self._on_data = on_data
        own = self._listen.certificate
        try:
            tls = await asyncio.to_thread(own.context) if own is not None else None
            app = Application(self)
            self._server = WebServer(app, self._listen.host, self._port, limits=CALLERS, tls=tls)
            await self._server.start()
            self._port = int(self._server.base_url.rpartition(":")[2])  # the same when it is opened again
        except (TerminalError, OSError) as error:
            self._server = None
            raise DeviceError(f"register programs cannot call: {error}") from error

    async def signals(self) -> LineSignals | None:
        """A network has none."""
        return None

    async def write(self, data: bytes) -> None:
        """Give each answer to its caller, and each event to everybody who listens."""
        for said in said_in(data):
            if isinstance(said, Answer):
                waiting = self._answers.pop(said.number, None)
                if waiting is not None and not waiting.done():
                    waiting.set_result(said)
            else:
                self._tell(said)

    async def close(self) -> None:
        """Nobody is answered any more."""
        for listener in self._listeners:
            _end(listener)
        for waiting in self._answers.values():
            if not waiting.done():
                waiting.set_exception(NotAnswered)
        self._answers.clear()
        server, self._server = self._server, None
        if server is not None:
            await server.stop()

    # --- for the application ------------------------------------------------------------------------------------------

    async def ask(self, call: Call) -> Answer:
        """What the codec says to it. Raises NotAnswered."""
        with self.asked(call) as waiting:
            try:
                async with asyncio.timeout(LONGEST_ANSWER_S):
                    return await waiting
            except TimeoutError as error:
                raise NotAnswered from error

    @contextlib.contextmanager
    def asked(self, call: Call) -> Iterator[asyncio.Future[Answer]]:
        """What the codec will say to it, or NotAnswered; whoever leaves before that waits no more."""
        number = next(self._numbers)
        waiting: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._answers[number] = waiting
        self._on_data(line_of(replace(call, number=number)))
        try:
            yield waiting
        finally:
            if self._answers.pop(number, None) is not None:
                self._on_data(line_of(Gone(number=number)))
            elif not waiting.cancelled():
                waiting.exception()  # that it will not be answered is no news to whoever has left

    @property
    def may_listen(self) -> bool:
        """There are not too many listeners yet."""
        return len(self._listeners) < MOST_LISTENERS

    @contextlib.contextmanager
    def listening(self) -> Iterator[asyncio.Queue[Event | None]]:
        """The events from now on; None after the last."""
        listener: asyncio.Queue[Event | None] = asyncio.Queue(MOST_UNREAD_EVENTS)
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

    def _tell(self, event: Event) -> None:
        for listener in list(self._listeners):
            try:
                listener.put_nowait(event)
            except asyncio.QueueFull:
                self._listeners.discard(listener)
                _end(listener)


def _end(listener: asyncio.Queue[Event | None]) -> None:
    while listener.full():
        listener.get_nowait()
    listener.put_nowait(None)


async def _no_printer(_document: Document) -> None:
    raise DeviceError(NO_PRINTER)
