"""``citysync status [CITY…]``: the last verdict of every city, denominator first."""

from __future__ import annotations

from citysync.cli.places import Places
from citysync.cli.results import show
from citysync.cli.standing import standing


def status(*cities: str, json: bool = False, places: Places | None = None) -> int:
    """各市当前状态：最近一次结论、自何时起、原因。

    Parameters
    ----------
    cities
        城市区划代码；不写则为全部启用的城市
    json
        输出一份 JSON
    """
    settings = (places or Places()).settings()
    return show(standing(settings, cities), json=json)
