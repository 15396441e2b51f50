"""A counter with other devices: a USB number pad instead of the keypad, a printer on the kernel's ``usblp`` driver."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from hardware.printer import paper
from tests.integration.netgiro import QUICK_PHONE, NetgiroProcess
from tests.integration.process import wait_until
from tests.machine.counter import COLUMNS, CONFIG, KEYS, PINS, ROWS, TRIES, Counter
from tests.machine.virtual_machine import PAD, VirtualMachine

SETTINGS = "/etc/netgiro-terminal/config.toml"
MATRIX = 'driver = "matrix"'
NUMBER_PAD = 'driver = "evdev"\ndevice = "/dev/input/by-id/usb-QEMU_QEMU_USB_Keyboard_PAD0001-event-kbd"'
SERIAL_PRINTER = CONFIG[CONFIG.index("[printer]") :]
USB_PRINTER = '[printer]\ndriver = "file"\ndevice = "/dev/usb/lp*"\n'
PAPER = "/tmp/usb-paper"
GADGET = "/sys/kernel/config/usb_gadget/printer"
MAKE_GADGET = f"""
set -e
modprobe -a libcomposite dummy_hcd
mountpoint -q /sys/kernel/config || mount -t configfs none /sys/kernel/config
mkdir {GADGET} {GADGET}/strings/0x409 {GADGET}/functions/printer.p0 {GADGET}/configs/c.1
cd {GADGET}
echo 0x0e15 >idVendor; echo 0x0001 >idProduct; echo LP0001 >strings/0x409/serialnumber
echo 'MFG:EPSON;CMD:ESC/POS;MDL:TM-T20II;CLS:PRINTER;' >functions/printer.p0/pnp_string
ln -s functions/printer.p0 configs/c.1/
"""
PLUG_IN = f"""
echo dummy_udc.0 >{GADGET}/UDC
setsid python3 -S /root/usb_printer.py {PAPER} </dev/null >/dev/null 2>&1 &
echo $! >/run/usb-printer.pid
"""
UNPLUG = f"kill $(cat /run/usb-printer.pid); sleep 0.5; echo >{GADGET}/UDC"


def put(machine: VirtualMachine, path: str, text: str) -> None:
    """In place: owner and mode of a file that is there stay."""
    machine.shell(f"echo {base64.b64encode(text.encode()).decode()} | base64 -d >{path}", check=True)


@pytest.fixture(scope="module", autouse=True)
def other_devices(machine: VirtualMachine) -> Iterator[None]:
    put(machine, "/root/usb_printer.py", Path(__file__).with_name("usb_printer.py").read_text("utf-8"))
    machine.shell(f"{MAKE_GADGET}{PLUG_IN}", check=True)
    put(machine, SETTINGS, CONFIG.replace(MATRIX, NUMBER_PAD).replace(SERIAL_PRINTER, USB_PRINTER))
    machine.shell("systemctl restart netgiro-terminal", deadline_s=180, check=True)
    yield
    put(machine, SETTINGS, CONFIG)
    machine.shell("systemctl restart netgiro-terminal", deadline_s=180, check=True)
    machine.shell(UNPLUG)


def identify_at_pad(counter: Counter, number: str) -> None:
    """As :meth:`Counter.identify`, with the other hand."""
    codes = [f"kp_{digit}" for digit in number]
    for _ in range(TRIES):
        counter.machine.type_on(PAD, *codes, "kp_enter", pause_s=0.1)
        if counter.has_left_entry():
            return
        counter.machine.type_on(PAD, "kp_multiply")
    raise AssertionError(f"typed {TRIES} times in vain")


def pay_at_pad(counter: Counter, register_id: str, amount_kr: int) -> None:
    counter.register.ask(f"PAY {amount_kr} ID={register_id}", f"WAIT ID={register_id}")
    identify_at_pad(counter, QUICK_PHONE)
    assert counter.register.result(register_id).startswith(f"OK {amount_kr} ID={register_id}")


def usb_receipts(machine: VirtualMachine, amount: str) -> int:
    """How many of this amount have been cut off."""
    printed = base64.b64decode(machine.shell(f"base64 -w0 {PAPER}", check=True))
    return sum(amount in piece for piece in paper.as_text(paper.decode(printed, COLUMNS), COLUMNS).split("[cut]")[:-1])


def test_a_sale_by_number_pad_is_on_the_paper_of_a_usb_printer(counter: Counter, netgiro: NetgiroProcess) -> None:
    paid_before = len(netgiro.ledger())

    pay_at_pad(counter, "O1", 3301)

    assert [entry["Amount"] for entry in netgiro.ledger()[paid_before:]] == [3301]
    wait_until("both receipts", lambda: usb_receipts(counter.machine, "3.301 kr.") == 2, 120)
    kind = counter.machine.shell("stat -L -c '%F %G %a' /dev/netgiro/printer", check=True).strip()
    assert kind == "character special file lp 660"


def test_a_number_pad_works_again_after_its_cable_was_out(counter: Counter) -> None:
    counter.register.ask("PAY 3302 ID=O2", "WAIT ID=O2")
    counter.machine.unplug(PAD)
    wait_until("the terminal to miss it", lambda: counter.status().get("keypad_ok") is False, 60)

    counter.machine.plug_in(PAD)

    wait_until("the terminal to find it", lambda: counter.status().get("keypad_ok"), 60)
    identify_at_pad(counter, QUICK_PHONE)
    assert counter.register.result("O2").startswith("OK 3302 ID=O2")


def test_receipts_wait_for_a_usb_printer_without_its_cable(counter: Counter) -> None:
    wait_until("the receipts before", lambda: not counter.status().get("pending_receipts"), 120)
    counter.machine.shell(UNPLUG, check=True)

    pay_at_pad(counter, "O3", 3303)
    wait_until("the receipts to wait", lambda: counter.status().get("pending_receipts"), 60)
    counter.machine.shell(PLUG_IN, check=True)

    wait_until("both receipts", lambda: usb_receipts(counter.machine, "3.303 kr.") >= 2, 120)
    wait_until("none to wait", lambda: not counter.status().get("pending_receipts"), 60)


def test_a_row_of_dead_keys_is_named_with_its_wire(machine: VirtualMachine) -> None:
    """By the installer's own trial, with the keypad that this terminal no longer uses."""
    put(machine, "/root/keypad.toml", CONFIG)
    dead, column = ROWS[1], len(PINS)
    alive = [(ROWS[at // column], PINS[at % column]) for at in range(len(KEYS)) if ROWS[at // column] != dead]
    machine.shell("systemctl stop netgiro-terminal", deadline_s=60, check=True)
    try:
        machine.shell("netgiro-terminal keypad-test --config /root/keypad.toml >/tmp/trial 2>&1 &", check=True)
        wait_until("the trial", lambda: "press every key" in machine.shell("cat /tmp/trial"), 120)
        machine.press([*alive, *[(ROWS[3], PINS[0])] * 2], 0.3, 0.3)
        said = wait_until("its verdict", lambda: verdict_in(machine.shell("cat /tmp/trial")), 60)
    finally:
        machine.shell("systemctl start netgiro-terminal", deadline_s=180)
    assert said == f"never came in: 4 5 6 B; nothing came from row 2 (GPIO {dead}): check that wire"


def verdict_in(said: str) -> str:
    return next((line for line in said.splitlines() if line.startswith(("never", "all", "no key"))), "")
