"""Whatever the simulated Netgíró can do wrong stands on the panel, for V1 and for V2."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest

from terminal.demo.fault_catalogue import FAULTS
from terminal.netgiro.sandbox.faults import CALLS, KINDS, SIGNATURE_KINDS, V1_CALLS, V2_CALLS, Fault, Faults
from terminal.panel import server as panel

ONLY_V1 = SIGNATURE_KINDS
"""V2 signs nothing."""
ONLY_V2 = {"refused"}
"""V1 has codes for it: ``result_code``."""


def test_the_panel_has_every_fault_of_the_service_and_no_other() -> None:
    on_panel = {name for name, recipe in FAULTS.items() if recipe.group == "server"}
    assert on_panel == {f"server-{kind.replace('_', '-')}" for kind in KINDS}
    assert all(FAULTS[name].undo is not None for name in on_panel)


@pytest.mark.parametrize(("calls", "elsewhere"), [(V1_CALLS, ONLY_V2), (V2_CALLS, ONLY_V1)])
def test_each_kind_can_spoil_each_call_of_either_api(calls: tuple[str, ...], elsewhere: set[str]) -> None:
    for kind, call in product(KINDS, calls):
        faults = Faults()
        if kind in elsewhere:
            with pytest.raises(ValueError, match="does not apply"):
                faults.replace([Fault(kind, call)])
        else:
            faults.replace([Fault(kind, call)])
            assert faults.next_for(call) is not None, (kind, call)


def test_the_page_offers_the_calls_of_both() -> None:
    page = (Path(panel.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    choices = re.search(r'<select id="option-call">(.*?)</select>', page, re.DOTALL)
    assert choices is not None
    offered = re.findall(r"<option(?: [^>]*)?>(\w+)</option>", choices[1])
    assert set(offered) == set(CALLS)
