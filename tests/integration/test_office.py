"""A counter and its head office, both as they run in life: the real daemon, the real collector, a real PostgreSQL."""

from __future__ import annotations

import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.counter import ShopCounter
from tests.integration.netgiro import QUICK_PHONE, NetgiroProcess
from tests.integration.process import Process, environment, run_command, wait_until
from tests.postgres import Cluster, cluster_or_skip

pytestmark = pytest.mark.slow

psycopg = pytest.importorskip("psycopg")

from tests.fleet.office import TOKEN, Collector  # noqa: E402  needs psycopg

UPLINK_S = 30.0
"""The uplink begins within five seconds of a start, and sends a sale when it has ended."""


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    yield from cluster_or_skip()


class Chain:
    """An office and one counter of it."""

    def __init__(self, folder: Path, netgiro: NetgiroProcess, cluster: Cluster) -> None:
        self.database = cluster.create_database()
        self.office = Collector(folder, self.database, "office")
        self.office.start()
        office = {"url": self.office.url, "token_file": str(folder / "token")}
        self.counter = ShopCounter(folder, netgiro, {"office": office})
        self.counter.env = {**self.counter.env, "NETGIRO_OFFICE_TOKEN": TOKEN}

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database, autocommit=True) as connection:
            return list(connection.execute(query.encode()).fetchall())

    def wait_for(self, query: str, expected: list[tuple[Any, ...]]) -> None:
        wait_until(f"{expected} at the office", lambda: self.rows(query) == expected or None, UPLINK_S)

    def pay(self, register_id: str, amount_kr: int) -> None:
        self.counter.pay(register_id, amount_kr)
        self.counter.press(QUICK_PHONE + "#")
        assert self.counter.result(register_id).startswith(f"OK {amount_kr} ")
        self.counter.wait_for("idle")


@pytest.fixture
def chain(tmp_path: Path, netgiro: NetgiroProcess, cluster: Cluster) -> Iterator[Chain]:
    chain = Chain(tmp_path, netgiro, cluster)
    try:
        with chain.counter:
            yield chain
    finally:
        chain.office.kill()


SALES = "SELECT register_id, amount_kr::int, outcome FROM sale ORDER BY number"


def test_every_sale_is_at_the_office_also_those_made_while_it_was_away(chain: Chain) -> None:
    chain.pay("A", 1990)
    chain.wait_for(SALES, [("A", 1990, "approved")])
    chain.wait_for("SELECT count(*)::int FROM status WHERE document LIKE '%\"state\"%'", [(1,)])

    chain.office.kill()
    chain.pay("B", 500)
    chain.counter.process.kill()
    chain.office.start()
    chain.counter.start()
    chain.wait_for(SALES, [("A", 1990, "approved"), ("B", 500, "approved")])
    chain.wait_for("SELECT sum(sum_kr)::int FROM turnover", [(2490,)])

    assert chain.rows("SELECT count(*) FROM alarm") == [(0,)], "the office follows the chain as the journal makes it"
    epochs = chain.rows("SELECT epoch, have = (SELECT count(*) FROM journal) FROM journal_head")
    assert [whole for _epoch, whole in epochs] == [True]
    assert QUICK_PHONE not in str(chain.rows("SELECT body FROM journal"))


def test_a_terminal_joins_by_a_code_and_is_refused_once_it_is_revoked(chain: Chain, tmp_path: Path) -> None:
    config, office = str(chain.counter.config_path), str(tmp_path / "office.toml")
    assert run_command("office", "check", "--config", config).returncode == 1, "no token to be seen from here"
    enrolled = run_command("office", "enrol", "T1", "--shop", "Kringlan", "--config", office)
    code = enrolled.stdout.split()[-1]
    joined = run_command("office", "join", code, "--config", config)
    assert joined.returncode == 0, joined.stderr
    token = tmp_path / "token"
    assert stat.S_IMODE(token.stat().st_mode) == 0o600
    checked = run_command("office", "check", "--config", config)
    assert (checked.returncode, checked.stdout.split()[0]) == (0, "ok"), checked.stdout
    again = run_command("office", "join", code, "--config", config)
    assert again.returncode == 1
    assert "ask the office for a new one" in again.stderr
    assert run_command("office", "revoke", "T1", "--config", office).returncode == 0
    refused = run_command("office", "check", "--config", config)
    assert refused.returncode == 1
    assert "office join" in refused.stdout


@pytest.mark.slow  # the counter has to be quiet for half a minute first
def test_settings_are_taken_from_the_office_and_kept_once_the_terminal_is_well(chain: Chain, tmp_path: Path) -> None:
    chain.counter.settings["office"]["takes_settings"] = True
    chain.counter.process.stop()
    chain.counter.start()
    office, document = str(tmp_path / "office.toml"), tmp_path / "settings.toml"
    document.write_text("[register]\nmax_amount = 1500\n")
    chain.wait_for("SELECT count(*)::int FROM status", [(1,)])
    for words in (("set", "shops", str(document)), ("move", "T1", "shops")):
        answer = run_command("office", "settings", *words, "--config", office)
        assert answer.returncode == 0, answer.stderr
    wait_until("the new start", lambda: chain.counter.process.exit_code is not None or None, 150.0)
    chain.counter.start()
    wait_until("it is kept", lambda: "is in effect" in chain.counter.log_path.read_text() or None, 60.0)
    chain.counter.register.ask("PAY 1990 ID=A", "ERR AMOUNT .*1.500.*")
    chain.pay("B", 1500)
    chain.wait_for("SELECT settings_revision > 0, settings_why FROM status", [(True, "")])
    listed = run_command("office", "settings", "list", "--config", office)
    assert "1 counters, 1 run it" in listed.stdout
    assert "laid over the file" in run_command("show-config", "--config", str(chain.counter.config_path)).stdout


def test_the_office_says_what_is_missing_before_it_serves(tmp_path: Path) -> None:
    path = tmp_path / "office.toml"
    for text, sentence in {
        "": "office.database: empty",
        '[office]\nlisten = "0.0.0.0:8030"': "office.listen: without office.certificate",
        '[office]\ndatabase = "mysql://x"': "office.database: must be an address",
        '[office]\nurl = "http://office.example.is"': "office.url: http:// is for this machine only",
        '[office]\ncertificate = "x.pem"': "office.certificate: needs office.certificate_key",
    }.items():
        path.write_text(text)
        answer = run_command("office", "serve", "--config", str(path), env=environment())
        assert answer.returncode == 1
        assert sentence in answer.stderr, answer.stderr
        assert "Traceback" not in answer.stderr


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed: apt-get install openssl")
    folder = tmp_path_factory.mktemp("tls")
    paths = folder / "cert.pem", folder / "key.pem"
    subject = ("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1")
    new = ("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1")
    subprocess.run([*new, *subject, "-out", paths[0], "-keyout", paths[1]], check=True, capture_output=True)
    return paths


def test_the_office_speaks_https_and_a_terminal_checks_with_whom(
    tmp_path: Path, cluster: Cluster, certificate: tuple[Path, Path]
) -> None:
    cert, key = certificate
    office = tmp_path / "office.toml"
    office.write_text(
        f'[office]\nlisten = "127.0.0.1:0"\ndatabase = "{cluster.create_database()}"\n'
        f'certificate = "{cert}"\ncertificate_key = "{key}"\n'
    )
    env = environment(NETGIRO_OFFICE_TOKEN=TOKEN)
    serving = Process("office", "serve", "--config", str(office), log_path=tmp_path / "office.log", env=env)
    try:
        url = serving.wait_for_output(r"Head office\s+(https://127\.0\.0\.1:\d+)/")[1]
        terminal = tmp_path / "terminal.toml"
        for ca_file, code in (("", 1), (str(cert), 0)):
            terminal.write_text(f'[office]\nurl = "{url}"\nca_file = "{ca_file}"\n')
            checked = run_command("office", "check", "--config", str(terminal), env=env)
            assert checked.returncode == code, checked.stdout
    finally:
        serving.kill()
