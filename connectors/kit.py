"""A city's own server that speaks our protocol (docs/kit.md): changes since last night, proved by the whole's digest.

Nothing is trusted for being small: the changes are put upon the snapshot in force, and the whole that comes of it must
have the digest and the count of the manifest. Where it has not, and every few nights anyway, everything is pulled.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from citysync.domain.city import City
from citysync.domain.digests import PREFIX
from citysync.domain.snapshot import Certificate, Grade, Snapshot
from connectors._certify import single
from connectors._door import Door
from connectors._http import Expired, HttpSource
from connectors._kit_index import Base, kept, remembered
from connectors._kit_received import Received, changed, whole
from connectors._kit_talk import Contradicted, Manifest, Talk
from connectors._mapping import distinct_keys, plan_for, unknown_fields
from connectors._moments import changed_at
from connectors._session import Session

_UNUSED = ("method", "body", "params", "items", "total", "version", "ok", "by_code")


class Source(HttpSource):
    """Keys of a kit; ``url`` is its address without a path. ``whole_every``: every how many pulls one is whole."""

    page_size: Annotated[int, Field(ge=1, le=20_000)] = 20_000
    whole_every: Annotated[int, Field(ge=1, le=31)] = 7

    @model_validator(mode="after")
    def _only_what_a_kit_needs(self) -> Source:
        # By value: a tape holds every key of a source, the defaults written out.
        defaults = {name: Source.model_fields[name].get_default(call_default_factory=True) for name in _UNUSED}
        if unused := [name for name, default in defaults.items() if getattr(self, name) != default]:
            raise ValueError(f"城市端的协议是固定的，不需要 {'、'.join(unused)}；请删去")
        return self


def pull(city: City, source: Source, door: Door) -> Snapshot:
    """Return the directory: the snapshot in force with what changed since, where that is proved; else the whole."""
    taken_at = door.now()
    with Session(source, door) as session:
        home = source.url.rstrip("/").removesuffix(PREFIX) + PREFIX
        talk = Talk(session, home, source.page_size, door.progress)
        manifest, received, notes = _begun(talk, city, source, door)
        notes += session.notes()
    if manifest.problem:
        notes.append(f"城市端自述：{manifest.problem[:200]}")
    pages = tuple(talk.pages)
    if not received.problems:
        pages += kept(received.index, city, door, len(pages) + 1)
    names = [dict.fromkeys(manifest.fields, "-")]
    return Snapshot(
        city_code=city.code,
        taken_at=taken_at,
        rows=received.rows,
        pages=pages,
        certificate=_certificate(received, manifest, talk),
        unknown_fields=tuple(sorted(unknown_fields(names, plan_for(city, door.columns)))),
        source_changed_at=changed_at(received.rows) or manifest.changed_at,
        notes=tuple(notes),
        known=received.in_hand,
    )


def _begun(talk: Talk, city: City, source: Source, door: Door) -> tuple[Manifest, Received, list[str]]:
    """Return the directory; where its snapshot is gone meanwhile, that of the snapshot there is now."""
    try:
        return _received(talk, city, source, door)
    except Expired:
        door.progress("快照中途失效，已从头重读")
        return _received(talk, city, source, door)


def _received(talk: Talk, city: City, source: Source, door: Door) -> tuple[Manifest, Received, list[str]]:
    manifest = talk.manifest()
    before = remembered(city, door, len(talk.pages) + 1)
    talk.pages.extend(before.pages)
    why = before.why or (None if before.base is None else _useless(before.base, manifest, source))
    if before.base is None or why is not None:
        return manifest, whole(talk, manifest, city, door), [f"整体拉取：{why}"] if why else []
    try:
        received, note = changed(talk, manifest, before.base, city, door)
    except Contradicted as error:
        received, note = whole(talk, manifest, city, door), f"增量未能证实（{error}），已改为整体拉取"
    return manifest, received, [note]


def _useless(base: Base, manifest: Manifest, source: Source) -> str | None:
    """Return why everything is pulled although last night's is known, None where changes will do."""
    if base.index.since_whole + 1 >= source.whole_every:
        return f"每 {source.whole_every} 次一次"
    return None if base.index.fields == manifest.fields else "城市端的字段有增减"


def _certificate(received: Received, manifest: Manifest, talk: Talk) -> Certificate:
    rows, keys = received.rows.height, distinct_keys(received.rows)
    facts = {"declared": manifest.count, "pages": talk.asked, "problems": tuple(received.problems)}
    if received.problems:
        return single(Grade.X, rows, keys, "与清单不符", **facts)
    proof = f"声明总数 {manifest.count:,} 与整体摘要 {manifest.digest[:12]} 均与实收一致（{received.how}）"
    return single(Grade.A, rows, keys, proof, **facts)
