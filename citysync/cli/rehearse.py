"""``citysync rehearse``: which verdicts a new master, or other city files, would change."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from citysync.cli.places import Places, now
from citysync.cli.render import console, print_json, print_rows

if TYPE_CHECKING:
    from citysync.domain.rehearsal import Turn

HEADINGS = ("城市", "现在", "变更当晚", "无人跟进时", "新增发现")


def rehearse(
    *,
    master: str | None = None,
    rules: Path | None = None,
    on: date | None = None,
    json: bool = False,
    places: Places | None = None,
) -> int:
    """预演：用各市最近采用的快照，看新目录或新规则会改变哪些结论；不联网，不发布。

    Parameters
    ----------
    master
        基本目录的版本名，或尚未导入的文件
    rules
        改过的城市文件目录（容许、宽限、豁免、映射）
    on
        按哪个业务日期判定，默认上海时间今天
    json
        输出一份 JSON
    """
    from flows.rehearse import rehearse as rehearsed

    done = rehearsed((places or Places()).settings(), now(), master=master, rules=rules, on=on)
    if json:
        cities = [{**asdict(turn), "changes": turn.changes} for turn in done.turns]
        facts = {"business_date": done.on, "master": done.master, "rules": done.rules, "text": done.text}
        print_json({"schema_version": 1, **facts, "cities": cities})
        return 0
    console().print(done.text)
    print_rows(console(), HEADINGS, [_row(turn) for turn in done.turns if _worth_a_row(turn)])
    return 0


def _worth_a_row(turn: Turn) -> bool:
    return turn.changes or turn.findings > 0 or turn.before is None


def _row(turn: Turn) -> list[object]:
    from citysync.domain.verdict import STATE_LABELS

    states = (turn.before, turn.after, turn.last)
    shown = ("—" if state is None else STATE_LABELS[state] for state in states)
    return [f"{turn.code} {turn.name}", *shown, "—" if turn.before is None else turn.findings]
