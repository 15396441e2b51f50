"""Ways to bring a sale that the register has asked for into a state."""

from __future__ import annotations

from tests.integration.counter import Counter
from tests.integration.netgiro import PATIENT_KENNITALA, PATIENT_PHONE


def in_entry(_counter: Counter) -> None:
    """The amount is on the screen."""


def with_customer(counter: Counter) -> None:
    counter.press(PATIENT_PHONE + "#")
    counter.wait_for("customer")


def at_code_entry(counter: Counter) -> None:
    counter.press(PATIENT_KENNITALA + "#")
    counter.wait_for("code_entry")
