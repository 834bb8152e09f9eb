"""Validating again only what changed: a row accepted without a word is, under the same rules, the same row tonight.

What was accepted so is known by its hashes alone. Its typed row is made anew of tonight's bytes; no rule is asked, no
text read a second time, nothing proved twice. Every few nights all rows go through everything, and both must agree.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from datetime import date

import polars as pl

from citysync.domain import items
from citysync.domain.city import City
from citysync.domain.clean import Clean
from citysync.domain.errors import NotProved
from citysync.domain.kept_rows import PLACE, one_a_key
from citysync.domain.narrowing import narrowed
from citysync.domain.outcome import Validation
from citysync.domain.program import digest_of
from citysync.domain.row_hashes import KEY, ROW, row_hashes
from citysync.domain.run import RULES_VERSION
from citysync.domain.settled import SETTLED, TYPED, Settled, typed_key
from citysync.domain.snapshot import Snapshot
from schemas.room import Judged, Setting, judged
from schemas.validate import setting_of, shared_keys, whole, with_numbers

FULL_EVERY_DAYS = 7
_FRAMES = ("rejected", "notes")
_COUNTS = ("absent", "received", "rejected_rows", "duplicate", "accepted_rows")


@dataclass(frozen=True)
class Again:
    """A validation, equal to that of all rows but for those it leaves settled.

    ``clean``: what may be taken next time, before anything is compared; ``numbers``: ``row_no`` of its rows; ``anew``:
    rows validated; ``shorter``: what the shorter way said, on a day on which all rows were validated beside it.
    """

    validation: Validation
    clean: Clean
    numbers: pl.Series
    anew: int
    shorter: Validation | None = None


def revalidate(
    snapshot: Snapshot,
    city: City,
    on: date,
    clean: Clean | None,
    basis: str | None = None,
    alike: pl.Series | None = None,
) -> Again:
    """Return what ``validate`` returns, of which only rows that are not known as clean were validated.

    All of them are where nothing is known, the rules differ, or the last time is ``FULL_EVERY_DAYS`` ago; then the
    shorter way and hashes that were kept are held against it, and NotProved raised where they differ. ``basis``: the
    digest of what will be compared with; rows that are settled by it are not read at all. ``alike``: which rows
    (Boolean, one a row) the last good night has, too: what was settled on a night that was never published is no
    more than clean.
    """
    setting = setting_of(snapshot, city, on)
    rules = rules_key(setting)
    if clean is None or clean.rules != rules or not _numbered(snapshot.rows):
        return _full(snapshot, setting, rules, on)
    short = _short(snapshot, setting, clean, basis, alike)
    if 0 <= (on - clean.checked_on).days < FULL_EVERY_DAYS:
        return short
    _refuse_other_hashes(snapshot, city)
    full = _full(snapshot, setting, rules, on)
    _refuse_difference(short.validation, full.validation, snapshot.rows, city)
    return replace(full, shorter=short.validation)


def rules_key(setting: Setting) -> str:
    """Return the digest of all that validation reads beside the rows: change any of it, and every row is looked at."""
    told = {
        "rules": RULES_VERSION,
        "program": digest_of("schemas", "citysync.domain"),
        "polars": pl.__version__.split(".")[:2],
        "city": setting.city.model_dump(mode="json", exclude={"source"}),
        "divisions": asdict(setting.divisions),
        "columns": setting.columns,
        "unknown": setting.unknown,
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _full(snapshot: Snapshot, setting: Setting, rules: str, on: date) -> Again:
    rows = with_numbers(snapshot.rows)
    found = judged(rows, setting)
    validation = whole(snapshot, setting, found)
    hashes, numbers = _clean(rows["row_no"], snapshot.in_hand.hashes, validation, found)
    return Again(validation, Clean(rules, on, hashes), numbers, rows.height)


def _short(snapshot: Snapshot, setting: Setting, clean: Clean, basis: str | None, alike: pl.Series | None) -> Again:
    rows, hashes = snapshot.rows, snapshot.in_hand.hashes
    alone = one_a_key(snapshot.in_hand.by_key)
    if alike is not None:
        alone = alone.filter(alike[alone[PLACE]])
    settled = _settled(alone, rows.height, clean.settled, basis)
    while True:
        left = None if settled is None or settled.at is None else ~settled.at
        rest = rows if left is None else rows.filter(left)
        theirs = hashes if left is None else hashes.filter(left)
        known = _known(theirs, clean.every)
        found = judged(rest, setting, known)
        apart = None if settled is None else _apart(settled, found.comparable)
        if settled is None or apart is None or apart.all():
            break
        settled = _settled(alone, rows.height, replace(settled, rows=settled.rows.filter(apart)), basis)
    validation = whole(snapshot, setting, found, settled)
    silent, numbers = _clean(rest["row_no"], theirs, validation, found)
    return Again(validation, Clean(clean.rules, clean.checked_on, silent, settled), numbers, int((~known).sum()))


def _settled(alone: pl.DataFrame, height: int, before: Settled | None, basis: str | None) -> Settled | None:
    """Return which rows were settled before, known by both of their hashes, and share their key with no other."""
    if before is None or before.basis != basis:
        return None
    known = before.rows.with_columns(pl.col(KEY).set_sorted())
    found = alone.select(KEY, ROW, PLACE).join(known, on=KEY, how="inner", suffix="_before")
    found = found.filter(pl.col(ROW) == pl.col(f"{ROW}_before"))
    at = pl.repeat(value=False, n=height, dtype=pl.Boolean, eager=True).scatter(found[PLACE], values=True)
    return replace(before, rows=found.select(list(SETTLED)), at=at)


def _apart(settled: Settled, others: pl.DataFrame) -> pl.Series:
    """Return which settled rows share their key, as it is read, with no other."""
    return ~settled.rows[TYPED].is_in(typed_key(others).implode())


def _known(hashes: pl.DataFrame, clean: pl.DataFrame) -> pl.Series:
    """Return which rows are known by both of their hashes."""
    tonight = hashes.select(KEY, ROW)
    found = tonight.join(narrowed(clean, ROW, tonight[ROW]).unique(ROW), on=ROW, how="left", maintain_order="left")
    return found.select((pl.col(KEY) == pl.col(f"{KEY}_right")).fill_null(value=False)).to_series()


def _clean(
    numbers: pl.Series, hashes: pl.DataFrame, validation: Validation, found: Judged
) -> tuple[pl.DataFrame, pl.Series]:
    """Return the hashes and numbers of accepted rows that are plain, alone with their key and mentioned in no note."""
    accepted = validation.accepted.select("row_no", *items.KEY)
    alone = accepted.filter(~shared_keys(accepted))
    if found.notes.height:
        alone = alone.join(found.notes.select(items.KEY).unique(), on=items.KEY, how="anti", nulls_equal=True)
    told = hashes.select(KEY, ROW)
    if alone.height == told.height == found.plain.len():
        return told, numbers
    silent = numbers.is_in(alone["row_no"].implode()) & numbers.is_in(found.plain.implode()) & told[KEY].is_not_null()
    return told.filter(silent), numbers.filter(silent)


def _numbered(rows: pl.DataFrame) -> bool:
    return "row_no" in rows.columns and rows["row_no"].n_unique() == rows.height


def _refuse_other_hashes(snapshot: Snapshot, city: City) -> None:
    """Raise NotProved unless hashes taken over from an earlier night are those of tonight's rows."""
    if snapshot.in_hand is snapshot.known and not snapshot.in_hand.hashes.equals(row_hashes(snapshot.rows)):
        raise NotProved(
            f"{city.name}（{city.code}）沿用的行指纹与重新计算的不一致，这是本系统的缺陷，请报告开发者；"
            "城市端下一次整体拉取后将全部重新计算"
        )


def _refuse_difference(short: Validation, full: Validation, rows: pl.DataFrame, city: City) -> None:
    differing = [name for name in _FRAMES if not getattr(short, name).equals(getattr(full, name))]
    differing += [name for name in _COUNTS if getattr(short, name) != getattr(full, name)]
    if not short.accepted.equals(_read(short, full.accepted, rows)):
        differing.append("accepted")
    if differing:
        raise NotProved(
            f"{city.name}（{city.code}）只校验有变化的行与全部重新校验的结果不一致（{'、'.join(differing)}），"
            "这是本系统的缺陷，请报告开发者；已知的行作废，下次运行将全部重新校验"
        )


def _read(short: Validation, accepted: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Return which accepted rows the shorter way had to read: all that it did not leave settled."""
    if short.settled is None or short.settled.at is None:
        return accepted
    return accepted.filter(~pl.col("row_no").is_in(rows["row_no"].filter(short.settled.at).implode()))
