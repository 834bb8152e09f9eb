"""Texts as the code writes them, gaps and all: what sources are refused with, what ``doctor`` finds and advises."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.house.pages import ROOT

# Classes of refusals, and the functions that make one of a text.
REFUSALS = frozenset(
    {"Unreachable", "Throttled", "Refused", "Unreadable", "OverBudget", "Expired", "Cut", "_citys", "_between_us"}
)
OUTCOMES = frozenset({"failed", "warned"})
_CHINESE = re.compile("[\u4e00-\u9fff]")


def refusals(folder: Path = ROOT / "connectors") -> list[tuple[str, str, str]]:
    """Return (place, text with gaps, pattern) of every text that the connectors refuse a source with."""
    return [found for path in sorted(folder.rglob("*.py")) for found in _of_file(path, folder)]


def remedies(folder: Path = ROOT / "flows" / "doctor") -> list[str]:
    """Return "module.function | outcome | text | remedy" of everything doctor finds not to be right."""
    return sorted({line for path in folder.rglob("*.py") for line in _remedies_of(path)})


def _remedies_of(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for function, call in _calls(tree, OUTCOMES):
        outcome = call.func.id if isinstance(call.func, ast.Name) else ""
        texts = (_written(argument, function) for argument in call.args)
        yield " | ".join((f"{path.stem}.{getattr(function, 'name', '')}", outcome, *texts))


def _written(argument: ast.expr, function: ast.AST) -> str:
    """Return what an argument may say: its texts, or the expression that makes it."""
    texts = [_template(text)[0] for text in _texts(argument, function)]
    return " / ".join(texts) or f"{{{ast.unparse(argument)}}}"


def _of_file(path: Path, folder: Path) -> Iterator[tuple[str, str, str]]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for function, call in _calls(tree, REFUSALS):
        for text in _texts(call.args[0], function):
            shown, pattern = _template(text)
            if _CHINESE.search(shown):
                yield f"{path.relative_to(folder)}:{text.lineno}", shown, pattern


def _calls(tree: ast.AST, names: frozenset[str], within: ast.AST | None = None) -> Iterator[tuple[ast.AST, ast.Call]]:
    """Yield every call of these names that says something, with the function it stands in."""
    for node in ast.iter_child_nodes(tree):
        inside = node if isinstance(node, ast.FunctionDef) else within
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names and node.args:
            yield inside or tree, node
        yield from _calls(node, names, inside)


def _texts(node: ast.expr, function: ast.AST) -> list[ast.Constant | ast.JoinedStr]:
    """Return the texts an expression may be: itself, or whatever the function gave that name."""
    if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str)):
        return [node]
    if isinstance(node, ast.IfExp):
        return [*_texts(node.body, function), *_texts(node.orelse, function)]
    if not isinstance(node, ast.Name):
        return []
    given = [each for each in ast.walk(function) if isinstance(each, ast.Assign) and _names(each) == {node.id}]
    return [text for each in given for text in _texts(each.value, function)]


def _names(assignment: ast.Assign) -> set[str]:
    return {target.id for target in assignment.targets if isinstance(target, ast.Name)}


def _template(text: ast.Constant | ast.JoinedStr) -> tuple[str, str]:
    parts = [text] if isinstance(text, ast.Constant) else text.values
    words = [str(part.value) if isinstance(part, ast.Constant) else None for part in parts]
    shown = "".join("{…}" if word is None else word for word in words)
    return shown, "".join(".*" if word is None else re.escape(word) for word in words)
