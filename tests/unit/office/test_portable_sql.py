"""A chain that outgrows one machine spreads its tables by the terminal, by Citus or in CockroachDB. The schema and each
query are held to what that needs, and what one of the two lacks stands only where it is known.

Nothing is run here: both are read, statement by statement.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.each import each

OFFICE = Path(__file__).parents[3] / "terminal/office"

SPREAD = {"journal", "journal_head", "alarm", "sale", "turnover", "turnover_day", "status", "rollout_member"}
"""By the terminal: what grows with the days, and what terminals write all the time."""
EVERYWHERE = {
    *("terminal", "enrolment", "settings_document", "rollout", "release_archive", "release_piece"),
    *("person", "session", "audit", "reconciliation_run", "reconciliation_sum", "reconciliation_line"),
}
"""Small and seldom written: a copy on each node (Citus: create_reference_table), or on one."""


class Rule(NamedTuple):
    pattern: str
    why: str
    only_in: frozenset[str] = frozenset()
    """Files in which it may stand; what to do about it there is said in ``why``."""


RULES = {
    "a sequence": Rule(
        r"\b(big|small)?serial\b|\bGENERATED\b.*\bIDENTITY\b|\bSEQUENCE\b|\bnextval\b",
        "numbers that are drawn in one place make all nodes wait for it; Cockroach's are not dense either",
    ),
    "inheritance": Rule(r"\bINHERITS\b", "neither spreads it"),
    "an exclusion constraint": Rule(r"\bEXCLUDE\s+USING\b", "Cockroach has none, Citus none that crosses shards"),
    "a rule": Rule(r"\bCREATE\s+(OR\s+REPLACE\s+)?RULE\b", "neither rewrites by rules"),
    "messages": Rule(r"\b(LISTEN|NOTIFY|pg_notify)\b", "they reach one node only; Cockroach has none"),
    "a row's place": Rule(r"\b(ctid|xmin|xmax|tableoid)\b", "it means nothing on another node"),
    "a lock of a table": Rule(r"\bLOCK\s+TABLE\b", "Cockroach has none"),
    "a large object": Rule(r"\blo_\w+\(", "neither spreads them"),
    "a materialized view": Rule(r"\bMATERIALIZED\s+VIEW\b", "Citus keeps it on one node"),
    "a deferred constraint": Rule(r"\bDEFERRABLE\b|\bINITIALLY\s+DEFERRED\b", "Cockroach has none"),
    "an extension": Rule(r"\bCREATE\s+EXTENSION\b", "a managed database may not have it"),
    "a foreign key": Rule(
        r"\bREFERENCES\b",
        "between shards it cannot be held; a session and its person are both small",
        frozenset({"sql/0003_people.sql"}),
    ),
    "months of the journal": Rule(
        r"\bPARTITION\s+(BY\s+RANGE|OF)\b",
        "Citus spreads tables that are partitioned by time; Cockroach splits by itself: there the clause is left out",
        frozenset({"sql/0001_journal.sql"}),
    ),
    "a trigger": Rule(
        r"\bCREATE\s+TRIGGER\b",
        "on a spread table Citus wants citus.enable_unsafe_triggers, and older Cockroaches have none; the roles refuse"
        " the same without it",
        frozenset({"sql/0001_journal.sql", "sql/0003_people.sql", "sql/0005_settings.sql"}),
    ),
    "an order of letters for LIKE": Rule(
        r"\btext_pattern_ops\b",
        "Cockroach has no such classes and orders so by itself: left out there",
        frozenset({"sql/0002_sales.sql"}),
    ),
    "rights to a column": Rule(
        r"\bGRANT\s+(SELECT|UPDATE)\s*\(",
        "Cockroach has rights to tables only: there the page reads the hashes of tokens, too",
        frozenset({"sql/roles.sql"}),
    ),
    "an advisory lock": Rule(
        r"\bpg_(try_)?advisory_\w+",
        "Cockroach takes it and holds nothing: there one office migrates, and keys refuse the second of two at once",
        frozenset({"sql/0001_journal.sql", "server/database.py", "server/settings.py", "server/releases.py"}),
    ),
    "a temporary table": Rule(
        r"\bTEMPORARY\b",
        "Cockroach drops none at the commit; only a person's reconciliation makes some",
        frozenset({"server/payouts.py"}),
    ),
}


class Statement(NamedTuple):
    place: str
    text: str


def statements() -> list[Statement]:
    """Every statement of the schema, and every text of the program that is SQL."""
    found = []
    for path in sorted(OFFICE.glob("sql/*.sql")):
        text = re.sub(r"--.*", "", path.read_text("utf-8"))
        bodies: list[str] = re.findall(r"\$\$.*?\$\$", text, re.DOTALL)
        plain = re.sub(r"\$\$.*?\$\$", "$$$$", text, flags=re.DOTALL)
        parts = [part.strip() for part in plain.split(";")] + [body.strip("$ \n") for body in bodies]
        found += [Statement(f"sql/{path.name}", part) for part in parts if part]
    for path in sorted(OFFICE.rglob("*.py")):
        place = str(path.relative_to(OFFICE))
        found += [Statement(place, text) for text in _texts(path) if _IS_SQL.match(text)]
    return found


_IS_SQL = re.compile(r"\s*(SELECT|INSERT INTO|UPDATE \w+|DELETE FROM|WITH \w+|CREATE|GRANT|COPY|LOCK|TRUNCATE)\s")


def _texts(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text("utf-8"))
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = (one.value if isinstance(one, ast.Constant) else "?" for one in node.values)
            yield "".join(str(part) for part in parts)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside:
            yield node.value


ALL = statements()


def tables() -> dict[str, str]:
    """Every table of the schema, and its columns and constraints."""
    found = {}
    for one in ALL:
        if one.place.startswith("sql/") and (made := re.match(r"CREATE TABLE (\w+) \((.*)\)", one.text, re.DOTALL)):
            found[made[1]] = made[2]
    return found


def test_every_statement_is_read() -> None:
    places = {one.place for one in ALL}
    assert {
        "server/store.py",
        "server/folding.py",
        "page/queries.py",
        "sql/0001_journal.sql",
        "sql/roles.sql",
    } <= places
    assert len(tables()) > 15
    assert len(ALL) > 100


def test_of_every_table_it_is_decided_where_it_lies() -> None:
    assert set(tables()) == SPREAD | EVERYWHERE, "a new table is spread by the terminal, or small"


def test_every_key_of_a_spread_table_begins_with_the_terminal() -> None:
    """Else a node could not tell by itself whether a row is there already."""
    with each() as case:
        for name in sorted(SPREAD):
            with case(name):
                columns = tables()[name]
                inline = re.findall(r"(\w+) \w+ PRIMARY KEY", columns)
                keys = [*re.findall(r"(?:PRIMARY KEY|UNIQUE) \(([^)]*)\)", columns), *inline]
                assert keys, "it has a key"
                assert all(key.split(",")[0] == "terminal" for key in keys), keys
    made = (re.match(r"CREATE UNIQUE INDEX \w+ ON (\w+) \((.*)\)", one.text) for one in ALL)
    assert [index[1] for index in made if index and index[1] in SPREAD and not index[2].startswith("terminal")] == []


def test_whatever_changes_a_spread_table_says_of_which_terminal() -> None:
    """Then one node does it alone, in a transaction of its own."""
    changing = 0
    with each() as case:
        for one in ALL:
            with case(one.place, one.text[:40].strip()):
                changing += _changes_a_spread_table(one.text)
    assert changing > 10


def _changes_a_spread_table(text: str) -> bool:
    insert = re.match(r"\s*INSERT INTO (\w+) \(([^)]*)\)", text)
    if insert and insert[1] in SPREAD:
        assert insert[2].split(",")[0].strip() == "terminal", "its first column"
        conflict = re.search(r"ON CONFLICT \(([^)]*)\)", text)
        assert conflict is None or conflict[1].split(",")[0] == "terminal", "what it meets"
        return True
    update = re.match(r"\s*(?:UPDATE|DELETE FROM) (\w+)", text)
    if update and update[1] in SPREAD:
        change, _, condition = text.partition("WHERE")
        assert re.search(r"\bterminal = ", condition), "its condition"
        assert not re.search(r"\bterminal = ", change), "a row never moves to another node"
        return True
    locks = re.search(r"FROM (\w+).*FOR (NO KEY )?UPDATE", text, re.DOTALL)
    assert locks is None or locks[1] not in SPREAD or re.search(r"\bterminal = ", text), "what it locks"
    return False


@pytest.mark.parametrize("name", sorted(RULES))
def test_what_one_of_them_lacks_stands_only_where_it_is_known(name: str) -> None:
    rule = RULES[name]
    found = {one.place for one in ALL if re.search(rule.pattern, one.text, re.IGNORECASE)}
    assert found <= rule.only_in, f"{name}: {rule.why}"
    assert rule.only_in <= found, f"{name}: it does not stand there any more"
