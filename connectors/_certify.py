"""How far a snapshot is proved complete. Pure.

HTTP success proves nothing: half a body, a page served twice and a row that slid between two pages all come with
status 200. So the proof is taken from the content: the declared total, the keys, and where need be a second pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from citysync.domain.sayings import TOTALS
from citysync.domain.snapshot import Certificate, Grade

Key = tuple[str, str | None]
_QUOTED = 3


@dataclass(frozen=True, slots=True)
class PageFacts:
    """What one page tells about completeness.

    ``number``: the evidence's page; ``fingerprint``: that of its rows; ``version``: of the directory, where it says so.
    """

    number: int
    keys: Sequence[Key | None]
    total: int | None
    fingerprint: str
    version: str | None = None


@dataclass
class Reading:
    """One pass over a source, page by page.

    ``repeated``: keys met on more than one page; ``broken``: contradictions that end the pass; ``holes``: empty pages
    with more after them, which only a total that is met can excuse.
    """

    pages: int = 0
    received: int = 0
    totals: list[int] = field(default_factory=list)
    versions: list[str] = field(default_factory=list)
    first_seen: dict[Key, int] = field(default_factory=dict)
    repeated: set[Key] = field(default_factory=set)
    broken: list[str] = field(default_factory=list)
    holes: list[str] = field(default_factory=list)
    empty_run: int = 0
    largest_page: int = 0
    _fingerprints: dict[str, int] = field(default_factory=dict)

    def add(self, page: PageFacts) -> None:
        """Count a page in."""
        self.pages += 1
        self.received += len(page.keys)
        self.largest_page = max(self.largest_page, len(page.keys))
        if page.keys and self.empty_run:
            self.holes.append(f"第 {page.number - 1} 页是空页，第 {page.number} 页又有数据")
        self.empty_run = 0 if page.keys else self.empty_run + 1
        if page.total is not None and page.total not in self.totals[-1:]:
            self.totals.append(page.total)
        if page.version is not None and page.version not in self.versions[-1:]:
            self.versions.append(page.version)
        if page.keys:
            same = self._fingerprints.setdefault(page.fingerprint, page.number)
            if same != page.number:
                self.broken.append(f"第 {page.number} 页与第 {same} 页内容相同")
        keys = dict.fromkeys(filter(None, page.keys), page.number)
        again = self.first_seen.keys() & keys.keys()
        self.repeated |= again
        self.first_seen |= (keys | {key: self.first_seen[key] for key in again}) if again else keys

    @property
    def declared(self) -> int | None:
        """Return the total last stated, None if there was none."""
        return self.totals[-1] if self.totals else None

    @property
    def filled(self) -> bool:
        """Return whether as many rows came as were declared."""
        return self.declared is not None and self.received >= self.declared

    @property
    def steady(self) -> bool:
        """Return whether nothing moved while the pass went on."""
        return max(len(self.totals), len(self.versions)) < 2 and not self.repeated  # noqa: PLR2004 — two are a change

    @property
    def exact(self) -> bool:
        """Return whether the rows are as many as the one total stated."""
        return len(self.totals) == 1 and self.received == self.totals[0]


def second_pass_needed(first: Reading) -> bool:
    """Return whether one pass cannot prove anything: no total, or something moved in between."""
    return not first.broken and (first.declared is None or not first.steady)


def second_is_better(first: Reading, second: Reading) -> bool:
    """Return whether the rows should be those of the second pass: it proves what the first could not."""
    return second.exact and second.steady and not second.broken and not (first.exact and first.steady)


def certify(first: Reading, second: Reading | None = None) -> Certificate:
    """Return the certificate of one pass, or of two."""
    if second is None:
        return _of_one(first)
    if second.broken:
        return _certificate(Grade.X, second, "第二遍读取中断", second.broken)
    holes = [*first.holes, *second.holes]
    if holes and not second.exact:
        return _certificate(Grade.X, first, "空页之后仍有数据", holes)
    return _without_total(first, second) if first.declared is None else _after_drift(first, second)


def single(grade: Grade, received: int, distinct: int, proof: str, **more: object) -> Certificate:
    """Return the certificate of what came in one piece (a file, a transaction).

    ``received``: rows; ``distinct``: keys; ``more``: ``declared``, ``pages``, ``problems`` of the certificate.
    """
    facts: dict[str, object] = {"declared": None, "pages": 1, "problems": ()} | more
    return Certificate(grade=grade, received=received, distinct=distinct, proof=proof, **facts)  # type: ignore[arg-type]


def _of_one(first: Reading) -> Certificate:
    if first.broken:
        return _certificate(Grade.X, first, "读取中断", first.broken)
    if not first.exact:
        problem = TOTALS.said(declared=f"{first.declared or 0:,}", received=f"{first.received:,}")
        return _certificate(Grade.X, first, "声明总数与实收不一致", [problem])
    return _certificate(Grade.A, first, f"声明总数 {first.received:,} 与实收一致，共 {first.pages} 页，无重复页")


def _without_total(first: Reading, second: Reading) -> Certificate:
    if _agree(first, second):
        return _certificate(Grade.B, first, f"无声明总数；两遍读取一致，各 {first.received:,} 条")
    lost, gained = len(first.first_seen.keys() - second.first_seen), len(second.first_seen.keys() - first.first_seen)
    differ = f"两遍读取不一致：{first.received:,} 条与 {second.received:,} 条，少 {lost:,} 个编码，多 {gained:,} 个编码"
    moved = [*_movements(first), *_movements(second)] if len(first.versions) + len(second.versions) else []
    return _certificate(Grade.C, first, "无声明总数；两遍读取不一致", [*moved, differ])


def _after_drift(first: Reading, second: Reading) -> Certificate:
    if second_is_better(first, second):
        return _certificate(Grade.A, second, f"首遍期间数据有变动；第二遍声明总数 {second.received:,} 与实收一致")
    if first.exact and second.exact and _agree(first, second):
        return _certificate(
            Grade.A, first, f"声明总数 {first.received:,} 与实收一致；跨页重复的编码两遍相同，属数据本身"
        )
    if not (first.exact or second.exact) and len(first.totals) == len(second.totals) == 1:
        problem = TOTALS.said(declared=f"{second.declared or 0:,}", received=f"{second.received:,}")
        return _certificate(Grade.X, second, "声明总数与实收不一致", [*_movements(second), problem])
    return _certificate(Grade.C, second, "两遍读取期间数据都有变动", [*_movements(first), *_movements(second)])


def _movements(reading: Reading) -> list[str]:
    texts = []
    if len(reading.totals) > 1:
        texts.append(f"拉取期间数据有变动（总数 {_in_turn(f'{total:,}' for total in reading.totals)}）")
    if len(reading.versions) > 1:
        texts.append(f"各页来自不同版本的数据（{_in_turn(reading.versions)}），疑似多节点数据不一致")
    if reading.repeated:
        shown = "、".join(sorted(handle or code for code, handle in reading.repeated)[:_QUOTED])
        texts.append(f"{len(reading.repeated):,} 个编码在不同页重复出现，如 {shown}")
    return texts


def _in_turn(values: Iterable[str]) -> str:
    shown = [value[:40] for value in values]
    return "→".join(shown if len(shown) <= _QUOTED + 1 else [*shown[:_QUOTED], "…", shown[-1]])


def _agree(first: Reading, second: Reading) -> bool:
    return (
        first.received == second.received
        and first.first_seen.keys() == second.first_seen.keys()
        and first.repeated == second.repeated
        and max(len(first.versions), len(second.versions)) < 2  # noqa: PLR2004 — two are a change
    )


def _certificate(grade: Grade, reading: Reading, proof: str, problems: Sequence[str] = ()) -> Certificate:
    return Certificate(
        grade=grade,
        declared=reading.declared,
        received=reading.received,
        distinct=len(reading.first_seen),
        pages=reading.pages,
        proof=proof,
        problems=tuple(dict.fromkeys(problems)),
    )
