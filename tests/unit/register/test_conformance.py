"""What every register can expect, whatever it speaks: one suite for all protocols.

Each case is carried out with a register that shares no line with the terminal's codec, or it cannot be said in that
protocol, and then CANNOT_BE_SAID says why. registers.md in terminal/register shows the same table.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path

from terminal.sale.gateway import CaptureMode
from terminal.simulation.registers.languages import LANGUAGES
from tests.each import each_of
from tests.unit.register import payment_cases as payments
from tests.unit.register import refund_cases as refunds
from tests.unit.register.endings import TAPS, Case
from tests.unit.register.register_shop import Shop

PAGE = Path(__file__).parents[3] / "terminal" / "register" / "registers.md"


CASES: Mapping[str, Case] = {
    "the customer pays": payments.pays,
    "the customer is declined": payments.declines,
    "the register cancels": payments.register_cancels,
    "the register cancels too late": payments.register_cancels_too_late,
    "the cashier cancels": payments.cashier_cancels,
    "the same request again while the sale is open": payments.asks_again_while_open,
    "the last result again": payments.asks_for_last_result,
    "the register gives up": payments.gives_up,
    "the terminal restarts before the payment": payments.restarts_before_payment,
    "the terminal restarts after the payment": payments.restarts_after_payment,
    "another request while one is open": payments.is_busy,
    "another request, and then the first is paid": payments.turns_away,
    "more than `max_amount`": payments.names_too_much,
    "less than `min_amount`": payments.names_too_little,
    "aurar where kronur are expected": payments.writes_aurar,
    "kronur where aurar are expected": payments.writes_kronur_where_aurar_are_expected,
    "an authorization without an answer": payments.stands_unknown,
    "a capture without an answer": payments.lets_the_capture_be_unknown,
    "the register takes the result later": payments.takes_the_result_later,
    "the register refuses the result": payments.refuses_the_result,
    "a payment is given back": refunds.gives_back,
    "a part is given back": refunds.gives_a_part_back,
    "a payment is given back by its amount": refunds.gives_back_by_amount,
    "the last refund again": refunds.asks_how_a_refund_ended,
    "a refund without an answer": refunds.gives_back_without_an_answer,
    "the same name again after a no": payments.tries_again_after_a_no,
    "the same name again after a no and a power cut": payments.tries_again_after_a_no_and_a_power_cut,
    "another amount under a name that is paid": payments.names_another_amount,
    "the same name the next morning": payments.numbers_from_one_the_next_morning,
}
ABOUT_REFUNDS = list(CASES)[-9:-4]
ABOUT_NAMES = list(CASES)[-4:]

OPTIONS: Mapping[str, Mapping[str, object]] = {
    "aurar where kronur are expected": {"register_decimals": 2},
    "kronur where aurar are expected": {"terminal_decimals": 2},
    "an authorization without an answer": {"capture_mode": CaptureMode.AUTOMATIC},
}

NOBODY_ASKS = "the register knows of no terminal"
NO_NAMES = "has no names for sales"
ONE_TRY = "a key names one try: it is answered with the same payment, and a new try has a new key"
NO_REFUNDS = "has no name for the payment that is meant, so refunds stay refused"
NO_ACKNOWLEDGEMENT = "has no acknowledgement; a result can be asked for at any time"

CANNOT_BE_SAID: Mapping[tuple[str, str], str] = {
    **{
        (case, tap): NOBODY_ASKS
        for tap in TAPS
        for case in (
            "the register cancels",
            "the register cancels too late",
            "the last result again",
            "the register gives up",
            "the register takes the result later",
            "the register refuses the result",
        )
    },
    **{
        ("aurar where kronur are expected", tap): "what is shown has a separator, and is read as it is written"
        for tap in TAPS
    },
    **{(case, name): NO_NAMES for case in ABOUT_NAMES for name in LANGUAGES if name not in ("line", "http")},
    **{(case, "http"): ONE_TRY for case in ABOUT_NAMES[:2]},
    **{(case, tap): NOBODY_ASKS for case in ABOUT_REFUNDS for tap in TAPS},
    **{(case, "concert"): NO_REFUNDS for case in ABOUT_REFUNDS},
    **{("a payment is given back by its amount", name): "names every payment" for name in ("line", "http")},
    **{("the last refund again", name): "names every refund, so it asks for that one" for name in ("line", "http")},
    ("aurar where kronur are expected", "http"): "knows whole kronur only",
    ("kronur where aurar are expected", "http"): "knows whole kronur only",
    ("the last result again", "concert"): "has no names: the same request after its answer is the next customer's",
    **{("the register takes the result later", name): NO_ACKNOWLEDGEMENT for name in ("line", "http")},
    **{("the register refuses the result", name): NO_ACKNOWLEDGEMENT for name in ("line", "http")},
}
PAIRS = [(case, language) for language in LANGUAGES for case in CASES if (case, language) not in CANNOT_BE_SAID]


@each_of(("case", "language"), PAIRS, ids=lambda name: name.replace(" ", "-"))
def test_what_every_register_can_expect(case: str, language: str) -> None:
    CASES[case](Shop(language, **OPTIONS.get(case, {})))  # type: ignore[arg-type]


def table() -> str:
    """As it stands in registers.md: a row for every case, a number for every reason."""
    reasons = list(dict.fromkeys(CANNOT_BE_SAID.values()))
    rows = [["", *(f"`{language}`" for language in LANGUAGES)], ["---"] * (len(LANGUAGES) + 1)]
    for case in CASES:
        found = [CANNOT_BE_SAID.get((case, language)) for language in LANGUAGES]
        rows.append([case, *(f"no ({reasons.index(reason) + 1})" if reason else "yes" for reason in found)])
    lines = [f"| {' | '.join(row)} |" for row in rows]
    notes = [f"{number}. {reason}" for number, reason in enumerate(reasons, start=1)]
    return "\n".join([*lines, "", *notes]) + "\n"


def test_the_page_of_registers_shows_what_is_carried_out_and_what_cannot_be_said() -> None:
    assert table() in PAGE.read_text(encoding="utf-8"), f"{PAGE} should contain:\n\n{table()}"


SIMULATED = PAGE.parents[1] / "simulation" / "registers"


@each_of("path", sorted(SIMULATED.glob("*.py")), ids=lambda path: path.stem)
def test_a_register_shares_nothing_with_the_terminals_codecs(path: Path) -> None:
    """Or a mistake in a codec would agree with itself. Only languages.py knows both ends."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    knows_codecs = any(module.startswith("terminal.register") for module in imported)
    assert knows_codecs == (path.stem == "languages")


def test_what_cannot_be_said_is_what_the_registers_have_no_words_for() -> None:
    for name in LANGUAGES:
        register = Shop(name).register
        said = {case for case in CASES if (case, name) not in CANNOT_BE_SAID}
        assert ("the register cancels" in said) == register.can_cancel, name
        assert ("the last result again" in said) == register.can_ask_again, name
        assert ("the register refuses the result" in said) == register.acknowledges, name
