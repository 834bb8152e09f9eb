"""``citysync watchdog``: from a timer outside the orchestrator; speaks when nobody else would."""

from __future__ import annotations

from datetime import timedelta

from citysync.cli.places import Places, now
from citysync.cli.render import console, print_json


def watchdog(
    *, max_age_hours: int = 26, max_run_hours: int = 6, json: bool = False, places: Places | None = None
) -> int:
    """看守：多久没有完成的运行、有没有卡住的运行、告警有没有积压；有问题就告警，退出码 3。

    Parameters
    ----------
    max_age_hours
        最近一次完成的每晚运行最多多少小时以前
    max_run_hours
        一次运行最多多少小时
    json
        输出一份 JSON
    """
    from citysync.alerts.watch import Limits
    from flows.watchdog import keep_watch

    limits = Limits(timedelta(hours=max_age_hours), timedelta(hours=max_run_hours))
    watched = keep_watch((places or Places()).settings(), now(), limits)
    if json:
        print_json({"schema_version": 1, "troubles": {kind.value: text for kind, text in watched.troubles.items()}})
    else:
        console().print("；".join(watched.troubles.values()) or "一切正常")
        if watched.troubles:
            console(stderr=True).print("下一步：citysync status 看各市；补跑用 citysync nightly；见 docs/runbook.md")
    return 3 if watched.troubles else 0
