"""Small changes to a module, each of which some test ought to notice: a mutator over the syntax tree."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CodeType
from typing import NamedTuple

_COMPARE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_BINARY: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitOr,
}
_OTHER_WAY = {"min": "max", "max": "min", "any": "all", "all": "any"}


class Mutant(NamedTuple):
    """One change to a tree that all mutants of a module share: it is made when it is needed, and undone."""

    tree: ast.Module
    node: ast.AST
    what: str
    change: Callable[[ast.AST], None]

    @property
    def lines(self) -> range:
        """What has to run for the change to matter."""
        node = self.node.pattern if isinstance(self.node, ast.match_case) else self.node
        first = getattr(node, "lineno", 0)
        return range(first, getattr(node, "end_lineno", first) + 1)

    @property
    def source(self) -> str:
        """The whole module with it, as the syntax tree writes it."""
        with self._made():
            return ast.unparse(self.tree)

    def code(self, filename: str) -> CodeType:
        """The whole module with it."""
        with self._made():
            return compiled(self.tree, filename)

    def constant(self, filename: str) -> tuple[str, CodeType] | None:
        """The name of the module's constant that it changes, and how that is made. None: it changes something else."""
        for statement in self.tree.body:
            match statement:
                case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                    if any(one is self.node for one in ast.walk(statement)):
                        with self._made():
                            return name, compiled(ast.Module([statement], []), filename)
        return None

    def diff(self) -> str:
        """The lines that differ."""
        before, after = ast.unparse(self.tree).splitlines(), self.source.splitlines()
        changed = difflib.unified_diff(before, after, lineterm="", n=0)
        return "\n".join(line for line in changed if not line.startswith(("---", "+++", "@@")))

    @contextmanager
    def _made(self) -> Iterator[None]:
        before = {name: list(value) if isinstance(value, list) else value for name, value in vars(self.node).items()}
        self.change(self.node)
        ast.fix_missing_locations(self.node)
        try:
            yield
        finally:
            vars(self.node).update(before)


def compiled(tree: ast.Module, filename: str) -> CodeType:
    """As every module of ours is."""
    return compile(tree, filename, "exec", flags=annotations.compiler_flag, dont_inherit=True)


def mutants_of(source: str) -> list[Mutant]:
    """Every mutant, in the order of the source."""
    tree = ast.parse(source)
    passive = _passive(tree)
    found = [
        Mutant(tree, node, what, change)
        for node in ast.walk(tree)
        if id(node) not in passive
        for what, change in _changes(node)
    ]
    return sorted(found, key=lambda mutant: mutant.lines.start)


def _passive(tree: ast.Module) -> set[int]:
    """What runs no business: annotations, docstrings, imports, messages of errors and of the log."""
    passive: set[int] = set()

    def leave_out(node: ast.AST | None) -> None:
        if node is not None:
            passive.update(id(one) for one in ast.walk(node))

    for node in ast.walk(tree):
        match node:
            case ast.AnnAssign():
                leave_out(node.annotation)
            case ast.arg():
                leave_out(node.annotation)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                leave_out(node.returns)
                for decorator in node.decorator_list:
                    leave_out(decorator)
            case ast.Expr(value=ast.Constant()):
                leave_out(node)
            case ast.Import() | ast.ImportFrom() | ast.Raise() | ast.Assert():
                leave_out(node)
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id="log")))):
                leave_out(node)
            case ast.Assign(targets=[ast.Name(id="log")]):
                leave_out(node)
            case ast.ClassDef():
                for keyword in node.keywords:
                    leave_out(keyword)
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                leave_out(node)
    return passive


def _changes(node: ast.AST) -> Iterator[tuple[str, Callable[[ast.AST], None]]]:  # noqa: PLR0912  one case a kind
    match node:
        case ast.Compare(ops=ops):
            for at, op in enumerate(ops):
                if (other := _COMPARE.get(type(op))) is not None:
                    yield f"{type(op).__name__} as {other.__name__}", _set_op(at, other)
        case ast.BoolOp(op=op):
            yield "and as or", _replaced("op", ast.Or() if isinstance(op, ast.And) else ast.And())
            for at in range(len(node.values)):
                yield f"condition {at + 1} left out", _without_value(at)
        case ast.BinOp(op=operator) | ast.AugAssign(op=operator) if type(operator) in _BINARY:
            other_operator = _BINARY[type(operator)]
            yield f"{type(operator).__name__} as {other_operator.__name__}", _replaced("op", other_operator())
        case ast.UnaryOp(op=ast.Not()):
            yield "not left out", _not_left_out
        case ast.Constant(value=bool(value)):
            yield f"{value} as {not value}", _replaced("value", not value)
        case ast.Constant(value=int(number) | float(number)):
            yield f"{number} as {number + 1}", _replaced("value", number + 1)
        case ast.Constant(value=str(text)) if text:
            yield f"{text!r} as another text", _replaced("value", f"{text}~")
        case ast.If() | ast.IfExp() | ast.While():
            yield "condition turned round", _turned_round
        case ast.Return(value=ast.expr()) if not isinstance(node.value, ast.Constant):
            yield "returns None", _replaced("value", ast.Constant(None))
        case ast.Call(func=ast.Name(id=name)) if name in _OTHER_WAY:
            yield f"{name} as {_OTHER_WAY[name]}", _replaced("func", ast.Name(_OTHER_WAY[name], ast.Load()))
        case ast.Call(keywords=keywords):
            for at, keyword in enumerate(keywords):
                if keyword.arg is not None:
                    yield f"{keyword.arg}= left out", _without_keyword(at)
        case ast.match_case(guard=ast.expr()):
            yield "guard left out", _replaced("guard", None)
        case ast.Expr(value=ast.Call() | ast.Await()):
            yield "statement left out", _left_out


def _set_op(at: int, other: type[ast.cmpop]) -> Callable[[ast.AST], None]:
    def change(node: ast.AST) -> None:
        assert isinstance(node, ast.Compare)
        node.ops[at] = other()

    return change


def _replaced(field: str, value: object) -> Callable[[ast.AST], None]:
    return lambda node: setattr(node, field, value)


def _without_value(at: int) -> Callable[[ast.AST], None]:
    def change(node: ast.AST) -> None:
        assert isinstance(node, ast.BoolOp)
        is_and = isinstance(node.op, ast.And)
        node.values[at] = ast.Constant(is_and)

    return change


def _without_keyword(at: int) -> Callable[[ast.AST], None]:
    def change(node: ast.AST) -> None:
        assert isinstance(node, ast.Call)
        del node.keywords[at]

    return change


def _not_left_out(node: ast.AST) -> None:
    assert isinstance(node, ast.UnaryOp)
    node.operand = ast.UnaryOp(ast.Not(), node.operand)


def _turned_round(node: ast.AST) -> None:
    assert isinstance(node, ast.If | ast.IfExp | ast.While)
    node.test = ast.UnaryOp(ast.Not(), node.test)


def _left_out(node: ast.AST) -> None:
    assert isinstance(node, ast.Expr)
    node.value = ast.Constant(None)
