"""A city file and its bases as text: read, parsed, laid over each other, with the line of every key."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from citysync.config.places import Key, places
from citysync.config.problems import Problem, dotted, shown

Table = dict[str, object]

_BASE_NAME = re.compile(r"_[^/\\]*\.toml")
_WHERE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
_SYNTAX = {  # what tomllib says → what it means to whoever wrote the file
    "Cannot overwrite": "同一个键写了两次",
    "Duplicate inline table key": "同一个键写了两次",
    "Cannot declare": "同一个表写了两次",
    "Cannot redefine": "同一个表写了两次",
    "Cannot mutate": "同一个表写了两次",
    "Expected newline": "值写完之后还有多余的字符",
    "Expected '='": "键与值之间缺少等号",
    "Expected ']": "表头的方括号没有写完",
    "Invalid date": "日期不存在",
    "Invalid statement": "这一行不是 键 = 值，也不是 [表]",
    "Invalid initial": "键名写法不对",
    "Invalid value": "等号后面的值写法不对",
    "Unclosed array": "列表缺少右方括号 ]",
    "Unclosed inline": "花括号没有写完 }",
    "Unterminated": "引号没有写完",
    "Unescaped": "双引号中的反斜杠要写两个，或改用单引号",
    "Illegal character": "文字中有换行或控制字符，或引号没有写完",
    "Expected": "引号没有写完",
}
_REMEDIES = {
    "值写完之后还有多余的字符": '编码一律加引号，如 code = "440300"；一行只写一个键',
    "日期不存在": "日期写作 2026-12-31，不加引号",
    "等号后面的值写法不对": '文字要加英文双引号 "…"，真假写作 true、false，数字不能以 0 开头',
}


class Broken(Exception):
    """A file that cannot be read at all; carries the one problem. Never leaves this room."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


@dataclass(frozen=True)
class Document:
    """One TOML file: its values and the line of each key."""

    path: Path
    tree: Table
    lines: dict[Key, int]


@dataclass(frozen=True)
class Layers:
    """A city file over its bases, nearest first."""

    documents: tuple[Document, ...]

    @property
    def tree(self) -> Table:
        """Return the city's values over those of its bases."""
        result: Table = {}
        for document in reversed(self.documents):
            result = _laid_over(result, document.tree, ())
        return result

    def problem(self, key: Key, seen: str, remedy: str) -> Problem:
        """Return a problem at a key, placed where that key, or else the nearest table around it, was written."""
        document, line = self._written(key)
        return Problem(str(document.path), line, dotted(key), seen, remedy)

    def _written(self, key: Key) -> tuple[Document, int]:
        for end in range(len(key), 0, -1):
            for document in self.documents:
                if (line := document.lines.get(key[:end])) is not None:
                    return document, line
        return self.documents[0], 1


def read_layers(path: Path) -> Layers:
    """Return a city file with the bases it names, one after another; raise ``Broken`` where one cannot be read."""
    documents = [read_document(path)]
    while (base := documents[-1].tree.get("base")) is not None:
        named = Layers((documents[-1],))
        if not isinstance(base, str) or not _BASE_NAME.fullmatch(base):
            remedy = '写同一文件夹中以下划线开头的文件名，如 base = "_national.toml"'
            raise Broken(named.problem(("base",), f"看到 {shown(base)}", remedy))
        if not (path.parent / base).is_file():
            have = "、".join(sorted(found.name for found in path.parent.glob("_*.toml"))) or "没有"
            raise Broken(named.problem(("base",), f"没有文件 {base}", f"可用的底本：{have}"))
        if any(document.path.name == base for document in documents):
            raise Broken(named.problem(("base",), f"{base} 绕回了自己", "删去其中一个 base"))
        documents.append(read_document(path.parent / base))
    return Layers(tuple(documents))


def read_document(path: Path) -> Document:
    """Return one file, strictly UTF-8 (a byte order mark is tolerated); raise ``Broken`` with line and remedy."""
    try:
        raw = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    except OSError as error:
        problem = Problem(str(path), 1, "", f"无法读取：{error.strerror}", "检查文件是否存在、当前用户能否读")
        raise Broken(problem) from error
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        problem = Problem(str(path), line, "", "不是 UTF-8 编码", "用编辑器另存为 UTF-8（记事本默认的 ANSI 即 GBK）")
        raise Broken(problem) from error
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Broken(_syntax(path, text, str(error))) from None  # the text around the mistake may hold a secret
    return Document(path, tree, places(text.replace("\r\n", "\n")))


def _syntax(path: Path, text: str, said: str) -> Problem:
    where = _WHERE.search(said)
    if where is not None and where[1] is not None:
        line = int(where[1])
        seen = next((chinese for english, chinese in _SYNTAX.items() if said.startswith(english)), said)
    else:
        line = max(1, len(text.rstrip().splitlines()))
        seen = "文件到头了，括号、引号或值还没有写完"
    remedy = _REMEDIES.get(seen, "改正这一行的 TOML 写法（也看看上一行）")
    return Problem(str(path), line, "", f"TOML 语法错误：{seen}", remedy)


def _laid_over(base: Table, own: Table, path: Key) -> Table:
    """Return two tables as one: tables key by key, lists and values replaced, each [values.X] replaced whole."""
    result = dict(base)
    for name, value in own.items():
        below = base.get(name)
        if isinstance(below, dict) and isinstance(value, dict) and path != ("values",):
            result[name] = _laid_over(below, value, (*path, name))
        else:
            result[name] = value
    return result
