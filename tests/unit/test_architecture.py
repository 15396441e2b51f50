"""The shape of the code, held by reading it: what is pure, what is loaded late, where whose words are spoken.

Which room may import which is held by test_rooms.py.

Each test's message says which rule is broken, where, and why the rule is there.
"""

from __future__ import annotations

import ast
import importlib.metadata
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.each import each_of

ROOT = Path(__file__).parents[2]

# fmt: off
PURE = [
    "hardware.interfaces", "hardware.keypad_scanner", "hardware.printer.escpos_commands",
    "hardware.printer.paper", "hardware.printer.status", "hardware.settings", "terminal.config.from_office",
    "terminal.counter.answers",
    "terminal.counter.decide", "terminal.counter.decision", "terminal.counter.inputs",
    "terminal.counter.keypad_test", "terminal.counter.menu", "terminal.counter.menu_codes",
    "terminal.counter.menu_keys", "terminal.counter.menu_wishes", "terminal.counter.of_doubt",
    "terminal.counter.of_gap", "terminal.counter.of_keys",
    "terminal.counter.of_language", "terminal.counter.of_operator", "terminal.counter.of_refund",
    "terminal.counter.of_register",
    "terminal.counter.of_sale",
    "terminal.counter.of_shop", "terminal.counter.of_totals", "terminal.counter.of_training",
    "terminal.counter.progress", "terminal.counter.register_ids",
    "terminal.counter.register_words", "terminal.counter.rules", "terminal.counter.scanning",
    "terminal.counter.trouble", "terminal.counter.typing", "terminal.counter.view",
    "terminal.errors", "terminal.journal.rows", "terminal.loop.held_back", "terminal.netgiro.wire",
    "terminal.netgiro.wire_v2", "terminal.office.finding",
    "terminal.office.server.waves", "terminal.office.uplink.core", "terminal.office.wire", "terminal.paper.end_of_day",
    "terminal.paper.receipt", "terminal.paper.reconciliation", "terminal.paper.transaction_list",
    "terminal.register.concert.codec", "terminal.register.concert.format",
    "terminal.register.concert.rules", "terminal.register.concert.transport", "terminal.register.concert.wish",
    "terminal.register.http.answers", "terminal.register.http.codec", "terminal.register.http.desk",
    "terminal.register.http.ended_days",
    "terminal.register.http.forms", "terminal.register.http.frames", "terminal.register.http.openapi",
    "terminal.register.http.operations", "terminal.register.http.outbox", "terminal.register.http.paper",
    "terminal.register.http.last_word", "terminal.register.http.problems", "terminal.register.http.requests",
    "terminal.register.line.answers", "terminal.register.line.codec",
    "terminal.register.line.format", "terminal.register.line.framing", "terminal.register.protocol",
    "terminal.register.settings", "terminal.register.taps.display", "terminal.register.taps.escpos_stream",
    "terminal.register.taps.pole_display", "terminal.register.taps.receipt", "terminal.register.taps.tap",
    "terminal.register.taps.total",
    "terminal.register.unknown.capture", "terminal.register.unknown.card_data", "terminal.register.wording",
    "terminal.register.zvt.codec", "terminal.register.zvt.commands", "terminal.register.zvt.end_of_day",
    "terminal.register.zvt.format", "terminal.register.zvt.frames", "terminal.register.zvt.network",
    "terminal.register.zvt.result", "terminal.register.zvt.session", "terminal.register.zvt.telling",
    "terminal.register.zvt.refunding", "terminal.register.zvt.transport",
    "terminal.register.zvt.turns", "terminal.sale.after_power_cut", "terminal.sale.customer", "terminal.sale.diagram",
    "terminal.sale.effects", "terminal.sale.ending", "terminal.sale.events", "terminal.sale.gateway",
    "terminal.sale.kennitala", "terminal.sale.money",
    "terminal.sale.moves", "terminal.sale.record", "terminal.sale.refund", "terminal.sale.refund_step",
    "terminal.sale.sale", "terminal.sale.sensitive", "terminal.sale.step", "terminal.sale.totals",
    "terminal.sale.tracing",
    "terminal.screen.menu_screens", "terminal.screen.screen", "terminal.screen.screens",
    "terminal.system.broken_numbers", "terminal.system.check_digits",
    "terminal.system.daily", "terminal.system.digits", "terminal.system.personal", "terminal.system.shown",
    "terminal.texts.doctor", "terminal.texts.english", "terminal.texts.icelandic", "terminal.texts.sentences",
    "terminal.texts.words",
]

IMPURE = {
    "aiosqlite", "asyncio", "concurrent", "escpos", "fcntl", "gpiozero", "httpx", "logging", "luma", "mmap",
    "multiprocessing", "os", "pathlib", "random", "sched", "secrets", "select", "selectors", "serial", "shutil",
    "signal", "socket", "sqlite3", "ssl", "starlette", "subprocess", "sys", "tempfile", "termios", "threading", "time",
    "tty", "urllib3", "uuid", "uvicorn",
}
# fmt: on
CLOCK_CALLS = {"now", "utcnow", "today"}

NEEDED_WHEN_USED = {
    "escpos": "200 ms: not before the first receipt is due",
    "gpiozero": "70 ms: not before a matrix keypad is opened",
    "luma": "45 ms: not before a display is opened",
    "starlette": "73 ms: not before something is served",
    "uvicorn": "72 ms: not before something is served",
    "prometheus_client": "59 ms: not before metrics are asked for",
    "psycopg": "120 ms, and only where an office is served",
    "httpx": "85 ms: not before the terminal is ready, and then on a thread",
}
SERVES_THE_WEB = re.compile(
    r"terminal\.(system\.(web|lean_uvicorn)|netgiro\.callback|netgiro\.sandbox\..+|panel\..+|demo\..+|office\.(server|page)\..+"
    r"|register\.http\.(server|port))"
)
BUILT_ON = {
    "httpx": re.compile(
        r"terminal\.(netgiro\.https|netgiro\.sandbox\..+|office\.uplink\.client|demo\.(stage|surroundings))"
    ),
    "starlette": SERVES_THE_WEB,
    "uvicorn": SERVES_THE_WEB,
    "gpiozero": re.compile(r"hardware\.gpio_pins"),
    "psycopg": re.compile(r"terminal\.office\.(server|page)\..+"),
}
"""Modules that are of no use without that library, so whoever needs them imports them late."""

NETGIRO_WORDS = re.compile(
    r"InsertCart|CheckCart|ConfirmCart|CancelCart|ResultCode|ConfirmationType|PaymentInfo|StatusId|netgiro_appkey|"
    r"netgiro_nonce|netgiro_signature|netgiro_referenceId"
)
NETGIRO_CODES = {*range(10200, 10204), 10302, *range(10304, 10308), *range(10422, 10430)}
SPEAKS_NETGIRO = re.compile(
    r"terminal\.(netgiro|panel|demo|simulation|doctor|commands\.panel)(\..+)?"  # and what simulates or examines it
)


class Import(NamedTuple):
    module: str
    line: int
    at_top: bool
    """Carried out when the file is imported, not later in a function and not for type checkers only."""


@cache
def modules() -> dict[str, Path]:
    """Every module of the product by its dotted name."""
    found = {}
    for top in ("terminal", "hardware"):
        for path in sorted((ROOT / top).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def tree_of(module: str) -> ast.Module:
    return ast.parse(modules()[module].read_text(encoding="utf-8"))


@cache
def imports_of(module: str) -> tuple[Import, ...]:
    return tuple(_imports(tree_of(module), at_top=True))


def _imports(node: ast.AST, *, at_top: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.Import(names=names):
                yield from (Import(name.name, child.lineno, at_top) for name in names)
            case ast.ImportFrom(module=str(source), names=names, level=0):
                for name in names:  # "from terminal import events" imports a module, too
                    whole = f"{source}.{name.name}"
                    yield Import(whole if whole in modules() else source, child.lineno, at_top)
            case ast.ImportFrom():
                raise AssertionError(
                    f"line {child.lineno}: imports are absolute, so that a newcomer sees their direction"
                )
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                yield from _imports(child, at_top=False)
            case _:
                inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
                yield from _imports(child, at_top=at_top and not inside)


def place(module: str, line: int) -> str:
    return f"{modules()[module].relative_to(ROOT)}:{line}"


def top_of(module: str) -> str:
    return module.partition(".")[0]


def complain(rule: str, places: list[str]) -> None:
    assert not places, "\n".join([rule, *places])


def test_the_lists_here_name_modules_that_exist() -> None:
    complain("tests/unit/test_architecture.py lists modules that are gone:", [m for m in PURE if m not in modules()])


def test_hardware_never_imports_terminal() -> None:
    complain(
        "hardware/ knows bytes, keys, pixels and paper, never money: a driver must be usable without this terminal.",
        [
            f"{place(module, found.line)} imports {found.module}"
            for module in modules()
            if top_of(module) == "hardware"
            for found in imports_of(module)
            if top_of(found.module) == "terminal"
        ],
    )


def test_nothing_imports_the_tests() -> None:
    complain(
        "The tests are not installed: production that imports them does not start at the shop.",
        [
            f"{place(module, found.line)} imports {found.module}"
            for module in modules()
            for found in imports_of(module)
            if top_of(found.module) in ("tests", "pytest", "hypothesis")
        ],
    )


@each_of("module", PURE)
def test_pure_modules_have_no_io_clock_or_randomness(module: str) -> None:
    reaches_out = [
        f"{place(module, found.line)} imports {found.module}"
        for found in imports_of(module)
        if top_of(found.module) in IMPURE
    ]
    asks_the_clock = [
        f"{place(module, node.lineno)} calls .{node.func.attr}()"
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCK_CALLS
    ]
    complain(
        "A pure module decides from its arguments alone, so that the simulation and the tests can run it as it is: "
        "time and chance are passed in, effects are returned.",
        reaches_out + asks_the_clock,
    )


@each_of("module", PURE)
def test_pure_modules_import_only_pure_modules(module: str) -> None:
    complain(
        "A pure module that imports one with I/O is not pure any more; move what both need into a pure one.",
        [
            f"{place(module, found.line)} imports {found.module}"
            for found in imports_of(module)
            if found.module in modules() and found.at_top and found.module not in PURE
        ],
    )


def test_every_library_that_is_imported_is_a_dependency_of_its_own() -> None:
    """Or it is gone as soon as the library that happened to bring it does without."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    listed = [*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)]
    names = {re.split(r"[^A-Za-z0-9._-]", one, maxsplit=1)[0].lower().replace("_", "-") for one in listed}
    distributions = importlib.metadata.packages_distributions()
    complain(
        "A library that is imported must stand in pyproject.toml with its reason, whoever else brings it along.",
        [
            f"{place(module, found.line)} imports {found.module}"
            for module in modules()
            for found in imports_of(module)
            if (top := top_of(found.module)) not in sys.stdlib_module_names
            if top in distributions and top not in ("terminal", "hardware", "tests")
            if not {name.lower().replace("_", "-") for name in distributions[top]} & names
        ],
    )


def test_only_the_gateway_knows_netgiros_words() -> None:
    places = []
    for module in modules():
        if SPEAKS_NETGIRO.fullmatch(module):
            continue
        tree = tree_of(module)
        docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            match node:
                case ast.Name(id=word) | ast.Attribute(attr=word) | ast.arg(arg=word):
                    foreign = bool(NETGIRO_WORDS.search(word))
                case ast.Constant(value=str(text)) if id(node) not in docstrings:
                    foreign = bool(NETGIRO_WORDS.search(text))
                case ast.Constant(value=int(number)):
                    foreign = number in NETGIRO_CODES
                case _:
                    continue
            if foreign:
                places.append(f"{place(module, node.lineno)} speaks of {ast.unparse(node)}")
    complain(
        "Only terminal/netgiro knows Netgíró's verbs, fields and result codes: the core speaks of authorization, "
        "capture and void, so that the next API generation is one more module there.",
        places,
    )


def test_heavy_libraries_are_imported_where_they_are_used() -> None:
    complain(
        "A terminal starts within a second on a small Pi, so a heavy library is imported inside the function that "
        "needs it.",
        [
            f"{place(module, found.line)} imports {found.module} at the top ({NEEDED_WHEN_USED[top_of(found.module)]})"
            for module in modules()
            for found in imports_of(module)
            if found.at_top and top_of(found.module) in NEEDED_WHEN_USED
            if not (top_of(found.module) in BUILT_ON and BUILT_ON[top_of(found.module)].fullmatch(module))
        ],
    )


ONE_THREAD = re.compile(r"terminal\.(demo|panel|simulation|netgiro\.sandbox)(\..+)?")
"""What runs on the event loop alone."""


def test_msgspec_reads_each_class_when_its_module_is_imported() -> None:
    complain(
        "msgspec reads a class the first time it converts to it, and versions before 0.23 crash the interpreter if two "
        "threads do so at once: make a msgspec.json.Decoder of the class at the top of the module.",
        [
            f"{place(module, call.lineno)} converts to {kind}"
            for module in modules()
            if not ONE_THREAD.fullmatch(module)
            for ready in [_decoders_at_top(tree_of(module))]
            for call, kind in _conversions(tree_of(module))
            if kind not in ready
        ],
    )


def _conversions(tree: ast.Module) -> Iterator[tuple[ast.Call, str]]:
    """Calls of msgspec with the class that they name."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr="convert"), args=[_, kind]):
                pass
            case ast.Call(func=ast.Attribute(attr="decode"), keywords=[ast.keyword(arg="type", value=kind)]):
                pass
            case _:
                continue
        if re.fullmatch(r"(\w+\.)*_?[A-Z]\w*", name := ast.unparse(kind)):
            yield node, name


def _decoders_at_top(tree: ast.Module) -> set[str]:
    made = [node.value for node in tree.body if isinstance(node, ast.Assign | ast.AnnAssign)]
    return {
        ast.unparse(call.args[0])
        for call in made
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "msgspec.json.Decoder"
    }


@pytest.mark.parametrize(
    ("module", "not_loaded"),
    [
        (
            "terminal.daemon.daemon",
            [
                *(*NEEDED_WHEN_USED, "PIL", "serial", "terminal.simulation", "terminal.netgiro.sandbox"),
                "terminal.register.http",
                "terminal.doctor.system",
                "terminal.office.uplink",
            ],
        ),
        (
            "terminal.commands.main",
            [*NEEDED_WHEN_USED, "PIL", "serial", "sqlite3", "terminal.simulation", "typing_extensions"],
        ),
        (
            "terminal.panel.serving",
            [
                *("importlib.metadata", "terminal.doctor.system", "terminal.simulation"),
                *("click", "multiprocessing", "logging.handlers"),
            ],
        ),
        ("terminal.sale.step", [*NEEDED_WHEN_USED, "PIL", "httpx", "sqlite3", "asyncio", "terminal.netgiro"]),
    ],
)
def test_starting_loads_nothing_that_is_not_needed_yet(module: str, not_loaded: list[str]) -> None:
    """The same rule at work: what one import really brings in, however many steps away."""
    program = f"import sys, {module}; print(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    loaded = set(result.stdout.split()) & set(not_loaded)
    assert not loaded, f"importing {module} loads {', '.join(sorted(loaded))}: it would wait for what nobody uses yet"
