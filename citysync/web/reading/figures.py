"""The facts of the figures page: the very objects ``citysync figures --json`` prints, of the cities one may see."""

from __future__ import annotations

from datetime import date

from citysync.web.problems import NotThere
from citysync.web.reading.reader import Reader
from flows.figures import By, Seen, figures_in, targets_of


def figures(reader: Reader, by: By, on: date | None, since: date | None) -> Seen:
    """Return the figures of every city the asker may see, as of a day.

    ``since``: a further day to compare with. Raises ``NotThere`` for somebody who may see no city: nobody's figures
    are not everybody's.
    """
    names = {code: city.name for code, city in reader.enabled.items()}
    if not names:
        raise NotThere("figures")
    targets = targets_of(reader.settings)
    return figures_in(reader.store, targets, names, by, on or reader.today, since, trend=True, kept=reader.kept)
