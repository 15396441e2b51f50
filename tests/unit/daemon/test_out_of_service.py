"""While the journal cannot be opened, display and register say so, and it is tried again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from hardware.simulated import SimulatedDisplay
from terminal.config.schema import Config, JournalSettings, TerminalSettings
from terminal.daemon.out_of_service import OUT_OF_SERVICE, wait_for_journal
from terminal.errors import JournalInUseError
from terminal.journal.file import JournalFile
from terminal.register.settings import RegisterSettings
from terminal.screen.screens import screen_for
from terminal.simulation.registers.zvt_frames import payment, wrap
from terminal.system.notify import Notifier
from tests.unit.register.scripted_port import ScriptedPort
from tests.virtual_time import run_virtual

T = TypeVar("T")
STATUS_ENQUIRY = wrap(bytes.fromhex("050105000000 0302"))


def while_out_of_service(
    folder: Path, look: Callable[[SimulatedDisplay, ScriptedPort], Awaitable[T]], protocol: str
) -> T:
    """Run ``look`` while a directory stands where the journal should be; then it is taken away."""
    path = folder / "journal.db"
    path.mkdir()
    config = Config(
        terminal=TerminalSettings(language="en"),
        journal=JournalSettings(path=str(path)),
        register=RegisterSettings(protocol=protocol),
    )

    async def run() -> T:
        port = ScriptedPort()
        display = SimulatedDisplay()
        waiting = asyncio.create_task(wait_for_journal(config, display, port, Notifier({})))
        await port.until(lambda: port.is_open)
        seen = await look(display, port)
        assert not waiting.done()
        path.rmdir()
        await waiting
        assert not port.is_open
        return seen

    return run_virtual(run())


def asked(protocol: str, question: bytes, folder: Path) -> bytes:
    """What a register is answered."""

    async def look(_display: SimulatedDisplay, port: ScriptedPort) -> bytes:
        port.receive(question)
        await asyncio.sleep(30)
        return port.wire

    return while_out_of_service(folder, look, protocol)


def test_the_display_says_what_is_wrong(tmp_path: Path) -> None:
    async def look(display: SimulatedDisplay, _port: ScriptedPort) -> bytes:
        await asyncio.sleep(1)
        return display.png()

    assert "Journal fault" in "\n".join(screen_for(OUT_OF_SERVICE, "en").lines)
    assert while_out_of_service(tmp_path, look, "line") != SimulatedDisplay().png()


@pytest.mark.parametrize("question", ["PAY 1990 ID=42", "STATUS ID=42", "CANCEL"])
def test_a_register_is_refused_and_told_no_outcome(question: str, tmp_path: Path) -> None:
    assert asked("line", question.encode() + b"\r\n", tmp_path).startswith(b"ERR UNAVAILABLE ")


def test_zvt_is_refused_in_its_own_words(tmp_path: Path) -> None:
    assert wrap(bytes.fromhex("84FF00")) in asked("zvt", wrap(payment(1990)), tmp_path)


def test_a_status_enquiry_hears_that_the_terminal_is_out_of_order(tmp_path: Path) -> None:
    assert wrap(bytes.fromhex("060f01DF")) in asked("zvt", STATUS_ENQUIRY, tmp_path)


def test_another_running_terminal_ends_the_wait(tmp_path: Path) -> None:
    config = Config(journal=JournalSettings(path=str(tmp_path / "journal.db")))

    async def run() -> None:
        await wait_for_journal(config, None, ScriptedPort(), Notifier({}))

    with JournalFile(tmp_path / "journal.db", lambda: "") as journal:
        journal.open()
        with pytest.raises(JournalInUseError):
            run_virtual(run())
