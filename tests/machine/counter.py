"""What stands on the counter around the machine: the register's program, the printer, hands on the keys, eyes."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from pathlib import Path
from typing import Any

from PIL import Image as Picture

from hardware.printer import paper
from hardware.printer.escpos_commands import split
from tests.integration.netgiro import APPLICATION_ID, QUICK_PHONE
from tests.integration.process import DEADLINE_S, wait_until
from tests.integration.register import Register
from tests.machine.virtual_machine import PRINTER, REGISTER, SCANNER, VirtualMachine
from tests.patience import at_most

COLUMNS = 48
COMMAND = "netgiro-terminal"
KEYS, ROWS, PINS = "123A456B789C*0#D", (5, 6, 13, 19), (12, 16, 20, 21)
"""The keypad as hardware/wiring.md has it."""
DOWN_S, UP_S = 0.12, 0.15
"""A quick finger. Emulation is slower than any Pi, so what is lost here is lost by the terminal."""
TRIES = 5
SEEN_WITHIN_S = 3.0
"""What was typed is on the screen, or the screen has changed."""
CONFIG = f"""
[terminal]
id = "T1"
[netgiro]
base_url = "http://127.0.0.1:8025/v1"
application_id = "{APPLICATION_ID}"
[register]
port = "/dev/serial/by-id/usb-QEMU_QEMU_USB_SERIAL_REG0001-if00-port0"
[shop]
name = "Kaffihúsið"
kennitala = "5402696029"
[keypad]
driver = "matrix"
[display]
driver = "ssd1306"
[scanner]
driver = "evdev"
device = "/dev/input/by-id/usb-QEMU_QEMU_USB_Keyboard_SCAN0001-event-kbd"
[printer]
driver = "serial"
device = "/dev/serial/by-id/usb-QEMU_QEMU_USB_SERIAL_PRN0001-if00-port0"
baudrate = 19200
"""


class CableRegister(Register):
    """The register's program at the far end of the machine's USB cable."""

    def __init__(self, machine: VirtualMachine) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(machine.folder / f"{REGISTER}.sock"))
        super().__init__(self._socket.fileno())

    def line(self, deadline_s: float = DEADLINE_S) -> str:
        """The next line that says something: an empty one ends what a pulled cable may have cut off."""
        while not (line := super().line(deadline_s)):
            pass
        return line

    def close(self) -> None:
        self._socket.close()


class CablePrinter:
    """Answers as an Epson does, and keeps the paper."""

    def __init__(self, machine: VirtualMachine) -> None:
        self._path = machine.folder / f"{PRINTER}.sock"
        self._paper = b""
        self._is_closed = False
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(self._path))
        self._thread = threading.Thread(target=self._run, name="printer", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        unread = b""
        with contextlib.suppress(OSError):
            while data := self._socket.recv(4096):
                unread += data
                while (at := unread.find(b"\x10\x04")) >= 0 and len(unread) > at + 2:  # DLE EOT: wherever it stands
                    unread = unread[:at] + unread[at + 3 :]
                    self._socket.sendall(b"\x12")
                commands, unread = split(unread)
                for command in commands:
                    self._paper += command.raw
                    if command.code == b"\x1dr":
                        self._socket.sendall(b"\x00")

    def receipts(self) -> list[str]:
        """What has been cut off so far."""
        return paper.as_text(paper.decode(self._paper, COLUMNS), COLUMNS).split("[cut]")[:-1]

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)


class Counter:
    """A machine that is on, with somebody at its register and keys."""

    def __init__(self, machine: VirtualMachine) -> None:
        self.machine = machine
        self.register = CableRegister(machine)
        self.printer = CablePrinter(machine)

    def close(self) -> None:
        self.register.close()
        self.printer.close()

    def press(self, keys: str, down_s: float = DOWN_S, up_s: float = UP_S) -> None:
        places = [divmod(KEYS.index(key), len(PINS)) for key in keys]
        self.machine.press([(ROWS[row], PINS[column]) for row, column in places], down_s, up_s)

    def hear_out(self) -> None:
        """What the register was told until now belongs to earlier sales."""
        self.register.send("PING")
        while self.register.line() != "PONG":
            pass

    def identify(self, number: str) -> None:
        """As somebody who looks at the screen: where it says that a key was missed, the number is typed again."""
        for _ in range(TRIES):
            self.press(f"{number}#")
            if self.has_left_entry():
                return
            self.press("*")
        raise AssertionError(f"typed {TRIES} times in vain")

    def scan(self, code: str) -> None:
        """The customer's app is held before the scanner until its code is accepted."""
        for _ in range(TRIES):
            self.machine.type_on(SCANNER, *code, "ret")
            if self.has_left_entry():
                return
        raise AssertionError(f"scanned {TRIES} times in vain")

    def has_left_entry(self) -> bool:
        """What was typed was taken. A terminal too busy to answer has said nothing."""
        end_s = time.monotonic() + at_most(SEEN_WITHIN_S)
        while wait_until("the terminal's answer", lambda: self.status().get("state"), 60) == "entry":
            if time.monotonic() > end_s:
                return False
        return True

    def wait_for_customer(self) -> None:
        """Until the terminal has on disk under which name the service knows the sale. Before that it voids nothing."""
        wait_until("the customer", lambda: (self.status().get("sale") or {}).get("state") == "customer", 60)

    def pay(self, register_id: str) -> str:
        """A whole sale of 1990 kr.; what the register is told in the end."""
        self.register.ask(f"PAY 1990 ID={register_id}", f"WAIT ID={register_id}")
        self.identify(QUICK_PHONE)
        return self.register.result(register_id)

    def receipts(self, amount: str) -> list[str]:
        """Of this amount alone: a power cut may have left others that are printed first."""
        return [receipt for receipt in self.printer.receipts() if amount in receipt]

    def command(self, *arguments: str, deadline_s: float = 60.0) -> str:
        return self.machine.shell(" ".join((COMMAND, *arguments)), deadline_s=deadline_s)

    def status(self) -> dict[str, Any]:
        """Empty as long as no terminal answers."""
        with contextlib.suppress(ValueError):
            answer: dict[str, Any] = json.loads(self.machine.control("status"))
            return answer
        return {}

    def wait_until_ready(self, deadline_s: float = 240.0) -> None:
        wait_until("the terminal", lambda: self.status().get("state"), deadline_s)

    def wait_until_idle(self, deadline_s: float = 60.0) -> None:

        def is_idle() -> bool:
            status = self.status()
            return status.get("state") == "idle" and all(status[name] for name in ("register_ok", "keypad_ok"))

        wait_until("the terminal to be idle", is_idle, deadline_s)

    def sales(self) -> list[dict[str, Any]]:
        lines = self.command("journal", "list", "--json").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def panel(self) -> list[bytes]:
        """What the OLED holds: eight pages of 128 columns."""
        lines = self.machine.shell("cat /proc/counter/oled", check=True).splitlines()
        return [bytes.fromhex(line) for line in lines[1:9]]

    def is_panel_dark(self) -> bool:
        facts = self.machine.shell("cat /proc/counter/oled", check=True).split()
        return facts[1] == "0" or not any(map(any, self.panel()))

    def picture(self, path: Path) -> None:
        """The OLED's pixels as a PNG, for eyes."""
        pages = self.panel()
        picture = Picture.new("1", (len(pages[0]), 8 * len(pages)))
        for y in range(picture.height):
            for x in range(picture.width):
                picture.putpixel((x, y), pages[y // 8][x] >> (y % 8) & 1)
        picture.resize((4 * picture.width, 4 * picture.height)).save(path)
