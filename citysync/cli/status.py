"""``citysync status [CITY…]``: the last verdict of every city, denominator first."""

from __future__ import annotations

from datetime import date

from citysync.cli.places import Places
from citysync.cli.results import show
from citysync.cli.standing import as_of, standing


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
    settings = (places or Places()).settings()
    return show(as_of(settings, cities, on) if on else standing(settings, cities), json=json)
