"""The running daemon and the commands an operator has for it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import tarfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.counter import ShopCounter, free_port
from tests.integration.netgiro import PATIENT_PHONE, QUICK_PHONE, SECRET_KEY, NetgiroProcess
from tests.integration.process import run_command, wait_until
from tests.patience import at_most


@pytest.fixture(scope="module")
def metrics_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def shared(
    tmp_path_factory: pytest.TempPathFactory, netgiro: NetgiroProcess, metrics_port: int
) -> Iterator[ShopCounter]:
    """For those who leave it as they found it: no sale is open."""
    settings = {"metrics": {"listen": f"127.0.0.1:{metrics_port}"}}
    with ShopCounter(tmp_path_factory.mktemp("shared"), netgiro, settings) as counter:
        yield counter


@pytest.fixture
def counter(tmp_path: Path, netgiro: NetgiroProcess) -> Iterator[ShopCounter]:
    with ShopCounter(tmp_path, netgiro) as counter:
        yield counter


def command(counter: ShopCounter, *words: str) -> tuple[int, str]:
    done = run_command(*words, "--config", str(counter.config_path))
    return done.returncode, done.stdout + done.stderr


def status(counter: ShopCounter) -> dict[str, Any]:
    code, text = command(counter, "status", "--json")
    assert code == 0, text
    answer: dict[str, Any] = json.loads(text)
    return answer


def metric(port: int, line_start: str) -> float:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=at_most(5)) as response:
        lines = response.read().decode().splitlines()
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(line_start))


def test_status_follows_a_sale(shared: ShopCounter) -> None:
    assert status(shared)["state"] == "idle"

    shared.pay("S1")
    shared.press(f"{PATIENT_PHONE}#")
    shared.wait_for("customer")
    during = status(shared)
    shared.accept()
    shared.result("S1")

    assert (during["state"], during["sale"]["amount_kr"]) == ("customer", 1990)
    assert PATIENT_PHONE not in str(during)
    assert status(shared)["sale"] is None


def test_metrics_count_the_sale_and_its_calls(shared: ShopCounter, metrics_port: int) -> None:
    approved, calls = (
        'netgiro_terminal_sales_total{outcome="approved"}',
        'netgiro_terminal_call_seconds_count{call="RequestCapture"}',
    )
    sales, captures = metric(metrics_port, approved), metric(metrics_port, calls)

    shared.pay("M1")
    shared.press(f"{QUICK_PHONE}#")
    assert shared.result("M1").startswith("OK")

    wait_until("the sale to be counted", lambda: metric(metrics_port, approved) == sales + 1)
    assert metric(metrics_port, calls) == captures + 1
    assert metric(metrics_port, 'netgiro_terminal_up{part="register"}') == 1


def test_a_restart_is_refused_while_a_sale_is_open_and_ends_the_daemon_after_it(counter: ShopCounter) -> None:
    counter.pay("R1")

    assert command(counter, "restart")[0] == 1
    counter.register.ask("CANCEL ID=R1", "WAIT ID=R1")
    counter.result("R1")
    wait_until("the sale to be closed", lambda: status(counter)["sale"] is None)
    code, text = command(counter, "restart")

    assert code == 0, text
    assert wait_until("the daemon's end", lambda: counter.process.exit_code is not None)
    assert counter.process.exit_code == 0
    assert command(counter, "status") == (
        1,
        "the terminal does not run; start it: sudo systemctl start netgiro-terminal\n",
    )


def test_a_sale_that_does_not_wait_for_staff_cannot_be_settled(shared: ShopCounter) -> None:
    code, text = command(shared, "settle", "99", "paid")

    assert code == 1
    assert "does not wait for staff" in text


def test_hangup_takes_a_changed_log_level_and_leaves_the_sale_alone(counter: ShopCounter) -> None:
    counter.pay("H1")
    text = counter.config_path.read_text()
    counter.config_path.write_text(f'{text}\n[log]\nlevel = "debug"\n')

    os.kill(counter.process.pid, signal.SIGHUP)

    counter.process.wait_for_output("log level debug")
    assert status(counter)["sale"]["state"] == "entry"


def test_hangup_with_a_broken_file_changes_nothing(counter: ShopCounter) -> None:
    counter.config_path.write_text("[log]\nlevel = 7\n")

    os.kill(counter.process.pid, signal.SIGHUP)

    counter.process.wait_for_output("the configuration was not read again: .*log.level")
    assert counter.process.exit_code is None


@pytest.mark.slow
def test_a_support_bundle_of_a_running_terminal_has_no_secret(counter: ShopCounter, tmp_path: Path) -> None:
    counter.pay("B1")
    counter.press(f"{PATIENT_PHONE}#")
    counter.wait_for("customer")

    code, text = command(counter, "support-bundle", str(tmp_path / "bundle.tar.gz"))

    assert code == 0, text
    with tarfile.open(tmp_path / "bundle.tar.gz") as archive:
        contents = [archive.extractfile(member) for member in archive.getmembers()]
        everything = b"\n".join(file.read() for file in contents if file is not None).decode()
    assert SECRET_KEY not in everything
    assert PATIENT_PHONE not in everything
    assert '"state": "customer"' in everything


@pytest.mark.slow
def test_a_watchdog_is_fed_and_stops_being_fed_when_the_loop_stands(tmp_path: Path, netgiro: NetgiroProcess) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd, ShopCounter(tmp_path, netgiro) as counter:
        counter.kill()
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(10)
        counter.env = dict(counter.env) | {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "400000"}
        counter.start()
        heard = [systemd.recv(4096) for _ in range(5)]

        os.kill(counter.process.pid, signal.SIGSTOP)
        late = heard_within(systemd, 1)
        os.kill(counter.process.pid, signal.SIGCONT)

    assert {b"READY=1", b"WATCHDOG=1"} <= set(heard)
    assert len(late) <= 1  # one may have been on its way


def heard_within(listener: socket.socket, silence_s: float) -> list[bytes]:
    """Everything until it has been silent for so long; at most ten messages."""
    listener.settimeout(silence_s)
    heard: list[bytes] = []
    with contextlib.suppress(TimeoutError):
        while len(heard) < 10:
            heard.append(listener.recv(4096))
    return heard


def test_x_report_counts_and_end_of_day_ends(counter: ShopCounter) -> None:
    counter.pay("X1")
    counter.press(f"{QUICK_PHONE}#")
    counter.result("X1")
    for _ in range(2):
        code, text = command(counter, "x-report", "--json")
        assert code == 0, text
        day = json.loads(text)
        assert (day["period"], day["sales"]) == (1, {"count": 1, "amount": 1990})
        assert day["refunds"] == {"count": 0, "amount": 0}
    code, text = command(counter, "x-report")
    assert (code, text.splitlines()[0]) == (0, "since end of day 0: 1 approved, 1.990 kr.")
    counter.wait_for_paper(1, "X REPORT")
    code, text = command(counter, "end-of-day", "--json")
    assert code == 0, text
    assert json.loads(text) == day
    counter.wait_for_paper(1, "END OF DAY")
    code, text = command(counter, "end-of-day", "--json")
    assert code == 0, "a day without a sale can be ended as well"
    assert json.loads(text)["sales"] == {"count": 0, "amount": 0}
