"""Where a city wants its receipts: the ``[receipt]`` table of its file. Several ways may stand side by side."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import StringConstraints, field_validator, model_validator

from citysync.domain.strict import Strict

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_$]*$")]


class Credentials(Strict):
    """How to prove who we are where a receipt goes; the secret is named, never written."""

    kind: Literal["none", "bearer", "header", "basic"] = "none"
    secret: Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")] | None = None
    user: str | None = None
    header: str | None = None

    @model_validator(mode="after")
    def _complete(self) -> Credentials:
        if self.kind != "none" and self.secret is None:
            raise ValueError(f'auth.kind = "{self.kind}" 需要 secret = "变量名"')
        return self


class PostReceipt(Strict):
    """An address that takes the receipt's JSON by POST; how to prove who we are, as for a source."""

    url: str
    auth: Credentials = Credentials()

    @field_validator("url")
    @classmethod
    def _plain(cls, url: str) -> str:
        if not url.startswith(("http://", "https://")) or "@" in url.split("/")[2]:
            raise ValueError("url 须以 http:// 或 https:// 开头，不含账号口令")
        return url


class TableReceipt(Strict):
    """A feedback table in a front-end database; the password comes by ``auth``, never in ``url``."""

    url: str
    table: Name = "dn_audit_abnormal"
    source_table: str = "up_task_general_basic"
    auth: Credentials = Credentials()

    @field_validator("url")
    @classmethod
    def _no_password(cls, url: str) -> str:
        if "://" not in url or (":" in url.partition("://")[2].partition("@")[0].partition("/")[0] and "@" in url):
            raise ValueError(
                'url 写作 驱动://主机:端口/库名，口令用 auth = { kind = "basic", user = "…", secret = "…" }'
            )
        return url


class Receipt(Strict):
    """The ways a city's receipts go out; none by default."""

    folder: str | None = None
    post: PostReceipt | None = None
    table: TableReceipt | None = None

    @property
    def ways(self) -> tuple[str, ...]:
        """Return the names of the ways set up."""
        return tuple(name for name in ("folder", "post", "table") if getattr(self, name) is not None)
