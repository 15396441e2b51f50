"""Scenarios: a run of the counter as a small TOML file, played on the page, from the command line and as a test.

    title = { is = "Sími", en = "Phone" }
    about = { is = "…", en = "The customer accepts on the phone." }
    steps = [
      { pay = 1990 },
      { keys = "8223281#" },
      { expect = { state = "customer" } },
      { accept = true },
      { expect = { register = "OK 1990", paid = 1, receipts = 2, promises = "kept" } },
    ]

Pure: this file reads and writes the format; player.py plays it.
"""

from __future__ import annotations

import json
import tomllib
from typing import Annotated, Any, Literal

import msgspec

from terminal.demo.fault_recipes import FaultRequest

MAX_BYTES = 32 * 1024
MAX_STEPS = 200


class Expect(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is waited for, all of it at the same moment, at most ``within_s`` seconds. What is left out may be anything.

    Counts count from the beginning of the scenario.
    """

    state: str | None = None
    """Of the open sale; "idle" without one, "off" without power."""
    outcome: str | None = None
    """Of the last sale, as it stands in the journal; ``reason`` likewise."""
    reason: str | None = None
    register: str | None = None
    """How the last line begins that the terminal sent to the register."""
    heard: str | None = None
    """Some line that the terminal sent since the beginning begins so."""
    screen: str | None = None
    """Some line on the display contains it."""
    paid: int | None = None
    """Payments in the service's own ledger."""
    receipts: int | None = None
    """Finished pieces of paper."""
    pending: int | None = None
    """Receipts that wait for the printer."""
    network: Literal["ok", "down"] | None = None
    line: Literal["ok", "down"] | None = None
    """The register's line."""
    promises: Literal["kept", "unbroken"] | None = None
    """Every light green; or at least none red."""
    within_s: float = 30.0


class Step(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One thing to do or to wait for: exactly one of these, ``id`` goes with ``pay``."""

    pay: Annotated[int, msgspec.Meta(ge=0)] | None = None
    """The register asks for so many kronur. The same ``id`` is the same sale again."""
    id: str | None = None
    send: str | None = None
    """The register sends this line; ``{1}`` stands for the register's id of the sale with ``id = "1"``."""
    keys: str | None = None
    hold: str | None = None
    """This key stays down for a long press."""
    accept: bool | None = None
    """The customer accepts, as soon as there is something to accept; ``reject`` likewise."""
    reject: bool | None = None
    sms_code: bool | None = None
    """The code from the customer's SMS is typed, and ``#``."""
    app_code: bool | None = None
    """A fresh app code is typed, and ``#``."""
    fault: str | FaultRequest | None = None
    off: str | None = None
    """A fault is switched off."""
    wait_s: Annotated[float, msgspec.Meta(gt=0, le=3600)] | None = None
    expect: Expect | None = None

    @property
    def action(self) -> str:
        """Which of them it is."""
        return next(name for name in ACTIONS if getattr(self, name) is not None)


ACTIONS = tuple(name for name in Step.__struct_fields__ if name != "id")


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"icelandic": "is", "english": "en"}):
    """The same in both languages."""

    icelandic: str
    english: str


class Scenario(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A whole file."""

    title: Words
    about: Words
    steps: Annotated[tuple[Step, ...], msgspec.Meta(min_length=1, max_length=MAX_STEPS)]


def read_scenario(text: str) -> Scenario:
    """Raises ValueError that names the step and what is wrong with it."""
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise ValueError(f"a scenario is at most {MAX_BYTES} bytes long")
    try:
        scenario = msgspec.convert(tomllib.loads(text), Scenario)
    except (msgspec.ValidationError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise ValueError(f"not a scenario: {error}") from error
    for number, step in enumerate(scenario.steps, 1):
        given = [name for name in ACTIONS if getattr(step, name) is not None]
        if len(given) != 1:
            raise ValueError(f"step {number} must do exactly one thing, not {' and '.join(given) or 'nothing'}")
        if step.id is not None and step.pay is None:
            raise ValueError(f"step {number}: id goes with pay only")
    return scenario


def write_scenario(scenario: Scenario) -> str:
    """As :func:`read_scenario` takes it: one line a step."""
    head = [f"{name} = {_inline(msgspec.to_builtins(getattr(scenario, name)))}" for name in ("title", "about")]
    steps = [f"  {step_line(step)}," for step in scenario.steps]
    return "\n".join([*head, "steps = [", *steps, "]", ""])


def step_line(step: Step) -> str:
    """One step in TOML, for people too."""
    return _inline(msgspec.to_builtins(step))


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_inline(one)}" for key, one in value.items() if one is not None) + " }"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
