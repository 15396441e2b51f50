"""Netgíró's own clients call the simulated Netgíró: what they understand, a real one may be taken to say.

The class of its WooCommerce plugin that confirms, looks up and refunds (PHP), and the published demo client of V1
(.NET, here on Mono). ``make foreign`` brings their checkouts; or NETGIRO_CLIENTS names the folder that holds both.

    apt install php-cli mono-mcs mono-runtime libmono-system-net-http4.0-cil libnewtonsoft-json5.0-cil
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.foreign.conftest import FOLDER
from tests.integration.netgiro import APPLICATION_ID, PATIENT_PHONE, POOR_PHONE, SECRET_KEY, NetgiroProcess
from tests.patience import at_most

CHECKOUTS = Path(os.environ.get("NETGIRO_CLIENTS", FOLDER / "checkouts"))
PLUGIN, DEMO_CLIENT = CHECKOUTS / "woocommerce-plugin", CHECKOUTS / "api-demo-client" / "NetgiroClient"
NEWTONSOFT = Path("/usr/lib/cli/Newtonsoft.Json-5.0/Newtonsoft.Json.dll")
WRONG_KEY = SECRET_KEY[:-4] + "oops"
Call = Callable[..., Any]

pytestmark = pytest.mark.slow


def _need(*there: bool | str | None) -> None:
    if not all(there):
        pytest.skip("no registry has Netgíró's clients: see the head of this file")


@pytest.fixture(scope="module")
def netgiro(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NetgiroProcess]:
    netgiro = NetgiroProcess(tmp_path_factory.mktemp("netgiro"))
    yield netgiro
    netgiro.close()


def _said(*command: object) -> str:
    words = [str(word) for word in command]
    run = subprocess.run(words, capture_output=True, text=True, timeout=at_most(60), check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


@pytest.fixture
def plugin(netgiro: NetgiroProcess) -> Call:
    """One of the plugin's calls, with what it makes of the answer."""
    _need(shutil.which("php"), PLUGIN.is_dir())

    def call(method: str, *arguments: object, key: str = SECRET_KEY) -> Any:
        script = ("php", FOLDER / "woocommerce.php", PLUGIN, netgiro.base_url, key, APPLICATION_ID)
        return json.loads(_said(*script, method, *arguments))

    return call


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo client with a main program of ours. Its other half wants RestSharp, which Debian does not have."""
    _need(shutil.which("mcs"), shutil.which("mono"), DEMO_CLIENT.is_dir(), NEWTONSOFT.is_file())
    folder = tmp_path_factory.mktemp("dotnet")
    shutil.copy(NEWTONSOFT, folder)
    sources = [
        source
        for source in DEMO_CLIENT.rglob("*.cs")
        if "RestSharp" not in source.name and source.name != "INetgiroCart.cs"
    ]
    program = folder / "NetgiroCalls.exe"
    references = ("-r:System.Net.Http.dll", f"-r:{NEWTONSOFT}")
    _said("mcs", f"-out:{program}", *references, FOLDER / "NetgiroCalls.cs", *sources)
    return program


@pytest.fixture
def client(program: Path, netgiro: NetgiroProcess) -> Call:
    """One of the demo client's calls: what it returned."""

    def call(*words: object, key: str = SECRET_KEY) -> str:
        return _said("mono", program, f"{netgiro.base_url}/v1", key, APPLICATION_ID, *words)

    return call


def _opened(client: Call, reference: str, phone: str = PATIENT_PHONE) -> str:
    answer = json.loads(client("insert", 1990, reference, phone))
    assert (answer["Success"], answer["ResultCode"]) == (True, 200)
    return str(answer["TransactionId"])


def test_the_demo_client_sells(netgiro: NetgiroProcess, client: Call) -> None:
    transaction_id = _opened(client, "demo-1")
    waiting = json.loads(client("check", transaction_id))
    assert (waiting["PaymentSuccessful"], waiting["ResultCode"]) == (False, 10425)
    netgiro.accept(netgiro.cart(transaction_id))
    paid = json.loads(client("check", transaction_id))
    assert (paid["PaymentSuccessful"], paid["ResultCode"]) == (True, 10200)
    info = paid["PaymentInfo"]
    assert (info["TransactionId"], info["ReferenceNumber"]) == (transaction_id, "demo-1")
    assert (info["StatusId"], info["TotalAmount"]) == (2, 1990.0)
    assert [one["Amount"] for one in netgiro.ledger() if one["TransactionId"] == transaction_id] == [1990]


def test_the_demo_client_cancels_and_is_refused(netgiro: NetgiroProcess, client: Call) -> None:
    transaction_id = _opened(client, "demo-2")
    assert client("cancel", transaction_id) == "True"
    assert json.loads(client("check", transaction_id))["ResultCode"] == 10201
    assert json.loads(client("insert", 1990, "demo-3", POOR_PHONE))["Success"] is False
    assert "signature" in client("insert", 1990, "demo-4", PATIENT_PHONE, key=WRONG_KEY)
    assert client("insert", 1990, "demo-4", PATIENT_PHONE, key=WRONG_KEY).startswith("refused")
    assert all(one["Reference"] == "demo-1" for one in netgiro.ledger())


def test_the_plugin_looks_up_and_refunds_until_nothing_is_left(
    netgiro: NetgiroProcess, client: Call, plugin: Call
) -> None:
    transaction_id = _opened(client, "plugin-1")
    netgiro.accept(netgiro.cart(transaction_id))
    found = plugin("get_transaction_status", transaction_id)
    assert (found["success"], found["data"]["status"], found["data"]["isRefundable"]) == (True, "paid", True)
    assert plugin("refund_payment", transaction_id, 490, "Gölluð vara")["success"] is True
    too_much = plugin("refund_payment", transaction_id, 1501)
    assert (too_much["success"], "greater" in too_much["message"]) == (False, True)
    assert plugin("refund_payment", transaction_id, 1500)["success"] is True
    refunds = [one["Amount"] for one in netgiro.refunds() if one["TransactionId"] == transaction_id]
    assert refunds == [490, 1500]


def test_what_the_plugin_must_not_do_is_refused_in_words_that_it_finds(client: Call, plugin: Call) -> None:
    transaction_id = _opened(client, "plugin-2")
    for call in ("confirm_cart", "get_transaction_status"):
        refused = plugin(call, transaction_id, key=WRONG_KEY)
        assert refused["success"] is False
        assert "of this sandbox" in refused["message"] or "signature" in refused["message"]
    unknown = plugin("get_transaction_status", "1b4e28ba-2fa1-11d2-883f-0016d3cca427")
    assert (unknown["success"], unknown["message"]) == (False, "Transaction not found")
