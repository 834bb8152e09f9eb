"""A source asked by HTTP: who answers, in what shape, and whether its pages behave as its file says."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any, cast

from citysync.domain.city import City
from citysync.domain.errors import Refused, SourceError, Unreadable
from citysync.domain.snapshot import RawPage
from connectors._door import Door
from connectors._http import HttpSource, origin
from connectors._text import decode
from connectors._walk import Answer, Walk
from connectors._wire import Host
from flows.doctor.changing import answers_since
from flows.doctor.outcome import Link, Said, failed, passed, skipped, warned
from flows.doctor.rows import ROWS, Sample, sample_of
from flows.doctor.wire import certified, connects, resolves

CLOCK_NOTED = timedelta(minutes=5)


@dataclass(frozen=True)
class Step:
    """One page asked for: what it said, or why it said nothing. ``data``: its bytes, where any came."""

    answer: Answer[Any] | None
    error: SourceError | None
    data: bytes | None

    @property
    def rows(self) -> int:
        """Return how many rows the page has; 0 where there is none."""
        return len(self.answer.records) if self.answer else 0


@dataclass
class Web:
    """A city's HTTP source. Each page is asked for once, by the first check that wants it."""

    city: City
    door: Door
    today: date
    _kept: dict[int, bytes] = field(default_factory=dict)

    @property
    def source(self) -> HttpSource:
        """Return the source as its file describes it."""
        return cast("HttpSource", self.city.source)

    @property
    def host(self) -> Host:
        """Return where it is."""
        scheme, name, port = origin(self.source.url) or ("", "", 0)
        ca_file = getattr(self.source, "ca_file", None)
        return Host(name, port, scheme == "https", ca_file)

    @property
    def now(self) -> datetime:
        """Return the clock."""
        return self.door.now()

    @cached_property
    def first(self) -> Step:
        """Return the first page."""
        return self._step(lambda walk: walk.first)

    @cached_property
    def again(self) -> tuple[Step, Step]:
        """Return the first page twice more, each over a connection of its own."""
        return self._step(lambda walk: walk.first), self._step(lambda walk: walk.first)

    @cached_property
    def second(self) -> Step | None:
        """Return the page after the first, None where the first is the last."""
        answer = self.first.answer
        if answer is None or answer.following is None:
            return None
        following = answer.following
        return self._step(lambda _walk: following)

    def page(self, number: int) -> Step:
        """Return a page by its number."""
        return self._step(lambda _walk: number)

    @cached_property
    def sample(self) -> Sample:
        """Return the rows of the first page."""
        records = self.first.answer.records if self.first.answer else ()
        return sample_of(self.city, list(records), self.today)

    def asked_as(self, source: HttpSource) -> Step:
        """Return the first page of the source asked another way."""
        return replace(self, city=self.city.model_copy(update={"source": source})).first

    def _step(self, what: Callable[[Walk[Any]], Any]) -> Step:
        connector = importlib.import_module(f"connectors.{self.city.source.connector}")
        door = _keeping(self.door, self._kept)
        self._kept.clear()
        try:
            with connector.walking(self.city, self.source, door) as walk:
                answer = walk.read(what(walk), 1)
        except SourceError as error:
            return Step(None, error, self._kept.get(1))
        return Step(answer, None, self._kept.get(1))


def _keeping(door: Door, kept: dict[int, bytes]) -> Door:
    def keep(data: bytes, number: int, url: str) -> RawPage:
        kept[number] = data
        return door.keep(data, number, url)

    return replace(door, keep=keep)


def authorised(web: Web) -> Said:
    """Does the source take our credentials?"""
    error = web.first.error
    if isinstance(error, Refused):
        return failed(str(error), "请核对密钥是否已更换、账号是否被停用、出口地址是否在市里的白名单")
    if error is not None and web.first.data is None:
        return skipped("没有得到应答")
    return passed("凭据被接受" if web.source.auth.kind != "none" else "无需凭据")


def answered(web: Web) -> Said:
    """Does the source answer with a body, in time?"""
    step = web.first
    if step.data is None:
        return failed(str(step.error), "请按提示检查接口；超时可调大 timeout_seconds")
    return passed(f"得到 {len(step.data):,} 字节")


def decoded(web: Web) -> Said:
    """Can the body be decoded strictly, by the encoding its file names or by the fixed order?"""
    data = web.first.data or b""
    try:
        text = decode(data, web.source.encoding)
    except Unreadable as error:
        return failed(str(error), "请市里统一编码，或在 source.encoding 写明")
    kind = web.source.encoding or ("utf-8" if text.encode() in data else "gb18030 或 utf-16")
    return passed(f"按 {kind} 逐字节可解")


def enveloped(web: Web) -> Said:
    """Is the body the envelope its file describes: success code, list of rows, total?"""
    if web.first.error is not None:
        return failed(str(web.first.error), "请核对 items、total、ok 的路径；接口报错时请市里处理")
    if web.first.rows == 0:
        return failed("首页没有一行", "请核对 url 与 params；若确实没有事项，请市里书面确认")
    return passed(f"首页 {web.first.rows} 行")


def page_size(web: Web) -> Said:
    """Does the source give as many rows a page as it was asked for?"""
    wanted = getattr(web.source, "page_size", None) if getattr(web.source, "size_param", None) else None
    if wanted is None:
        return skipped("没有写 size_param")
    if web.second is None or web.second.rows == 0 or web.first.rows == wanted:
        return passed(f"请求每页 {wanted}，首页 {web.first.rows} 行")
    remedy = f"以实得为准，不影响结果；请把 page_size 改为 {web.first.rows}，或请市里放宽上限"
    return warned(f"请求每页 {wanted}，首页 {web.first.rows} 行而后面还有", remedy)


def first_page(web: Web) -> Said:
    """Does numbering begin where the file says?"""
    start = getattr(web.source, "first_page", None)
    if start is None or getattr(web.source, "page_param", None) is None:
        return skipped("不按页码取数")
    if start == 0:
        same = web.second is not None and web.second.answer is not None and _same(web.first, web.second)
        remedy = "把 first_page 改为 1，否则首页会被取两遍"
        return failed("第 0 页与第 1 页相同", remedy) if same else passed("从第 0 页起")
    before = web.page(start - 1)
    if before.rows and not _same(before, web.first):
        return failed(
            f"第 {start - 1} 页有 {before.rows} 行，且与第 {start} 页不同", "把 first_page 改为 0，否则漏掉一页"
        )
    return passed(f"从第 {start} 页起；第 {start - 1} 页没有别的数据")


def second_page(web: Web) -> Said:
    """Is the second page another one than the first?"""
    second = web.second
    if second is None:
        return skipped("只有一页")
    if second.error is not None:
        return failed(str(second.error), "首页正常而第二页失败：请市里检查翻页")
    if second.rows == 0:
        total = web.first.answer.total if web.first.answer else None
        short = total is not None and total > web.first.rows
        text = f"声明总数 {total:,}，首页 {web.first.rows} 行，第二页是空的" if short else "只有一页"
        return failed(text, "请核对 page_param、cursor_param 与 page_size") if short else passed(text)
    if _same(web.first, second):
        return failed("第二页与首页内容相同：翻页参数没有起作用", "请核对 page_param、cursor_param 的名称与大小写")
    return passed(f"第二页 {second.rows} 行，与首页不同")


def total_right(web: Web) -> Said:
    """Is the declared total the number of rows there are? The last page shows it."""
    answer = web.first.answer
    total = answer.total if answer else None
    if web.source.total is None:
        return warned("没有写 total：只能靠两遍读取证明完整（B 级）", "请市里在应答中给出总数，并在城市文件写 total")
    if total is None or total < web.first.rows:
        shown = "没有给出" if total is None else f"{total:,}，少于首页的 {web.first.rows} 行"
        return failed(f"声明总数 {web.source.total} {shown}", "请市里更正总数；在此之前不完整的数据不会被采用")
    if getattr(web.source, "page_param", None) is None or not web.first.rows:
        return passed(f"声明总数 {total:,}")
    return _last_page(web, total)


def _last_page(web: Web, total: int) -> Said:
    size, start = web.first.rows, getattr(web.source, "first_page", 1)
    last = -(-total // size)
    expected = total - size * (last - 1)
    found = web.first.rows if last == 1 else web.page(start + last - 1).rows
    beyond = web.page(start + last)
    remedy = "请市里更正总数，或核对 first_page；在此之前不完整的数据不会被采用"
    if found != expected:
        return failed(
            f"声明总数 {total:,}，末页（第 {start + last - 1} 页）应有 {expected} 行，实有 {found} 行", remedy
        )
    if beyond.rows and not _same(beyond, web.first):
        return failed(f"声明总数 {total:,}，其后第 {start + last} 页仍有 {beyond.rows} 行", remedy)
    return passed(f"声明总数 {total:,}，末页 {expected} 行，其后没有数据")


def one_node(web: Web) -> Said:
    """Do several connections see the same data? Several nodes behind one address may not."""
    seen = [web.first, *web.again]
    if any(step.answer is None for step in seen):
        return warned("同一请求时好时坏", "请市里检查接口后面的各台服务器")
    shapes = [(step.answer.total, repr(step.answer.records)) for step in seen if step.answer]
    if shapes[0] == shapes[1] == shapes[2]:
        return passed("三次连接看到的首页相同")
    if shapes[0] == shapes[2]:
        totals = "、".join(str(total) for total, _ in shapes)
        return warned(f"疑似多节点数据不一致：三次首页的总数或内容交替（总数 {totals}）", "请市里检查各节点的数据同步")
    return warned("三次首页不同：取数期间数据有变动，或各节点数据不一致", "请市里在夜间同步完成后再开放接口")


def clock(web: Web) -> Said:
    """Is the city's clock about ours? It decides nothing, but explains odd times."""
    theirs = web.first.answer.answered_at if web.first.answer else None
    if theirs is None:
        return skipped("应答没有 Date 头")
    ahead = theirs - web.now
    text = f"市级时钟{'快' if ahead > timedelta() else '慢'} {abs(ahead).total_seconds():.0f} 秒"
    return warned(text, "不影响判定；请市里校时") if abs(ahead) > CLOCK_NOTED else passed(text)


def _same(one: Step, other: Step) -> bool:
    return one.answer is not None and other.answer is not None and one.answer.records == other.answer.records


LINKS: tuple[Link[Web], ...] = (
    Link("city.dns", resolves, holds=True),
    Link("city.tcp", connects, holds=True),
    Link("city.tls", certified, holds=True),
    Link("city.auth", authorised, holds=True),
    Link("city.answer", answered, holds=True),
    Link("city.encoding", decoded, holds=True),
    Link("city.envelope", enveloped, holds=True),
    Link("city.page_size", page_size),
    Link("city.first_page", first_page),
    Link("city.second_page", second_page),
    Link("city.total", total_right),
    Link("city.nodes", one_node),
    Link("city.clock", clock),
    Link("city.changes", answers_since),
    *ROWS,
)
