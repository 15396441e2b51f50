"""The daemon as systemd and an installer meet it: notification, stop, missing devices, bad configuration."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from terminal.system.password import hash_password
from tests.integration.counter import DemoCounter, ShopCounter, free_port, merged, write_config
from tests.integration.netgiro import QUICK_PHONE, NetgiroProcess
from tests.integration.process import Process, run_command
from tests.patience import at_most

STOP_LIMIT_S = 5.0


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[socket.socket]:
    """The socket that systemd listens on."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(at_most(10))
        yield listener


def test_systemd_is_told_ready_alive_and_stopping(
    tmp_path: Path, netgiro: NetgiroProcess, systemd: socket.socket
) -> None:
    counter = ShopCounter(tmp_path, netgiro)
    counter.env = dict(counter.env) | {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "200000"}
    with counter:
        assert systemd.recv(1000).startswith(b"EXTEND_TIMEOUT_USEC=")
        heard = [systemd.recv(1000) for _ in range(4)]
        assert heard.count(b"READY=1") == 1
        assert heard.count(b"WATCHDOG=1") == 3
        counter.register.ask("PING", "PONG")
        assert counter.stop() < at_most(STOP_LIMIT_S)
        while (said := systemd.recv(1000)) == b"WATCHDOG=1":
            pass
        assert said == b"STOPPING=1"


def test_the_register_is_heard_as_soon_as_the_terminal_says_ready(tmp_path: Path, netgiro: NetgiroProcess) -> None:
    with ShopCounter(tmp_path, netgiro) as counter:
        counter.register.ask("PING", "PONG")


def test_missing_devices_are_said_and_looked_for(tmp_path: Path, netgiro: NetgiroProcess) -> None:
    counter = ShopCounter(tmp_path, netgiro)
    missing = {
        "keypad": {"driver": "evdev", "device": str(tmp_path / "no-keypad")},
        "display": {"driver": "ssd1306", "i2c_port": 99},
        "printer": {"driver": "serial", "device": str(tmp_path / "no-printer")},
        "panel": {"password_hash": hash_password("kaffi og kleinur")},
    }
    counter.settings = merged(counter.settings, missing)
    counter.cable.unplug()
    with counter:
        counter.log_in("kaffi og kleinur")
        counter.wait_for_screen("Keypad not found")
        counter.wait_for_screen("Register not found")
        state = counter.state()
        assert (state["state"], state["register"], state["keypad"]) == ("idle", "down", "down")
        counter.cable.plug_in()
        counter.process.wait_for_output("register line up")
        counter.register.ask("PING", "PONG")
        counter.register.ask("PAY 1990 ID=no-keypad", "ERR UNAVAILABLE .*")
        assert "Traceback" not in counter.process.output
        assert counter.stop() < at_most(STOP_LIMIT_S)


def test_a_stop_during_the_start_is_orderly(tmp_path: Path, netgiro: NetgiroProcess, systemd: socket.socket) -> None:
    counter = ShopCounter(tmp_path, netgiro)
    write_config(counter.config_path, counter.settings)
    env = dict(counter.env) | {"NOTIFY_SOCKET": str(tmp_path / "notify")}
    process = Process("run", "--config", str(counter.config_path), log_path=counter.log_path, env=env)
    assert systemd.recv(1000).startswith(b"EXTEND_TIMEOUT_USEC=")  # the earliest moment that the outside can tell
    assert process.stop() < at_most(STOP_LIMIT_S)
    counter.cable.close()


def test_a_second_terminal_on_the_same_journal_is_refused(tmp_path: Path, netgiro: NetgiroProcess) -> None:
    with ShopCounter(tmp_path, netgiro) as counter:
        write_config(tmp_path / "second.toml", merged(counter.settings, {"panel": {"listen": ""}}))
        second = run_command("run", "--config", str(tmp_path / "second.toml"), env=counter.env)
        assert second.returncode == 1
        assert "is in use by another running terminal" in second.stderr
        assert "Traceback" not in second.stderr
        counter.register.ask("PING", "PONG")


def test_the_journal_can_be_read_while_the_terminal_runs(tmp_path: Path, netgiro: NetgiroProcess) -> None:
    netgiro.spoil()
    with ShopCounter(tmp_path, netgiro) as counter:
        counter.pay("read")
        counter.press(QUICK_PHONE + "#")
        counter.result("read")
        counter.wait_for("idle")
        done = run_command("journal", "list", "--config", str(counter.config_path), env=counter.env)
        assert re.search(r"1\.990 kr\.\s+approved", done.stdout), done
        shown = run_command("journal", "show", "1", "--config", str(counter.config_path), env=counter.env)
        steps = [line.split()[3] for line in shown.stdout.splitlines()]
        assert steps == ["entry", "authorization", "customer", "capture", "report", "closed"]
        assert counter.journal("--outcome", "declined") == []


def test_a_journal_that_cannot_be_opened_is_one_clear_sentence_and_the_end_is_orderly(
    tmp_path: Path, netgiro: NetgiroProcess
) -> None:
    (tmp_path / "file").write_text("")
    settings = {"journal": {"path": str(tmp_path / "file" / "journal.db")}}
    counter = ShopCounter(tmp_path, netgiro, settings)
    counter.start(until="cannot open the journal")
    counter.process.wait_for_output("register line up")
    counter.process.stop()
    counter.cable.close()
    assert "Traceback" not in counter.process.output


def test_the_panels_port_is_taken(tmp_path: Path, netgiro: NetgiroProcess) -> None:
    port = netgiro.base_url.rpartition(":")[2]
    done = run_command("demo", "--port", port, "--headless", "--state", str(tmp_path))
    assert done.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}" in done.stderr
    assert "Traceback" not in done.stderr


BAD_CONFIG = """
[terminal]
id = "a b"
langauge = "en"
[netgiro]
base_url = "http://api.netgiro.is/v1"
read_timeout_s = -1
[register]
baudrate = "fast"
min_amount = 5000
max_amount = 10
[keypad]
driver = "simulated"
[panel]
listen = "0.0.0.0:80"
"""
ITS_PROBLEMS = [
    "terminal.id",
    "terminal.langauge",
    "netgiro.base_url",
    "netgiro.read_timeout_s",
    "register.baudrate",
    "register.min_amount",
    "panel.listen",
]


@pytest.mark.parametrize("command", ["run", "check-config", "show-config"])
def test_a_bad_configuration_is_told_in_full_and_without_a_traceback(tmp_path: Path, command: str) -> None:
    (tmp_path / "bad.toml").write_text(BAD_CONFIG)
    done = run_command(command, "--config", str(tmp_path / "bad.toml"))
    assert done.returncode == 1
    for key in ITS_PROBLEMS:
        assert re.search(rf"^{re.escape(key)}\b", done.stderr, re.MULTILINE), f"{key} is missing in:\n{done.stderr}"
    assert "Traceback" not in done.stderr


def test_wrong_use_exits_with_2_and_help_with_0() -> None:
    assert run_command("dance").returncode == 2
    assert run_command("demo", "--port", "many").returncode == 2
    assert run_command("--help").returncode == 0


def test_what_is_needed_to_take_money_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "empty.toml").write_text("")
    done = run_command("run", "--config", str(tmp_path / "empty.toml"))
    assert done.returncode == 1
    for key in ("netgiro.application_id", "netgiro.secret_key", "register.port", "printer.device"):
        assert key in done.stderr


def test_the_state_folder_is_made_and_is_for_its_user_alone(tmp_path: Path) -> None:
    state = tmp_path / "state" / "folder"
    process = Process("demo", "--port", "0", "--headless", "--state", str(state), log_path=tmp_path / "demo.log")
    process.wait_for_output("End with Ctrl-C")
    assert state.stat().st_mode & 0o777 == 0o700
    assert {path.name: oct(path.stat().st_mode & 0o077) for path in state.iterdir()} == dict.fromkeys(
        (path.name for path in state.iterdir()), "0o0"
    )
    assert process.stop() < at_most(STOP_LIMIT_S)


def test_sigterm_ends_the_demo_with_browsers_watching(tmp_path: Path) -> None:
    with DemoCounter(tmp_path, {}) as counter, counter.watch_events() as events:
        next(events)
        counter.pay("open")
        assert counter.stop() < at_most(STOP_LIMIT_S)


@pytest.mark.slow
def test_a_stopped_demo_settles_its_open_sale_on_the_next_start(tmp_path: Path) -> None:
    counter = DemoCounter(tmp_path, {})
    with counter:
        counter.pay("open")
        counter.stop()
        counter.start()
        counter.wait_for("idle")
        row = counter.journal_row("open")
        assert (row["outcome"], row["reason"]) == ("cancelled", "power_cut")
        counter.clear()
        counter.register.ask("STATUS ID=open", "NO CANCELLED ID=open .*")


def test_the_callbacks_port_is_taken(tmp_path: Path, netgiro: NetgiroProcess) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        settings = {
            "netgiro": {"confirmation": "server_callback"},
            "callback": {"listen": listen, "public_url": f"http://{listen}"},
            "panel": {"listen": f"127.0.0.1:{free_port()}"},
        }
        counter = ShopCounter(tmp_path, netgiro, settings)
        write_config(counter.config_path, counter.settings)
        done = run_command("run", "--config", str(counter.config_path), env=counter.env)
        counter.cable.close()
    assert done.returncode == 1
    assert f"cannot listen on {listen}" in done.stderr
    assert "Traceback" not in done.stderr
