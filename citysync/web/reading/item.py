"""The facts of one item of a city: the way ``explain`` finds it, the lives of its differences, the other cities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from citysync.domain.city import City
from citysync.domain.errors import ConfigError
from citysync.storage.appeals import with_appeals
from citysync.storage.catalogue import items_of
from citysync.storage.episodes import episodes
from citysync.storage.glimpse import rows_of_codes, rows_of_item
from citysync.storage.past import adopted_snapshots, snapshots_in_force
from citysync.storage.reading import Listing
from citysync.web.problems import NotThere
from citysync.web.reading.reader import Reader
from flows.explain.answer import explain_item

COMPARED = ("task_name", "limit_scene_num", "promise_day", "anticipate_day", "online_handle_depth")
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Life:
    """One life of a difference: its row, and what stood in its field on both sides before and when it began.

    Each side is (before, then); None where nothing stood there or nobody can tell any more. ``known``: one can tell.
    """

    row: Row
    theirs: tuple[str | None, str | None]
    masters: tuple[str | None, str | None]
    known: bool


@dataclass(frozen=True)
class Elsewhere:
    """The item in another city: its rows there, None where that city never sent a directory."""

    city: City
    rows: Sequence[Row] | None


@dataclass(frozen=True)
class ItemFacts:
    """``task``: the document of ``citysync explain --json`` for the item, its findings each with its ``appeal``.

    ``catalog_code`` None: nobody can tell.
    """

    city: City
    asked: str
    run_id: str
    task: Row
    catalog_code: str | None
    lives: Sequence[Life]
    elsewhere: Sequence[Elsewhere]


def item_facts(reader: Reader, code: str, asked: str, row_no: int | None) -> ItemFacts:
    """Return an item's facts in the snapshot in force; raise ``NotThere`` where neither side knows it."""
    city = reader.city(code)
    good = next(iter(adopted_snapshots(reader.store, code)), None)
    if good is None:
        raise NotThere(asked)
    run_id = str(good["run_id"])
    try:
        task = explain_item(reader.settings, reader.store, city, None if row_no is not None else asked, row_no, run_id)
    except ConfigError:
        raise NotThere(asked) from None
    listing = Listing(run_id, None, None, tuple(task["findings"]))
    task = {**task, "findings": with_appeals(reader.store, code, listing).rows}
    if not task["rows"] and not task["findings"] and task["master"] is None:
        raise NotThere(asked)
    catalog_code = _catalog_of(task)
    return ItemFacts(
        city,
        asked,
        run_id,
        task,
        catalog_code,
        _lives(reader, code, run_id, task),
        _elsewhere(reader, code, catalog_code),
    )


def _catalog_of(task: Row) -> str | None:
    said = [task["master"] or {}, *task["rows"], *task["findings"]]
    return next((str(each["catalog_code"]) for each in said if each.get("catalog_code")), None)


def _lives(reader: Reader, code: str, run_id: str, task: Row) -> list[Life]:
    sent = {field["sent"] for row in task["rows"] for field in row["fields"] if field["column"] in _KEYS}
    read = {field["read_as"] for row in task["rows"] for field in row["fields"] if field["column"] in _KEYS}
    codes = {str(value) for value in sent | read if value}
    found = episodes(reader.store, code, run_id, task["findings"], codes, _catalog_of(task))
    return [_life(reader, row) for row in found]


_KEYS = ("task_code", "task_handle_item")


def _life(reader: Reader, row: Row) -> Life:
    """Return a life with what stood in its field before it began and when it did."""
    sides = (row["before"], row["opened"])
    theirs = tuple(_sent(reader, side, row) for side in sides)
    masters = tuple(_master(reader, side, row) for side in sides)
    known = all(side is not None and (reader.settings.data_dir / side["path"]).is_file() for side in sides)
    return Life(row, (theirs[0], theirs[1]), (masters[0], masters[1]), known)


def _sent(reader: Reader, side: Row | None, row: Row) -> str | None:
    code = row["task_handle_item"] or row["task_code"]
    if side is None or code is None or row["field"] is None:
        return None
    found = rows_of_codes(reader.settings.data_dir / side["path"], [code], [row["field"]])
    return found[0].get(row["field"]) if found else None


def _master(reader: Reader, side: Row | None, row: Row) -> str | None:
    if side is None or row["catalog_code"] is None:
        return None
    items = items_of(reader.store, side["master_version"], [row["catalog_code"]])
    name = "task_name" if row["field"] == "catalog_name" else str(row["field"])
    value = items.get(row["catalog_code"], {}).get(name)
    return None if value is None else str(value)


def _elsewhere(reader: Reader, code: str, catalog_code: str | None) -> list[Elsewhere]:
    """Return the item in the other cities the asker may see."""
    if catalog_code is None:
        return []
    paths = snapshots_in_force(reader.store)
    others = (city for other, city in reader.cities.items() if other != code)
    return [Elsewhere(city, _rows_in(reader, paths.get(city.code), catalog_code)) for city in others]


def _rows_in(reader: Reader, path: str | None, catalog_code: str) -> Sequence[Row] | None:
    if path is None or not (reader.settings.data_dir / path).is_file():
        return None
    return rows_of_item(reader.settings.data_dir / path, catalog_code, COMPARED)
