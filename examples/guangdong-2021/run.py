"""Run the line on real items: 2,262 of Guangdong's portal of May 2021, province and Guangzhou as two sources.

The data stays outside the project. Its folder is the first argument, or ``CITYSYNC_REAL_DATA``, or ``../shared/data``.
The province's own rows serve as the master catalogue: one row per ``CATAID``, its name ``CATANAME``, no levels, so that
it obliges nobody and checks names, types and claims only.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from citysync.cli.main import run

HERE = Path(__file__).parent
FILE = "gd_portal_items_2021.jsonl"
TASK_TYPES = {"20": "10", "21": "20"}  # Guangdong's own list → the national one; all others are alike
Row = Mapping[str, str | None]


def prepare(data: Path, folder: Path) -> None:
    """Write the two file drops, the master catalogue and the city files into a folder."""
    rows = [json.loads(line) for line in (data / FILE).read_text(encoding="utf-8").splitlines()]
    (folder / "drop").mkdir(parents=True, exist_ok=True)
    for code in ("440000", "440100"):
        _write_lines(folder / "drop" / f"{code}.jsonl", (row for row in rows if row["AREACODE"] == code))
    province = [row for row in rows if row["AREACODE"] == "440000"]
    _write_lines(folder / "master.jsonl", {row["CATAID"]: _master_item(row) for row in province}.values())
    shutil.copytree(HERE / "cities", folder / "cities", dirs_exist_ok=True)


def _master_item(row: Row) -> dict[str, str | None]:
    parent = row["parentCatalogId"]
    return {
        "catalog_code": row["CATAID"],
        "task_name": row["CATANAME"],
        "task_type": TASK_TYPES.get(str(row["TASK_TYPE"]), row["TASK_TYPE"]),
        "dept_name": row["DEPT_NAME"],
        "parent_code": None if parent == row["CATAID"] else parent,
        "use_level": None,
    }


def _write_lines(path: Path, rows: Iterable[Mapping[str, object]]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def main() -> int:
    """Prepare, import the master catalogue, and judge the two sources; return the exit code of ``citysync sync``."""
    data = Path(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("CITYSYNC_REAL_DATA", "../shared/data"))
    if not (data / FILE).is_file():
        sys.stderr.write(f"没有数据文件 {data / FILE}；请把数据目录作为第一个参数，或设 CITYSYNC_REAL_DATA\n")
        return 2
    folder = Path(os.environ.get("CITYSYNC_DATA_DIR", "var")) / "guangdong-2021"
    shutil.rmtree(folder, ignore_errors=True)
    prepare(data, folder)
    places = ["--data-dir", str(folder / "data"), "--cities-dir", str(folder / "cities")]
    code = run(["master", "import", str(folder / "master.jsonl"), "--effective", "2021-05-01", *places])
    return code or run(["sync", *places])


if __name__ == "__main__":
    sys.exit(main())
