"""A register program on the network at the real process: pairing, a sale, a power cut in the middle, https."""

from __future__ import annotations

import hashlib
import json
import shutil
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.integration.counter import DemoCounter, Settings, ShopCounter, free_port, write_config
from tests.integration.netgiro import PATIENT_PHONE, QUICK_PHONE, NetgiroProcess, SimulatedNetgiro
from tests.integration.process import Process, run_command, wait_until
from tests.patience import at_most

WAIT_S = 25


class Program(httpx.Client):
    """A till's side of it."""

    def __init__(self, base_url: str, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        super().__init__(base_url=base_url, headers=headers, trust_env=False, timeout=at_most(2 * WAIT_S))

    def pay(self, key: str, amount_kr: int = 1990) -> dict[str, Any]:
        answer = self.post("/v1/payments", json={"amount": amount_kr}, headers={"Idempotency-Key": key})
        assert answer.status_code == 201, answer.text
        payment: dict[str, Any] = answer.json()
        return payment

    def look(self, kind: str, name: str, wait_s: int = 0) -> dict[str, Any]:
        answer = self.get(f"/v1/{kind}/{name}", params={"wait": wait_s})
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def ended(self, name: str, kind: str = "payments") -> dict[str, Any]:
        """As programs do: wait again until there is an outcome."""
        found: dict[str, Any] = {}

        def has_ended() -> bool:
            found.update(self.look(kind, name, WAIT_S))
            return found["outcome"] is not None

        wait_until(f"the end of {name}", has_ended, deadline_s=60)
        return found


class HttpShop(ShopCounter):
    """``run`` with a register program on this machine."""

    def __init__(self, folder: Path, netgiro: SimulatedNetgiro, host: str = "127.0.0.1") -> None:
        self.port = free_port()
        settings: Settings = {
            "register": {"protocol": "http", "port": ""},
            "http": {"listen": f"{host}:{self.port}"},
            "netgiro": {"partner_url": f"{netgiro.base_url}/partner"},
        }
        super().__init__(folder, netgiro, settings)

    def start(self, until: str = "") -> None:
        super().start(until)
        self.wait_for_devices()

    def command(self, *words: str) -> str:
        done = run_command(*words, "--config", str(self.config_path), env=self.env)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def paired(self, name: str = "Kassi 1") -> Program:
        """By the command and its six digits, as an installer does it."""
        form = {"code": self.command("pair").strip(), "name": name}
        paired = httpx.post(f"http://127.0.0.1:{self.port}/v1/pair", json=form, trust_env=False)
        assert paired.status_code == 200, paired.text
        return Program(f"http://127.0.0.1:{self.port}", paired.json()["token"])


class HttpDemo(DemoCounter):
    """``demo`` with a register program."""

    def start(self) -> None:
        write_config(self.config_path, self.settings)
        self.process = Process(
            *("demo", "--port", "0", "--headless", "--state", str(self.folder), "--config", str(self.config_path)),
            log_path=self.log_path,
        )
        base_url = self.process.wait_for_output(r"Front panel +(http://127\.0\.0\.1:\d+)/\n")[1]
        self.process.wait_for_output(r"Register +http://127\.0\.0\.1:\d+/openapi.json +token: \S+\n")
        self._panel.base_url = httpx.URL(base_url)
        self.netgiro = SimulatedNetgiro(base_url)
        self._panel_is_up()

    def _let_go(self) -> None:
        self.netgiro.close()

    def close(self) -> None:
        self.process.kill()
        self._panel.close()
        self._let_go()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, netgiro: NetgiroProcess) -> Iterator[HttpShop]:
    with HttpShop(tmp_path_factory.mktemp("http"), netgiro) as counter:
        yield counter


def test_a_sale_a_refund_and_the_day(shop: HttpShop) -> None:
    with shop.paired() as till:
        assert till.get("/v1/status").json()["ready"]
        payment = till.pay("a")
        before = shop.netgiro.carts()
        shop.press(f"{PATIENT_PHONE}#")
        shop.netgiro.accept(shop.netgiro.new_cart(before))
        paid = till.ended(payment["id"])
        assert (paid["outcome"], paid["transaction_id"] is not None) == ("approved", True)
        assert shop.journal_row("a")["reference"] == payment["reference"]
        back = till.post(f"/v1/payments/{payment['id']}/refunds", json={}, headers={"Idempotency-Key": "b"}).json()
        assert till.ended(back["id"], "refunds")["outcome"] == "refunded"
        day = till.post("/v1/end-of-day").json()
        assert day["sales"] == {"count": 1, "amount": 1990}
        printed = till.post("/v1/print", json={"lines": ["Vínarbrauð   590"]})
        assert printed.status_code == 200
    shop.wait_for_paper(1, "Vínarbrauð   590")


def test_the_plug_is_pulled_in_the_middle_and_the_same_key_asks_again(shop: HttpShop) -> None:
    with shop.paired("Kassi 2") as till:
        payment = till.pay("c")
        shop.press(f"{PATIENT_PHONE}#")
        shop.wait_for("customer")
        shop.kill()
        with pytest.raises(httpx.TransportError):
            till.get(f"/v1/payments/{payment['id']}")
        shop.start()
        assert till.get("/v1/payments", params={"key": "c"}).json()["id"] == payment["id"], "the token outlives it"
        again = till.pay("c")
        assert again["id"] == payment["id"]
        assert till.ended(payment["id"])["outcome"] == "cancelled"
        assert len([row for row in shop.journal() if row["register_id"] == "c"]) == 1


@pytest.mark.slow
def test_a_request_that_the_power_cut_off_is_one_payment(shop: HttpShop) -> None:
    """Whether or not it arrived nobody knows: the same key finds out."""
    with shop.paired("Kassi 3") as till:
        with till.stream("POST", "/v1/payments", json={"amount": 590}, headers={"Idempotency-Key": "d"}) as answer:
            shop.kill()
            assert answer.status_code == 201
        shop.start()
        payment = till.pay("d", 590)
        shop.press("*")
        assert till.ended(payment["id"])["outcome"] == "cancelled"
        assert len([row for row in shop.journal() if row["register_id"] == "d"]) == 1
        assert till.post("/v1/payments", json={"amount": 591}, headers={"Idempotency-Key": "d"}).status_code == 422


def test_programs_are_listed_and_revoked(shop: HttpShop) -> None:
    with shop.paired("Kassi 9") as till:
        assert "Kassi 9" in shop.command("pair", "--list").splitlines()
        assert "Kassi 9" in json.loads(shop.command("status", "--json"))["programs"]["paired"]
        shop.command("pair", "--revoke", "Kassi 9")
        assert till.get("/v1/status").status_code == 401
    nobody = run_command("pair", "--revoke", "Kassi 9", "--config", str(shop.config_path), env=shop.env)
    assert nobody.returncode == 1
    assert "no program is called" in nobody.stderr


@pytest.mark.slow  # the unit tests have a shorter one of https
@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed: apt-get install openssl")
def test_other_machines_get_https_by_a_certificate_that_stays(tmp_path: Path, netgiro: NetgiroProcess) -> None:
    with HttpShop(tmp_path, netgiro, "0.0.0.0") as counter:
        address = ("127.0.0.1", counter.port)
        sha256 = json.loads(counter.command("status", "--json"))["programs"]["certificate_sha256"]
        pem = ssl.get_server_certificate(address)
        assert hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest() == sha256
        assert sha256 in counter.command("status")
        trusting = ssl.create_default_context(cadata=pem)
        form = {"code": counter.command("pair").strip(), "name": "Kassi 1"}
        url = f"https://127.0.0.1:{counter.port}"
        paired = httpx.post(f"{url}/v1/pair", json=form, verify=trusting, trust_env=False).json()
        assert paired["certificate_sha256"] == sha256
        doctor = run_command("doctor", "--json", "--config", str(counter.config_path), env=counter.env, deadline_s=60)
        (row,) = [one for one in json.loads(doctor.stdout) if one["name"] == "register programs"]
        assert sha256 in row["found"]
        counter.stop()
        counter.start()
        headers = {"Authorization": f"Bearer {paired['token']}"}
        status = httpx.get(f"{url}/v1/status", headers=headers, verify=trusting, trust_env=False)
        assert status.json()["certificate_sha256"] == sha256


@pytest.mark.slow
def test_the_demo_has_a_program_and_its_token(tmp_path: Path) -> None:
    with HttpDemo(tmp_path, {"register": {"protocol": "http"}}) as counter:
        info = counter.get("/api/register")
        assert info["protocol"] == "http"
        assert httpx.get(f"{info['port']}/openapi.json", trust_env=False).json()["openapi"].startswith("3.1")
        with Program(info["port"], info["token"]) as till:
            payment = till.pay("demo-1")
            counter.press(f"{QUICK_PHONE}#")
            assert till.ended(payment["id"])["outcome"] == "approved"
        assert counter.get("/api/register/log") is not None
