"""Worlds in which a promise was broken once: each is kept with what was wrong, and stays green."""

from __future__ import annotations

from typing import NamedTuple
from unittest.mock import patch

import msgspec

from terminal.sale.gateway import CaptureMode
from terminal.simulation import run
from terminal.simulation.world import TROUBLE, Rates
from tests.each import each

TROUBLE_THEN = Rates(**{**msgspec.structs.asdict(TROUBLE), **dict.fromkeys(run.CHANCE_OF_ITS_OWN, 0.0)})
"""As the troubles were when these were found: what came later makes other worlds of the same seeds."""


class OnceRed(NamedTuple):
    """One world, and what it found."""

    seed: int
    found: str
    api: str
    rates: Rates | None
    """None: the seed's own."""
    protocol: str | None = None
    restores: bool | None = None
    """Whether a backup is restored; None: as it comes."""
    has_twin: bool | None = None
    card_lies: bool | None = None
    capture_mode: CaptureMode | None = None


ONCE_RED = (
    OnceRed(
        122079,
        "today's R1 was told how yesterday's R1 had ended, which was open over night",
        "v2",
        Rates(call_trouble=0.3, power_cut=0.05, register_mood=0.4, late_answer=0.5, customer_mood=0.3),
    ),
    OnceRed(
        81005227,
        "the register took the answer about yesterday's payment, for which it still waited, for that about today's",
        "v1",
        Rates(call_trouble=0.7, cashier_mood=0.5, register_mood=0.3, late_answer=0.6),
        "http",
    ),
    OnceRed(
        82004074,
        'paid after all while a register was being told "not paid", which counted as a refund that nothing explains',
        "v1",
        Rates(call_trouble=0.2, cashier_mood=0.5, disk_full=0.15, register_mood=0.4),
        "concert",
    ),
    OnceRed(
        86001183,
        "the totals of a day that a register ended in mid-payment made it fall over, as they have no receipt number",
        "v1",
        Rates(line_trouble=0.3, power_cut=0.03, register_mood=0.6),
        "zvt",
    ),
    OnceRed(
        89002398,
        "a register said that it took a payment, and had taken it for the answer to its own question about the state",
        "v2",
        Rates(line_trouble=0.3, power_cut=0.03, register_mood=0.6),
        "zvt",
    ),
    OnceRed(
        2924,
        "a receipt came out three times: keys that were pressed on after a cancel answered what appeared under them",
        "v1",
        None,
    ),
    OnceRed(
        807003653,
        "the same, in a world with automatic capture",
        "v1",
        None,
    ),
    OnceRed(
        7034,
        "a code that had reserved was thought refused, as its doubled copy was; the next one captured",
        "v1",
        Rates(
            call_trouble=0.6,
            register_mood=0.2,
            line_trouble=0.03,
            power_cut=0.01,
            cashier_mood=0.2,
            customer_mood=0.3,
            late_answer=0.5,
            printer_trouble=0.1,
        ),
    ),
    OnceRed(
        812004344,
        "the same, about the slip of an end of day",
        "v1",
        None,
    ),
    OnceRed(
        815004058,
        'the check took a "no" for new that the register had heard long before the disk could note it',
        "v2",
        None,
    ),
    OnceRed(
        803008506,
        "a register that had given up a payment began the same for the next customer, never heard that it was to wait, "
        "and took the money of the first for its answer",
        "v2",
        None,
    ),
    OnceRed(
        5056,
        "an old answer that came twice at once was taken for the one to the result, whose frame was damaged",
        "v2",
        None,
    ),
    OnceRed(
        1910006288,
        "the clock ended a day with nothing in it, and the register never got the totals of the one before",
        "v2",
        None,
    ),
    OnceRed(
        1915007040,
        "staff called a payment unpaid whose capture came a minute late, and the check did not see its refund due",
        "v1",
        None,
    ),
    OnceRed(
        8362,
        "a payment was undone by a refund that a restore forgot, and the check held the journal to be wrong",
        "v2",
        None,
        "line",
        restores=True,
        has_twin=False,
    ),
    OnceRed(
        11033,
        'the same, and the journal had learned of it: the register heard "no" of what it knew as refunded',
        "v2",
        None,
        "line",
        restores=True,
        has_twin=False,
    ),
    OnceRed(
        10379,
        "staff called unpaid what a restore had forgotten as paid, and that its id was free then surprised the check",
        "v2",
        None,
        "line",
        restores=True,
        has_twin=False,
    ),
    OnceRed(
        1979,
        "a wrong clock freed the id of a payment that a restore had forgotten",
        "v2",
        None,
        "line",
        restores=True,
        has_twin=False,
    ),
    OnceRed(
        2203001177,
        "noise made an R1 of an R3 that is rung up later, under no checksum, and what the R1 stood as was told for it",
        "v1",
        None,
    ),
    OnceRed(
        2609007718,
        'a "paid" of staff waited for a cable that was out, and was told though the record had contradicted it',
        "v1",
        None,
    ),
    OnceRed(
        202612010007847,
        "a cancel had undone a payment, and a record that was no record was taken for its refusal",
        "v2",
        None,
    ),
    OnceRed(2804007030, "a refund from before the backup was like one that the backup lacked", "v2", None),
    OnceRed(
        2910004255, "a second program used a key whose time was over, and then asked for its own payment", "v2", None
    ),
    OnceRed(
        2917008357,
        "a register cancelled without an id, and was told how yesterday's sale had ended, under the id of today's",
        "v1",
        None,
    ),
    OnceRed(
        3101006206,
        "a restore had forgotten a refund, and the record seemed to contradict what staff had said before",
        "v2",
        None,
    ),
    OnceRed(
        22652,
        "staff closed yesterday's receipt by hand, which was done, so that the morning's first one was skipped",
        "v2",
        None,
        "line",
        restores=True,
        has_twin=False,
    ),
    OnceRed(
        45733,
        "a card had lost a refund, which a service that forgets keys then refused to carry out again",
        "v2",
        None,
        restores=False,
        has_twin=False,
        card_lies=True,
    ),
    OnceRed(
        41297,
        "the last of two equal ends of day had come out, the first had not, and its sum seemed to be missing",
        "v2",
        None,
        restores=False,
        has_twin=False,
        card_lies=True,
    ),
    OnceRed(
        3405006965,
        "a register gave up in the middle of its cancel, waited for ever, and with it all who would have settled",
        "v2",
        None,
    ),
    OnceRed(
        3314001583,
        "staff misread an open sale as paid, and its register seemed to hear of an earlier customer's money",
        "v2",
        None,
    ),
    OnceRed(
        3317005120,
        "a power cut swallowed the answer to a program's end of day, and another program began a payment",
        "v1",
        None,
    ),
    OnceRed(
        3425006631,
        "a payment sent again crossed its result, and a late answer behind it was taken for the register's yes",
        "v2",
        None,
    ),
    OnceRed(
        3327005513,
        "the slip of a day waited in a backup, and no simulated restore marked it as a copy",
        "v1",
        None,
    ),
    OnceRed(
        3430006114,
        "staff ended a day after one whose totals a register had not heard, and it was told the later one in its place",
        "v2",
        None,
    ),
    OnceRed(2632000819, "a phone number stood by chance in the random name of a refund", "v2", None),
    OnceRed(
        1330,
        "a register took a payment's result for the totals of its day, as the answer to its payment for that to these",
        "v1",
        Rates(line_trouble=0.2, power_cut=0.02, register_mood=0.8, clock_jump=1.0),
        "zvt",
        capture_mode=CaptureMode.MANUAL,
    ),
    OnceRed(
        24203,
        "a payment was undone by a refund that a card lost, and the check held the journal to be wrong",
        "v2",
        None,
        restores=False,
        has_twin=False,
        card_lies=True,
    ),
)


def test_worlds_that_were_red_once_are_green() -> None:
    with each() as case, patch.object(run, "TROUBLE", TROUBLE_THEN):
        for world in ONCE_RED:
            with case(world.seed, world.found):
                result = run.simulate(
                    world.seed,
                    rates=world.rates,
                    protocol=world.protocol,
                    api=world.api,
                    restores=world.restores,
                    has_twin=world.has_twin,
                    card_lies=world.card_lies,
                    capture_mode=world.capture_mode,
                )
                assert result.violations == ()
