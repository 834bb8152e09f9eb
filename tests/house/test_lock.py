"""The lock is the product's: every package pinned exactly and hashed, no host named, the known traps kept out."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from importlib.metadata import version as installed_version

import pytest

from tests.house.pages import ROOT

RUN_TIME, DEVELOPMENT = "requirements.lock", "requirements-dev.lock"
_PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[a-z0-9,-]+\])?==([^\s;\\]+)(?: *;[^\\]+?)? *\\?$")
_HASH = re.compile(r"^ +--hash=sha256:[0-9a-f]{64} *\\?$")
_HOST = re.compile(
    r"://|(?:^|\s)(?:-i|-f|--index-url|--extra-index-url|--find-links|--trusted-host)\b|\s@\s", re.MULTILINE
)
_REQUIRED = re.compile(r"^[A-Za-z0-9._-]+")


@dataclass(frozen=True)
class Lock:
    """A lock file: package → version, packages without a hash, and lines that are neither pin nor hash."""

    pins: dict[str, str]
    unhashed: list[str]
    strange: list[str]


def plain(name: str) -> str:
    """Return a package's name as the index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def read(text: str) -> Lock:
    """Return what a lock pins, and what in it is no pin."""
    pins: dict[str, str] = {}
    hashed: set[str] = set()
    strange: list[str] = []
    last = ""
    for line in filter(str.strip, text.splitlines()):
        if (pin := _PIN.match(line)) is not None:
            last = plain(pin[1])
            pins[last] = pin[2]
        elif _HASH.match(line) and last:
            hashed.add(last)
        elif not line.startswith("#"):
            strange.append(line)
    return Lock(pins, sorted(set(pins) - hashed), strange)


def below(version: str, limit: tuple[int, ...]) -> bool:
    """Return whether a version comes before a limit of numbers."""
    return tuple(int(part) for part in re.findall(r"[0-9]+", version)[: len(limit)]) < limit


def lock(name: str) -> Lock:
    return read((ROOT / name).read_text(encoding="utf-8"))


def required(*extras: str) -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [*project["dependencies"], *(line for extra in extras for line in project["optional-dependencies"][extra])]
    return {plain(found[0]) for line in lines if (found := _REQUIRED.match(line))}


@pytest.mark.parametrize("name", [RUN_TIME, DEVELOPMENT])
def test_a_lock_pins_exactly_hashes_everything_and_names_no_host(name: str) -> None:
    found = lock(name)
    assert (found.unhashed, found.strange) == ([], [])
    assert len(found.pins) > 50
    assert _HOST.findall((ROOT / name).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("polars>=2.1", "strange"),
        ("polars", "strange"),
        ("polars @ file:///polars.whl", "strange"),
        ("--index-url https://index.example/all", "strange"),
        ("polars==2.1.0", "unhashed"),
    ],
)
def test_what_is_no_pin_is_noticed(line: str, problem: str) -> None:
    assert getattr(read(line), problem)
    assert read(f"polars==2.1.0 \\\n    --hash=sha256:{'0' * 64}\n") == Lock({"polars": "2.1.0"}, [], [])


@pytest.mark.parametrize(
    "line", ["--index-url https://index.example/all", "-i x", "a @ file:///b", "--find-links wheels"]
)
def test_a_named_host_is_noticed(line: str) -> None:
    assert _HOST.search(line)


@pytest.mark.parametrize("name", [RUN_TIME, DEVELOPMENT])
def test_the_combinations_that_do_not_work_together_are_kept_out(name: str) -> None:
    pins = lock(name).pins
    assert below(pins["sqlalchemy"], (2, 1)), "with SQLAlchemy 2.1 cron schedules never fire"
    assert below(pins["fastapi"], (0, 151)), "with a later FastAPI the Prefect server does not start"
    assert pins["prefect"].startswith("3.8."), "Prefect 3.9 needs a certifi that does not resolve"


def test_versions_are_compared_as_numbers() -> None:
    assert below("2.0.58", (2, 1))
    assert not below("2.1.0", (2, 1))
    assert not below("0.151.0", (0, 151))
    assert below("0.99.9", (0, 151))


def test_pandas_and_pyarrow_stay_out_of_the_run_time() -> None:
    assert set(lock(RUN_TIME).pins) & {"pandas", "pyarrow", "numpy"} == set()


def test_every_dependency_of_the_project_is_in_the_lock() -> None:
    assert {"prefect", "polars", "pymysql"} <= required()
    assert required() - set(lock(RUN_TIME).pins) == set()
    assert required("dev") - set(lock(DEVELOPMENT).pins) == set()


def test_the_development_lock_is_the_run_time_lock_and_more() -> None:
    run_time, development = lock(RUN_TIME).pins, lock(DEVELOPMENT).pins
    assert {name: development.get(name) for name in run_time} == run_time


def test_the_tests_run_on_the_locked_versions() -> None:
    pins = lock(DEVELOPMENT).pins
    assert {name: installed_version(name) for name in required()} == {name: pins[name] for name in required()}
