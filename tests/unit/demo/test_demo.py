"""What the demo says when it begins."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from terminal.demo.demo import _say_where_the_register_is
from terminal.panel.backend import RegisterInfo
from tests.each import each_of


@each_of(
    ("register", "hint"),
    [
        (RegisterInfo("/dev/pts/7", "line"), "try: printf 'PAY 1990 ID=%s"),
        (RegisterInfo("/dev/pts/7", "line", amount_decimals=2), "try: printf 'PAY 199000 ID=%s"),
        (RegisterInfo("/dev/pts/7", "zvt"), "protocol: zvt"),
        (RegisterInfo("/dev/pts/7", "display"), "protocol: display"),
        (RegisterInfo("http://127.0.0.1:8026", "http", token="abc"), "token: abc"),
    ],
)
def test_it_names_the_registers_line_and_only_what_can_be_typed_there(register: RegisterInfo, hint: str) -> None:
    said: list[str] = []
    panel: Any = SimpleNamespace(backend=SimpleNamespace(register_info=lambda: register))
    _say_where_the_register_is(panel, said.append)
    (line,) = said
    assert register.port in line
    assert hint in line
    assert ("PAY" in line) == (register.protocol == "line")
