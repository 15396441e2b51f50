"""The printer between open and close: when it is let go of, and when the same is sent once more."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from hardware.interfaces import DeviceError, PrinterError, PrinterStatus
from terminal.paper.printer_session import DRAWER_WITHIN_S, PrinterSession
from tests.each import each_of
from tests.virtual_time import run_virtual

OK, OUT = PrinterStatus.OK, PrinterStatus.PAPER_OUT
GONE = DeviceError("the connection has ended")
TORN = PrinterError("half of it may be on paper", status=PrinterStatus.OFFLINE, may_be_on_paper=True)
EMPTY = PrinterError("no paper", status=OUT, may_be_on_paper=False)
OFFLINE = PrinterError("off-line", status=PrinterStatus.OFFLINE, may_be_on_paper=False)


class Printer:
    """Answers each call by the next of these, and keeps what it was told in which order."""

    columns = 42
    has_drawer = True
    paper_is_low = False

    def __init__(self, *answers: PrinterStatus | DeviceError) -> None:
        self.answers = list(answers)
        self.told: list[str] = []

    async def open(self) -> None:
        self.told.append("open")

    async def close(self) -> None:
        self.told.append("close")

    async def release(self) -> None:
        self.told.append("release")

    async def status(self) -> PrinterStatus:
        return self._answer("status")

    async def print_document(self, _document: object) -> PrinterStatus:
        return self._answer("print")

    async def open_drawer(self) -> None:
        self._answer("drawer")

    async def wait_for_change(self, pause_s: float) -> None:
        self.told.append(f"wait {pause_s:.0f}")

    def _answer(self, what: str) -> PrinterStatus:
        self.told.append(what)
        answer = self.answers.pop(0)
        if isinstance(answer, DeviceError):
            raise answer
        return answer


def told(printer: Printer, *steps: str, pause_s: float = 0.0) -> str:
    async def scenario() -> None:
        fake: Any = printer
        session = PrinterSession(fake)
        assert session.columns == 42
        for step in steps:
            match step:
                case "print":
                    await attempt(session.print_document(()))
                case "status":
                    await attempt(session.status())
                case "look":
                    await session.look()
                case "drawer":
                    session.want_drawer()
                    await asyncio.sleep(pause_s)
                    await session.open_drawer()
                case "no drawer":
                    await session.open_drawer()
                case "wait":
                    await session.wait_for_change(7.0)
        closed = [word for word in printer.told if word in ("open", "close")][-1:] != ["open"]
        assert session.is_open is not closed

    run_virtual(scenario())
    return " ".join(printer.told)


async def attempt(call: Any) -> None:
    with contextlib.suppress(DeviceError):
        await call


@each_of(
    ("error", "after"),
    [
        (GONE, "close open print"),
        (OFFLINE, "close open print"),
        (TORN, "close"),
        (EMPTY, "close"),
    ],
    ids=["gone", "off-line", "torn", "empty"],
)
def test_only_what_cannot_be_on_paper_is_sent_once_more_over_a_new_connection(error: DeviceError, after: str) -> None:
    assert told(Printer(OK, error, OK), "status", "print") == f"open status print {after}"


def test_a_printer_that_has_just_been_opened_gets_no_second_try() -> None:
    assert told(Printer(GONE), "print") == "open print close"
    assert told(Printer(OK, GONE, GONE), "status", "print") == "open status print close open print close"


@each_of(
    ("answer", "step", "words"),
    [
        (OK, "look", "open status"),
        (OUT, "look", "open status close"),
        (GONE, "look", "open status close"),
        (OUT, "status", "open status"),
        (GONE, "status", "open status close"),
        (OK, "print", "open print"),
        (OUT, "print", "open print close"),
    ],
)
def test_a_printer_in_trouble_is_let_go_of(answer: PrinterStatus | DeviceError, step: str, words: str) -> None:
    assert told(Printer(answer), step) == words


@each_of(("pause_s", "words"), [(0.0, "open drawer"), (4.9, "open drawer"), (DRAWER_WITHIN_S, ""), (6.0, "")])
def test_a_drawer_opens_within_five_seconds_or_not_at_all(pause_s: float, words: str) -> None:
    assert DRAWER_WITHIN_S == 5.0
    assert told(Printer(OK), "drawer", pause_s=pause_s) == words


def test_a_drawer_is_opened_once_for_each_wish_and_one_that_fails_is_let_go_of() -> None:
    assert told(Printer(OK), "no drawer", "drawer", "no drawer") == "open drawer"
    assert told(Printer(GONE), "drawer") == "open drawer close"


def test_whoever_waits_asks_the_printer_only_while_it_is_let_go_of() -> None:
    assert told(Printer(OUT), "look", "wait") == "open status close wait 7"
    assert told(Printer(OK), "look", "wait") == "open status"
