"""``citysync replay CITY --run ID``: the same line over the stored bytes, offline."""

from __future__ import annotations

from typing import Annotated, Literal

from cyclopts import Parameter

from citysync.cli.places import Places
from citysync.cli.render import console, plain, print_json


def replay(
    city: str,
    /,
    *,
    run: str,
    rules: Annotated[Literal["now", "stored"], Parameter(help="now 按现行规则，stored 只按当时的规则")] = "now",
    json: bool = False,
    places: Places | None = None,
) -> int:
    """用台账保存的原始数据重走一次判定，不连网，与当时的结论逐字比较：一致退出码 0，不一致 1。

    Parameters
    ----------
    city
        城市区划代码
    run
        运行号，见 citysync status --json
    json
        输出一份 JSON
    """
    from flows.replay import replay as walk_again

    settings = (places or Places()).settings()
    again = walk_again(settings, city, run, rules=rules)
    different = again.differences()
    if json:
        facts = {"schema_version": 1, "city": again.city_code, "run_id": again.run_id, "rules_version": again.rules}
        print_json({**facts, "same": again.same, "differences": different, "then": again.then, "now": again.now})
        return 0 if again.same else 1
    console().print(f"运行 {run}，{city}：{'一致' if again.same else '不一致'}（当时的规则版本 {again.rules}）")
    for line in different:
        console().print(plain(line), markup=False, highlight=False)
    return 0 if again.same else 1
