"""``citysync status [CITY…]``: the last verdict of every city, denominator first."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from citysync.cli.places import Places
from citysync.cli.render import console
from citysync.cli.results import show
from citysync.domain.workdays import calendar

if TYPE_CHECKING:
    from citysync.config.settings import Settings


def status(*cities: str, json: bool = False, on: date | None = None, places: Places | None = None) -> int:
    """各市当前状态：最近一次结论、自何时起、原因。

    Parameters
    ----------
    cities
        城市区划代码；不写则为全部启用的城市
    json
        输出一份 JSON
    on
        截至某业务日期：那一晚公布的结论
    """
    from flows.standing import as_of, standing

    settings = (places or Places()).settings()
    result = as_of(settings, cities, on) if on else standing(settings, cities)
    code = show(result, json=json)
    if on is not None and not result.verdicts:
        console(stderr=True).print(f"截至 {on}，台账里没有任何结论")
    if not json and result.run is not None:
        _tell_followers(settings, on or date.fromisoformat(result.run["business_date"]))
    return code


def _tell_followers(settings: Settings, on: date) -> None:
    """Say which cities already follow a change of the master whose grace still runs."""
    from citysync.domain.divisions import division_name
    from citysync.storage import followers
    from citysync.storage.schema import open_store

    with open_store(settings.database, write=False) as store:
        rows = followers.followers(store, on)
    for changed_on, due_on in dict.fromkeys((row["changed_on"], row["due_on"]) for row in rows):
        cities = [row for row in rows if (row["changed_on"], row["due_on"]) == (changed_on, due_on)]
        names = "、".join(f"{division_name(row['city_code'])}（{row['followed_on']}）" for row in cities)
        deadline = calendar().shown(date.fromisoformat(due_on))
        console().print(f"基本目录 {changed_on} 的变更（宽限至 {deadline}）已提前跟进：{names}")
