"""The short form: a sale on kernel devices, and a power cut in the middle of the next one."""

from __future__ import annotations

import os
from pathlib import Path

from tests.integration.netgiro import PATIENT_PHONE, QUICK_PHONE, NetgiroProcess
from tests.integration.process import wait_until
from tests.machine.counter import Counter
from tests.machine.virtual_machine import VirtualMachine

PICTURES = Path(os.environ.get("PICTURES", Path(__file__).parents[2] / "artefacts/machine"))


def test_a_sale_goes_by_the_keys_from_the_register_to_the_paper(counter: Counter, netgiro: NetgiroProcess) -> None:
    paid_before = len(netgiro.ledger())
    counter.register.ask("PAY 1990 ID=A1", "WAIT ID=A1")
    wait_until("the amount on the display", lambda: not counter.is_panel_dark(), 30)

    counter.identify(QUICK_PHONE)

    assert counter.register.result("A1").startswith("OK 1990 ID=A1 REF=")
    assert [entry["Amount"] for entry in netgiro.ledger()[paid_before:]] == [1990]
    wait_until("both receipts", lambda: len(counter.receipts("1.990 kr.")) == 2, 60)
    PICTURES.mkdir(parents=True, exist_ok=True)
    counter.picture(PICTURES / "approved.png")


def test_the_unit_lets_it_at_its_own_devices_only(counter: Counter) -> None:
    """Containers do not enforce this; a kernel of one's own does."""
    pid = counter.status()["pid"]
    group = counter.machine.shell(f"cut -d: -f3 /proc/{pid}/cgroup", check=True).strip()
    join = f"echo $$ >/sys/fs/cgroup{group}/cgroup.procs"
    tried = counter.machine.shell(f"{join}; head -c1 /dev/vda; head -c1 /dev/i2c-1; true").splitlines()

    assert [line.split("'")[1] for line in tried if "Operation not permitted" in line] == ["/dev/vda"]  # to root, too
    limits = counter.machine.shell(f"cd /sys/fs/cgroup{group}; cat memory.high memory.max memory.swap.max").split()
    assert limits == [str(192 << 20), str(256 << 20), "0"]


def test_a_register_that_is_plugged_into_another_socket_is_heard_again(counter: Counter) -> None:
    counter.machine.unplug("register")
    wait_until("the terminal to miss it", lambda: counter.status().get("register_ok") is False, 60)

    counter.machine.plug_in("register", socket_number=6)

    wait_until("the terminal to find it", lambda: counter.status().get("register_ok"), 60)
    counter.register.ask("PING", "PONG")


def test_a_power_cut_in_mid_sale_loses_no_money(
    machine: VirtualMachine, counter: Counter, netgiro: NetgiroProcess
) -> None:
    paid_before, carts_before = len(netgiro.ledger()), netgiro.carts()
    counter.register.ask("PAY 2500 ID=B1", "WAIT ID=B1")
    counter.identify(PATIENT_PHONE)
    cart = wait_until("the cart", lambda: netgiro.carts()[: -len(carts_before) or None], 60)[0]
    counter.wait_for_customer()

    machine.cut_power()
    netgiro.accept(cart)
    machine.power_on()

    after = Counter(machine)
    after.wait_until_idle(300)
    after.register.send("STATUS ID=B1")
    assert after.register.result("B1").startswith("NO CANCELLED ID=B1")
    after.close()
    assert len(netgiro.ledger()) == paid_before
    assert netgiro.cart(cart["TransactionId"])["State"] == "cancelled"
