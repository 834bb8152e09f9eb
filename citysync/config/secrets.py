"""Secrets by name: from the environment, or from a file of that name in a folder only we can read."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path

from citysync.config import logs
from citysync.domain.errors import ConfigError

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_TOO_OPEN = stat.S_IWGRP | stat.S_IROTH | stat.S_IWOTH | stat.S_IXOTH
_MAX_BYTES = 65_536

Fault = tuple[str, str]  # why a secret cannot be had, and the remedy


class Secrets:
    """Where secrets come from. Values are read when asked for, never kept, never shown.

    ``environ``: the environment, which wins; ``folder``: ``CITYSYNC_SECRETS_DIR``, or None.
    """

    def __init__(self, environ: Mapping[str, str], folder: Path | None = None) -> None:
        self._environ = environ
        self._folder = folder

    def __repr__(self) -> str:
        return f"Secrets(环境变量, 文件夹={self._folder})"

    def get(self, name: str) -> str:
        """Return a secret; raise ``ConfigError`` naming the variable and the remedy, never the value."""
        value = self._found(name)
        if isinstance(value, str):
            logs.hide(value)
            return value
        reason, remedy = value
        raise ConfigError(f"{name}：{reason}；{remedy}")

    def faults(self, name: str) -> tuple[Fault, ...]:
        """Return why a secret cannot be had, with the remedy: nothing if it can."""
        value = self._found(name)
        return () if isinstance(value, str) else (value,)

    def named(self, name: str) -> bool:
        """Return whether somebody set this secret at all, readable or not: what need not be set may be left out."""
        return bool(self._environ.get(name)) or (self._folder is not None and _there(self._folder / name))

    def _found(self, name: str) -> str | Fault:
        if not _NAME.fullmatch(name):
            return "不是变量名", "用字母、数字和下划线，以字母开头"
        if value := self._environ.get(name):
            return _usable(value, "环境变量")
        if self._folder is not None and _there(self._folder / name):
            return _from_file(self._folder / name)
        place = (
            f"或在 {self._folder} 中放一个同名文件" if self._folder else "或设置 CITYSYNC_SECRETS_DIR 并放一个同名文件"
        )
        return "没有找到，或是空的", f"请设置这个环境变量，{place}"


def readable_by_others(path: Path) -> bool:
    """Return whether others may read or change a file, or its group change it."""
    return bool(stat.S_IMODE(path.stat().st_mode) & _TOO_OPEN)


def _there(path: Path) -> bool:
    """Return whether there is such a file; one that cannot be looked at counts, so that reading it tells why."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def _from_file(path: Path) -> str | Fault:
    try:
        with path.open("rb") as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & _TOO_OPEN:
                return f"文件 {path} 其他用户可读或可改", f"请执行 chmod 600 {path}"
            raw = file.read(_MAX_BYTES + 1)
    except OSError as error:
        return f"文件 {path} 无法读取：{error.strerror}", "检查当前用户能否读这个文件"
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return f"文件 {path} 不是 UTF-8 文字", "请用 UTF-8 另存"
    if len(raw) > _MAX_BYTES:
        return f"文件 {path} 超过 {_MAX_BYTES} 字节", "文件中只写一个密码或令牌"
    return _usable(text.removesuffix("\n").removesuffix("\r"), f"文件 {path}")


def _usable(value: str, place: str) -> str | Fault:
    if not value:
        return f"{place} 是空的", "请写入密码或令牌"
    if any(letter in value for letter in "\r\n\0"):
        return f"{place} 的内容含换行或控制字符", "请只留一行，删去多余的换行（注意 Windows 换行）"
    return value
