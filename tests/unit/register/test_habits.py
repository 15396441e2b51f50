"""ZVT programs do with TCP what they like: the conformance suite once more with each of their habits."""

from __future__ import annotations

import pytest

from terminal.register.factory import build_protocol
from terminal.register.settings import LengthFrame, RegisterSettings
from terminal.register.zvt.codec import ZvtProtocol
from terminal.register.zvt.frames import text_blocks
from terminal.sale.sale import Outcome
from terminal.simulation.registers.zvt_frames import GOOD, registration, wrap
from terminal.simulation.registers.zvt_network import HABITS, LONGEST_READ
from tests.each import each, each_of
from tests.unit.register.payment_cases import ask_if_not_told
from tests.unit.register.register_shop import WITHOUT_CREDIT, Shop
from tests.unit.register.test_conformance import CANNOT_BE_SAID, CASES, OPTIONS, PAGE

DROPS = "idle connections dropped after 1.5 s"
SETTINGS = {
    "as specified": "none",
    "2 bytes of length before each message": '`length_frame = "auto"` sees it; or `"2"`',
    "4 bytes of length before each message": '`length_frame = "auto"` sees it; or `"4"`',
    "one read of 1,024 bytes is one message": "none: "
    "no message is longer than 257 bytes, and none follows within 80 ms",
    DROPS: "none: the payment goes on, and repeat receipt (06 20) tells how it ended",
    "a connection for each command": "none",
    "cannot take 04 FF": '`intermediate_status = "never"`; who does not ask for it is never sent it',
    "cannot take 06 D1": '`print_lines = "never"`; who does not ask for them is never sent any',
}


@each_of("name", [name for name in HABITS if name not in ("as specified", DROPS)])
def test_what_every_register_can_expect_a_program_with_habits_can(name: str) -> None:
    with each() as case:
        for one, carry_out in CASES.items():
            if (one, "zvt-tcp") in CANNOT_BE_SAID:
                continue
            with case(one):
                shop = Shop("zvt-tcp", habits=HABITS[name], **OPTIONS.get(one, {}))
                carry_out(shop)
                assert shop.register.offences == []


@pytest.mark.parametrize(("customer", "outcome"), [("8223281", Outcome.APPROVED), (WITHOUT_CREDIT, Outcome.DECLINED)])
def test_who_drops_its_connection_while_it_waits_asks_how_the_payment_ended(customer: str, outcome: Outcome) -> None:
    shop = Shop("zvt-tcp", habits=HABITS[DROPS])
    shop.ring_up()
    shop.identify(customer)
    if outcome is Outcome.APPROVED:
        shop.accept()
        assert shop.told == [], "nobody is there to be told"
        assert not shop.sale.acknowledged
    ask_if_not_told(shop)
    assert (shop.sale.outcome, shop.sale.acknowledged) == (outcome, outcome is Outcome.APPROVED)
    assert shop.told == [(outcome is Outcome.APPROVED, 1990)]
    assert len(shop.sales) == 1


def test_no_message_is_cut_in_two_by_a_program_that_reads_1024_bytes() -> None:
    lines = [f"{number:03d} {'x' * 40}" for number in range(200)]
    assert max(map(len, text_blocks(lines))) <= 257 < LONGEST_READ


ALL = 0x8A


@pytest.mark.parametrize(("without", "left"), [("intermediate_status", 0x82), ("print_lines", 0x0A)])
def test_what_is_set_to_never_counts_also_for_who_asks_for_it(without: str, left: int) -> None:
    for setting, expected in (("asked", ALL), ("never", left)):
        protocol = build_protocol(RegisterSettings(protocol="zvt", **{without: setting}))
        assert isinstance(protocol, ZvtProtocol)
        protocol.receive_data(wrap(registration(ALL)), 0.0)
        assert protocol._telling.registration.config == expected


@pytest.mark.parametrize(("size", "wide"), [("none", 0), ("2", 2), ("4", 4)])
def test_a_length_that_is_set_is_put_before_each_message(size: LengthFrame, wide: int) -> None:
    protocol = build_protocol(RegisterSettings(protocol="zvt", port="tcp://127.0.0.1:0", length_frame=size))
    asked = registration(0x00)
    protocol.receive_data(len(asked).to_bytes(wide, "big") + asked if wide else asked, 0.0)
    assert protocol.data_to_send() == ((3).to_bytes(wide, "big") if wide else b"") + GOOD


def table() -> str:
    rows = ["| A program's habit | What to set |", "| --- | --- |"]
    return "\n".join([*rows, *(f"| {habit} | {SETTINGS[habit]} |" for habit in HABITS)])


def test_the_page_of_registers_says_what_to_set() -> None:
    assert table() in PAGE.read_text(encoding="utf-8"), f"{PAGE} should contain:\n\n{table()}"
