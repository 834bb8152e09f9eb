"""``citysync demo``: a simulated province of 21 cities, the whole night through Prefect, and where to look next."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from citysync.cli.exits import OURS
from citysync.cli.nightly import run_flow
from citysync.cli.places import Places, now
from citysync.cli.render import console
from citysync.cli.results import published, show

if TYPE_CHECKING:
    from citysync.config.settings import Settings


def demo(*, seed: int = 2013, items: int = 200, places: Places | None = None) -> int:
    """演示：模拟 21 市（覆盖全部来源类型），导入基本目录，经 Prefect 跑一遍每晚流程，打印结论表。

    Parameters
    ----------
    seed
        随机种子；相同种子得到相同省份
    items
        每市事项数（约）
    """
    from flows.night import SHANGHAI

    folder = (places or Places()).settings().data_dir / "demo"
    today = now().astimezone(SHANGHAI).date()
    with _province(folder, seed, items, today) as (settings, master):
        _import(settings, master, today)
        run_id = run_flow(settings, (), today)
    code = show(published(settings, run_id), json=False, lead=False)
    _say_next(folder)
    return code if code == OURS else 0


@contextmanager
def _province(folder: Path, seed: int, items: int, today: date) -> Iterator[tuple[Settings, Path]]:
    """Yield the settings of a province that is being served, in a folder of its own, and its master catalogue."""
    from citysync.simulator.province import build_province
    from citysync.simulator.server import serve
    from citysync.simulator.simulate import write_province

    shutil.rmtree(folder, ignore_errors=True)
    province = build_province(seed, items, on=today)
    with serve(province) as server:
        layout = write_province(province, folder, server.base_url)
        layout.write_secrets(folder / "secrets")
        os.environ["CITYSYNC_SECRETS_DIR"] = str(folder / "secrets")
        ledger = f"sqlite:///{folder / 'data' / 'citysync.sqlite3'}"  # never the one an operator works with
        places = Places(data_dir=folder / "data", cities_dir=layout.cities, database_url=ledger)
        yield places.export(), layout.master


def _import(settings: Settings, master: Path, today: date) -> None:
    from flows.master_import import Import, import_master

    done = import_master(Import(master, effective_on=today), settings, now())
    console(stderr=True).print(f"基本目录 {done.version}：{done.items} 项；21 个模拟城市已就绪，开始每晚流程 …")


def _say_next(folder: Path) -> None:
    program, out = Path(sys.argv[0]), console()
    out.print("接下来可以输入：")
    places = f"CITYSYNC_DATA_DIR={folder / 'data'} CITYSYNC_CITIES_DIR={folder / 'cities'}"
    out.print(f"  export {places} CITYSYNC_DATABASE_URL=", soft_wrap=True)  # never the ledger an operator works with
    for verb in ("status", "findings 440300", "rejects 440900", "explain 440900", "receipt 440300 --out receipts"):
        out.print(f"  {program} {verb}", soft_wrap=True)
    out.print(f"  {program} serve    # 网页，在 http://127.0.0.1:8321/", soft_wrap=True)
    out.print(f"注入的差异（真值）：{folder / 'truth.json'}", soft_wrap=True)
    out.print(f"模拟的城市已经停了，不能再拉取；要能拉取的，请运行 {program} simulate", soft_wrap=True)
