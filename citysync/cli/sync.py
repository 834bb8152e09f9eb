"""``citysync sync [CITY…]``: pull, validate, reconcile and judge now, without an orchestrator."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from citysync.cli.places import Places, now
from citysync.cli.results import published, show, tell_note, unpublished
from citysync.domain.errors import StorageError

if TYPE_CHECKING:
    from citysync.config.cities import Cities
    from citysync.config.settings import Settings
    from flows.crew import Crew
    from flows.night import Asked, Night


def sync(
    *cities: str,
    json: bool = False,
    dry_run: bool = False,
    no_alert: Annotated[bool, Parameter(help="不发送告警，也不送达回执；之后的运行或看守会补上")] = False,
    no_wait: bool = False,
    business_date: Annotated[date | None, Parameter(help="业务日期，默认上海时间今天")] = None,
    places: Places | None = None,
) -> int:
    """立即拉取、校验、对账、判定（不经 Prefect）。

    Parameters
    ----------
    cities
        城市区划代码；不写则为全部启用的城市
    json
        输出一份 JSON
    dry_run
        只判定，不写台账，不采用快照
    no_wait
        城市正由另一次运行处理时不等待，退出码 3
    """
    from flows.crew import crew_of

    settings = (places or Places()).settings()
    with crew_of(1 if len(cities) == 1 else settings.workers) as crew:  # first, so that its imports overlap ours
        from citysync.domain.run import Trigger
        from flows.night import Asked

        asked = Asked(Trigger.ON_DEMAND, cities, business_date, not dry_run, wait=not no_wait)
        night = walked(asked, settings, crew, aloud=not (dry_run or no_alert))
    if not (dry_run or no_alert):
        tell(settings)
        hand_over(settings, night.cities)
    tell_note(night.note)
    result = unpublished(night) if dry_run else published(settings, night.run.run_id)
    return show(result, json=json)


def walked(asked: Asked, settings: Settings, crew: Crew, *, aloud: bool) -> Night:
    """Return a run over its cities, closed; ``aloud``: what its ledger does not take is told to the people on duty."""
    from citysync.cli.progress import progress
    from flows.night import begin, closing_well
    from flows.walking import walk_all

    with crying(settings, aloud=aloud) as begun:
        night = begin(asked, settings, now())
        begun.append(night)
        with closing_well(night, now), progress(night) as say:
            walk_all(night, crew, say, now, settings.workers)
    return night


@contextmanager
def crying(settings: Settings, *, aloud: bool) -> Iterator[list[Night]]:
    """Yield a list for the run that is begun; where the ledger takes nothing, tell the people on duty without it."""
    from citysync.config.channels import FILE

    begun: list[Night] = []
    if not (aloud and (settings.cities_dir / FILE).is_file()):  # nobody to tell
        yield begun
        return
    from citysync.cli.render import console
    from flows.outcry import cry_out  # before anything can fail: what is broken then may be what imports need

    try:
        yield begun
    except StorageError as error:
        if not begun or begun[0].unheard is not None:
            for untold in cry_out(settings, error, now()):
                console(stderr=True).print(untold)
        raise


def tell(settings: Settings) -> None:
    """Send the alerts of the run just closed, where channels are set up, and say on stderr what was not taken."""
    from citysync.config.channels import FILE

    if not (settings.cities_dir / FILE).is_file():
        return
    from citysync.cli.render import console
    from flows.alerting import tell_after

    if (untold := tell_after(settings, now())) is not None:
        console(stderr=True).print(untold)


def hand_over(settings: Settings, cities: Cities) -> None:
    """Hand over the receipts that the run just closed made due, and say on stderr which did not arrive."""
    if not any(city.receipt.ways for city in cities.values()):
        return
    from citysync.cli.render import console
    from flows.delivery import hand_over_after

    if (undelivered := hand_over_after(settings, cities, now())) is not None:
        console(stderr=True).print(undelivered)
