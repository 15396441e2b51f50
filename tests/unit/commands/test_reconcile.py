"""``reconcile`` against the simulated Netgíró over loopback: agree, differ, could not ask, and going on."""

from __future__ import annotations

import asyncio
import csv
import json
import random
import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from terminal.commands.main import main
from terminal.errors import TerminalError
from terminal.journal.thread import JournalFile
from terminal.netgiro.sandbox import PUBLIC_APPLICATION_ID, PUBLIC_SECRET_KEY, Sandbox, build_sandbox, create_app
from terminal.netgiro.sandbox.carts import Order
from terminal.netgiro.sandbox.faults import Fault
from terminal.reconciliation import asking
from terminal.reconciliation.report import kept
from terminal.sale.record import Record
from terminal.sale.sale import Reason, Sale, State
from terminal.system import ask
from terminal.system.timestamps import timestamp_now
from terminal.system.web import WebServer
from tests.patience import at_most

APIS = pytest.mark.parametrize("api", ["v1", "v2"])


class Service:
    """The sandbox on a port of its own, on a thread of its own."""

    def __init__(self) -> None:
        self.sandbox: Sandbox = build_sandbox(rng=random.Random(1))
        self.base_url = ""
        self._loop = asyncio.new_event_loop()
        self._ready, self._stop = threading.Event(), asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),))
        self._thread.start()
        assert self._ready.wait(at_most(20))

    async def _serve(self) -> None:
        server = WebServer(create_app(self.sandbox), "127.0.0.1", 0)
        await server.start()
        self.base_url = server.base_url
        self._ready.set()
        await self._stop.wait()
        await server.stop()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._loop.close()


@pytest.fixture
def service() -> Iterator[Service]:
    service = Service()
    yield service
    service.close()


class Shop:
    """A journal and a configuration."""

    def __init__(self, folder: Path, service: Service, api: str) -> None:
        self.service = service
        self.folder = folder
        self.config = folder / "config.toml"
        self.config.write_text(
            f"""[netgiro]
api = "{api}"
base_url = "{service.base_url}/{api}"
partner_url = "{service.base_url}/partner"
application_id = "{PUBLIC_APPLICATION_ID}"
secret_key = "{PUBLIC_SECRET_KEY}"
[journal]
path = "journal.db"
"""
        )
        self.names: list[str] = []

    def sell(self, *amounts_kr: int, reason: Reason = Reason.PAID) -> None:
        with JournalFile(self.folder / "journal.db", timestamp_now) as journal:
            journal.open()
            for amount_kr in amounts_kr:
                number = len(self.names) + 1
                cart = self.service.sandbox.book.insert(Order(amount_kr, f"T1-{number}", "5000041234", 0)).cart
                assert cart is not None
                self.names.append(cart.transaction_id)
                journal.append(
                    Record(
                        "ResultAcknowledged",
                        Sale(
                            number=number,
                            reference=f"T1-{number}",
                            register_id=f"=R{number}",
                            amount_kr=amount_kr,
                            created=timestamp_now(),
                            state=State.CLOSED,
                            reason=reason,
                            authorization_id=cart.transaction_id,
                        ),
                    )
                )

    def reconcile(self, *more: str) -> int:
        return main(["reconcile", "--config", str(self.config), *more])


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pace is measured elsewhere."""
    monkeypatch.setattr(asking, "PACE_S", 0.0)


@APIS
def test_two_books_that_agree(api: str, service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shop = Shop(tmp_path, service, api)
    shop.sell(1990, 5000)
    assert shop.reconcile() == 0
    assert capsys.readouterr().out.endswith(": 2 agree\n")


@APIS
def test_what_the_portal_refunded_and_what_netgiro_forgot_are_lines(
    api: str, service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = Shop(tmp_path, service, api)
    shop.sell(1990, 5000, 700)
    service.sandbox.book.refund(shop.names[0], 1990, "from the portal")
    service.sandbox.book.forget(shop.names[1])
    assert shop.reconcile() == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("differs    sale 1 (T1-1), 1.990 kr.: nothing of it can be refunded any more")
    assert lines[1].startswith("differs    sale 2 (T1-2), 5.000 kr.: Netgíró knows no such payment -> ")
    assert lines[2].endswith(": 1 agree, 2 differ")


@APIS
def test_a_sale_called_off_that_is_paid_after_all_differs(
    api: str, service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = Shop(tmp_path, service, api)
    shop.sell(1990, reason=Reason.CASHIER_CANCELLED)
    assert shop.reconcile() == 1
    assert "Netgíró holds the payment" in capsys.readouterr().out


@APIS
def test_who_cannot_ask_goes_on_later_where_it_was(
    api: str, service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = Shop(tmp_path, service, api)
    shop.sell(*range(1000, 1010))
    service.sandbox.faults.add(
        Fault("slow", "details", times=3, seconds=0.01), Fault("http_500_before", "details", None)
    )
    assert shop.reconcile("--json") == 3
    told = json.loads(capsys.readouterr().out)
    assert (told["agree"], told["not_asked"], told["ending"]) == (3, 7, "not_asked")
    service.sandbox.faults.replace([])
    for name in shop.names[:3]:
        service.sandbox.book.forget(name)  # it would be noticed, were they asked about again
    assert shop.reconcile() == 0
    assert shop.reconcile() == 1, "once everything was asked, it begins anew"


@APIS
def test_a_wrong_key_is_asked_once(
    api: str, service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = Shop(tmp_path, service, api)
    shop.sell(1990, 5000)
    service.sandbox.faults.add(Fault("unauthorized", "details", 1))
    assert shop.reconcile() == 3
    assert capsys.readouterr().out.count("does not accept the key") == 2


def test_v2_tells_the_pay_out_of_a_sale(service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shop = Shop(tmp_path, service, "v2")
    shop.sell(1990, 5000)
    service.sandbox.book.settle(shop.names[1])
    sheet = tmp_path / "sheet.csv"
    assert shop.reconcile("--csv", str(sheet)) == 0
    assert "settlement 100000-000001" in capsys.readouterr().out
    with sheet.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["kind"], row["amount_kr"], row["fee_kr"], row["net_kr"]) for row in rows] == [
        ("sale", "1990", "", ""),
        ("sale", "5000", "100", "4900"),
        ("settlement", "5000", "100", "4900"),
    ]
    assert rows[1]["matched_by"] == "amount_and_time"


def test_v1_tells_the_day_and_the_rest_is_not_known(
    service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = Shop(tmp_path, service, "v1")
    shop.sell(1990, 5000)
    service.sandbox.book.settle(shop.names[1])
    sheet = tmp_path / "sheet.csv"
    assert shop.reconcile("--csv", str(sheet)) == 0
    said, summary = capsys.readouterr().out.splitlines()
    assert said == "payments paid out: 1; settlement number, fee and net are not known (V1 tells only the day)"
    assert summary.endswith(": 2 agree")
    with sheet.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [bool(row["settled"]) for row in rows] == [False, True]
    assert {row[name] for row in rows for name in ("settlement", "fee_kr", "net_kr", "matched_by")} == {""}


def test_a_slip_that_did_not_come_out_is_said_and_nothing_prints_it_later(
    service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asks for it stands there: it is printed once for each time it is asked for, and is in no queue."""
    shop = Shop(tmp_path, service, "v1")
    shop.sell(1990)
    asked: list[str] = []

    def power_goes(_path: Path, command: str, **_more: object) -> None:
        asked.append(command)
        raise TerminalError("the terminal ended in the middle of the answer")

    monkeypatch.setattr(ask, "ask_daemon", power_goes)
    assert shop.reconcile("--print") == 0
    said = capsys.readouterr()
    assert said.out.endswith(": 1 agree\n")
    assert said.err == "no slip: the terminal ended in the middle of the answer\n"
    assert asked == ["reconciliation-slip"]
    assert kept(tmp_path) is not None
    with JournalFile(tmp_path / "journal.db", timestamp_now) as journal:
        journal.open()
        assert [one.kind for one in journal.unprinted_receipts()] == []


def test_settlements_that_cannot_be_had_are_said(
    service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = Shop(tmp_path, service, "v2")
    shop.sell(1990)
    service.sandbox.faults.add(Fault("garbage", "settlements", None))
    assert shop.reconcile() == 3
    assert "not asked  settlements: " in capsys.readouterr().out


def test_only_the_days_that_are_named(service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shop = Shop(tmp_path, service, "v1")
    shop.sell(1990)
    assert shop.reconcile("--from", "2020-01-01", "--to", "2020-12-31") == 0
    assert capsys.readouterr().out == f"2020-01-01 to 2020-12-31 against {service.base_url}/v1: 0 agree\n"
    today = date.today().isoformat()
    assert shop.reconcile("--from", today, "--to", today) == 0
    assert capsys.readouterr().out.endswith(": 1 agree\n")
    assert shop.reconcile("--from", "2026-02-01", "--to", "2026-01-01") == 2
    assert shop.reconcile("--csv", str(tmp_path / "no" / "such.csv")) == 3
    assert shop.reconcile("--print") == 0
    assert "no slip: the terminal does not run" in capsys.readouterr().err
    with pytest.raises(SystemExit) as wrong_use:
        shop.reconcile("--from", "yesterday")
    assert wrong_use.value.code == 2


def test_without_a_partner_url_v1_says_what_is_missing(
    service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = Shop(tmp_path, service, "v1")
    shop.sell(1990, 5000)
    shop.config.write_text(shop.config.read_text().replace("partner_url", "# partner_url"))
    assert shop.reconcile() == 3
    assert "netgiro.partner_url is not known" in capsys.readouterr().out


def test_progress_that_is_not_readable_is_asked_again(service: Service, tmp_path: Path) -> None:
    shop = Shop(tmp_path, service, "v1")
    shop.sell(1990)
    (tmp_path / "reconciliation.progress").write_bytes(b"\x00\xff{}\n[[[[\n" + b"[" * 100_000 + b'\n{"mark": 1}')
    assert shop.reconcile() == 0


def test_the_list_finds_sales_by_their_amount(
    service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = Shop(tmp_path, service, "v1")
    shop.sell(1990, 5000, 1990)
    assert main(["journal", "list", "--config", str(shop.config), "--amount", "1990"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()[1:-1]] == ["3", "1"]
    assert main(["journal", "export", "--config", str(shop.config), "--amount", "5000", "--format", "json"]) == 0
    assert [json.loads(line)["receipt_number"] for line in capsys.readouterr().out.splitlines()] == [2]
