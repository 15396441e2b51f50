"""Money on its way back, asked for by a ZVT register and by nobody, over a real cable and against Netgíró's book."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from terminal.simulation.registers.zvt_frames import GOOD, NOT_EXPECTED, refund, registration, reversal, status_fields
from tests.integration.counter import merged
from tests.integration.netgiro import QUICK_PHONE, NetgiroProcess
from tests.integration.process import run_command, wait_until
from tests.integration.zvt_cable import ZvtShop

PAID, CANCELLED = 0x00, 0x6C
NOTHING_LEFT = bytes.fromhex("84b400")


@pytest.fixture(scope="module")
def shop(netgiro: NetgiroProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ZvtShop]:
    with_refunds = ZvtShop(tmp_path_factory.mktemp("zvt-refund"), netgiro)
    partner = {"netgiro": {"partner_url": f"{netgiro.base_url}/partner"}}
    with_refunds.settings = merged(with_refunds.settings, partner)
    with with_refunds as counter:
        counter.zvt.ask(registration(0x00))
        counter.zvt.wait_for_end_of_registration()
        yield counter


def returned(shop: ZvtShop, reference: str) -> list[int]:
    return [one["Amount"] for one in shop.netgiro.refunds() if one["Reference"] == reference]


def sell(shop: ZvtShop, amount_kr: int) -> tuple[str, bytes]:
    """The sale's reference and the receipt's number as the register has it."""
    shop.ring_up(amount_kr)
    shop.press(QUICK_PHONE + "#")
    assert shop.zvt.wait_for_end() == PAID
    told = status_fields(next(apdu for apdu in shop.zvt.register.heard if apdu[:2] == b"\x04\x0f"))
    return str(shop.journal()[0]["reference"]), told[0x87]


def ask_back(shop: ZvtShop, apdu: bytes) -> int:
    shop.wait_for("idle")
    shop.zvt.begin()
    assert shop.zvt.ask(apdu) == GOOD
    return shop.zvt.wait_for_end()


@pytest.mark.slow
def test_a_payment_that_the_register_refuses_goes_back_by_itself_and_the_receipts_say_so(shop: ZvtShop) -> None:
    shop.ring_up()
    shop.zvt.behave(lambda apdu: NOT_EXPECTED if apdu[:2] == b"\x04\x0f" else GOOD)
    shop.press(QUICK_PHONE + "#")
    assert shop.zvt.wait_for_end() == CANCELLED
    shop.zvt.behave()
    wait_until("the refund in the journal", lambda: shop.journal()[0]["outcome"] == "refunded")
    row = shop.journal()[0]
    assert (row["state"], row["register_told"]) == ("closed", False)
    assert returned(shop, row["reference"]) == [1990]
    pieces = shop.wait_for_paper(2, row["reference"])
    assert len(pieces) == 2
    assert all("REFUNDED" in piece for piece in pieces)
    assert not any("REFUND DUE" in piece for piece in pieces)


def test_a_reversal_gives_back_a_part_then_the_rest_and_then_nothing(shop: ZvtShop) -> None:
    reference, receipt = sell(shop, 2500)
    assert ask_back(shop, reversal(receipt, 1000 * 100)) == PAID
    assert ask_back(shop, reversal(receipt)) == PAID
    assert returned(shop, reference) == [1000, 1500]
    shop.wait_for("idle")
    assert shop.zvt.ask(reversal(receipt)) == NOTHING_LEFT
    assert returned(shop, reference) == [1000, 1500]


@pytest.mark.slow
def test_a_refund_by_its_amount_and_one_by_command_are_carried_out_once(shop: ZvtShop) -> None:
    reference, _ = sell(shop, 3100)
    shop.netgiro.spoil({"fault": "lost_after", "call": "refund"})
    assert ask_back(shop, refund(3100 * 100)) == PAID
    assert returned(shop, reference) == [3100]
    other, _ = sell(shop, 3200)
    number = shop.journal()[0]["sale_id"]
    shop.wait_for("idle")
    given_back = run_command("refund", number, "--amount", "200", "--config", str(shop.config_path))
    assert given_back.returncode == 0, given_back.stderr
    assert returned(shop, other) == [200]
