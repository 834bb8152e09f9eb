"""Reading a city's codes as a person confirmed them, before anything is matched."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import polars as pl

from citysync.domain.identity import Change, Identity, Scope, in_force

SENT = "sent_catalog_code"
_PAIR = {"sent": pl.String(), "read": pl.String()}


def read_as_confirmed(
    rows: pl.DataFrame, items: pl.DataFrame, identities: Sequence[Identity], on: date
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the rows with ``catalog_code`` as confirmed and ``sent_catalog_code`` as sent, and what splits met.

    The second frame (sent, read) holds the codes of confirmed splits: a row cannot be several items, but it stands for
    them. A code the master itself has in force is never read as another, and never as one the master does not have.
    """
    sent = rows.with_columns(pl.col("catalog_code").alias(SENT))
    in_question = in_force(identities, Scope.CATALOG, on)
    if not in_question:  # most nights: the whole master is read for what a person confirmed alone
        return sent, pl.DataFrame(schema=_PAIR)
    live = items.filter(pl.col("plan_cancel_date").is_null() | (pl.col("plan_cancel_date") > on))
    known = set(live.get_column("catalog_code"))
    confirmed = [each for each in in_question if known.issuperset(each.after)]
    single = {code: each.after[0] for each in confirmed if each.change is not Change.SPLIT for code in each.before}
    several = [(each.before[0], code) for each in confirmed if each.change is Change.SPLIT for code in each.after]
    single = {code: read for code, read in single.items() if code not in known}
    stands_for = pl.DataFrame([pair for pair in several if pair[0] not in known], schema=_PAIR, orient="row")
    return sent.with_columns(pl.col("catalog_code").replace(single)) if single else sent, stands_for
