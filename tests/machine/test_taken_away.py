"""Uninstalled and installed again: the last scene, since what comes after would have no terminal if it failed."""

from __future__ import annotations

from tests.integration.netgiro import NetgiroProcess
from tests.machine.books import PAID, Books
from tests.machine.counter import Counter
from tests.machine.release import FOLDER
from tests.machine.virtual_machine import VirtualMachine

SCRIPT = "/opt/netgiro-terminal/current/share/netgiro-terminal/install.sh"
SETTINGS, SECRET = "/etc/netgiro-terminal/config.toml", "/etc/credstore*/netgiro-secret-key"
JOURNAL = "/var/lib/netgiro-terminal/journal.db"


def test_what_is_taken_away_leaves_journal_settings_and_secret_and_goes_on_with_them(
    machine: VirtualMachine, counter: Counter, netgiro: NetgiroProcess
) -> None:
    books = Books(netgiro)
    assert counter.pay("U1").startswith("OK 1990 ID=U1")
    sales = counter.sales()
    look = f"stat -c '%n %a %U %G' {SETTINGS} {SECRET} {JOURNAL}; sha256sum {SETTINGS} {SECRET}"
    before = machine.shell(look, check=True)

    machine.shell(f"sh {SCRIPT} uninstall", deadline_s=120, check=True)

    assert machine.shell(look, check=True) == before
    gone = "/opt/netgiro-terminal/current /usr/local/bin/netgiro-terminal /etc/systemd/system/netgiro-terminal.service"
    assert machine.shell(f"ls -d {gone} 2>/dev/null; systemctl is-active netgiro-terminal").strip() == "inactive"

    machine.shell(f"tar -C /root -xzf {FOLDER}/*.tar.gz", deadline_s=120, check=True)
    machine.shell("sh /root/netgiro-terminal-*/systemd/install.sh install", deadline_s=600, check=True)
    machine.shell("systemctl start netgiro-terminal", deadline_s=180, check=True)
    counter.wait_until_idle(180)

    assert counter.sales() == sales
    assert books.agreed(counter, "U1", 1990) == PAID
