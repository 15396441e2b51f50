"""The command ``listen``: show and keep what an unknown register sends, and say what it may be. It never answers."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

from hardware.interfaces import DeviceError
from hardware.serial_port import TtySerialPort
from hardware.settings import NETWORK, SerialSettings
from terminal.errors import TerminalError
from terminal.register.unknown.capture import Chunk, describe, without_personal_data, write_capture
from terminal.register.unknown.guess import Guess, guess

MOST_BYTES = 4 * 1024 * 1024
"""An hour at 9600 baud without a pause."""
LONGEST_PIECE = 4096
SAME_PIECE_S = 0.02
"""Bytes that follow each other so closely are one piece, as the register meant it."""


class Recorder:
    """Gathers bytes into pieces; tells ``show`` the lines of each finished one."""

    def __init__(self, clock: Callable[[], float], show: Callable[[str], None]) -> None:
        self.chunks: list[Chunk] = []
        self.full = asyncio.Event()
        self._clock = clock
        self._show = show
        self._first_s: float | None = None
        self._last_s = 0.0
        self._bytes = 0
        self._piece = bytearray()
        self._piece_s = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def receive(self, data: bytes) -> None:
        """Bytes of the register, at most MOST_BYTES. Those within SAME_PIECE_S of each other are one piece."""
        now_s = self._clock()
        if self._first_s is None:
            self._first_s = now_s
        if not self._piece:
            self._piece_s = round(now_s - self._first_s, 3)
        self._piece += data[: MOST_BYTES - self._bytes]
        self._bytes += len(data)
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(SAME_PIECE_S, self.finish_piece)
        if len(self._piece) >= LONGEST_PIECE:
            self.finish_piece()
        if self._bytes >= MOST_BYTES:
            self.full.set()

    def finish_piece(self) -> None:
        """The register pauses."""
        if not self._piece:
            return
        chunk = Chunk(self._piece_s, bytes(self._piece))
        self._piece.clear()
        self.chunks.append(chunk)
        for line in describe(chunk):
            self._show(line)


async def listen(
    settings: SerialSettings, out: Path | None, say: Callable[[str], None], wait_for_stop: Callable[[], Awaitable[None]]
) -> list[Guess]:
    """Until ``wait_for_stop`` returns, the port is lost or the capture is full; what was told. Raises TerminalError."""
    if settings.port.startswith(NETWORK):
        raise TerminalError(f"{settings.port} is no serial line; to see what comes in there set log.register_traffic")
    loop = asyncio.get_running_loop()
    port, recorder, lost = TtySerialPort(settings), Recorder(loop.time, say), asyncio.Event()
    if out is not None:
        _write(out, "")  # better found out now than after an hour

    def lose(error: DeviceError) -> None:
        say(str(error))
        lost.set()

    try:
        await port.open(recorder.receive, lose)
    except DeviceError as error:
        raise TerminalError(str(error)) from error
    say(f"listening on {port.description}; ring up a sale, end with Ctrl-C")
    ends = [asyncio.ensure_future(end) for end in (wait_for_stop(), lost.wait(), recorder.full.wait())]
    try:
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for end in ends:
            end.cancel()
        await asyncio.gather(*ends, return_exceptions=True)
        await port.close()
    recorder.finish_piece()
    guesses = guess(b"".join(chunk.data for chunk in recorder.chunks), settings.baudrate)
    for one in guesses:
        say(describe_guess(one, settings))
    if out is not None:
        _write(out, write_capture(without_personal_data(recorder.chunks), port.description))
        say(f"written to {out}; card data and kennitölur are blotted out, look through it before you pass it on")
    return guesses


def describe_guess(one: Guess, settings: SerialSettings) -> str:
    """What it may be, why, and what to do."""
    lines = [f"\nThis looks like {one.what}: {one.why}."]
    if one.advice:
        lines.append(one.advice)
    if one.settings:
        named = {line.split(" = ")[0] for line in one.settings}
        line = {
            "port": f'"{settings.port}"',
            "baudrate": settings.baudrate,
            "bytesize": settings.bytesize,
            "parity": f'"{settings.parity}"',
        }
        lines += [
            "",
            "[register]",
            *one.settings,
            *(f"{key} = {value}" for key, value in line.items() if key not in named),
        ]
    return "\n".join(lines)


def _write(path: Path, text: str) -> None:
    """For its owner alone: a receipt may name a customer."""
    try:
        with contextlib.closing(os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w")) as file:
            file.write(text)
    except OSError as error:
        raise TerminalError(f"cannot write {path}: {error.strerror}") from error
