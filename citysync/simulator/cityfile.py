"""A simulated city's TOML file, as an operator would have written it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path

from sqlalchemy import make_url

from citysync.simulator.columns import COLUMNS
from citysync.simulator.files import DROPS
from citysync.simulator.front_end import TABLES
from citysync.simulator.protocols import PROTOCOLS
from citysync.simulator.province import LOCAL_PATTERN, SimulatedCity
from citysync.simulator.secrets import secret_name


def city_file(city: SimulatedCity, source: Mapping[str, object]) -> str:
    """Return the text of ``cities/<code>.toml``; ``source`` comes from one of the functions below."""
    top: dict[str, object] = {
        "name": city.name,
        "code": city.code,
        "tile": list(city.plan.tile),
        "zone": city.plan.zone,
        "contacts": [f"zwfw@{city.code}.example"],
    }
    if city.dialect.constants:
        top["ignore"] = list(city.dialect.constants)
    parts = [f"# {city.name}：模拟数据源，由 citysync simulate 写成。", _lines(top), _table("source", source)]
    parts += [_table(name, values) for name, values in _tables(city).items() if values]
    parts += [_table("exempt", asdict(exemption), many=True) for exemption in city.exemptions]
    return "\n".join(parts)


def http_source(city: SimulatedCity, base_url: str) -> dict[str, object]:
    """Return ``[source]`` of a city asked over HTTP."""
    protocol = PROTOCOLS[city.plan.dialect]
    source: dict[str, object] = {"connector": city.dialect.connector, "url": f"{base_url}/{city.code}/items"}
    source |= protocol.keys
    if "size_param" in protocol.keys:
        source["page_size"] = city.dialect.page_size
    if protocol.auth:
        source["auth"] = {**protocol.auth, "secret": secret_name(city.code)}
    return source


def sql_source(city: SimulatedCity, url: str) -> dict[str, object]:
    """Return ``[source]`` of a front-end database; account and password leave the address for ``auth``."""
    parsed = make_url(url)
    # URL.set takes None for "leave as it is".
    bare = parsed._replace(password=None).render_as_string(hide_password=False)
    source: dict[str, object] = {"connector": city.dialect.connector, "url": bare, "tables": list(TABLES)}
    if parsed.password is not None:
        source["auth"] = {"kind": "basic", "user": parsed.username or "", "secret": secret_name(city.code)}
    return source


def drop_source(city: SimulatedCity, folder: Path) -> dict[str, object]:
    """Return ``[source]`` of a folder with dropped files."""
    drop = DROPS[city.plan.dialect]
    place = folder / city.code
    source: dict[str, object] = {"connector": city.dialect.connector, "path": str(place / f"items-*.{drop.format}")}
    source["format"] = drop.format
    if drop.items is not None:
        source["items"] = drop.items
    if drop.manifest:
        source["manifest"] = str(place / "manifest.json")
    return source


def _tables(city: SimulatedCity) -> dict[str, Mapping[str, object]]:
    dialect = city.dialect
    # Chinese headings need no [fields]: file_drop knows them.
    written = {name: dialect.name_of(name) for name in COLUMNS if name not in dialect.lacks}
    renamed = {} if dialect.connector == "file_drop" else {ours: to for ours, to in written.items() if ours != to}
    tables: dict[str, Mapping[str, object]] = {"fields": renamed}
    tables |= {f"values.{column}": meanings for column, meanings in dialect.meanings().items()}
    if city.plan.local:
        tables["codes"] = {"scheme": "local", "pattern": LOCAL_PATTERN}
    expect: dict[str, object] = {"min_items": 10} if city.fault == "zero" else {}
    for each in city.faults:
        expect |= each.fault.expect
    tables["expect"] = expect
    if city.max_rejected_ratio is not None:
        tables["tolerate"] = {"max_rejected_ratio": city.max_rejected_ratio}
    return tables


def _table(name: str, values: Mapping[str, object], *, many: bool = False) -> str:
    head = f"[[{name}]]" if many else f"[{name}]"
    return f"{head}\n{_lines(values)}"


def _lines(values: Mapping[str, object]) -> str:
    return "".join(f"{_key(key)} = {_value(value)}\n" for key, value in values.items() if value is not None)


def _key(key: str) -> str:
    bare = key.isascii() and key.replace("_", "").replace("-", "").isalpha()
    return key if bare else json.dumps(key, ensure_ascii=False)


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {_value(inner)}" for key, inner in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(_value(inner) for inner in value) + "]"
    if isinstance(value, date):
        return value.isoformat()
    return json.dumps(value, ensure_ascii=False)
