"""``citysync simulate``: the simulated province, left running, with the truth written beside it."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from citysync.cli.places import now
from citysync.cli.render import console

if TYPE_CHECKING:
    from citysync.simulator.province import Province


def simulate(
    *,
    seed: int = 2013,
    items: int = 200,
    out: Path = Path("var/simulated"),
    truth: Path | None = None,
    port: int = 0,
    differences: Literal["none", "demo", "all"] = "demo",
    fault: tuple[str, ...] = (),
) -> int:
    """模拟省份：21 市覆盖全部来源类型，真值写在旁边；持续运行，Ctrl-C 结束。

    Parameters
    ----------
    seed
        随机种子；相同种子得到相同省份
    items
        每市事项数（约）
    out
        写入的目录：城市文件、基本目录、文件交换、前置库
    truth
        真值文件；默认写在 out 目录中
    port
        HTTP 端口；0 表示自动选择
    differences
        注入的差异：none 没有，demo 按城市分配，all 每市各种都有
    fault
        让某市按故障目录出错，可写多次：440300=T05 始终，440300=T05@37 只在第 37 次请求，@37- 从第 37 次起
    """
    from citysync.simulator.province import build_province
    from flows.night import SHANGHAI

    today = now().astimezone(SHANGHAI).date()
    _serve(build_province(seed, items, differences=differences, on=today), fault, out, truth, port)
    return 0


def _serve(built: Province, fault: tuple[str, ...], out: Path, truth: Path | None, port: int) -> None:
    from citysync.simulator.faults import misbehaving
    from citysync.simulator.server import serve
    from citysync.simulator.simulate import write_province

    province = misbehaving(built, fault)
    with serve(province, port) as server:
        layout = write_province(province, out, server.base_url, truth=truth)
        layout.write_secrets(out / "secrets")
        place = f"模拟省份（种子 {province.seed}）在 {server.base_url}，真值在 {truth or layout.truth}"
        _say_next(out, place, layout.master)
        threading.Event().wait()


def _say_next(out: Path, where: str, master: Path) -> None:
    screen = console()
    screen.print(f"{where}。另开一个终端输入：", soft_wrap=True)
    folder, program = out.resolve(), sys.argv[0]
    places = f"CITYSYNC_DATA_DIR={folder / 'data'} CITYSYNC_CITIES_DIR={folder / 'cities'}"
    # The ledger is that of the folder: a simulated catalogue never goes into the one an operator works with.
    screen.print(f"  export {places} CITYSYNC_SECRETS_DIR={folder / 'secrets'} CITYSYNC_DATABASE_URL=", soft_wrap=True)
    screen.print(f"  {program} master import {master} && {program} sync", soft_wrap=True)
    sys.stdout.flush()
