"""Settings of the program, from variables ``CITYSYNC_*`` of the environment; options of the command line win."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from citysync.config.phrases import phrase
from citysync.config.problems import nearest
from citysync.config.secrets import Secrets
from citysync.domain.errors import ConfigError

Networks = tuple[IPv4Network | IPv6Network, ...]
PREFIX = "CITYSYNC_"
REAL_DATA = Path("../shared/data")  # beside the clone; used only where it exists
_NO_SETTINGS = ("CITYSYNC_SECRET_", "CITYSYNC_TEST_", "CITYSYNC_REQUIRE_")
_SINGULAR = "CITYSYNC_SECRET_DIR"  # looks like a secret, is CITYSYNC_SECRETS_DIR misspelt
_TYPO = 0.75
_DATABASES = ("sqlite", "sqlite+pysqlite", "postgresql+psycopg")
_PASSWORD = re.compile(r"(?P<before>://[^/?#@:]*:).*@")
_QUERY_PASSWORD = re.compile(r"(?P<before>[?&](?:password|passwd|sslpassword)=)[^&]*", re.IGNORECASE)
_EXAMPLES = {
    "data_dir": "var",
    "cities_dir": "cities",
    "database_url": "postgresql+psycopg://citysync:…@10.0.0.5/citysync",
    "secrets_dir": "/etc/citysync/secrets",
    "workers": "4",
    "fan_out": "pool",
    "probe_url": "https://zwfw.example.cn/",
    "ping_url": "https://ping.example.cn/uuid",
    "retention_days": "90",
    "web_sign_in": "token",
    "web_proxies": "10.0.0.1,10.1.0.0/24",
    "web_oidc_issuer": "https://id.example.cn/",
    "web_oidc_client": "citysync",
    "real_data": "../shared/data",
    "log_format": "json",
    "log_level": "info",
}


def default_workers() -> int:
    """Return how many cities are worked on at once: one per core this process may use, at least 2, at most 8."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(2, min(8, cores))


def networks_of(text: str) -> Networks:
    """Return the networks a list names; raise ``ValueError`` for what is none."""
    return tuple(ip_network(each.strip()) for each in text.split(",") if each.strip())


class Settings(BaseSettings):
    """Every setting of the program. An empty variable counts as unset; folders are made absolute.

    The descriptions are what ``docs/`` and ``doctor`` show.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="forbid", frozen=True, hide_input_in_errors=True
    )

    data_dir: Path = Field(default=Path("var"), description="数据文件夹：原始页、快照、默认的数据库、回执")
    cities_dir: Path = Field(default=Path("cities"), description="城市文件夹：每个来源一个 TOML 文件")
    database_url: SecretStr | None = Field(
        default=None, description="数据库地址（SQLite 或 postgresql+psycopg）；默认是数据文件夹里的 citysync.sqlite3"
    )
    secrets_dir: Path | None = Field(default=None, description="密码文件夹：每个文件一个密码，文件名即变量名，权限 600")
    workers: Annotated[int, Field(ge=1, le=64)] = Field(
        default_factory=default_workers, description="同时处理的城市数；默认每个可用的核一个，至少 2，至多 8"
    )
    fan_out: Literal["processes", "pool"] = Field(
        default="processes",
        description="城市在哪里处理：processes 本机的子进程（默认）；pool 工作池里任意多台机器，台账须用 PostgreSQL",
    )
    probe_url: str | None = Field(
        default=None, description="自检地址：多市同时不通时先看它通不通，以分清是不是我方网络的问题"
    )
    ping_url: str | None = Field(default=None, description="心跳地址：watchdog 每次向它报平安，有问题时报到 /fail")
    retention_days: Annotated[int, Field(ge=1, le=3650)] = Field(
        default=90, description="原始页与快照保留多少天；沿用中的快照及其证据永远保留"
    )
    log_format: Literal["text", "json"] = Field(
        default="text", description="日志格式，写到标准错误：text 或 json（每行一个 JSON）"
    )
    log_level: Literal["debug", "info", "warning", "error"] | None = Field(
        default=None,
        description="日志级别：debug（含每一页）、info、warning、error；默认 json 时 info，text 时 warning",
    )
    web_sign_in: Literal["none", "token", "header", "oidc"] = Field(
        default="none",
        description="网页的登录方式：none 不登录，只在本机；token 用 citysync token issue 发的令牌；"
        "header 由前置代理认证；oidc 统一身份认证",
    )
    web_proxies: str = Field(
        default="",
        description="网页前面的代理的地址或网段，逗号分隔；header 方式只信它们，其他方式由此得知访问者的地址",
    )
    web_oidc_issuer: str | None = Field(default=None, description="统一身份认证的签发者地址（OpenID Connect issuer）")
    web_oidc_client: str | None = Field(default=None, description="本系统在统一身份认证登记的客户端编号")
    real_data: Path | None = Field(
        default=None, description="真实数据文件夹，供 examples/ 和测试使用；默认 ../shared/data（如果有）"
    )

    @field_validator("data_dir", "cities_dir", "secrets_dir", "real_data")
    @classmethod
    def _absolute(cls, folder: Path | None) -> Path | None:
        """Make folders absolute: a child process or a Prefect worker may stand elsewhere than the parent."""
        return None if folder is None else folder.expanduser().absolute()

    @field_validator("secrets_dir")
    @classmethod
    def _is_there(cls, folder: Path | None) -> Path | None:
        if folder is not None and not folder.is_dir():
            raise ValueError("没有这个文件夹，请新建（chmod 700）或改正路径")
        return folder

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, url: SecretStr | None) -> SecretStr | None:
        if url is None:
            return None
        scheme, separator, rest = url.get_secret_value().partition("://")
        if not separator or scheme not in _DATABASES:
            raise ValueError("只支持 sqlite:///文件 和 postgresql+psycopg://用户@主机/库")
        if scheme.startswith("sqlite") and rest in {"", "/", "/:memory:"}:
            raise ValueError("内存数据库在命令结束时消失，请写 sqlite:///文件")
        return url

    @field_validator("fan_out")
    @classmethod
    def _reaches_every_machine(cls, fan_out: str, others: ValidationInfo) -> str:
        """Refuse a ledger that other machines cannot share: SQLite on a network disk loses what it was told."""
        url: SecretStr | None = others.data.get("database_url")
        if fan_out == "pool" and (url is None or url.get_secret_value().startswith("sqlite")):
            raise ValueError("pool 要求台账在 PostgreSQL 上，请设置 CITYSYNC_DATABASE_URL=postgresql+psycopg://…")
        return fan_out

    @field_validator("probe_url", "ping_url", "web_oidc_issuer")
    @classmethod
    def _plain_address(cls, url: str | None) -> str | None:
        if url is not None and not re.fullmatch(r"https?://[^\s@]+", url):
            raise ValueError("请写 http:// 或 https:// 开头的地址，不带用户名和空白")
        return url

    @field_validator("web_proxies")
    @classmethod
    def _networks(cls, text: str) -> str:
        try:
            networks_of(text)
        except ValueError:
            raise ValueError("请写地址或网段，如 10.0.0.1 或 10.1.0.0/24，用逗号分隔") from None
        return text

    @property
    def proxies(self) -> Networks:
        """Return the networks of the proxies in front of the pages."""
        return networks_of(self.web_proxies)

    @property
    def database(self) -> str:
        """Return the database's URL, with its password: for the engine only, never for people."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.data_dir / 'citysync.sqlite3'}"

    @property
    def database_shown(self) -> str:
        """Return the database's URL as people may see it: the password is three stars."""
        return _QUERY_PASSWORD.sub(r"\g<before>***", _PASSWORD.sub(r"\g<before>***@", self.database))

    @property
    def real_data_dir(self) -> Path | None:
        """Return the folder of real data: the one set, else the usual one if it is there, else None."""
        if self.real_data is not None:
            return self.real_data
        return REAL_DATA.absolute() if REAL_DATA.is_dir() else None

    def secrets(self) -> Secrets:
        """Return where this process finds secrets."""
        return Secrets(os.environ, self.secrets_dir)


def load_settings(**overrides: object) -> Settings:
    """Return the settings of this process.

    ``overrides``: options of the command line by setting name; None means not given. Raises ``ConfigError`` that names
    each wrong variable or option, its value (unless it may hold a password) and the remedy, and each probable typo.
    """
    given = {name: value for name, value in overrides.items() if value is not None}
    wrong = [f"{name}：没有这个变量；您是否要写 {near}？" for name, near in _typos(os.environ)]
    try:
        settings = Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        wrong += [_told(found, given) for found in error.errors(include_url=False)]
        raise ConfigError("\n".join(["设置有误：", *wrong])) from None  # the cause would show the URL's password
    if wrong:
        raise ConfigError("\n".join(["设置有误：", *wrong]))
    return settings


def variables() -> dict[str, str]:
    """Return every variable the program reads as a setting, with its description in Chinese."""
    return {_variable(name): field.description or "" for name, field in Settings.model_fields.items()}


def unknown_variables(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return variables that begin like ours and are none: worth a warning, since nothing reads them."""
    known = variables()
    ours = sorted(name for name in environ if name.startswith(PREFIX) and name not in known)
    return tuple(name for name in ours if name == _SINGULAR or not name.startswith(_NO_SETTINGS))


def _typos(environ: Mapping[str, str]) -> list[tuple[str, str]]:
    names = tuple(name.removeprefix(PREFIX) for name in variables())
    near = {name: nearest(name.removeprefix(PREFIX), names, _TYPO) for name in unknown_variables(environ)}
    return [(name, PREFIX + other) for name, other in near.items() if other is not None]


def _told(error: ErrorDetails, given: Mapping[str, object]) -> str:
    name = str(error["loc"][0])
    place = f"--{name.replace('_', '-')}" if name in given else _variable(name)
    if error["type"] == "extra_forbidden":
        return f"{place}：没有这个设置"
    seen, remedy = phrase(error, ("url",) if name.endswith("_url") else ("setting",))
    return f"{place}：{seen}；{remedy}；例如 {_variable(name)}={_EXAMPLES[name]}"


def _variable(name: str) -> str:
    return PREFIX + name.upper()
