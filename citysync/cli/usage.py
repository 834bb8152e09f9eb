"""What is wrong with a command line, in Chinese: the parser's own sentences, read one by one."""

from __future__ import annotations

import re

_SENTENCES = tuple(
    (re.compile(pattern), said)
    for pattern, said in (
        (r'^Unknown command "(.*?)"\.', r"没有命令 \1"),
        (r"^Unknown option: (.*?)\.(?= |$)", r"没有选项 \1"),
        (r'^Command ".*?" parameter (\S+) requires an argument\.$', r"\1 要有值"),
        (r'^Invalid value "(.*?)" for (\S+)\. Choose from: (.*)\.$', r"\2 的值 \1 不对；可用的：\3"),
        (r'^Invalid value for (\S+): unable to convert "(.*?)" into int\.$', r"\1 的值 \2 不对，要写整数"),
        (
            r'^Invalid value for (\S+): unable to convert "(.*?)" into date\.$',
            r"\1 的值 \2 不对，日期要写成 2026-11-30",
        ),
        (r'^Invalid value for (\S+): unable to convert "(.*?)" into \S+\.$', r"\1 的值 \2 不对"),
        (r"^Unused Tokens: \[(.*)\]\.$", r"多出来的：\1"),
        (r' Did you mean "?(.*?)"?\?', r"；您是否要写 \1？"),
        (r" Available commands: (.*)\.$", r"可用的：\1"),
    )
)


def in_chinese(said: str) -> str:
    """Return what the parser said in Chinese; a sentence nobody foresaw stays as it is."""
    for pattern, words in _SENTENCES:
        said = pattern.sub(words, said)
    return said
