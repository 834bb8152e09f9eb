"""What people see when a page cannot be had: a sentence in their language and the next step, nothing internal."""

from __future__ import annotations

import logging

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from citysync.domain.errors import CitySyncError
from citysync.domain.principal import NOBODY, Principal
from citysync.web.documents import problem
from citysync.web.language import asked_for, language
from citysync.web.problems import WebError
from citysync.web.rendering import page

UNAUTHORISED = 401
logger = logging.getLogger(__name__)


def _(text: str) -> str:
    """Mark a text for the catalogue; it is said in the asker's language where it is shown."""
    return text


TEXTS = {
    400: (_("请求有误"), _("地址或表单不完整，请从页面上的链接重新进入。")),
    401: (_("请先登录"), _("请用省平台发给您的令牌登录。")),
    403: (_("无权查看"), _("您的角色不能查看或操作这一页。如需权限，请联系省平台管理员。")),
    404: (_("没有这一页"), _("地址有误，或这不是您可以查看的内容。")),
    405: (_("没有这一页"), _("地址有误，或这不是您可以查看的内容。")),
    429: (_("提交得太频繁"), _("请过一会儿再试：登录失败过多等五分钟，反馈过多等一小时。")),
    500: (_("本系统故障"), _("与各市无关。请稍后再试；如仍不行，请联系省平台值班。")),
    503: (_("还没有数据"), _("尚未运行过。请先导入基本目录，再运行一次对账。")),
}


def install(app: FastAPI) -> None:
    """Have every error answered by a page of ours (by JSON under ``/api/``)."""
    app.add_exception_handler(WebError, _told)
    app.add_exception_handler(HTTPException, _told)
    app.add_exception_handler(RequestValidationError, _told)
    app.add_exception_handler(CitySyncError, _broken)
    app.add_exception_handler(Exception, _broken)


def _told(request: Request, error: Exception) -> Response:
    if isinstance(error, WebError):
        return answer(request, error.status)
    return answer(request, error.status_code if isinstance(error, HTTPException) else 400)


def _broken(request: Request, error: Exception) -> Response:
    # The text of an error may quote rows or secrets: the log gets its kind and place, the page gets neither.
    logger.error("%s %s: %s", request.method, request.url.path, type(error).__name__, exc_info=error)
    return answer(request, 500)


def answer(request: Request, status: int) -> Response:
    """Return the answer for a status, by the texts above."""
    if status == UNAUTHORISED and not request.url.path.startswith("/api/"):
        return RedirectResponse("/sign-in", 303)
    title, text = (language(asked_for(request)).say(part) for part in TEXTS.get(status, TEXTS[500]))
    if request.url.path.startswith("/api/"):
        return problem(status, title, text)
    known: Principal = getattr(request.state, "principal", None) or NOBODY
    return page(request, "error.html", {"title": title, "text": text, "status": status}, known, status=status)
