"""What a name of an item consists of: the text as compared, its core, and the marks that make near-duplicates two.

``X许可（新证）`` and ``X许可（延续）`` differ by two characters and are two items; ``X许可证核发`` and ``X许可`` differ
by three and are one. Letters alone cannot tell: marks must be equal, cores may be alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain

from citysync.reconciliation.normalise import table, variants

_KNOWN = 131_072  # names; more than a province's catalogue has
# Words by which items of one family are told apart. Longer ones first.
_QUALIFIERS = [
    "告知承诺",
    "简易程序",
    "跨域通办",
    "首次申请",
    "增项",
    "新证",
    "新办",
    "首次",
    "初次",
    "延续",
    "延期",
    "变更",
    "注销",
    "补证",
    "补办",
    "补发",
    "换证",
    "换发",
    "遗失",
    "撤销",
    "终止",
    "恢复",
    "停业",
    "歇业",
    "年审",
    "年检",
    "校验",
    "迁址",
    "临时",
    "初审",
    "复审",
    "复核",
    "复查",
]
# Words that stand against each other: they belong to the core, and a name with one is never a name with the other.
_CONTRASTS = re.compile(
    "生产|经营|销售|批发|零售|进口|出口|运输|购买|储存|省内|省外|跨省|市内|跨市|境内|境外|新建|改建|扩建"
)
# Ways of saying the same in the names of items; the first of a line stands for the others.
_SYNONYMS = (
    "许可 许可证核发 许可证审批 许可审批 许可核准 行政许可 审批 核准 核发 审核 批准",
    "设立 开办 开设 举办",
    "给付 发放",
    "卫生健康 卫生和计划生育 卫生计生",
    "市场监督管理 工商行政管理 质量技术监督",
    "自然资源 国土资源 规划和自然资源",
    "生态环境 环境保护 环保",
    "开具 出具",
)
_PARTICLES = re.compile("[的之对和与及或、,，;；:：]|关于|进行")
_CLASSES = re.compile(
    "第?[一二三四五六七八九十0-9]+(?:级|类|等|星|批|次|型|期)|[甲乙丙丁](?:级|类|等)|[A-Za-zⅠ-Ⅻ]+(?:级|类|型|照)|[①-⑳]|[0-9]+"
)
_BRACKETED = re.compile(r"\(([^()]*)\)")
_REMARK = re.compile("含|包括|原|试行|暂行")  # what only explains: two names that differ by it alone are one
_QUALIFIER = re.compile("|".join(_QUALIFIERS))
_CANONICAL = {word: line.split()[0] for line in _SYNONYMS for word in line.split()}
_SYNONYM = re.compile("|".join(sorted(_CANONICAL, key=len, reverse=True)))


@dataclass(frozen=True, slots=True)
class Name:
    """``text``: as compared; ``core``: without marks, particles and the choice of words; ``marks``: see above."""

    text: str
    core: str
    marks: frozenset[str]

    @property
    def key(self) -> str:
        """Return what two names that say the same share: core and marks."""
        return "|".join((self.core, *sorted(self.marks)))


@lru_cache(maxsize=_KNOWN)
def key_of(raw: str | None) -> str:
    """Return the key of a name; every city of a night asks for the same names, those of the master."""
    return read_name(raw).key


@dataclass(frozen=True)
class KeysOf:
    """The keys of names, worked out when first asked for: only where a likeness was found does anybody ask."""

    names: Iterable[str | None]

    def __contains__(self, key: object) -> bool:
        return key in self._keys

    @cached_property
    def _keys(self) -> frozenset[str]:
        return frozenset(key_of(name) for name in self.names)


def read_name(raw: str | None) -> Name:
    """Return what a name consists of; an empty one has an empty core, which pairs with nothing."""
    text = _read(raw)
    bracketed = [part for part in _BRACKETED.findall(text) if part and not _REMARK.match(part)]
    told_apart = (pattern.findall(text) for pattern in (_QUALIFIER, _CLASSES, _CONTRASTS))
    marks = frozenset((*chain(*told_apart), *map(_plain, bracketed)))
    bare = _CLASSES.sub("", _QUALIFIER.sub("", _BRACKETED.sub("", text)))
    return Name(text, _SYNONYM.sub(_canonical, _plain(bare)), marks)


def _read(raw: str | None) -> str:
    return (raw or "").translate(_FOLDED).translate(_STANDARD)


def _plain(text: str) -> str:
    return _PARTICLES.sub("", text)


def _canonical(found: re.Match[str]) -> str:
    return _CANONICAL[found.group()]


def department(name: str | None) -> str:
    """Return a department's line without its place and rank: 深圳市卫生健康委员会 → 卫生健康."""
    text = _read(name)
    return _RANK.sub("", _PLACE.sub("", text))


_PLACE = re.compile("^.{1,8}?(?:省|自治区|自治州|市|区|县|旗)(?=.{2})")
_RANK = re.compile("(?:管理)?(?:委员会|办公室|局|厅|委|办|部|中心)$")
_FOLDED, _STANDARD = str.maketrans(table()), str.maketrans(variants())
