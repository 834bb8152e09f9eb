"""``citysync recheck CITY``: ask again for what the open findings speak of, and close what is fixed."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from citysync.cli.places import Places, now
from citysync.cli.render import console
from citysync.cli.results import published, show
from citysync.cli.sync import crying, hand_over, tell

if TYPE_CHECKING:
    from citysync.config.settings import Settings
    from flows.night import Night


def recheck(
    city: str,
    /,
    *,
    json: bool = False,
    no_alert: Annotated[bool, Parameter(help="不发送告警，也不送达回执；之后的运行或看守会补上")] = False,
    business_date: date | None = None,
    places: Places | None = None,
) -> int:
    """复核一个城市：只问未改好的差异涉及的编码（来源不能按编码查询的，整体重拉），改好的随即关闭。

    Parameters
    ----------
    city
        城市区划代码
    json
        输出一份 JSON
    business_date
        业务日期，默认上海时间今天
    """
    from flows.standing import standing

    settings = (places or Places()).settings()
    if _nothing_open(settings, city):
        console(stderr=True).print(f"{city} 没有未改好的差异，无需复核；整体重拉请用 citysync sync {city}")
        return show(standing(settings, (city,)), json=json)
    night = _walked(settings, city, business_date, aloud=not no_alert)
    if not no_alert:
        tell(settings)
        hand_over(settings, night.cities)
    return show(published(settings, night.run.run_id), json=json)


def _nothing_open(settings: Settings, city: str) -> bool:
    from citysync.storage.schema import exists, open_store
    from flows.recheck import open_keys
    from flows.standing import standing

    if not exists(settings.database):
        return False
    with open_store(settings.database, write=False) as store:
        nothing = not open_keys(store, city)
    return nothing and standing(settings, (city,)).verdicts[0]["grade"] is not None


def _walked(settings: Settings, city: str, business_date: date | None, *, aloud: bool) -> Night:
    """Return the run that looked at the city again, closed."""
    from flows.crew import crew_of
    from flows.night import Asked, begin, closing_well
    from flows.walking import walk_all

    with crew_of(1) as crew:
        from citysync.cli.progress import progress
        from citysync.domain.run import Trigger

        with crying(settings, aloud=aloud) as begun:
            night = begin(Asked(Trigger.ON_DEMAND, (city,), business_date, recheck=True), settings, now())
            begun.append(night)
            with closing_well(night, now), progress(night) as say:
                walk_all(night, crew, say, now, 1)
    return night
