"""What a check of ``doctor`` says, and how checks hang on each other: what follows a broken link is not looked at."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Literal, TypeVar

from citysync.domain.errors import CitySyncError, ConfigError

Outcome = Literal["pass", "warn", "fail", "skipped"]
Side = Literal["config", "ours", "city"]
OUTCOME_LABELS: dict[str, str] = {"pass": "通过", "warn": "警告", "fail": "不通过", "skipped": "未检查"}
Facts = TypeVar("Facts")
Facts_contra = TypeVar("Facts_contra", contravariant=True)
_EXIT_CODES = {"config": 2, "ours": 3, "city": 1}  # the first of these that failed is the exit code


@dataclass(frozen=True, slots=True)
class Said:
    """One check's outcome before it is known whom it is about. A pass needs no remedy."""

    outcome: Outcome
    text: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """One check's outcome. ``side``: whose matter it is; ``place``: the city, or the part of our own side."""

    check_id: str
    outcome: Outcome
    side: Side
    place: str
    text: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Link(Generic[Facts_contra]):
    """One check: ``look`` reads the facts; ``holds``: the checks after it make no sense while this one fails."""

    check_id: str
    look: Callable[[Facts_contra], Said]
    holds: bool = False
    side: Side = "city"


def passed(text: str) -> Said:
    """Return that all is well, with what was seen."""
    return Said("pass", text)


def warned(text: str, remedy: str) -> Said:
    """Return something that works today but should be looked at."""
    return Said("warn", text, remedy)


def failed(text: str, remedy: str) -> Said:
    """Return a broken link and how to mend it."""
    return Said("fail", text, remedy)


def skipped(text: str) -> Said:
    """Return why nothing was looked at; never a pass."""
    return Said("skipped", text)


def follow(place: str, links: Iterable[Link[Facts]], facts: Facts) -> list[Result]:
    """Return every check of a chain, in order; after a broken link that holds the others these are skipped."""
    results: list[Result] = []
    broken: str | None = None
    for link in links:
        side, said = _looked(link, facts) if broken is None else (link.side, skipped(f"先解决 {broken}"))
        results.append(Result(link.check_id, said.outcome, side, place, said.text, said.remedy))
        if broken is None and link.holds and said.outcome == "fail":
            broken = link.check_id
    return results


def first_broken(results: Sequence[Result]) -> Result | None:
    """Return the first check that failed, None if none did."""
    return next((result for result in results if result.outcome == "fail"), None)


def exit_code(results: Iterable[Result]) -> int:
    """Return 2 if a ``config`` check failed, else 3 if one of ours did, else 1 if a city's did, else 0."""
    sides = {result.side for result in results if result.outcome == "fail"}
    return next((code for side, code in _EXIT_CODES.items() if side in sides), 0)


def _looked(link: Link[Facts], facts: Facts) -> tuple[Side, Said]:
    """Return what a check says; what our own side refuses is a failure of ours, whoever was being looked at."""
    try:
        return link.side, link.look(facts)
    except ConfigError as error:
        return "config", failed(str(error), "按提示改正城市文件、设置或密钥")
    except CitySyncError as error:
        return link.side, failed(str(error), "按提示处理")
    except Exception as error:  # noqa: BLE001 - a bug in one check must not hide the other ones
        frame = traceback.extract_tb(error.__traceback__)[-1]  # never its text, which may quote rows or secrets
        where = f"{type(error).__name__}（{Path(frame.filename).name} 第 {frame.lineno} 行）"
        return "ours", failed(f"检查本身出错：{where}", "请把这一行报告给开发者；其他检查不受影响")
