"""The one oracle of every fault: eight small, pure checks over what a night left behind (I1 to I8).

``problems`` returns what is wrong, empty if nothing is; it looks at facts only, so that the results of any reader can
be laid before it, a naive one's among them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Facts = Mapping[str, Any]
GOOD = frozenset({"in_sync", "lagging", "out_of_sync"})
FLAGGED = frozenset({"out_of_sync", "not_synced", "held"})
FOUND = ("missing", "overclaimed", "drifted", "paired", "met", "findings")
SECONDS, REQUESTS = 60.0, 250


@dataclass(frozen=True)
class Expected:
    """One way a city may be judged under a fault.

    ``states``; ``reasons``: one of them is there (empty: none is asked for); ``faults``: the class of that reason;
    ``says``: parts of its text; ``checks``: the only checks that may find something besides what a clean night finds;
    ``must``: checks of which at least one does; ``rules``: rules by which rows are listed; ``like``: counts that equal
    a clean night's.
    """

    states: frozenset[str]
    reasons: frozenset[str] = frozenset()
    faults: frozenset[str] = frozenset()
    says: tuple[str, ...] = ()
    checks: frozenset[str] = frozenset()
    must: frozenset[str] = frozenset()
    rules: frozenset[str] = frozenset()
    like: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """Return what this city adds to the exit code of its night."""
        if self.states <= {"unknown"}:
            return 3
        return 1 if self.states & FLAGGED else 0


@dataclass(frozen=True)
class Case:
    """Everything the oracle looks at.

    ``clean``: what a night without the fault says of the city; ``others`` and ``others_clean``: bystanders' results;
    ``before`` and ``after``: (path, digest, day) of the last good snapshot around the night; ``day``: of the night;
    ``next_night`` and ``next_clean``: the night after, and that of a world that never had the fault, None where it was
    not run; ``leaks``: where a secret was found; ``leftovers``: what should be gone.
    """

    expected: Sequence[Expected]
    city: Facts
    clean: Facts
    others: Mapping[str, Facts]
    others_clean: Mapping[str, Facts]
    before: tuple[str, str, str] | None
    after: tuple[str, str, str] | None
    day: str
    exit_code: int
    exit_due: int | None = None
    next_night: Facts | None = None
    next_clean: Facts | None = None
    leaks: Sequence[str] = ()
    leftovers: Sequence[str] = ()
    seconds: float = 0.0
    requests: int = 0
    elsewhere: int = 0
    error: str | None = None
    budget: float = field(default=SECONDS)


def problems(case: Case) -> list[str]:
    """Return everything that is wrong with a night, by invariant."""
    checks = (published, kept, undisturbed, judged, told, silent, recovered, bounded)
    return [f"I{number} {text}" for number, check in enumerate(checks, start=1) for text in check(case)]


def published(case: Case) -> list[str]:
    """I1: nothing is published from a snapshot that is contradicted, or from none."""
    city = case.city
    if city["state"] in GOOD and city["grade"] in {"A", "B", "C"}:
        return []
    counted = [name for name in FOUND if city["counts"].get(name)]
    wrong = ["采用了快照"] if city["adopted"] else []
    return wrong + (["发布了发现"] if city["findings"] else []) + [f"计数 {name} 不为 0" for name in counted]


def kept(case: Case) -> list[str]:
    """I2: the last good snapshot stays, byte for byte, with its day; an adopted one is the new one, of this day."""
    if not case.city["adopted"]:
        return [] if case.before == case.after else [f"上次有效快照变了：{case.before} → {case.after}"]
    return [] if case.after is not None and case.after[2] == case.day else [f"采用的快照不是当日的：{case.after}"]


def undisturbed(case: Case) -> list[str]:
    """I3: what is published of the other cities is what a night without the fault publishes."""
    broken = [f"本系统中断：{case.error}"] if case.error else []
    return broken + [
        f"{code} 受到影响：{differing(case.others.get(code), facts)}"
        for code, facts in case.others_clean.items()
        if case.others.get(code) != facts
    ]


def judged(case: Case) -> list[str]:
    """I4: state, reason, fault, findings and exit code are the listed ones."""
    ways = [_unlike(case, expected) for expected in case.expected]
    due = case.exit_due if case.exit_due is not None else {expected.exit_code for expected in case.expected}
    wrong_exit = case.exit_code not in (due if isinstance(due, set) else {due})
    return min(ways, key=len) + ([f"退出码 {case.exit_code}，应为 {due}"] if wrong_exit else [])


def told(case: Case) -> list[str]:
    """I5: the reason that decided names the city, what was seen and the next step."""
    if case.city["state"] not in FLAGGED | {"unknown"}:
        return []
    reasons = case.city["reasons"]
    if not reasons:
        return ["没有任何原因"]
    text = reasons[0]["text"]
    missing = [] if "请" in text else [f"没有下一步：{text}"]
    return missing + ([] if len(text) > len("请重试") and case.city["name"] else ["没有城市或所见"])


def silent(case: Case) -> list[str]:
    """I6: no secret is anywhere."""
    return [f"密钥出现在 {place}" for place in case.leaks]


def recovered(case: Case) -> list[str]:
    """I7: the next clean night is that of a world that never had the fault, and nothing is left over."""
    left = [f"残留 {name}" for name in case.leftovers]
    if case.next_night is None or case.next_clean is None or case.next_night == case.next_clean:
        return left
    return [*left, f"次日与从未出错的不同：{differing(case.next_night, case.next_clean)}"]


def bounded(case: Case) -> list[str]:
    """I8: within time and requests, and no request to anybody else."""
    slow = [f"用了 {case.seconds:.0f} 秒"] if case.seconds > case.budget else []
    many = [f"请求了 {case.requests} 次"] if case.requests > REQUESTS else []
    return slow + many + ([f"向别的主机请求了 {case.elsewhere} 次"] if case.elsewhere else [])


def differing(one: Facts | None, other: Facts | None) -> str:
    """Return the keys in which two facts differ, with both values."""
    if one is None or other is None:
        return "没有结果"
    keys = sorted({key for key in {*one, *other} if one.get(key) != other.get(key)})
    return "；".join(f"{key}：{str(one.get(key))[:200]} ≠ {str(other.get(key))[:200]}" for key in keys)


def _unlike(case: Case, expected: Expected) -> list[str]:
    city = case.city
    wrong = [] if city["state"] in expected.states else [f"状态 {city['state']}，应为 {sorted(expected.states)}"]
    wrong += _reason_unlike(city, expected)
    found = {row["check"] for row in city["findings"]} - {row["check"] for row in case.clean["findings"]}
    wrong += [f"不该有的发现 {sorted(found - expected.checks)}"] if found - expected.checks else []
    if expected.must and not found & expected.must:
        wrong.append(f"没有发现 {sorted(expected.must)} 中的任何一项")
    if not {row["rule"] for row in city["rejections"]} >= expected.rules or (
        expected.states <= GOOD and not expected.rules and city["rejections"]
    ):
        wrong.append(f"拒收规则 {sorted({row['rule'] for row in city['rejections']})}，应有 {sorted(expected.rules)}")
    unlike = [name for name in expected.like if city["counts"][name] != case.clean["counts"][name]]
    return wrong + ([f"计数与无故障时不同：{unlike}"] if unlike else [])


def _reason_unlike(city: Facts, expected: Expected) -> list[str]:
    if not expected.reasons:
        return []
    fitting = [reason for reason in city["reasons"] if reason["code"] in expected.reasons]
    if not fitting:
        return [f"原因 {[reason['code'] for reason in city['reasons']]}，应有 {sorted(expected.reasons)}"]
    classes = {reason["fault"] for reason in fitting}
    wrong = [] if not expected.faults or classes & expected.faults else [f"归责 {classes}，应为 {expected.faults}"]
    text = "\n".join(reason["text"] for reason in fitting)
    return wrong + [f"文字没有“{part}”：{text}" for part in expected.says if part not in text]
