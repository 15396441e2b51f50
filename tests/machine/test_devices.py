"""Cables that come and go, a display that fails, keys that stick: as the kernel reports them, not as we imagine it."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.integration.netgiro import QUICK_PHONE, NetgiroProcess
from tests.integration.process import wait_until
from tests.machine.counter import PINS, ROWS, Counter
from tests.machine.virtual_machine import PRINTER, REGISTER, SCANNER
from tests.patience import at_most

OLED = "/sys/module/counter_hw/parameters/oled"
ABSENT, PRESENT, HANGS_THE_BUS = "0", "1", "2"
MINUTES_S = 130.0
SOON_S = 8.0
"""Emulated: the kernel needs two or three of them to know the adapter."""
MOST_BUSY_IDLE = 0.02
TICKS_PER_S = 100


@pytest.fixture(autouse=True)
def everything_is_mended(counter: Counter) -> Iterator[None]:
    yield
    for plug in (REGISTER, PRINTER, SCANNER):
        if not counter.machine.is_plugged(plug):
            counter.machine.plug_in(plug)
    counter.machine.shell(f"echo {PRESENT} >{OLED}; echo 0 >/proc/counter/keys")
    counter.press("*")  # a sale that a failed test left


def scan(counter: Counter, netgiro: NetgiroProcess, register_id: str) -> None:
    """Whoever shows the code has agreed: nothing is left to accept."""
    counter.register.ask(f"PAY 700 ID={register_id}", f"WAIT ID={register_id}")
    counter.scan(netgiro.app_code())
    assert counter.register.result(register_id).startswith(f"OK 700 ID={register_id}")


def test_a_sale_goes_on_while_the_register_has_no_cable(counter: Counter, netgiro: NetgiroProcess) -> None:
    counter.register.ask("PAY 1200 ID=P1", "WAIT ID=P1")
    counter.machine.unplug(REGISTER)
    paid_before = len(netgiro.ledger())

    counter.identify(QUICK_PHONE)
    wait_until("the payment", lambda: len(netgiro.ledger()) == paid_before + 1, 60)
    counter.machine.plug_in(REGISTER)

    def knows() -> bool:
        counter.register.send("STATUS ID=P1")
        return counter.register.line(60).startswith("OK 1200 ID=P1")

    wait_until("the result", knows, 60)


def test_a_receipt_waits_for_a_printer_without_its_cable(counter: Counter) -> None:
    counter.machine.unplug(PRINTER)
    before = len(counter.printer.receipts())

    assert counter.pay("P2").startswith("OK 1990 ID=P2")
    wait_until("the receipts to wait", lambda: counter.status().get("pending_receipts"), 60)
    counter.machine.plug_in(PRINTER)

    wait_until("both receipts", lambda: len(counter.printer.receipts()) - before >= 2, 120)


def test_cables_that_were_out_for_minutes_are_found_as_soon_as_they_are_back(counter: Counter) -> None:
    """By then whoever waits and looks again would look every half a minute."""
    counter.machine.unplug(REGISTER)
    counter.machine.unplug(PRINTER)
    wait_until("the terminal to miss it", lambda: counter.status().get("register_ok") is False, 60)
    counter.machine.sleep(MINUTES_S)
    counter.machine.plug_in(REGISTER)
    counter.machine.plug_in(PRINTER)

    back_s = time.monotonic()
    wait_until("the terminal to find it", lambda: counter.status().get("register_ok"), 60)
    print(f"\nregister: heard again {time.monotonic() - back_s:.1f} s after its cable was back")
    assert time.monotonic() - back_s < at_most(SOON_S)
    before = len(counter.printer.receipts())
    assert counter.pay("P5").startswith("OK 1990 ID=P5")
    wait_until("both receipts", lambda: len(counter.printer.receipts()) - before == 2, 60)


def test_an_app_code_is_scanned(counter: Counter, netgiro: NetgiroProcess) -> None:
    scan(counter, netgiro, "P3")


def test_a_scanner_works_again_after_its_cable_was_out(counter: Counter, netgiro: NetgiroProcess) -> None:
    counter.machine.unplug(SCANNER)
    counter.machine.sleep(2)
    counter.machine.plug_in(SCANNER)
    wait_until("its device", lambda: counter.machine.shell("ls /dev/input/by-id | grep SCAN"), 30)
    counter.machine.sleep(5)

    scan(counter, netgiro, "P4")


@pytest.mark.parametrize("trouble", [ABSENT, HANGS_THE_BUS])
def test_a_sale_goes_on_without_a_display_which_comes_back(counter: Counter, trouble: str) -> None:
    counter.machine.shell(f"echo {trouble} >{OLED}")

    assert counter.pay(f"D{trouble}").startswith("OK 1990")
    counter.machine.shell(f"echo {PRESENT} >{OLED}")

    wait_until("the display", lambda: counter.register.ask("PING", "PONG") and not counter.is_panel_dark(), 90)


def test_a_panel_that_forgot_everything_is_lit_again(counter: Counter) -> None:
    """A loose wire: it answers all the time, and shows nothing until it is set up anew."""
    counter.machine.shell("echo forget >/proc/counter/oled")
    assert counter.is_panel_dark()

    wait_until("the display", lambda: not counter.is_panel_dark(), 120)


def test_a_stuck_key_is_named_and_the_others_work(counter: Counter) -> None:
    counter.machine.shell(f"echo +{ROWS[3]},{PINS[3]} >/proc/counter/keys")  # D
    wait_until("the stuck key", lambda: counter.status().get("stuck_keys"), 120)

    assert counter.pay("K1").startswith("OK 1990 ID=K1")
    counter.machine.shell("echo 0 >/proc/counter/keys")
    wait_until("the key to be free", lambda: counter.status().get("stuck_keys") == "", 60)


def test_idle_it_hardly_wakes_and_writes_nothing(counter: Counter) -> None:
    counter.machine.sleep(20)  # the last result leaves the screen
    pid = counter.status()["pid"]
    look = f"cat /proc/{pid}/io; grep -h ctxt /proc/{pid}/task/*/status; cut -d')' -f2 /proc/{pid}/stat"
    seconds = 60
    before = counter.machine.shell(look)
    counter.machine.sleep(seconds)
    after = counter.machine.shell(look)

    def total(text: str, name: str) -> int:
        return sum(int(line.split()[-1]) for line in text.splitlines() if line.startswith(name))

    def busy_s(text: str) -> float:
        ticks = text.splitlines()[-1].split()[11:13]  # utime and stime: proc(5)
        return sum(map(int, ticks)) / TICKS_PER_S

    wakes = (total(after, "voluntary_ctxt_switches") - total(before, "voluntary_ctxt_switches")) / seconds
    busy = (busy_s(after) - busy_s(before)) / seconds
    written = total(after, "write_bytes") - total(before, "write_bytes")
    print(f"\nidle: {wakes:.2f} wake-ups/s of all threads, {busy:.2%} of a processor, {written} bytes written")
    assert written == 0
    assert wakes < 2
    assert busy < MOST_BUSY_IDLE
