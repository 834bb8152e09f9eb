"""The cities folder: one TOML file per source, every mistake of every file found before the network is touched."""

from __future__ import annotations

import glob
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from citysync.config.documents import Broken, Layers, Table, read_layers
from citysync.config.phrases import phrase, real_key, unknown_key
from citysync.config.places import Key
from citysync.config.problems import Problem, did_you_mean, nearest, refusal, shown
from citysync.config.rules import facts
from citysync.config.secrets import Secrets
from citysync.domain.city import City, SourceBase
from citysync.domain.errors import ConfigError

Model = TypeVar("Model", bound=BaseModel)
SourceModel = Callable[[str], type[SourceBase] | None]

_SQLITE = re.compile(r"^(sqlite(?:\+[a-z]+)?:///)(file:)?+(?!/|:memory:)(.+)$")
_CODE = re.compile(r"[0-9]{6}")
_CONSTANT = re.compile(r"[A-Z][A-Z0-9_]*")


class Cities(dict[str, City]):
    """Division code → city, in code order, remembering where each was written."""

    def __init__(self, cities: Mapping[str, City], written: Mapping[str, Layers]) -> None:
        super().__init__(sorted(cities.items()))
        self.written = dict(written)

    def pick(self, codes: Iterable[str]) -> Cities:
        """Return only these cities (all enabled ones if none is named); raise ``ConfigError`` for a stranger."""
        asked = tuple(codes) or tuple(code for code, city in self.items() if city.enabled)
        for code in asked:
            if code not in self:
                near = nearest(code, self)
                remedy = (
                    f"您是否要写 {near}（{self[near].name}）？" if near else f"有 {len(self)} 个：{'、'.join(self)}"
                )
                raise ConfigError(f"没有编码为 {code} 的城市文件；{remedy}")
        return Cities({code: self[code] for code in asked}, self.written)


def load_cities(folder: Path, source_model: SourceModel, connectors: Iterable[str] = ()) -> Cities:
    """Return every city of a folder, disabled ones too; raise one ``ConfigError`` that lists every mistake.

    ``source_model`` gives a connector's own model of [source]; ``connectors`` are the names to suggest.
    """
    cities, problems = read_cities(folder, source_model, connectors)
    if problems:
        raise refusal("城市文件", problems)
    return cities


def load_city_file(path: Path, source_model: SourceModel, connectors: Iterable[str] = ()) -> City:
    """Return the city of one file; raise ``ConfigError`` with every mistake of it."""
    city, _, problems = _examined(path, source_model, connectors)
    if city is None or problems:
        raise refusal("城市文件", problems)
    return city


def read_cities(
    folder: Path, source_model: SourceModel, connectors: Iterable[str] = ()
) -> tuple[Cities, list[Problem]]:
    """Return the cities that are right and the problems of those that are not, as ``doctor`` shows them.

    Raises ``ConfigError`` only where there is nothing to read: no folder, or no city file in it.
    """
    names = tuple(connectors)
    found: list[tuple[Path, City | None, Layers | None]] = []
    problems: list[Problem] = []
    for path in _city_files(folder):
        city, layers, wrong = _examined(path, source_model, names)
        found.append((path, city, layers))
        problems += wrong
    problems += _twice(found)
    right = {city.code: (city, layers) for _, city, layers in found if city is not None and layers is not None}
    cities = {code: city for code, (city, _) in right.items()}
    return Cities(cities, {code: layers for code, (_, layers) in right.items()}), sorted(set(problems))


def check_secrets(cities: Mapping[str, City], secrets: Secrets) -> None:
    """Raise one ``ConfigError`` naming file, line, key and variable of each secret an enabled city lacks."""
    problems = [
        _written(cities, code).problem(key, f"{_variable(name)}：{reason}", remedy)
        for code, city in cities.items()
        if city.enabled
        for key, name in secret_names(city)
        for reason, remedy in secrets.faults(name)
    ]
    if problems:
        raise refusal("密码与令牌", problems)


def secret_names(city: City) -> Iterator[tuple[Key, str]]:
    """Yield key and name of every secret a city's source, or the way of its receipts, names."""
    yield from _secrets_in(city.source, ("source",))
    yield from _secrets_in(city.receipt, ("receipt",))


def _secrets_in(model: BaseModel, key: Key) -> Iterator[tuple[Key, str]]:
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            yield from _secrets_in(value, (*key, name))
        elif isinstance(value, str) and (name == "secret" or name.endswith("_secret")):
            yield (*key, name), value


def _variable(name: str) -> str:
    """Return a secret's name, unless it looks like the secret itself, written where its name belongs."""
    return name if _CONSTANT.fullmatch(name) else "（这里写的不像变量名，不显示）"


def _written(cities: Mapping[str, City], code: str) -> Layers:
    if isinstance(cities, Cities) and code in cities.written:
        return cities.written[code]
    raise KeyError(f"{code}: cities must come from load_cities, which remembers where each was written")


def _city_files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise ConfigError(f"没有城市文件夹 {folder}；请新建它并放入城市文件，或用 CITYSYNC_CITIES_DIR 指定")
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() == ".toml" and path.name[0] not in "_.")
    if not files:
        raise ConfigError(f"城市文件夹 {folder} 中没有城市文件；请按 docs/add-a-city.md 新建 440300.toml 这样的文件")
    return files


def _examined(
    path: Path, source_model: SourceModel, connectors: Iterable[str]
) -> tuple[City | None, Layers | None, list[Problem]]:
    """Return the city (None if anything about it is wrong), where it was written, and what is wrong."""
    try:
        layers = read_layers(path)
    except Broken as broken:
        return None, None, [broken.problem]
    tree = _resolved(layers.tree, path.parent.absolute())
    wrong = tuple(facts(tree))
    told = frozenset(key for key, _, _ in wrong)
    source, problems = _source(tree, layers, source_model, tuple(connectors), told)
    city, more = _modelled(City, {**tree, "source": source}, layers, (), told)
    problems += [*more, *(layers.problem(*fact) for fact in wrong)]
    problems += _misnamed(path, tree, layers)
    return (None if problems else city), layers, problems


def _source(
    tree: Table, layers: Layers, source_model: SourceModel, connectors: tuple[str, ...], told: frozenset[Key]
) -> tuple[SourceBase, list[Problem]]:
    """Return the connector's own model of [source]; where that is wrong, a stand-in so that the rest is still read."""
    stand_in = SourceBase(connector="")
    raw = tree.get("source")
    if not isinstance(raw, dict):
        seen = "缺少 [source] 表" if raw is None else f"应为一个表，看到 {shown(raw)}"
        return stand_in, [layers.problem(("source",), seen, '请写 [source]，其下 connector = "…"')]
    name = raw.get("connector")
    key: Key = ("source", "connector")
    if not isinstance(name, str):
        seen = "缺少必填的键" if name is None else f"应为文字，看到 {shown(name)}"
        return stand_in, [layers.problem(key, seen, did_you_mean("", connectors, "可用的连接器"))]
    model = source_model(name)
    if model is None:
        remedy = did_you_mean(name, connectors, "可用的连接器")
        return stand_in, [layers.problem(key, f"没有名为 {shown(name)} 的连接器", remedy)]
    source, problems = _modelled(model, raw, layers, ("source",), told)
    return source or stand_in, problems


def _modelled(
    model: type[Model], raw: Table, layers: Layers, at: Key, told: frozenset[Key]
) -> tuple[Model | None, list[Problem]]:
    """Return what a model makes of a table at a key; a connector's own words on a key in ``told`` are left out."""
    try:
        return model.model_validate(raw), []
    except ValidationError as error:
        problems = []
        for found in error.errors(include_url=False):
            inside = real_key(raw, found["loc"], missing=found["type"] == "missing")
            if found["type"] == "value_error" and at + inside in told:
                continue
            stranger = found["type"] == "extra_forbidden"
            words = unknown_key(model, at, inside) if stranger else phrase(found, at + inside)
            problems.append(layers.problem(at + inside, *words))
        return None, problems


def _misnamed(path: Path, tree: Table, layers: Layers) -> list[Problem]:
    code = tree.get("code")
    if path.suffix != ".toml":
        return [layers.problem((), f"文件名 {path.name} 的后缀不是小写 .toml", f"改名为 {path.stem}.toml")]
    if isinstance(code, str) and _CODE.fullmatch(code) and code != path.stem:
        remedy = f"把文件改名为 {code}.toml，或改正 code"
        return [layers.problem(("code",), f"文件名 {path.name} 与 code {shown(code)} 不一致", remedy)]
    return []


def _twice(found: list[tuple[Path, City | None, Layers | None]]) -> Iterator[Problem]:
    """Refuse a code in two files: one would silently replace the other."""
    first: dict[object, Path] = {}
    for path, _, layers in found:
        code = layers.tree.get("code") if layers else None
        if layers is None or not isinstance(code, str):
            continue
        if code in first:
            seen = f"编码 {code} 已写在 {first[code].name} 中，又写在 {path.name} 中"
            yield layers.problem(("code",), seen, "一个编码只能有一个文件，请改正或删去其中一个")
        first.setdefault(code, path)


def _resolved(tree: Table, folder: Path) -> Table:
    """Return the tree with the files and folders it names made absolute: they are relative to the city file's."""
    receipt, source = tree.get("receipt"), tree.get("source")
    if isinstance(receipt, dict) and _relative(receipt.get("folder")):
        tree = {**tree, "receipt": {**receipt, "folder": str(folder / str(receipt["folder"]))}}
    if not isinstance(source, dict):
        return tree
    resolved = dict(source)
    if _relative(path := source.get("path")):
        resolved["path"] = f"{glob.escape(str(folder))}/{path}"  # a path may be a pattern, the folder is none
    for key in ("manifest", "ca_file"):
        if _relative(name := source.get(key)):
            resolved[key] = str(folder / str(name))
    if isinstance(url := source.get("url"), str) and (found := _SQLITE.match(url)):
        resolved["url"] = f"{found[1]}{found[2] or ''}{folder / found[3]}"
    return {**tree, "source": resolved}


def _relative(value: object) -> bool:
    return isinstance(value, str) and value != "" and "://" not in value and not value.startswith("/")
