"""A night for every reason a verdict can carry: what the guard, the judge and the night as a whole say of a city.

What our own side fails at is told by whole nights, in ``reasons.txt``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from citysync.domain.city import Expect
from citysync.domain.errors import OverBudget, Refused, Throttled, Unreachable, Unreadable
from citysync.domain.kept_rows import InHand
from citysync.domain.memory import LastGood, Memory
from citysync.domain.snapshot import Certificate, Grade
from citysync.domain.verdict import Fault, Reason, State, Verdict
from citysync.reconciliation.blame import common_cause
from citysync.reconciliation.evidence import Seen
from citysync.reconciliation.foreign import foreign
from citysync.reconciliation.guard import Arrival, guard
from citysync.reconciliation.influence import told
from citysync.reconciliation.judge import Facts, judge
from citysync.reconciliation.past import notes, rules_changed
from citysync.reconciliation.reach import Link, attributed
from citysync.reconciliation.reach import Seen as Looked
from flows import standing
from tests.builders import NOW, TODAY, a_city, a_snapshot, an_item
from tests.reconciliation.cast import Walk, tuned, walk
from tests.reconciliation.test_checks import CAUGHT
from tests.reconciliation.test_guard import YESTERDAY, asked, directory
from tests.reconciliation.test_judge import RUN, absent, facts_of

Night = dict[str, Verdict | Iterable[Reason]]
X = Certificate(Grade.X, 7, 5, 5, 1, "总数不符", ("声明总数 7，实际 5", "第 2 页与第 1 页内容相同"))
LAST = LastGood("r0", YESTERDAY, a_snapshot([an_item()]).in_hand)


def judged(walked: Walk | None = None, **changes: Any) -> Verdict:
    return judge(facts_of(walked, **changes))


def failing(error: Exception, memory: Memory | None = None) -> Verdict:
    """Return what is said of a city whose source gave nothing."""
    verdict = judge(Facts(a_city(), RUN, NOW, error=error))  # type: ignore[arg-type]
    return told(verdict, "深圳市", memory or Memory())


def held(memory: Memory, rows: int | None = None, **city: Any) -> Iterable[Reason]:
    arrived = directory(range(0 if rows is None else rows))
    answer = guard(Arrival(InHand(arrived), a_city(**city), memory, TODAY))
    return told(judge(Facts(a_city(), RUN, NOW, held=answer.held)), "深圳市", memory).reasons


def one_incident() -> Verdict:
    silent = judge(
        Facts(a_city(), RUN, NOW, error=Unreachable("深圳市（440300）第 1 页：30 秒内无响应；请市里检查接口"))
    )
    many = [replace(silent, city_code=f"44{number:02d}00") for number in range(1, 6)]
    return common_cause(many, {}, probe_ok=False)[0]


def silence(link: Link, own: str | None, *, before: bool) -> Verdict:
    return attributed(failing(Unreachable("第 1 页：5 秒内未能连接 10.0.0.1；请检查网络")), Looked(link, own, before))


def the_rules() -> Iterable[Reason]:
    last = replace(LAST, state=State.IN_SYNC, rules_version="1", master_version=RUN.master_version)
    walked = walk(tuned(limit_scene_num="9"))
    said = rules_changed(
        judged(walked),
        "same".__eq__,
        replace(RUN, rules_version="2"),
        Memory((1,), last, contents=(("same", YESTERDAY),)),
    )
    return [] if said is None else [said]


def another_city() -> Iterable[Reason]:
    said = foreign(a_snapshot([an_item(areacode="440400")]).rows, None, a_city(), TODAY)
    return [] if said is None else [said]


def aged(days: int, changed: datetime | None, **seen: date) -> Verdict:
    city = a_city(expect=Expect(max_age_days=days))
    return judged(city=city, source_changed_at=changed, seen=Seen(**seen))


WELL = "省平台出口自检正常"
OLD = datetime(2026, 11, 1, tzinfo=UTC)
GUARD: Night = {
    "nothing came": held(Memory((31_204,), LAST), 0),
    "nothing came, nothing before": held(Memory(), 0),
    "fewer than agreed": held(Memory(), 3, expect=Expect(min_items=5)),
    "more than agreed": held(Memory(), 9, expect=Expect(max_items=5)),
    "gone": asked(directory(range(100)), directory(range(60))).held,
    "gone, one county whole": asked(
        directory(range(60), areacode="440305").vstack(directory(range(60, 100), areacode="440306")),
        directory(range(60), areacode="440305"),
    ).held,
    "recoded": asked(directory(range(100)), directory(range(100), base=440107000000)).held,
    "gone, by count alone": held(Memory((100, 100), None), 60),
    "come": asked(directory(range(100)), directory(range(160))).held,
    "come, by count alone": held(Memory((100, 100), None), 160),
    "field emptied": asked(directory(range(10), by_law="第一条"), directory(range(10), by_law=None)).held,
    "field changed": asked(directory(range(10), by_law="第一条"), directory(range(10), by_law="第二条")).held,
}
SOURCE: Night = {
    "unreachable": failing(Unreachable("第 1 页：30 秒内无响应；请市里检查接口", fault=Fault.CITY), Memory((1,), LAST)),
    "unreachable, last good lost": failing(
        Unreachable("第 1 页：30 秒内无响应；请市里检查接口"), Memory((1,), None, lost="校验和不符")
    ),
    "throttled": failing(Throttled("第 1 页：请求过多（429）")),
    "refused": failing(Refused("第 1 页：凭据被拒绝（401）；请核对密钥 X")),
    "unreadable": failing(Unreadable("JSON 有误", place="第 3 页")),
    "over budget": failing(OverBudget("第 1 页：响应过慢：31 秒只收到 1 字节；请检查接口或网络")),
    "contradicted": told(judged(certificate=X), "深圳市", Memory((1,), LAST)),
    "another city": another_city(),
    "rejected": judged(walk([an_item(), an_item(task_code="001")])),
    "refused on second look": silence(Link.REFUSED, WELL, before=False),
    "silent twice": silence(Link.SILENT, WELL, before=True),
    "nameless twice": silence(Link.NAMELESS, WELL, before=True),
    "silent once": silence(Link.SILENT, WELL, before=False),
    "open again": silence(Link.OPEN, WELL, before=False),
    "no host to look at": silence(Link.UNSEEN, WELL, before=False),
    "our own way out in doubt": silence(Link.SILENT, None, before=False),
    "one incident of ours": one_incident(),
}
ROWS: Night = {
    "grade C": judged(walk(grade=Grade.C)),
    "grade C, absent": judged(absent(grade=Grade.C)),
    "no moment of change": aged(2, None),
    "old": aged(2, OLD),
    "old, unchanged": aged(2, OLD, unchanged_since=date(2026, 11, 2)),
    "unchanged too long": aged(2, None, unchanged_since=date(2026, 11, 2)),
    "served again": aged(2, NOW, last_on=date(2026, 11, 2)),
    "served again, no bound": judged(seen=Seen(last_on=date(2026, 11, 22))),
    "source's clock ran back": notes(Memory((1,), replace(LAST, changed_at=NOW)), NOW - timedelta(days=1)),
    "last good lost": notes(Memory((1,), None, lost="快照文件不存在"), NOW),
    "rules changed": the_rules(),
    "absence suspected": judged(absent(suspected=frozenset({("440300", "440106043001")}))),
    **{f"check {case.check}": judged(walk(case.rows, case.master)) for case in CAUGHT},
}
NIGHTS = {"guard": GUARD, "source": SOURCE, "rows": ROWS}


def never() -> Iterator[str]:
    """Yield what is said of a city without any run, and of one that is paused."""
    for name, city in (("never run", a_city()), ("paused", a_city(enabled=False))):
        (reason,) = standing.never(city)["reasons"]
        yield f"never {name} | {reason['code']} | {reason['fault']} | {reason['text']}"


def lines() -> Iterator[str]:
    """Yield every night's reasons, one a line: name, code, fault, text."""
    for kind, nights in NIGHTS.items():
        for name, night in nights.items():
            reasons = night.reasons if isinstance(night, Verdict) else tuple(night)
            assert reasons or name.startswith("check "), name
            yield from (f"{kind} {name} | {each.code} | {each.fault.value} | {each.text}" for each in reasons)
    yield from never()
