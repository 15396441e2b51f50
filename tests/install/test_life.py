"""A terminal's life on a clean machine, in order: installed, configured, used, cut off, upgraded, taken away.

Everything goes through the commands an operator has, under a real systemd that applies the unit as it is. All that is
added to the unit is leave to use a pty, because a container has no serial port. A container does not enforce the list
of devices and the memory limits.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from terminal.config.edit import edit_config
from tests.install.clean_machine import CleanMachine
from tests.install.life_bench import CHECKOUT, COMMAND, PANEL, make_bundle, pay, plug_in, press, sign, state, status
from tests.install.walk import SEEN_IN_SETUP, Walk
from tests.integration.netgiro import APPLICATION_ID, PATIENT_PHONE, QUICK_PHONE, SECRET_KEY, NetgiroProcess
from tests.integration.process import wait_until

IDLE_S = 30.0

numbers: dict[str, float | str] = {}
"""What was measured, printed at the end."""


@pytest.fixture(scope="module", autouse=True)
def report() -> Iterator[None]:
    yield
    print("\n" + "\n".join(f"{name:<44} {value}" for name, value in numbers.items()))


# --- installed --------------------------------------------------------------------------------------------------------


def test_it_installs_without_a_network_from_a_bundle(machine: CleanMachine) -> None:
    archive = make_bundle(machine, "1.0.0")
    numbers["bundle, MB"] = round(archive.stat().st_size / 1e6, 1)
    subprocess.run(["tar", "-C", machine.root / "root", "-xzf", archive], check=True)
    folder = f"/root/{archive.name.removesuffix('.tar.gz')}"
    (machine.root / "root/bundle").symlink_to(folder)
    numbers["boot of the bare machine, s"] = round(machine.power_on(), 1)

    started_s = time.monotonic()
    machine.run("unshare", "--net", "sh", "/root/bundle/systemd/install.sh", "install")
    numbers["install, s"] = round(time.monotonic() - started_s, 1)

    used = machine.run("du", "-sm", "/opt/netgiro-terminal").split()[0]
    numbers["installed, MB"] = int(used)
    assert machine.run(COMMAND, "--version").split() == ["netgiro-terminal", "1.0.0"]


def test_everything_has_its_owner_and_mode(machine: CleanMachine) -> None:
    expected = {
        "/etc/netgiro-terminal": "750 root netgiro-terminal",
        "/etc/netgiro-terminal/config.toml": "640 root netgiro-terminal",
        "/var/lib/netgiro-terminal": "700 netgiro-terminal netgiro-terminal",
        "/etc/credstore": "700 root root",
        "/opt/netgiro-terminal/a": "755 root root",
    }
    found = {path: machine.run("stat", "-c", "%a %U %G", path).strip() for path in expected}

    assert found == expected
    assert set(machine.run("id", "-nG", "netgiro-terminal").split()) == {
        *("netgiro-terminal", "dialout", "gpio", "i2c", "input", "lp", "spi")
    }


def test_a_second_install_changes_nothing(machine: CleanMachine) -> None:
    machine.run("sh", "-c", "echo '# mine' >>/etc/netgiro-terminal/config.toml")
    before = machine.run("sha256sum", "/etc/netgiro-terminal/config.toml")

    said = machine.run("sh", "/root/bundle/systemd/install.sh", "install")

    assert "is installed and current in /opt/netgiro-terminal/a" in said
    assert machine.run("sha256sum", "/etc/netgiro-terminal/config.toml") == before


def test_systemd_has_nothing_against_unit_and_rules(machine: CleanMachine) -> None:
    assert machine.run("systemd-analyze", "verify", "--man=no", "/etc/systemd/system/netgiro-terminal.service") == ""
    exposure = machine.run("systemd-analyze", "security", "--no-pager", "netgiro-terminal.service").strip()
    numbers["exposure"] = exposure.splitlines()[-1].split(": ")[1]
    assert float(str(numbers["exposure"]).split()[0]) <= 1.5


# --- configured -------------------------------------------------------------------------------------------------------


def test_setup_runs_as_installed(machine: CleanMachine) -> None:
    before = machine.read("/etc/netgiro-terminal/config.toml")

    said = machine.run(COMMAND, "setup", stdin="\n" * 80)

    assert "skrifað: /etc/netgiro-terminal/config.toml" in said
    assert machine.read("/etc/netgiro-terminal/config.toml") == before


def test_an_installer_walks_through_setup_in_a_terminal(machine: CleanMachine) -> None:
    path = "/root/walk.toml"
    machine.run("cp", "/etc/netgiro-terminal/config.toml", path)

    walk = Walk(machine, f"{COMMAND} setup --config {path}")
    left = walk.through(SEEN_IN_SETUP)

    assert left == []
    assert f"skrifað: {path}" in walk.seen
    assert "4711" not in walk.seen, "a code is typed unseen"
    written = machine.read(path)
    assert 'name = "Blómabúðin"' in written
    assert 'service_phone = "555 1234"' in written


def test_it_is_configured_and_becomes_ready(machine: CleanMachine, netgiro: NetgiroProcess) -> None:
    path = machine.root / "etc/netgiro-terminal/config.toml"
    changes: dict[tuple[str, str], object] = {
        ("netgiro", "base_url"): f"{netgiro.base_url}/v1",
        ("netgiro", "application_id"): APPLICATION_ID,
        ("register", "port"): "/dev/register",
        ("keypad", "driver"): "simulated",
        ("keypad", "debounce_ms"): 1,
        ("display", "driver"): "simulated",
        ("printer", "driver"): "file",
        ("printer", "device"): "/var/lib/netgiro-terminal/paper",
        ("panel", "listen"): PANEL,
        ("shop", "name"): "Kaffihúsið",
    }
    text = edit_config(path.read_text("utf-8"), changes)
    with path.open("r+", encoding="utf-8") as file:  # in place: owner and mode stay
        file.write(text)
        file.truncate()
    (machine.root / "etc/systemd/system/register-wire.service").write_text(
        "[Service]\nExecStart=/usr/bin/python3 /root/register_wire.py /dev/register /run-register\n"
        "[Install]\nWantedBy=multi-user.target\n"
    )
    drop_in = machine.root / "etc/systemd/system/netgiro-terminal.service.d/pty.conf"
    drop_in.parent.mkdir()
    drop_in.write_text("[Unit]\nAfter=register-wire.service\n[Service]\nDeviceAllow=char-pts rw\n")
    shutil.copy(Path(__file__).with_name("register_wire.py"), machine.root / "root")
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "enable", "--now", "register-wire.service")

    said = machine.run(COMMAND, "secret", "set", stdin=f"{SECRET_KEY}\n")
    numbers["secret key"] = "encrypted" if "encrypted" in said else "in the clear, root only"
    started_s = time.monotonic()
    machine.run("systemctl", "start", "netgiro-terminal")  # returns at READY=1
    numbers["start to READY, s"] = round(time.monotonic() - started_s, 2)

    assert machine.run("systemctl", "is-active", "netgiro-terminal").strip() == "active"
    assert status(machine)["version"] == "1.0.0"


# --- used -------------------------------------------------------------------------------------------------------------


def test_a_sale_goes_from_the_register_to_the_paper(machine: CleanMachine, netgiro: NetgiroProcess) -> None:
    assert pay(machine, "A1").startswith("OK 1990 ID=A1 REF=")

    assert len(netgiro.ledger()) == 1
    paper = machine.root / "var/lib/netgiro-terminal/paper"
    wait_until("the receipt", lambda: "Kaffihúsið".encode("cp858") in paper.read_bytes() if paper.exists() else False)


def test_it_runs_in_its_cage(machine: CleanMachine) -> None:
    facts = dict(
        line.split(":\t", 1) for line in machine.read(f"/proc/{machine.main_pid}/status").splitlines() if ":\t" in line
    )
    limits = machine.read(f"/proc/{machine.main_pid}/limits")
    in_cage = ("nsenter", f"--target={machine.main_pid}", "--mount")

    assert facts["NoNewPrivs"] == "1"
    assert facts["Seccomp"] == "2"
    assert {facts[name].strip("0") for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {""}
    assert machine.run("id", "-un", facts["Uid"].split()[0]).strip() == "netgiro-terminal"
    assert [line.split()[4:6] for line in limits.splitlines() if line.startswith("Max core")] == [["0", "0"]]
    assert "Read-only file system" in machine.run(*in_cage, "touch", "/etc/x", "/usr/x", "/opt/x", check=False)
    assert machine.run(*in_cage, "ls", "/home", "/root", check=False).split() == ["/home:", "/root:"]


def test_the_secret_is_nowhere_to_be_seen(machine: CleanMachine) -> None:
    machine.run(COMMAND, "support-bundle", "/root/support.tar.gz")
    machine.run("tar", "-C", "/root", "-xzf", "/root/support.tar.gz")
    everywhere = ["/etc", "/opt", "/var", "/root/support", "/tmp", "/run/log", "/run/netgiro-terminal"]
    places = machine.run("grep", "-rlF", SECRET_KEY, *everywhere, check=False).splitlines()
    shown = machine.run("ps", "axeww") + machine.run("journalctl", "--no-pager", "--output=verbose")

    assert [place for place in places if place.startswith("/")] in ([], ["/etc/credstore/netgiro-secret-key"])
    assert SECRET_KEY not in shown
    assert QUICK_PHONE not in shown


def test_the_log_tells_the_story_of_a_sale_by_its_number(machine: CleanMachine) -> None:
    lines = machine.run("journalctl", "--output=json", "--no-pager", "-u", "netgiro-terminal", "SALE_ID=1").splitlines()
    events = [json.loads(line).get("EVENT") for line in lines]

    assert events[0] == "SaleRequested"
    assert "StatusReceived" in events


def test_doctor_and_status_work_for_an_operator(machine: CleanMachine) -> None:
    report = json.loads(machine.run(COMMAND, "doctor", "--json", check=False))
    found = {check["name"]: check["status"] for check in report}

    assert found["journal"] == "ok"
    assert found["network"] == "ok"
    assert "none open" in machine.run(COMMAND, "status")


def test_idle_it_writes_nothing(machine: CleanMachine) -> None:
    wait_until("the result to be off the screen", lambda: state() == "idle")
    time.sleep(15)  # the result of the last sale leaves the screen
    pid = machine.main_pid

    def written() -> tuple[int, int]:
        facts = dict(line.split(": ") for line in machine.read(f"/proc/{pid}/io").splitlines())
        return int(facts["write_bytes"]), int(facts["syscw"])

    before = written()
    time.sleep(IDLE_S)
    after = written()

    numbers[f"bytes to disk in {IDLE_S:g} idle s"] = after[0] - before[0]
    assert after[0] - before[0] == 0


def test_a_changed_log_level_is_taken_without_a_restart(machine: CleanMachine) -> None:
    pid = machine.main_pid
    path = machine.root / "etc/netgiro-terminal/config.toml"
    path.write_text(edit_config(path.read_text("utf-8"), {("log", "level"): "debug"}), "utf-8")

    machine.run("systemctl", "reload", "netgiro-terminal")

    wait_until(
        "the entry", lambda: "log level debug" in machine.run("journalctl", "--no-pager", "-u", "netgiro-terminal")
    )
    assert machine.main_pid == pid


# --- hurt -------------------------------------------------------------------------------------------------------------


def test_a_terminal_that_hangs_is_started_again_by_the_watchdog(machine: CleanMachine) -> None:
    drop_in = machine.root / "etc/systemd/system/netgiro-terminal.service.d/watchdog.conf"
    drop_in.write_text("[Service]\nWatchdogSec=3\nRestartSec=1\n")
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "restart", "netgiro-terminal")
    pid = machine.main_pid
    time.sleep(4)
    assert machine.main_pid == pid  # fed

    machine.run("kill", "-STOP", str(pid))

    wait_until("another process", lambda: machine.main_pid not in (0, pid), 30)
    wait_until("an answer", lambda: machine.run(COMMAND, "status", check=False).startswith("terminal "), 30)
    drop_in.unlink()
    machine.run("systemctl", "daemon-reload")
    plug_in(machine).close()
    assert pay(machine, "B1").startswith("OK 1990")


def test_a_power_cut_in_the_middle_of_a_sale_loses_no_money(machine: CleanMachine, netgiro: NetgiroProcess) -> None:
    paid_before = len(netgiro.ledger())
    carts_before = netgiro.carts()
    register = plug_in(machine)
    register.ask("PAY 1990 ID=C1", "WAIT ID=C1")
    press(f"{PATIENT_PHONE}#")
    wait_until("the customer's turn", lambda: state() == "customer")
    cart = netgiro.new_cart(carts_before)

    machine.pull_the_plug()
    register.close()
    netgiro.accept(cart)
    started_s = time.monotonic()
    numbers["boot of the installed machine, s"] = round(machine.power_on(), 1)
    wait_until("the terminal", lambda: machine.run(COMMAND, "status", check=False).startswith("terminal "), 60)
    register = plug_in(machine)

    def amount_is_accepted() -> bool:
        register.send("PAY 500 ID=C2")
        return register.line() == "WAIT ID=C2"

    wait_until("the first amount to be accepted", amount_is_accepted, 60)
    numbers["power to first accepted amount, s"] = round(time.monotonic() - started_s, 1)
    register.send("CANCEL ID=C2")
    register.close()
    (first,) = [json.loads(line) for line in machine.run(COMMAND, "journal", "show", "C1", "--json").splitlines()][-1:]

    assert (first["outcome"], first["reason"]) == ("cancelled", "power_cut")
    assert len(netgiro.ledger()) == paid_before
    assert netgiro.cart(cart["TransactionId"])["State"] == "cancelled"


# --- kept up to date --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def releases(machine: CleanMachine) -> dict[str, Path]:
    """A good one and one that fails at its start, made and signed while the machine is off."""
    machine.pull_the_plug()
    good = make_bundle(machine, "1.1.0")
    daemon = (CHECKOUT / "terminal/daemon/daemon.py").read_text("utf-8")
    broken = daemon.replace("        notifier.ready()\n", '        raise RuntimeError("not today")\n', 1)
    assert broken != daemon
    bad = make_bundle(machine, "1.2.0", **{"terminal/daemon/daemon.py": broken})
    for archive in (good, bad):
        sign(archive, machine)
    machine.power_on()
    wait_until("the terminal", lambda: machine.run(COMMAND, "status", check=False).startswith("terminal "), 60)
    return {"good": good, "bad": bad}


def inside(archive: Path) -> str:
    return f"/root/bundles/{archive.name}"


def test_an_unsigned_release_is_refused(machine: CleanMachine, releases: dict[str, Path]) -> None:
    machine.run("cp", inside(releases["good"]), "/root/unsigned.tar.gz")
    machine.run("cp", f"{inside(releases['bad'])}.sig", "/root/unsigned.tar.gz.sig")

    said = machine.run(COMMAND, "upgrade", "/root/unsigned.tar.gz", check=False)

    assert "nothing is changed" in said
    assert status(machine)["version"] == "1.0.0"


def test_no_upgrade_while_a_sale_is_open(machine: CleanMachine, releases: dict[str, Path]) -> None:
    register = plug_in(machine)
    register.ask("PAY 1990 ID=D1", "WAIT ID=D1")

    said = machine.run(COMMAND, "upgrade", "--patience", "1", inside(releases["good"]), check=False)
    register.send("CANCEL ID=D1")
    result = register.result("D1")
    register.close()

    assert "is still open" in said
    assert result.startswith("NO CANCELLED ID=D1")
    assert status(machine)["version"] == "1.0.0"


def test_a_signed_release_takes_over(machine: CleanMachine, releases: dict[str, Path]) -> None:
    wait_until("the screen to be free", lambda: state() == "idle")
    started_s = time.monotonic()

    machine.run(COMMAND, "upgrade", inside(releases["good"]))

    numbers["upgrade, s"] = round(time.monotonic() - started_s, 1)
    assert status(machine)["version"] == "1.1.0"
    assert machine.run("readlink", "/opt/netgiro-terminal/current").strip() == "b"
    plug_in(machine).close()
    assert pay(machine, "E1").startswith("OK 1990")


def test_a_release_that_fails_is_left_again(machine: CleanMachine, releases: dict[str, Path]) -> None:
    said = machine.run(COMMAND, "upgrade", "--health", "20", inside(releases["bad"]), check=False)

    assert "Version 1.1.0 is in use again" in said
    wait_until("the terminal", lambda: machine.run(COMMAND, "status", check=False).startswith("terminal "), 60)
    assert status(machine)["version"] == "1.1.0"
    plug_in(machine).close()
    assert pay(machine, "E2").startswith("OK 1990")


def test_journal_backup_and_export_while_it_runs(machine: CleanMachine) -> None:
    machine.run(COMMAND, "journal", "backup", "/root/backup.db")
    rows = machine.run(COMMAND, "journal", "export", "--outcome", "approved").splitlines()

    assert len(rows) == 1 + 4
    assert "the terminal is running" in machine.run(COMMAND, "journal", "restore", "/root/backup.db", check=False)


# --- taken away -------------------------------------------------------------------------------------------------------


def test_uninstalled_it_leaves_journal_and_configuration_and_nothing_else(machine: CleanMachine) -> None:
    machine.run("rm", "-r", "/etc/systemd/system/netgiro-terminal.service.d/pty.conf")
    script = "/opt/netgiro-terminal/current/share/netgiro-terminal/install.sh"

    machine.run("sh", script, "uninstall")

    left = machine.run(
        *("find", "/etc", "/opt", "/usr/local", "/var/lib", "-name", "*netgiro*", "-not", "-path", "*/credstore*")
    ).splitlines()
    assert sorted(path for path in left if "deb-systemd" not in path) == [
        "/etc/netgiro-terminal",
        "/etc/systemd/system/netgiro-terminal.service.d",
        "/var/lib/netgiro-terminal",
    ]
    assert machine.run("ls", "/var/lib/netgiro-terminal/journal.db", "/etc/netgiro-terminal/config.toml")
    assert machine.run("systemctl", "is-active", "netgiro-terminal", check=False).strip() == "inactive"
