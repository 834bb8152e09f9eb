"""``citysync score``: points of 100 per city, and what to do next for the most of them."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from citysync.cli.places import Places, today
from citysync.cli.render import console, print_json, print_rows
from citysync.domain.errors import ConfigError

if TYPE_CHECKING:
    from flows.scores import Scored

_SHOWN = 3


def score(
    *cities: str,
    on: Annotated[date | None, Parameter(help="截至哪个业务日期，默认上海时间今天")] = None,
    weight: Annotated[list[str] | None, Parameter(help="换一套权重，如 onboard=50（可多次）")] = None,
    json: bool = False,
    places: Places | None = None,
) -> int:
    """得分与下一步：每个未决问题值多少分，先做什么最划算。

    Parameters
    ----------
    cities
        城市区划代码；不写则为全部启用的城市
    json
        输出一份 JSON
    """
    from flows.scores import scores_of

    settings = (places or Places()).settings()
    scored = scores_of(settings, cities, on or today(), _weights(weight))
    if json:
        print_json({"schema_version": 1, "cities": [_document(each) for each in scored]})
    else:
        _print(scored)
    return 0


def _weights(given: list[str] | None) -> dict[str, int] | None:
    from citysync.reports.score import COMPONENTS

    if given is None:
        return None
    known = {part.name for part in COMPONENTS}
    pairs = [text.partition("=") for text in given]
    wrong = [
        text for text, (name, _, value) in zip(given, pairs, strict=True) if name not in known or not _whole(value)
    ]
    if wrong:
        raise ConfigError(f"--weight {wrong[0]} 看不懂；写作 名称=整数，名称可用：{'、'.join(sorted(known))}")
    return {name: int(value) for name, _, value in pairs}


def _whole(value: str) -> bool:
    return value.isascii() and value.isdigit()


def _document(scored: Scored) -> dict[str, Any]:
    found = scored.score
    return {
        "code": scored.code,
        "name": scored.name,
        "counted_on": scored.counted_on,
        "points": _number(found.points),
        "gap": _number(found.gap),
        "parts": [
            {
                "name": part.component.name,
                "label": part.component.label,
                "problems": part.problems,
                "possible": part.possible,
                "lost": _number(part.lost),
            }
            for part in found.parts
        ],
        "actions": [
            {
                "check": action.check,
                "areacode": action.areacode,
                "problems": action.problems,
                "gain": _number(action.gain),
            }
            for action in found.actions
        ],
    }


def _number(value: Fraction | None) -> float | None:
    return None if value is None else round(float(value), 6)


def _print(scored: list[Scored]) -> None:
    from flows.receipts import labels

    words = {**labels(), "rejected": "拒收"}
    rows = []
    for each in scored:
        told = [
            f"{words[action.check]} {action.problems} 项（{action.areacode or '全市'}，+{float(action.gain):.2f}）"
            for action in each.score.actions[:_SHOWN]
        ]
        points = "—" if each.score.points is None else f"{float(each.score.points):.2f}"
        rows.append([f"{each.code} {each.name}", points, each.counted_on or "尚无数据", "；".join(told)])
    print_rows(console(), ["城市", "得分", "数据日期", "先做什么（能挣多少分）"], rows)
