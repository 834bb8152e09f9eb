"""The normal form in which names and legal texts are compared; people are always shown the raw text.

A chosen table, not NFKC: NFKC turns ① into 1 and Ⅱ into II, which are other names. Folded are only other ways of
writing the same thing: width, brackets, quotes, dashes, dots, blanks and invisible characters, and characters
Unicode holds twice (Kangxi radicals, compatibility ideographs). Case is kept.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

import polars as pl

_FULL_WIDTH = range(0xFF01, 0xFF5F)
_FULL_TO_HALF = 0xFEE0
_DASHES = re.compile("-{2,}")
FEW = 500  # texts; so many folded one by one cost what the automaton does
# U+2F00–2FD5 Kangxi radicals, U+F900–FAFF and U+2F800–2FA1F compatibility ideographs
_HELD_TWICE = (*range(0x2F00, 0x2FD6), *range(0xF900, 0xFB00), *range(0x2F800, 0x2FA20))
_SAME = {
    "(": "[{（［｛〔【〖〘〚﹙﹝﹛",
    ")": "]}）］｝〕】〗〙〛﹚﹞﹜",
    "<": "＜《〈«‹︽︿",
    ">": "＞》〉»›︾﹀",
    '"': "＂“”„‟〝〞〟「」『』﹁﹂﹃﹄｢｣'＇‘’‚‛`｀´",
    "-": "－‐‑‒–—―−﹘﹣⸺⸻─━",
    "·": "•・‧∙⋅･",
    "~": "～〜∼",
    "。": "｡",
    "、": "､",
}
_REMOVED = (
    *range(0x21),  # control characters and the blank
    *range(0x7F, 0xA1),
    0xAD,
    0x34F,
    0x61C,
    0x115F,
    0x1160,
    0x1680,
    0x17B4,
    0x17B5,
    *range(0x180B, 0x180F),
    *range(0x2000, 0x2010),  # blanks of every width, zero-width, direction marks
    *range(0x2028, 0x2030),
    *range(0x205F, 0x2070),
    0x3000,
    0x3164,
    *range(0xFE00, 0xFE10),  # variation selectors
    0xFEFF,
    0xFFA0,
    *range(0xFFF9, 0xFFFC),
    *range(0xE0100, 0xE01F0),
)


@cache
def table() -> dict[str, str]:
    """Return character → what it is compared as; no result holds a character that is itself folded."""
    folded = {chr(code): chr(code - _FULL_TO_HALF) for code in _FULL_WIDTH}
    folded |= {chr(code): unicodedata.normalize("NFKC", chr(code)) for code in _HELD_TWICE}
    folded |= {variant: form for form, variants in _SAME.items() for variant in variants}
    folded |= {chr(code): "" for code in _REMOVED}
    return {character: form for character, form in folded.items() if character != form}


# 异体字 and 繁体字 seen in the names and laws of items → the form of 通用规范汉字表 (2013). They are other
# characters, not another way of encoding one: a difference by them alone stays a difference, and its hint says so.
_VARIANTS = (
    "里裡裏 群羣 峰峯 略畧 够夠 并並併 采採 托託 布佈 占佔 周週 干乾幹 后後 准準 云雲 几幾 内內 "
    "台臺檯 只隻 余餘 松鬆 征徵 系係繫 制製 复復複 历歷曆 发發髮 尽盡儘 面麵 志誌 证證 许許 业業 务務 "
    "审審 备備 记記 册冊 医醫 药藥 疗療 师師 广廣 东東 国國 门門 户戶 车車 运運 输輸 铁鐵 矿礦 环環 "
    "测測 绘繪 产產 权權 办辦 资資 质質 级級 险險 检檢 验驗 执執 变變 续續 销銷 补補 换換 设設 书書 "
    "图圖 电電 气氣 网網 学學 养養 动動 农農 兽獸 种種 渔漁 卫衛 场場 劳勞 会會 计計 鼋黿 鲟鱘 鳗鰻 "
    "窑窯窰 闸閘 堤隄 污汙汚 麻蔴 栖棲 炮砲礮 雇僱 仓倉 馆館舘 阪坂 碱鹼硷 熏燻 蒸烝 烟煙菸 厂廠厰 "
    "床牀 厕廁 厨廚 线線綫 吃喫 泄洩 溪谿 岩巖巗 村邨 坟墳 碑碑 异異 迹跡蹟"
)


@cache
def variants() -> dict[str, str]:
    """Return 异体字 or 繁体字 → the standard character; no standard character is itself a variant."""
    lines = [(word[0], word[1:]) for word in _VARIANTS.split()]
    standard = {form for form, _ in lines}
    return {other: form for form, others in lines for other in others if other not in standard}


def standard(text: pl.Expr) -> pl.Expr:
    """Return texts in their normal form with 异体字 and 繁体字 as the standard character: only to tell what differs."""
    return normalised(text).str.replace_many(list(variants()), list(variants().values()))


def normalised(text: pl.Expr) -> pl.Expr:
    """Return names and texts in their normal form; what is nothing but blanks becomes null."""
    return text.map_batches(_folded, return_dtype=pl.String, is_elementwise=True)


def _folded(texts: pl.Series) -> pl.Series:
    """Fold few texts one by one, many by an automaton of the whole table, which costs more to build than a few texts.

    Both give the same; a city's night asks a dozen times about a handful of texts.
    """
    if texts.len() <= FEW:
        return pl.Series(texts.name, [None if text is None else fold(text) for text in texts], dtype=pl.String)
    folded = texts.str.replace_many(list(table()), list(table().values())).str.replace_all("-{2,}", "-")
    return folded.replace("", None)


def fold(text: str) -> str | None:
    """Return one text in its normal form, None for nothing but blanks."""
    return _DASHES.sub("-", text.translate(_codes())) or None


@cache
def _codes() -> dict[int, str]:
    return str.maketrans(table())
