"""``citysync explain CITY [TASK_CODE]``: from the raw page to the verdict, each step with ids that resolve."""

from __future__ import annotations

from citysync.cli.places import Places
from citysync.cli.render import console, plain, print_json


def explain(
    city: str,
    task_code: str | None = None,
    /,
    *,
    row: int | None = None,
    run: str | None = None,
    json: bool = False,
    places: Places | None = None,
) -> int:
    """说明结论的由来：原始页、行、字段、规则、发现、结论，逐步给出可核对的编号。

    Parameters
    ----------
    city
        城市区划代码
    task_code
        实施编码、业务办理项编码或基本编码；不写则说明该市为什么是这个状态
    row
        来源行号（见 citysync rejects），用于没有编码或编码有误的行
    run
        某次运行；默认最近一次
    json
        输出一份 JSON
    """
    from flows.explain.answer import explain as explained
    from flows.explain.words import lines

    document = explained((places or Places()).settings(), city, task_code, row, run)
    if json:
        print_json(document)
        return 0
    out = console()
    for line in lines(document):
        indent = line[: len(line) - len(line.lstrip())]
        out.print(indent + plain(line.lstrip()), soft_wrap=True)
    return 0
