"""``citysync approve CITY``: let through a mass change the guard holds, up to a ceiling, until a day, for a reason."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from citysync.cli.places import Places, now
from citysync.cli.render import console
from citysync.cli.sync import sync
from citysync.domain.errors import ConfigError

if TYPE_CHECKING:
    from citysync.storage.approvals import Ceiling


@Parameter(name="*")
@dataclass(frozen=True)
class Leave:
    """What is approved: at least one of these."""

    vanished: Annotated[int | None, Parameter(help="最多允许消失多少项")] = None
    appeared: Annotated[int | None, Parameter(help="最多允许多出多少条")] = None
    field: Annotated[str | None, Parameter(help="允许变化的字段（标准字段名或中文名），与 changed 同用")] = None
    changed: Annotated[int | None, Parameter(help="该字段最多允许在多少项中变空或改动")] = None
    empty: Annotated[bool, Parameter(help="允许收到 0 条")] = False


def approve(
    city: str,
    /,
    *,
    until: Annotated[date, Parameter(help="批准有效到哪一天（含）")],
    reason: Annotated[str, Parameter(help="批准的理由，记入审计")],
    leave: Leave | None = None,
    no_run: Annotated[bool, Parameter(help="只记下批准，不立即运行")] = False,
    json: bool = False,
    business_date: Annotated[date | None, Parameter(help="随后运行的业务日期，默认上海时间今天")] = None,
    places: Places | None = None,
) -> int:
    """批准一个城市被护栏拦下的大批变化，随即重新运行该市；超过上限或过期后仍会拦下。

    Parameters
    ----------
    city
        城市区划代码
    json
        输出一份 JSON
    """
    from flows.approval import grant

    told = places or Places()
    ceilings = list(_ceilings(leave or Leave()))
    given = grant(told.settings(), city, ceilings, until, reason, now(), on=business_date)
    console(stderr=True).print(given)
    return 0 if no_run else sync(city, json=json, business_date=business_date, places=told)


def _ceilings(leave: Leave) -> Iterator[Ceiling]:
    from citysync.domain.approval import Held
    from citysync.domain.items import HEADINGS
    from citysync.storage.approvals import Ceiling

    if (leave.field is None) != (leave.changed is None):
        raise ConfigError("--field 与 --changed 须同时给出，如 --field anticipate_day --changed 500")
    if leave.field is not None and leave.field not in HEADINGS:
        raise ConfigError(f"--field {leave.field} 不是标准字段名；请用待确认原因中给出的写法")
    column = None if leave.field is None else HEADINGS[leave.field]
    amounts = {Held.VANISHED: leave.vanished, Held.APPEARED: leave.appeared, Held.CHANGED: leave.changed}
    for kind, most in amounts.items():
        if most is not None and most < 1:
            raise ConfigError(f"--{kind.value} 须为正整数，看到 {most}")
        if most is not None:
            yield Ceiling(kind, most, column if kind is Held.CHANGED else None)
    if leave.empty:
        yield Ceiling(Held.EMPTY, 0)
