"""Validating again only what changed: a row accepted without a word is, under the same rules, the same row tonight.

What was accepted so is known by its hashes alone. Its typed row is made anew of tonight's bytes; no rule is asked, no
text read a second time, nothing proved twice. Every few nights all rows go through everything, and both must agree.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import date
from functools import cache
from importlib.resources import files

import polars as pl

from citysync.domain import items
from citysync.domain.city import City
from citysync.domain.clean import Clean
from citysync.domain.outcome import Validation
from citysync.domain.row_hashes import KEY, ROW, row_hashes
from citysync.domain.run import RULES_VERSION
from citysync.domain.snapshot import Snapshot
from schemas.proof import NotProved
from schemas.room import Judged, Setting, judged
from schemas.validate import setting_of, shared_keys, whole, with_numbers

FULL_EVERY_DAYS = 7
_FRAMES = ("accepted", "rejected", "notes")
_COUNTS = ("absent", "received", "rejected_rows", "duplicate")


@dataclass(frozen=True)
class Again:
    """A validation, equal to that of all rows; ``clean``: what may be taken next time; ``anew``: rows validated."""

    validation: Validation
    clean: Clean
    anew: int


def revalidate(snapshot: Snapshot, city: City, on: date, clean: Clean | None) -> Again:
    """Return what ``validate`` returns, of which only rows that are not known as clean were validated.

    All of them are where nothing is known, the rules differ, or the last time is ``FULL_EVERY_DAYS`` ago; then the
    shorter way and hashes that were kept are held against it, and NotProved raised where they differ.
    """
    setting = setting_of(snapshot, city, on)
    rules = rules_key(setting)
    if clean is None or clean.rules != rules or not _numbered(snapshot.rows):
        return _full(snapshot, setting, rules, on)
    short = _short(snapshot, setting, clean)
    if 0 <= (on - clean.checked_on).days < FULL_EVERY_DAYS:
        return short
    _refuse_other_hashes(snapshot, city)
    full = _full(snapshot, setting, rules, on)
    _refuse_difference(short.validation, full.validation, city)
    return full


def rules_key(setting: Setting) -> str:
    """Return the digest of all that validation reads beside the rows: change any of it, and every row is looked at."""
    told = {
        "rules": RULES_VERSION,
        "program": _program(),
        "polars": pl.__version__.split(".")[:2],
        "city": setting.city.model_dump(mode="json", exclude={"source"}),
        "divisions": asdict(setting.divisions),
        "columns": setting.columns,
        "unknown": setting.unknown,
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _full(snapshot: Snapshot, setting: Setting, rules: str, on: date) -> Again:
    found = judged(with_numbers(snapshot.rows), setting)
    validation = whole(snapshot, setting, found)
    clean = Clean(rules, on, _clean(snapshot, validation, found))
    return Again(validation, clean, snapshot.rows.height)


def _short(snapshot: Snapshot, setting: Setting, clean: Clean) -> Again:
    known = _known(snapshot.in_hand.hashes, clean.rows)
    found = judged(snapshot.rows, setting, known)
    validation = whole(snapshot, setting, found)
    rest = Clean(clean.rules, clean.checked_on, _clean(snapshot, validation, found))
    return Again(validation, rest, int((~known).sum()))


def _known(hashes: pl.DataFrame, clean: pl.DataFrame) -> pl.Series:
    """Return which rows are known by both of their hashes."""
    found = hashes.select(KEY, ROW).join(clean.unique(ROW), on=ROW, how="left", maintain_order="left")
    return found.select((pl.col(KEY) == pl.col(f"{KEY}_right")).fill_null(value=False)).to_series()


def _clean(snapshot: Snapshot, validation: Validation, found: Judged) -> pl.DataFrame:
    """Return the hashes of accepted rows that are plain, alone with their key and mentioned in no note."""
    accepted = validation.accepted.select("row_no", *items.KEY)
    alone = accepted.filter(~shared_keys(accepted))
    if found.notes.height:
        alone = alone.join(found.notes.select(items.KEY).unique(), on=items.KEY, how="anti", nulls_equal=True)
    hashes = snapshot.in_hand.hashes.select(KEY, ROW)
    if alone.height == hashes.height == found.plain.len():
        return hashes
    numbers = with_numbers(snapshot.rows)["row_no"]
    silent = numbers.is_in(alone["row_no"].implode()) & numbers.is_in(found.plain.implode())
    return hashes.filter(silent & hashes[KEY].is_not_null())


def _numbered(rows: pl.DataFrame) -> bool:
    return "row_no" in rows.columns and rows["row_no"].n_unique() == rows.height


def _refuse_other_hashes(snapshot: Snapshot, city: City) -> None:
    """Raise NotProved unless hashes taken over from an earlier night are those of tonight's rows."""
    if snapshot.in_hand is snapshot.known and not snapshot.in_hand.hashes.equals(row_hashes(snapshot.rows)):
        raise NotProved(
            f"{city.name}（{city.code}）沿用的行指纹与重新计算的不一致，这是本系统的缺陷，请报告开发者；"
            "城市端下一次整体拉取后将全部重新计算"
        )


def _refuse_difference(short: Validation, full: Validation, city: City) -> None:
    differing = [name for name in _FRAMES if not getattr(short, name).equals(getattr(full, name))]
    differing += [name for name in _COUNTS if getattr(short, name) != getattr(full, name)]
    if differing:
        raise NotProved(
            f"{city.name}（{city.code}）只校验有变化的行与全部重新校验的结果不一致（{'、'.join(differing)}），"
            "这是本系统的缺陷，请报告开发者；删除数据文件夹中 clean 下该城市的文件后，下次运行将全部重新校验"
        )


@cache
def _program() -> str:
    """Return the digest of the program that reads rows: nobody has to remember to raise a number."""
    told = hashlib.sha256()
    for package in ("schemas", "citysync.domain"):
        for file in sorted(files(package).iterdir(), key=lambda each: each.name):
            if file.name.endswith((".py", ".csv")):
                told.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return told.hexdigest()
