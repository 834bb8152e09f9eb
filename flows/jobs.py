"""A city's job: the facts of the run and the secrets this machine has for it, wherever the city is walked."""

from __future__ import annotations

from citysync.config.cities import secret_names
from citysync.config.settings import Settings
from citysync.domain.city import City
from citysync.domain.run import Run
from flows.crew import Job


def job_of(
    city: City, run: Run, settings: Settings, *, publish: bool = True, may_defer: bool = False, recheck: bool = False
) -> Job:
    """Return the job of walking a city for a run; secrets come from this machine's environment and folder."""
    secrets = settings.secrets()
    return Job(
        city=city,
        run=run,
        data_dir=settings.data_dir,
        database_url=settings.database,
        secrets={name: secrets.get(name) for _, name in secret_names(city)},
        publish=publish,
        may_defer=may_defer,
        recheck=recheck,
    )
