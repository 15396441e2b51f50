"""What befalls a terminal over the years: a reboot, a wrong year, a full disk, no network, another version.

After each scene the three books must agree. Amounts are of one kind each, so that a payment tells whose it is.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator

import pytest

from terminal.texts.icelandic import ICELANDIC
from tests.integration.netgiro import PATIENT_PHONE, QUICK_PHONE, NetgiroProcess
from tests.integration.process import wait_until
from tests.machine.books import PAID, UNKNOWN, UNPAID, Books
from tests.machine.counter import Counter
from tests.machine.release import FOLDER, NEXT_VERSION
from tests.machine.virtual_machine import VirtualMachine

NOT_OF_THIS_MACHINE = ("clock", "power")
"""Nothing sets its clock, and only a Pi says whether its voltage is sufficient."""
FILLER = "/var/lib/filler"
FILL = f"""
for size in 1G 256M 64M 16M 4M 1M 256K 64K 16K 4K; do
    number=0
    while fallocate -l $size {FILLER}.$size.$number 2>/dev/null; do number=$((number + 1)); done
    rm -f {FILLER}.$size.$number
done
df --output=avail -B1 /var/lib | tail -1
"""
"""By root, who may take the last blocks, too."""


@pytest.fixture
def books(netgiro: NetgiroProcess) -> Books:
    return Books(netgiro)


@contextlib.contextmanager
def at_counter(machine: VirtualMachine) -> Iterator[Counter]:
    counter = Counter(machine)
    try:
        counter.wait_until_idle(300)
        counter.hear_out()
        yield counter
    finally:
        counter.close()


def pay(counter: Counter, register_id: str, amount_kr: int) -> str:
    counter.register.ask(f"PAY {amount_kr} ID={register_id}", f"WAIT ID={register_id}")
    counter.identify(QUICK_PHONE)
    return counter.register.result(register_id)


# --- switched off and on ----------------------------------------------------------------------------------------------


def test_a_healthy_terminal_has_nothing_to_be_warned_of(counter: Counter) -> None:
    """As its manual says to ask: by an administrator, while it runs. Until its next start it remembers lost devices."""
    counter.machine.shell("systemctl restart netgiro-terminal", deadline_s=180, check=True)
    counter.wait_until_idle(180)
    report = json.loads(counter.command("doctor", "--json", deadline_s=300))
    mine = [check for check in report if check["name"] not in NOT_OF_THIS_MACHINE]

    assert {check["name"]: check["found"] for check in mine if check["status"] != "ok"} == {}


def test_a_reboot_in_mid_sale_ends_it_in_all_books(
    machine: VirtualMachine, counter: Counter, netgiro: NetgiroProcess, books: Books
) -> None:
    carts_before = netgiro.carts()
    counter.register.ask("PAY 2101 ID=L1", "WAIT ID=L1")
    counter.identify(PATIENT_PHONE)
    cart = wait_until("the cart", lambda: netgiro.carts()[: -len(carts_before) or None], 60)[0]
    counter.wait_for_customer()

    machine.reboot()  # its cables stay where they are

    counter.wait_until_idle(300)
    counter.hear_out()
    assert books.agreed(counter, "L1", 2101) == UNPAID
    assert netgiro.cart(cart["TransactionId"])["State"] == "cancelled"
    assert pay(counter, "L2", 2102).startswith("OK 2102 ID=L2")
    assert books.agreed(counter, "L2", 2102) == PAID


# --- the wrong year ---------------------------------------------------------------------------------------------------


def test_in_1970_sales_go_on_and_the_paper_says_that_the_time_is_not_known(
    machine: VirtualMachine, books: Books
) -> None:
    """Without a clock chip and without a network time; then the time comes, as systemd-timesyncd brings it."""
    unset = ICELANDIC.receipt.clock_not_set
    machine.cut_power()
    machine.power_on(rtc="base=1970-01-01T00:00:00")
    with at_counter(machine) as counter:
        assert int(machine.shell("date +%s", check=True)) < time.time() - 86_400
        assert pay(counter, "L3", 2103).startswith("OK 2103 ID=L3")
        wait_until("both receipts", lambda: len(counter.receipts("2.103 kr.")) == 2, 120)
        assert all(unset in receipt for receipt in counter.receipts("2.103 kr."))

        machine.shell(f"date -s @{time.time():.0f}; mkdir -p /run/systemd/timesync", check=True)
        machine.shell("touch /run/systemd/timesync/synchronized", check=True)
        assert pay(counter, "L4", 2104).startswith("OK 2104 ID=L4")
        wait_until("both receipts", lambda: len(counter.receipts("2.104 kr.")) == 2, 120)
        assert not any(unset in receipt for receipt in counter.receipts("2.104 kr."))

        assert books.agreed(counter, "L3", 2103) == PAID
        assert books.agreed(counter, "L4", 2104) == PAID
        counter.register.send("PAY 2103 ID=L3")
        assert counter.register.result("L3").startswith("OK 2103 ID=L3"), "an id never pays twice, whatever the year"
        assert books.captured() == [2103, 2104]


# --- no room, no network ----------------------------------------------------------------------------------------------


def test_a_disk_that_is_full_in_mid_sale_costs_no_money(
    machine: VirtualMachine, counter: Counter, books: Books
) -> None:
    counter.register.ask("PAY 2105 ID=L5", "WAIT ID=L5")
    try:
        left = int(machine.shell(FILL, deadline_s=300).split()[-1])
        assert left == 0
        counter.press(f"{QUICK_PHONE}#")
        machine.sleep(5)
        counter.register.send("PAY 2106 ID=L6")
        machine.sleep(5)
        assert books.captured() == []
    finally:
        machine.shell(f"rm -f {FILLER}.*; sync", check=True)

    counter.identify(QUICK_PHONE)
    wait_until("the sale to end", lambda: counter.status().get("sale", "?") is None, 60)
    counter.hear_out()
    assert books.agreed(counter, "L5", 2105) == PAID
    assert books.agreed(counter, "L6", 2106) in (UNKNOWN, UNPAID)
    assert counter.status()["journal_ok"]
    assert pay(counter, "L7", 2107).startswith("OK 2107 ID=L7")
    assert books.agreed(counter, "L7", 2107) == PAID


def test_without_a_network_at_boot_it_is_ready_and_sells_once_the_network_comes(
    machine: VirtualMachine, books: Books
) -> None:
    machine.cut_power()
    machine.power_on(is_wired=False)
    with at_counter(machine) as counter:
        counter.register.ask("PAY 2108 ID=L8", "WAIT ID=L8")
        counter.identify(QUICK_PHONE)
        machine.sleep(5)
        assert books.captured() == []
        machine.wire()

        wait_until("the sale to end", lambda: counter.status().get("sale", "?") is None, 180)
        wait_until("the network", lambda: counter.status().get("network_ok"), 120)
        counter.wait_until_idle(120)
        counter.hear_out()
        assert books.agreed(counter, "L8", 2108) in (PAID, UNPAID)
        assert pay(counter, "L9", 2109).startswith("OK 2109 ID=L9")
        assert books.agreed(counter, "L9", 2109) == PAID


# --- another version --------------------------------------------------------------------------------------------------


def test_a_signed_release_takes_over_and_the_way_back_loses_nothing(
    machine: VirtualMachine, counter: Counter, books: Books
) -> None:
    own = counter.status()["version"]
    archive = machine.shell(f"ls {FOLDER}/*.tar.gz", check=True).strip()

    said = counter.command("upgrade", archive, deadline_s=600)
    assert counter.status().get("version") == NEXT_VERSION, said
    counter.wait_until_idle(120)
    assert pay(counter, "L10", 2110).startswith("OK 2110 ID=L10")

    said = counter.command("upgrade", "--back", deadline_s=300)
    assert counter.status().get("version") == own, said
    counter.wait_until_idle(120)
    assert pay(counter, "L11", 2111).startswith("OK 2111 ID=L11")
    assert books.agreed(counter, "L10", 2110) == PAID
    assert books.agreed(counter, "L11", 2111) == PAID
