"""Magic amounts: each does what its table says, and only where they are wanted."""

from __future__ import annotations

import asyncio
import json

from terminal.netgiro.sandbox import Settings, build_sandbox
from terminal.netgiro.sandbox.faults import Fault
from terminal.netgiro.sandbox.magic import MAGIC_AMOUNTS
from tests.each import each_of


def inserted(amount_kr, **settings):
    """A sandbox after InsertCart for a phone, and the answer."""
    return asyncio.run(_inserted(amount_kr, Settings(**settings)))


async def _inserted(amount_kr, settings):
    sandbox = build_sandbox(settings=settings)
    order = {"Amount": amount_kr, "Reference": "T1-1", "CustomerId": "8223281", "ConfirmationType": 2}
    body = json.dumps(order).encode()
    sandbox.foresee("InsertCart", body)
    answer = sandbox.perform("InsertCart", body)[1]
    await sandbox.aclose()
    return sandbox, answer


def state_after(sandbox, answer):
    sandbox.settle_due()
    return sandbox.book.find(answer["TransactionId"]).state


@each_of("amount_kr", [amount for amount, magic in MAGIC_AMOUNTS.items() if magic.refusal_code])
def test_refused_amount_opens_no_cart(amount_kr):
    sandbox, answer = inserted(amount_kr, magic_amounts=True)
    assert (answer["Success"], answer["ResultCode"]) == (False, amount_kr)
    assert sandbox.carts(1) == []


@each_of("amount_kr", [amount for amount, magic in MAGIC_AMOUNTS.items() if magic.decline_code])
def test_declined_amount_is_declined_with_its_own_code(amount_kr):
    sandbox, answer = inserted(amount_kr, magic_amounts=True)
    assert state_after(sandbox, answer) == "declined"
    assert sandbox.book.check(answer["TransactionId"]).code == amount_kr


def test_accepted_amount_is_reserved_without_anyone_pressing():
    assert state_after(*inserted(10200, magic_amounts=True)) == "reserved"
    assert state_after(*inserted(10425, magic_amounts=True)) == "awaiting customer"


@each_of("amount_kr", [amount for amount, magic in MAGIC_AMOUNTS.items() if magic.faults])
def test_faulty_amount_brings_faults_that_the_sandbox_knows(amount_kr):
    sandbox, _ = inserted(amount_kr, magic_amounts=True)
    assert [fault.fault for fault in sandbox.faults] == [fault.fault for fault in MAGIC_AMOUNTS[amount_kr].faults]


@each_of("amount_kr", MAGIC_AMOUNTS)
def test_amounts_are_ordinary_unless_magic_is_asked_for(amount_kr):
    sandbox, answer = inserted(amount_kr)
    assert state_after(sandbox, answer) == "awaiting customer"
    assert list(sandbox.faults) == []


def test_request_that_cannot_be_read_brings_nothing():
    sandbox = build_sandbox(settings=Settings(magic_amounts=True))
    sandbox.foresee("InsertCart", b"\xff{")
    sandbox.foresee("CheckCart", b"{}")
    assert list(sandbox.faults) == []


def test_added_faults_come_after_those_that_wait():
    sandbox = build_sandbox()
    sandbox.faults.replace([Fault("garbage")])
    sandbox.faults.add(Fault("slow"))
    assert [fault.fault for fault in sandbox.faults] == ["garbage", "slow"]
