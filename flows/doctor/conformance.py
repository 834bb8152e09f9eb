"""Does a server keep the city kit's protocol (docs/kit.md)? Every promise is asked for by itself, none is believed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, wraps
from itertools import pairwise

from citysync.domain.city import Auth
from citysync.domain.digests import FAN_OUT, LEAST_DIGITS, PREFIX, RANGE_DIGITS, range_digest, whole_digest
from citysync.domain.errors import Refused, SourceError, Unreadable
from connectors._door import Door
from connectors._http import Expired
from connectors._kit_talk import Contradicted, Line, Manifest, Talk
from connectors._session import Session
from connectors.kit import Source
from flows.doctor.outcome import Link, Said, failed, passed, skipped

_PAGES = 3  # a directory is read in three pages at least, so that there is a page that follows
_MOST_ROWS = 20_000
_PARTS = 2
_NOBODY = "citysync-conformance"


@dataclass
class Server:
    """A server under test. Its directory is read once, by the first check that wants it."""

    source: Source
    door: Door

    @contextmanager
    def talk(self, page_size: int = _MOST_ROWS, *, auth: bool = True) -> Iterator[Talk]:
        """Yield a conversation, by default with the token."""
        source = self.source if auth else self.source.model_copy(update={"auth": Auth()})
        with Session(source, self.door) as session:
            home = source.url.rstrip("/").removesuffix(PREFIX) + PREFIX
            yield Talk(session, home, page_size, self.door.progress)

    @cached_property
    def manifest(self) -> Manifest:
        """Return the manifest of the first look."""
        with self.talk() as talk:
            return talk.manifest()

    @property
    def page_size(self) -> int:
        """Return how many rows make a page here."""
        return min(_MOST_ROWS, max(1, self.manifest.count // _PAGES))

    @cached_property
    def rows(self) -> list[Line]:
        """Return the rows of all pages, in the order they came."""
        with self.talk(self.page_size) as talk:
            return list(talk.whole(self.manifest))

    @cached_property
    def ordered(self) -> list[Line]:
        """Return the rows by key, each key once: what digests are taken of."""
        return [line for _, line in sorted({line.key: line for line in self.rows}.items())]

    def get(self, path: str) -> bytes:
        """Return the bytes an address below the protocol's answers."""
        with self.talk() as talk:
            return talk.session.follow(1, f"{talk.home}/{path}").data


def _tells(remedy: str) -> Callable[[Callable[[Server], Said]], Callable[[Server], Said]]:
    """Return a check that fails with what the server was refused for, where it was."""

    def wrap(look: Callable[[Server], Said]) -> Callable[[Server], Said]:
        @wraps(look)
        def told(server: Server) -> Said:
            try:
                return look(server)
            except (SourceError, Contradicted) as error:
                return failed(str(error), remedy)

        return told

    return wrap


@_tells("请核对地址、端口、令牌（--secret）与协议版本；清单的写法见 docs/kit.md")
def states(server: Server) -> Said:
    """Is there a manifest of this protocol's version?"""
    said = server.manifest
    return passed(f"协议 1，快照 {said.snapshot[:12]}，{said.count:,} 条，{len(said.fields)} 个字段")


@_tells("无令牌的请求应答 401")
def guarded(server: Server) -> Said:
    """Is a request without the token refused?"""
    if server.source.auth.kind == "none":
        return skipped("未用令牌（--secret），无从核对")
    try:
        with server.talk(auth=False) as talk:
            talk.manifest()
    except Refused:
        return passed("无令牌的请求被拒绝")
    return failed("没有令牌也给出了清单", "请对每个请求核对 Authorization: Bearer")


@_tells("每页为 [键, 值…] 各一行，值与 fields 等长，末行为结束标记")
def pages(server: Server) -> Said:
    """Does every page have its rows and its end?"""
    return passed(f"{len(server.rows):,} 条，每页至多 {server.page_size:,} 条")


def ordered(server: Server) -> Said:
    """Do the rows ascend by key, every key once?"""
    wrong = next((later.key for earlier, later in pairwise(server.rows) if later.key <= earlier.key), None)
    if wrong is not None:
        return failed(f"键 {wrong[:40]} 未按次序，或重复", "请按键的 UTF-8 字节升序给出，每键一行")
    return passed("按键升序，各一行")


def counted(server: Server) -> Said:
    """Are there as many rows as the manifest says?"""
    stated, found = server.manifest.count, len(server.ordered)
    if stated != found:
        return failed(f"清单写明 {stated:,} 条，实收 {found:,} 条", "count 应是该快照的行数")
    return passed(f"{found:,} 条")


def digested(server: Server) -> Said:
    """Is the digest that of the rows?"""
    found = whole_digest(server.manifest.fields, (line.hash for line in server.ordered))
    if found != server.manifest.digest:
        return failed(
            f"清单的摘要 {server.manifest.digest[:12]}，按行算得 {found[:12]}", "请按 docs/kit.md 计算 digest"
        )
    return passed(found[:12])


@_tells("bulk 应与各页合起来逐行相同，并有结束标记")
def in_bulk(server: Server) -> Said:
    """Does the bulk hold the same rows as the pages?"""
    with server.talk() as talk:
        lines = talk.bulk(server.manifest)
    if {line.hash for line in lines} != {line.hash for line in server.rows}:
        return failed("整体（bulk）与各页的内容不同", "两者应出自同一快照")
    return passed(f"{len(lines):,} 条")


@_tells("POST rows 应给出所问的键中有的各行")
def by_key(server: Server) -> Said:
    """Are the rows of some keys those that were asked for?"""
    wanted = {line.key: line.hash for line in (*server.ordered[:2], *server.ordered[-1:])}
    with server.talk() as talk:
        lines = talk.rows(server.manifest, [*wanted, _NOBODY])
    if {line.key: line.hash for line in lines} != wanted:
        return failed(f"问 {len(wanted)} 个键，得 {len(lines)} 行，与各页不符", "只给出所问的键，没有的键略过")
    return passed(f"{len(wanted)} 个键")


@_tells("请按 docs/kit.md 给出各区间的首键、行数与摘要")
def treed(server: Server) -> Said:
    """Is the digest tree that of the rows, down to a row?"""
    low, high, rounds = 0, len(server.ordered), 0
    with server.talk() as talk:
        while high - low > 1 or rounds == 0:
            (children,) = talk.tree(server.manifest, [(low, high)])
            if wrong := _wrong_part(server.ordered[low:high], children):
                return failed(wrong, "区间至多分 64 份，行数近于相等；至多 64 行时逐行给出")
            low, rounds = high - (children[-1][1] if children else high - low), rounds + 1
            if not children:
                break
        (children,) = talk.tree(server.manifest, [(0, len(server.ordered))], parts=_PARTS, digits=LEAST_DIGITS)
    if wrong := _wrong_part(server.ordered, children, _PARTS, LEAST_DIGITS):
        return failed(f"问 parts={_PARTS}、digits={LEAST_DIGITS}：{wrong}", "两者可以照办，也可以不理会，不得另作别解")
    return passed(f"{rounds} 层")


@_tells("changes 应列出增改的行与 [已删除的键]，并有结束标记")
def changing(server: Server) -> Said:
    """Do the changes since an older snapshot lead from it to the newest?"""
    older = next((each for each in server.manifest.kept if each != server.manifest.snapshot), server.manifest.snapshot)
    before = Manifest(older, 0, "", server.manifest.fields, (), None, None)
    with server.talk() as talk:
        then = {line.key: line.hash for line in talk.whole(before)}
        for line in talk.changes(server.manifest, older):
            if line.values is None:
                then.pop(line.key, None)
            else:
                then[line.key] = line.hash
    if then != {line.key: line.hash for line in server.ordered}:
        return failed(f"快照 {older[:12]} 加上变更不等于现在的快照", "漏掉的删除或修改会使省里每晚改为整体拉取")
    return passed(f"自 {older[:12]}" if older != server.manifest.snapshot else "只保留一个快照，变更为空")


def gone(server: Server) -> Said:
    """Is a snapshot there is not answered with 410?"""
    try:
        server.get(f"snapshots/{_NOBODY}/rows")
    except Expired:
        return passed("不存在的快照答 410")
    except SourceError as error:
        return failed(f"不存在的快照：{error}", "请答 410，省里据此从清单重新开始")
    return failed("不存在的快照也给出了内容", "请答 410，省里据此从清单重新开始")


@_tells("快照一经给出不得改变，直至不再保留")
def immutable(server: Server) -> Said:
    """Does a page stay what it was?"""
    with server.talk(server.page_size) as talk:
        again, _ = talk.page(server.manifest, None)
    if [line.hash for line in again] != [line.hash for line in server.rows[: len(again)]]:
        return failed("同一快照的首页前后不同", "快照一经给出不得改变；数据变动应成为新快照")
    return passed("首页前后相同")


def read_only(server: Server) -> Said:
    """Is a request to change something refused?"""
    try:
        with server.talk() as talk:
            talk.session.post(1, f"{talk.home}/manifest", {})
    except Unreadable as error:
        return passed(f"POST 清单被拒绝：{str(error)[:40]}")
    except SourceError as error:
        return failed(f"POST 清单：{error}", "请以 405 拒绝")
    return failed("POST 清单得到了 200", "除 rows 与 tree 的查询外，只接受 GET；请以 405 拒绝")


@_tells("limit 为 1 时应只给一行，并写明还有")
def limited(server: Server) -> Said:
    """Is the limit of a page kept?"""
    with server.talk(1) as talk:
        lines, more = talk.page(server.manifest, None)
    if len(lines) > 1 or (len(server.rows) > 1) != more:
        return failed(f"limit=1 得 {len(lines)} 行，more 为{'是' if more else '否'}", "limit 是每页行数的上限")
    return passed("limit 有效")


@_tells("请在 openapi.json 给出接口文档")
def documented(server: Server) -> Said:
    """Is the OpenAPI document served?"""
    if b'"openapi"' not in server.get("openapi.json"):
        return failed("openapi.json 不是 OpenAPI 文档", "请给出 docs/kit.md 所列接口的 OpenAPI 文档")
    return passed("openapi.json")


def _wrong_part(
    rows: Sequence[Line], children: Sequence[tuple[str, int, str]], most: int = FAN_OUT, digits: int = RANGE_DIGITS
) -> str | None:
    """Return what is wrong with the parts of a range, None if they are those of its rows.

    ``most``, ``digits``: how many parts and digits were asked for, which a server need not follow.
    """
    pieces = {min(len(rows), FAN_OUT), min(len(rows), most)}
    if sum(count for _, count, _ in children) != len(rows) or len(children) not in pieces:
        return f"{len(rows):,} 行的区间分成了 {len(children)} 份"
    start = 0
    for key, count, digest in children:
        part = rows[start : start + count]
        right = range_digest(line.hash for line in part)
        if not part or part[0].key != key or digest not in {right, right[:digits]}:
            return f"自键 {key[:40]} 起 {count:,} 行的摘要与各行不符"
        start += count
    return None


LINKS: tuple[Link[Server], ...] = (
    Link("kit.manifest", states, holds=True),
    Link("kit.token", guarded),
    Link("kit.pages", pages, holds=True),
    Link("kit.order", ordered),
    Link("kit.count", counted),
    Link("kit.digest", digested),
    Link("kit.bulk", in_bulk),
    Link("kit.keys", by_key),
    Link("kit.tree", treed),
    Link("kit.changes", changing),
    Link("kit.gone", gone),
    Link("kit.immutable", immutable),
    Link("kit.read_only", read_only),
    Link("kit.limit", limited),
    Link("kit.openapi", documented),
)
