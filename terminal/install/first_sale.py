"""The end of ``setup``: the service is started, and a sale on the register proves it all."""

from __future__ import annotations

import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from terminal.config.control_path import control_path
from terminal.config.schema import Config
from terminal.doctor.status import read_status
from terminal.errors import TerminalError
from terminal.sale.money import format_kr
from terminal.system.ask import ask_daemon
from terminal.texts.setup import setup_words_in
from terminal.texts.words import Language

START_DEADLINE_S = 90.0
LOOK_EVERY_S = 0.5
LONGEST_WATCH_S = 600.0


def read_fresh(prompt: str) -> str:
    """A line of the keyboard that was typed after the question: what a paste left over answers nothing."""
    if sys.stdin.isatty():
        termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)
    return input(prompt)


def start_service() -> bool:
    """By systemd; False if it is not there. Raises TerminalError if it does not start."""
    if not Path("/run/systemd/system").is_dir():
        return False
    command = ["systemctl", "restart", "netgiro-terminal"]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=START_DEADLINE_S)
    except (OSError, subprocess.SubprocessError) as error:
        raise TerminalError("it does not start; see: journalctl -u netgiro-terminal -n 30") from error
    return True


def watch_sale(
    config: Config,
    language: Language,
    say: Callable[[str], None],
    read: Callable[[str], str],
    longest_s: float = LONGEST_WATCH_S,
) -> None:
    """Tell how the next sale goes, until it has ended or the installer presses Enter."""
    words, enough = setup_words_in(language), threading.Event()
    say(words.ring_up)

    def wait_for_enter() -> None:
        try:
            read("")
        except EOFError:
            return  # nobody is at the keyboard
        enough.set()

    threading.Thread(target=wait_for_enter, daemon=True).start()
    last, number, until_s = "", 0, time.monotonic() + longest_s
    while not enough.wait(LOOK_EVERY_S) and time.monotonic() < until_s:
        try:
            status = read_status(ask_daemon(control_path(config), "status"))
        except (TerminalError, msgspec.ValidationError):
            continue  # it is starting
        if status.sale is None and number:
            say(words.sale_ended.format(number=number))
            return
        if status.sale is not None and status.sale.state != last:
            number, last = status.sale.number, status.sale.state
            say(words.sale_open.format(amount=format_kr(status.sale.amount_kr), state=last))
    say(words.no_sale)
