"""``citysync doctor [CITY…]``: our own side first, then each city link by link, without changing anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING

from citysync.cli.places import Places, now
from citysync.cli.render import console, plain, print_json, print_rows
from citysync.domain.errors import ConfigError

if TYPE_CHECKING:
    from flows.doctor.outcome import Result

_HEADINGS = ("结果", "检查", "对象", "情况", "如何处理")


def doctor(
    *cities: str,
    offline: bool = False,
    conformance: str | None = None,
    secret: str | None = None,
    json: bool = False,
    places: Places | None = None,
) -> int:
    """体检：先查本系统，再逐市一环一环地查，指出首个断点，不写入任何结果。

    Parameters
    ----------
    cities
        城市区划代码；不写则为全部启用的城市
    offline
        只查本系统，不访问任何城市
    conformance
        只查这个地址的服务是否符合城市端协议（docs/kit.md）
    secret
        与 --conformance 同用：存放其令牌的密钥名
    json
        输出一份 JSON
    """
    from flows.doctor.outcome import exit_code, first_broken

    where = places or Places()
    results = _results(cities, where, offline=offline) if conformance is None else _conforms(where, conformance, secret)
    if json:
        broken = first_broken(results)
        first = None if broken is None else asdict(broken)
        print_json({"schema_version": 1, "first_broken": first, "checks": [asdict(result) for result in results]})
    else:
        _print(results, whole=bool(cities) or offline or conformance is not None)
    return exit_code(results)


def _results(cities: tuple[str, ...], places: Places, *, offline: bool) -> list[Result]:
    from flows.doctor.checkup import check_up
    from flows.doctor.outcome import Result

    try:
        settings = places.settings()
    except ConfigError as error:  # without settings there is nothing else to look at
        return [Result("config.settings", "fail", "config", "本系统", str(error), "按提示改正后再体检")]
    return check_up(settings, cities, now, offline=offline)


def _conforms(places: Places, url: str, secret: str | None) -> list[Result]:
    from flows.doctor.checkup import check_server

    return check_server(places.settings(), url, secret, now)


def _print(results: Sequence[Result], *, whole: bool) -> None:
    """Print our own side, then a line per city, then what is not well; ``whole``: what is well, too."""
    from flows.doctor.catalogue import LABELS
    from flows.doctor.outcome import OUTCOME_LABELS

    shown = [result for result in results if whole or result.outcome in {"warn", "fail"} or result.side != "city"]
    rows = [
        (OUTCOME_LABELS[r.outcome], f"{LABELS.get(r.check_id, '')} {r.check_id}", r.place, r.text, r.remedy)
        for r in shown
    ]
    print_rows(console(), _HEADINGS, rows)
    for place, group in groupby(results, lambda result: result.place):
        console().print(_summary(place, list(group)))


def _summary(place: str, results: Sequence[Result]) -> str:
    from flows.doctor.outcome import OUTCOME_LABELS, first_broken

    counted = "、".join(
        f"{label} {sum(result.outcome == outcome for result in results)}/{len(results)}"
        for outcome, label in OUTCOME_LABELS.items()
    )
    broken = first_broken(results)
    return f"{plain(place)}：{counted}；{'没有断点' if broken is None else _broken(broken)}"


def _broken(result: Result) -> str:
    """Return the first broken link in one line: of a list of mistakes its heading, since the table has the list."""
    heading, *listed = result.text.splitlines() or [""]
    said = f"首个断点 {result.check_id}：{plain(heading.rstrip('：'))}"
    return f"{said}（逐项见上表）" if listed else f"{said}；{plain(result.remedy)}"
