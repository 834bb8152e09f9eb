"""Small parts: functions of 40 lines, modules of 300, connectors near 60 to 120, no promises left in comments."""

from __future__ import annotations

import ast
import io
import re
import statistics
import tokenize
from collections.abc import Iterator
from pathlib import Path

import connectors
from citysync.reconciliation.checks import all_checks
from tests.house.pages import ROOT

FUNCTION, MEDIAN, MODULE, CONNECTOR, CHECK, CITY_FILE, CONFTEST = 40, 8, 300, 160, 40, 60, 150
PROMISE = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
CODE = ("citysync", "flows", "schemas", "connectors", "bench", "examples")
GENERATED = "migrations/versions"


def files(*rooms: str) -> list[Path]:
    """Return the Python files of rooms; a migration is a record of what was, not code anybody edits."""
    found = (path for room in rooms for path in (ROOT / room).rglob("*.py"))
    return sorted(path for path in found if GENERATED not in path.as_posix())


def functions(source: str) -> Iterator[tuple[str, int]]:
    """Yield each function's name and its lines, from ``def`` to its end."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def too_long(source: str, most: int = FUNCTION) -> list[str]:
    """Return the functions of more lines than allowed."""
    return [f"{name}: {lines} lines" for name, lines in functions(source) if lines > most]


def bare_excepts(source: str) -> list[int]:
    """Return the lines of handlers that catch everything by naming nothing."""
    tree = ast.parse(source)
    return [node.lineno for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler) and node.type is None]


def silent_excepts(source: str) -> list[int]:
    """Return the lines of handlers that catch every exception and say nothing."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) in {"Exception", "BaseException"})
        and all(isinstance(inside, ast.Pass | ast.Continue) for inside in node.body)
    ]


def promises(source: str) -> list[int]:
    """Return the lines of comments that promise instead of saying."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return [token.start[0] for token in tokens if token.type == tokenize.COMMENT and PROMISE.search(token.string)]


def shown(path: Path, found: object) -> str:
    return f"{path.relative_to(ROOT)}: {found}"


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_no_function_is_longer_than_forty_lines() -> None:
    assert [shown(path, found) for path in files(*CODE) for found in too_long(text(path))] == []


def test_a_long_function_is_noticed_and_one_of_forty_lines_is_not() -> None:
    body = "def long():\n" + "    x = 1\n" * FUNCTION
    assert too_long(body) == ["long: 41 lines"]
    assert too_long(body.removesuffix("    x = 1\n")) == []
    assert too_long("class A:\n    async def inner():\n" + "        x = 1\n" * FUNCTION) == ["inner: 41 lines"]


def test_functions_are_short_as_a_rule() -> None:
    lines = [size for path in files(*CODE) for _, size in functions(text(path))]
    assert statistics.median(lines) <= MEDIAN


def test_no_module_is_longer_than_three_hundred_lines() -> None:
    sizes = {path: len(text(path).splitlines()) for path in files(*CODE)}
    assert [shown(path, size) for path, size in sizes.items() if size > MODULE] == []
    assert len(sizes) > 100, "the walk itself found too few modules"


def test_connectors_checks_and_conftests_keep_their_size() -> None:
    most = {ROOT / "connectors" / f"{name}.py": CONNECTOR for name in connectors.names()}
    most |= {Path(str(check.__file__)): CHECK for check in all_checks().values()}
    most |= dict.fromkeys(ROOT.glob("tests/**/conftest.py"), CONFTEST)
    most |= dict.fromkeys((ROOT / "examples").rglob("cities/*.toml"), CITY_FILE)
    assert [shown(path, size) for path, size in most.items() if len(text(path).splitlines()) > size] == []


def test_no_handler_catches_everything_without_a_word() -> None:
    everywhere = files(*CODE, "tests")
    assert [shown(path, line) for path in everywhere for line in bare_excepts(text(path))] == []
    assert [shown(path, line) for path in everywhere for line in silent_excepts(text(path))] == []


def test_a_silent_handler_is_noticed_and_one_that_speaks_is_not() -> None:
    bare = "try:\n    f()\nexcept:\n    pass\n"
    assert (bare_excepts(bare), silent_excepts(bare)) == ([3], [3])
    assert silent_excepts(bare.replace("except:", "except Exception:")) == [3]
    assert silent_excepts(bare.replace("except:", "except OSError:")) == []
    assert silent_excepts("try:\n    f()\nexcept Exception as e:\n    raise A from e\n") == []


def test_no_comment_promises() -> None:
    assert [shown(path, line) for path in files(*CODE, "tests") for line in promises(text(path))] == []
    assert promises("x = 1  # " + "TODO later\ny = 'TODO'\n") == [1]
