"""The simulated register of the line protocol."""

from __future__ import annotations

from terminal.simulation.registers.line import LineDriver


def test_money_of_another_receipt_is_not_taken_for_this_one() -> None:
    """A line without a checksum can lose a bit, and ``PAY 500000 ID=R1`` comes as one of R3."""
    register = LineDriver(lambda: 0.0)
    register.pay(12_500, "R3")
    register.hear(b"OK 500000 ID=R3 REF=1\r\n")
    assert (register.told, register.refusals, register.waits) == ([], ["OTHER AMOUNT"], True)
    register.hear(b"OK 12500 ID=R3 REF=2\r\n")
    assert [(told.paid, told.amount_kr) for told in register.told] == [(True, 12_500)]
    assert not register.waits


def test_every_amount_that_was_asked_for_under_a_name_is_its_own() -> None:
    register = LineDriver(lambda: 0.0)
    register.pay(100, "R1")
    register.moods["names another amount"]()
    register.hear(b"OK 1000 ID=R1 REF=1\r\n")
    assert [told.amount_kr for told in register.told] == [1000]
