"""What a run leaves in the orchestrator's UI: the table of the night, and one page per flagged city."""

from __future__ import annotations

import re

from citysync.domain.showing import one_line
from citysync.domain.verdict import (
    AXIS_LABELS,
    COUNT_LABELS,
    FAULT_LABELS,
    FLAGGED,
    STANDING_LABELS,
    STATE_LABELS,
    Axis,
    Verdict,
)
from flows.night import Night

_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")


def flagged_of(night: Night) -> list[Verdict]:
    """Return the verdicts of the flagged cities, in the order of their codes."""
    return [verdict for _, verdict in sorted(night.verdicts.items()) if verdict.state in FLAGGED]


def night_rows(night: Night) -> list[dict[str, object]]:
    """Return one row per city asked, also for those the run could not reach."""
    return [_night_row(night, code) for code in sorted(night.cities)]


def _night_row(night: Night, code: str) -> dict[str, object]:
    row: dict[str, object] = {"城市": code, "名称": one_line(night.cities[code].name)}
    verdict = night.verdicts.get(code)
    if verdict is None:
        return {**row, "状态": "未判定", "原因": "运行未走到该市"}
    counts = verdict.counts
    return {
        **row,
        "状态": STATE_LABELS[verdict.state],
        "完整性": verdict.grade or "—",
        "收到": counts.received,
        "应领": counts.due,
        "已领": counts.met,
        "发现": counts.findings,
        "原因": one_line("；".join(reason.text for reason in verdict.reasons)),
    }


def city_page(night: Night, verdict: Verdict) -> str:
    """Return a city's page: state, axes, reasons, counts, and what to type for the full list."""
    city = night.cities[verdict.city_code]
    axes = "、".join(f"{AXIS_LABELS[axis]}：{STANDING_LABELS[verdict.axes[axis]]}" for axis in Axis)
    reasons = "\n".join(f"- **{FAULT_LABELS[reason.fault]}** {_plain(reason.text)}" for reason in verdict.reasons)
    counts = "\n".join(f"| {COUNT_LABELS[name]} | {value} |" for name, value in verdict.counts.as_dict().items())
    return (
        f"# {_plain(city.name)} {city.code}：{STATE_LABELS[verdict.state]}\n\n{axes}\n\n## 原因\n\n{reasons}\n\n"
        f"## 计数\n\n| 项目 | 数 |\n| --- | ---: |\n{counts}\n\n"
        f"清单：`citysync findings {city.code}`，回执：`citysync receipt {city.code} --out DIR`，"
        f"运行 {night.run.run_id}\n"
    )


def _plain(text: str) -> str:
    """Return a text in which nothing a city sent can become markup or a link: any punctuation may be escaped."""
    return _PUNCTUATION.sub(r"\\\g<0>", one_line(text))
