"""Importing does nothing, and starting imports little: each question is asked of a fresh process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.pages import ROOT
from tests.house.reasons import ROOMS
from tests.places import a_folder
from tests.program import citysync

HEAVY = frozenset({"polars", "pandera", "prefect", "sqlalchemy", "alembic", "requests"})

# Prints what a list of modules did while it was imported. Third parties are imported first: their effects (Prefect
# makes its folder, urllib3 looks whether the machine speaks IPv6, polars sets up its allocator) are theirs.
_PROBE = """
import importlib, json, os, signal, sys, threading, warnings
sys.dont_write_bytecode = True
first, names = json.loads(sys.argv[1])
for name in first:
    importlib.import_module(name)
done, deep = [], ("os.mkdir", "os.rename", "os.remove", "os.symlink", "os.putenv", "socket.connect", "socket.bind",
                  "socket.getaddrinfo", "subprocess.Popen", "sqlite3.connect", "os.fork", "os.posix_spawn")
def watch(event, args):
    if event in deep or (event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+")):
        done.append(f"{event} {args[:1]}")
sys.addaudithook(watch)
handlers = {number: signal.getsignal(number) for number in signal.valid_signals()}
environment, threads, folder = dict(os.environ), set(threading.enumerate()), os.getcwd()
effects = {}
for name in names:
    importlib.import_module(name)
    if handlers != {number: signal.getsignal(number) for number in signal.valid_signals()}:
        done.append("signal handler")
    if environment != dict(os.environ) or folder != os.getcwd():
        done.append("environment")
        environment, folder = dict(os.environ), os.getcwd()
    if set(threading.enumerate()) - threads:
        done.append("thread")
    if done:
        effects[name] = sorted(set(done))
        done.clear()
print(json.dumps(effects))
"""
_PACKAGES = ("prefect", "prefect.artifacts", "requests", "polars", "pandera.polars")

# Prints the heavy packages a command line of ours has imported when it is done.
_STARTED = """
import json, sys
from citysync.cli.main import run
try:
    run(json.loads(sys.argv[1]))
except SystemExit:
    pass
finally:
    sys.stderr.write("\\nIMPORTED " + json.dumps(sorted({name.split(".")[0] for name in sys.modules})) + "\\n")
"""


def modules() -> list[str]:
    """Return every module of the project that may be imported; one that is run (``__main__``) or migrated is none."""
    paths = (path.relative_to(ROOT).with_suffix("") for room in ROOMS for path in (ROOT / room).rglob("*.py"))
    names = (".".join(path.parts).removesuffix(".__init__") for path in paths)
    return sorted(name for name in names if not name.endswith(".__main__") and ".migrations." not in name)


def in_a_fresh_process(code: str, question: object, home: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a piece of Python with an empty home and nothing of ours in its environment."""
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "LANG", "LC_ALL"}}
    places = {"HOME": str(home), "TMPDIR": str(home), "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", code, json.dumps(question)],
        env={**kept, **places, **more},
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def effects(names: list[str], home: Path, *, first: tuple[str, ...] = (), path: Path = ROOT) -> dict[str, list[str]]:
    """Return module → what it did while it was imported."""
    done = in_a_fresh_process(_PROBE, [first, names], home, PYTHONPATH=str(path))
    assert done.returncode == 0, done.stderr
    found: dict[str, list[str]] = json.loads(done.stdout.splitlines()[-1])
    return found


def imported_by(words: list[str], home: Path, **more: str) -> set[str]:
    """Return the heavy packages a command line imports."""
    done = in_a_fresh_process(_STARTED, words, home, **more)
    told = [line for line in done.stderr.splitlines() if line.startswith("IMPORTED ")]
    assert told, done.stderr
    return set(json.loads(told[-1].removeprefix("IMPORTED "))) & HEAVY


def test_no_import_has_an_effect(tmp_path: Path) -> None:
    names = modules()
    assert {"flows.nightly", "connectors.sql_table", "citysync.cli.main", "schemas.validate"} <= set(names)
    assert effects(names, tmp_path, first=_PACKAGES) == {}


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("open('left_behind', 'w').close()", "open"),
        ("import os; os.mkdir('folder')", "os.mkdir"),
        ("import threading; threading.Thread(target=threading.Event().wait, daemon=True).start()", "thread"),
        ("import socket; socket.socket().bind(('127.0.0.1', 0))", "socket.bind"),
        ("import os; os.environ['X'] = '1'", "environment"),
        ("import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)", "signal"),
    ],
)
def test_an_import_with_an_effect_is_noticed(tmp_path: Path, line: str, told: str) -> None:
    (tmp_path / "house_control.py").write_text(line + "\n", encoding="utf-8")
    found = effects(["house_control"], tmp_path, path=tmp_path)
    assert any(each.startswith(told) for each in found["house_control"])


@pytest.mark.parametrize("words", [["--help"], ["sync", "--help"], ["--version"]])
def test_help_starts_without_anything_heavy(tmp_path: Path, words: list[str]) -> None:
    assert imported_by(words, tmp_path) == set()


def test_a_heavy_import_is_noticed(tmp_path: Path) -> None:
    assert "polars" in imported_by(["findings", "440300"], tmp_path)


def test_status_reads_the_ledger_with_nothing_heavier_than_its_driver(tmp_path: Path) -> None:
    assert citysync("db", "upgrade", folder=a_folder(tmp_path)).code == 0
    where = {"CITYSYNC_DATA_DIR": str(tmp_path / "data"), "CITYSYNC_CITIES_DIR": str(tmp_path / "cities")}
    assert (tmp_path / "data" / "citysync.sqlite3").exists()
    assert imported_by(["status"], tmp_path, **where) == {"sqlalchemy"}


@pytest.mark.parametrize("words", [["sync"], ["status"], ["findings", "440300"], ["receipt"], ["doctor", "--offline"]])
def test_only_nightly_and_demo_import_prefect(tmp_path: Path, words: list[str]) -> None:
    a_folder(tmp_path)
    where = {"CITYSYNC_DATA_DIR": str(tmp_path / "data"), "CITYSYNC_CITIES_DIR": str(tmp_path / "cities")}
    found = imported_by(words, tmp_path, **where)
    assert "prefect" not in found
    assert "sqlalchemy" in found, "the command got nowhere"


def test_sync_and_its_children_do_without_prefect(tmp_path: Path) -> None:
    a_folder(tmp_path)
    where = {"CITYSYNC_DATA_DIR": str(tmp_path / "data"), "CITYSYNC_CITIES_DIR": str(tmp_path / "cities")}
    said = in_a_fresh_process(_STARTED, ["sync"], tmp_path, PYTHONPROFILEIMPORTTIME="1", **where).stderr
    names = {line.rpartition("|")[2].strip() for line in said.splitlines() if line.startswith("import time:")}
    assert {"flows.line", "schemas.validate", "pandera.polars"} <= names, "the child said nothing of its imports"
    heavy = {"prefect", "opentelemetry", "apprise"}
    assert {name for name in names if name.partition(".")[0] in heavy} == set()


def test_status_starts_without_what_only_a_run_needs(tmp_path: Path) -> None:
    assert citysync("db", "upgrade", folder=a_folder(tmp_path)).code == 0
    where = {"CITYSYNC_DATA_DIR": str(tmp_path / "data"), "CITYSYNC_CITIES_DIR": str(tmp_path / "cities")}
    assert (tmp_path / "data" / "citysync.sqlite3").exists()
    assert imported_by(["status"], tmp_path, **where) & {"pandera", "prefect", "alembic"} == set()
