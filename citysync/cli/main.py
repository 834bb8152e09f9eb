"""The program ``citysync``. Starting it imports no frame library, no database and no orchestrator."""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from importlib.metadata import version
from types import FrameType

from cyclopts import App, CycloptsError, Parameter
from rich.console import Console

from citysync.cli.usage import in_chinese
from citysync.config.logs import as_json
from citysync.domain.errors import CitySyncError, ConfigError
from citysync.domain.showing import harmless

HELP = """拉取各市政务服务事项目录，与省级基本目录对账，指出未同步的城市。

退出码：0 所问城市全部同步（或滞后）；1 有城市需处理；2 用法或配置有误；3 本系统或基本目录故障；130 中断。
"""

# A verb's module is imported when it is typed; what --help says of it stands here.
VERBS = {
    "demo": "模拟一个 21 市的省份，跑一遍每晚流程，打印结论表",
    "sync": "立即拉取、校验、对账、判定（不经 Prefect）",
    "nightly": "运行每晚的 Prefect 流程",
    "recheck": "复核一个城市：只问未改好的差异涉及的编码",
    "status": "各市当前状态",
    "findings": "一个城市的差异清单",
    "rejects": "一个城市被拒收的行",
    "explain": "结论的由来：从原始页到结论，逐步可核对",
    "receipt": "生成回执（XLSX、CSV 与 JSON 问题清单）",
    "alerts": "告警：list、test、ack、silence、send、settle",
    "watchdog": "看守：没有按时运行、运行卡住、告警积压时告警（由定时器调用）",
    "metrics": "各市状态的 Prometheus 指标",
    "figures": "督查指标：进驻率、深度、到场次数、准时率，按市、县或部门",
    "exempt": "豁免登记：依据、期限、涉及多少应领，哪些即将到期或已到期",
    "score": "得分与下一步：每个未决问题值多少分",
    "approve": "批准一个城市被护栏拦下的大批变化",
    "appeals": "申诉：list、uphold、reject",
    "audit": "审计：verify 核对有无改动，list 列出",
    "replay": "用保存的原始数据重走一次判定，不连网",
    "master": "省级基本目录的版本：import、diff、list",
    "rehearse": "预演：新目录或新规则会改变哪些结论",
    "identity": "换码、更名、拆分、合并的提议：list、confirm、reject、revoke",
    "doctor": "体检：先查本系统，再逐市试拉",
    "token": "令牌：谁可以看网页：issue、list、revoke",
    "sessions": "登录会话：谁此刻登录着网页；list、end",
    "serve": "网页：省级总览、各市、运行",
    "report": "静态页面：site，没有服务器时用",
    "simulate": "模拟省份，持续运行",
    "purge": "清除超过保留天数的原始页与快照，默认只试算",
    "db": "台账数据库：upgrade",
}


def _version() -> str:
    return version("citysync")


_OBJECTS = 20_000  # more of them than went before Python looks for cycles among the newest


app = App(
    name="citysync", version=_version, help=HELP, help_format="plaintext", default_parameter=Parameter(negative=())
)
app["--help"].help = "显示说明并退出"
app["--version"].help = "显示版本号"
for verb, summary in VERBS.items():
    app.command(f"citysync.cli.{verb}:{verb}", name=verb, help=summary)


def main() -> None:
    """Run the program and leave with its exit code; SIGTERM ends it as Ctrl-C does, in a script's background too.

    Imports make a few hundred thousand objects that stay: looking for cycles among them, now and then while they come
    and once more at the very end, costs a third of a short command.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _interrupted)
    gc.set_threshold(_OBJECTS)
    code = run(sys.argv[1:])
    gc.freeze()
    sys.exit(code)


def _interrupted(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise KeyboardInterrupt


def run(tokens: Sequence[str]) -> int:
    """Return the exit code of one command line: what is refused is one clear message on stderr, never a trace."""
    errors = Console(stderr=True, soft_wrap=True)
    try:
        command, bound, _ = app.parse_args(list(tokens), exit_on_error=False, print_error=False, error_console=errors)
        return command(*bound.args, **bound.kwargs) or 0
    except CycloptsError as error:
        _say(errors, f"用法有误：{in_chinese(str(error))}；请运行 citysync --help")
        return 2
    except CitySyncError as error:
        _say(errors, str(error))
        return 2 if isinstance(error, ConfigError) else 3
    except Exception as error:
        if os.environ.get("CITYSYNC_DEBUG"):
            raise
        place = traceback.extract_tb(error.__traceback__)[-1]  # the text of a bug may quote rows or secrets
        _say(
            errors,
            f"本系统故障：{type(error).__name__}（{place.filename} 第 {place.lineno} 行）；CITYSYNC_DEBUG=1 看全部",
        )
        return 3
    except KeyboardInterrupt:
        _say(errors, "已取消")
        return 130


def _say(console: Console, text: str) -> None:
    if as_json():
        logging.getLogger("citysync.cli").error("%s", text)
    else:
        console.print(harmless(text), markup=False, highlight=False)
