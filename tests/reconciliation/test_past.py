"""What is said of a city whose state got worse although it changed nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from citysync.domain.memory import LastGood, Memory
from citysync.domain.run import Run, Trigger
from citysync.domain.verdict import Fault, State, Verdict
from citysync.reconciliation.judge import Facts, judge
from citysync.reconciliation.past import rules_changed
from tests.builders import NOW, TODAY, a_city, a_snapshot, an_item
from tests.reconciliation.cast import Walk, tuned, walk

YESTERDAY = TODAY - timedelta(days=1)
RUN = Run("r1", Trigger.NIGHTLY, TODAY, NOW, "2026-11-20-1", rules_version="2")


def verdict_on(walked: Walk) -> Verdict:
    facts = Facts(a_city(), RUN, NOW, walked.snapshot.certificate)
    return judge(replace(facts, validation=walked.validation, reconciliation=walked.reconciliation))


def remembered(**changes: Any) -> Memory:
    """Return a memory of yesterday: in sync by rules 1, with the content ``same``."""
    content = changes.pop("content", "same")
    facts = {"state": State.IN_SYNC, "rules_version": "1", "master_version": "2026-11-20-1", **changes}
    last = LastGood("r0", YESTERDAY, a_snapshot([an_item()]).in_hand, **facts)
    return Memory(good_counts=(1,), last_good=last, contents=((content, YESTERDAY),))


def test_a_state_that_got_worse_by_our_rules_alone_says_so() -> None:
    reason = rules_changed(verdict_on(walk(tuned(limit_scene_num="9"))), "same".__eq__, RUN, remembered())
    assert reason is not None
    assert reason.fault is Fault.OURS
    assert "规则变更：规则版本 1→2，数据与 2026-11-22 的快照完全相同" in reason.text
    assert "由“同步”变为“失步”不是因为本市改动了数据" in reason.text


@pytest.mark.parametrize(
    "changes",
    [
        {"rules_version": "2"},
        {"content": "other"},
        {"master_version": "2026-11-01-1"},
        {"state": State.OUT_OF_SYNC},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_the_city_the_master_or_nobody_changed_is_not_put_on_the_rules(changes: dict[str, Any]) -> None:
    verdict = verdict_on(walk(tuned(limit_scene_num="9")))
    assert rules_changed(verdict, "same".__eq__, RUN, remembered(**changes)) is None


def test_an_absence_that_time_confirmed_is_not_put_on_the_rules() -> None:
    absent = verdict_on(walk(tuned(task_code="11440300007542098E3440106043002")))
    codes = {reason.code for reason in absent.reasons}
    assert codes == {"unclaimed", "overclaimed"}
    alone = replace(absent, reasons=tuple(reason for reason in absent.reasons if reason.code == "unclaimed"))
    assert rules_changed(alone, "same".__eq__, RUN, remembered()) is None
    assert rules_changed(absent, "same".__eq__, RUN, remembered()) is not None


def test_a_first_run_has_no_rules_before_it() -> None:
    assert rules_changed(verdict_on(walk(tuned(limit_scene_num="9"))), "same".__eq__, RUN, Memory()) is None
