"""What an operator wrote: settings, city files, secrets, and which divisions have a file at all."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from citysync.config.cities import Cities, check_secrets, read_cities
from citysync.config.problems import Problem, refusal
from citysync.config.secrets import readable_by_others
from citysync.config.settings import Settings, unknown_variables
from citysync.domain.city import City
from citysync.domain.divisions import divisions
from citysync.domain.errors import ConfigError
from connectors import names, source_model
from flows.doctor.outcome import Said, failed, passed, skipped, warned

WEB_KEY = "web.key"  # citysync.web.sign_in makes it


@dataclass(frozen=True)
class Written:
    """The city files as read: those that are right, and what is wrong with the others."""

    settings: Settings
    cities: Cities
    problems: tuple[Problem, ...]
    refused: str | None
    today: date


def read(settings: Settings, today: date) -> Written:
    """Return the city files; a folder that cannot be read at all is ``refused`` with its text."""
    try:
        cities, problems = read_cities(settings.cities_dir, source_model, names())
    except ConfigError as error:
        return Written(settings, Cities({}, {}), (), str(error), today)
    return Written(settings, cities, tuple(problems), None, today)


def settings_known(_written: Written) -> Said:
    """Is every variable that begins like ours one that is read?"""
    strangers = unknown_variables(os.environ)
    if strangers:
        return warned(f"没有程序读取的环境变量：{'、'.join(strangers)}", "改正变量名，或删去；见 docs/settings.md")
    return passed("没有写错的环境变量")


def cities_right(written: Written) -> Said:
    """Can every city file be read, and is every key in it right?"""
    if written.refused is not None:
        return failed(written.refused, "新建城市文件夹和城市文件；见 docs/add-a-city.md")
    if written.problems:
        return failed(_mistakes(refusal("城市文件", written.problems)), "按每一行末尾的提示改正")
    enabled = sum(city.enabled for city in written.cities.values())
    if enabled == 0:
        return failed(f"0/{len(written.cities)} 个启用", "没有启用的城市，每晚不会核对任何城市；请设 enabled = true")
    return passed(f"{enabled}/{len(written.cities)} 个启用")


def secrets_there(written: Written) -> Said:
    """Is the secret of every enabled city there, and can only we read it?"""
    try:
        check_secrets(written.cities, written.settings.secrets())
    except ConfigError as error:
        return failed(_mistakes(error), "按每一行末尾的提示设置")
    if _unread(written):
        return skipped("先解决 config.cities")
    return passed("每个启用城市的密钥都在，且别人读不到")


def secrets_folder(written: Written) -> Said:
    """Are the folder of secrets, and each file in it, closed to everybody else?"""
    folder = written.settings.secrets_dir
    if folder is None:
        return skipped("没有设置 CITYSYNC_SECRETS_DIR，密钥只来自环境变量")
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & (stat.S_IRWXO | stat.S_IWGRP):
        return failed(f"{folder} 的权限是 {mode:03o}，其他用户可以进入或改动", f"请执行 chmod 700 {folder}")
    open_to_all = sorted(path.name for path in folder.iterdir() if path.is_file() and readable_by_others(path))
    if open_to_all:
        names = " ".join(open_to_all)
        return failed(f"{folder} 里其他用户可读或可改的文件：{names}", f"请在 {folder} 中执行 chmod 600 {names}")
    return passed(f"{folder} 只有本用户能改动，其他用户不能进入")


def pages_guarded(written: Written) -> Said:
    """Are the pages closed to strangers: has the way of signing in what it needs, and is its key ours alone?"""
    settings = written.settings
    key = settings.data_dir / WEB_KEY
    if key.is_file() and readable_by_others(key):
        return failed(
            f"{key} 其他用户可读或可改，可以伪造登录", f"请执行 chmod 600 {key}；已泄露的请删除，各人重新登录"
        )
    way = settings.web_sign_in
    if way == "header" and not settings.proxies:
        return failed("登录方式 header 没有写明信任哪些代理", "请设置 CITYSYNC_WEB_PROXIES，如 10.0.0.1")
    if way == "oidc" and (settings.web_oidc_issuer is None or settings.web_oidc_client is None):
        return failed(
            "登录方式 oidc 缺少签发者或客户端编号", "请设置 CITYSYNC_WEB_OIDC_ISSUER 与 CITYSYNC_WEB_OIDC_CLIENT"
        )
    return passed("网页不登录，只能绑定本机" if way == "none" else f"网页登录方式 {way}")


def regions_covered(written: Written) -> Said:
    """Has every city of a province we cover a file? One without is named, never judged."""
    if _unread(written):
        return skipped("先解决 config.cities")
    lacking = list(_lacking(written.cities.values(), written.today))
    if lacking:
        return warned(f"没有城市文件：{'、'.join(lacking)}", "这些地区不会被判定；如应接入，请添加城市文件")
    return passed("每个地级市都有城市文件")


def _unread(written: Written) -> bool:
    """Return whether some city file, or all, could not be read: of those nothing is known."""
    return written.refused is not None or bool(written.problems)


def _mistakes(error: ConfigError) -> str:
    """Return a refusal as it is true here: the other verbs stop before the network, this one goes on."""
    return str(error).replace("，没有连接任何网络", "")


def _lacking(cities: Iterable[City], today: date) -> Iterable[str]:
    codes = {city.code for city in cities}
    provinces = {code[:2] for code in codes}
    for row in divisions():
        is_city = row.code.endswith("00") and not row.code.endswith("0000") and row.in_force(today)
        if is_city and row.code[:2] in provinces and row.code not in codes:
            yield f"{row.code} {row.name}"
