"""What a snapshot itself says about a city, before any finding: is it whole, readable, recent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

from citysync.domain.city import City
from citysync.domain.outcome import Validation
from citysync.domain.sayings import AGAIN, OLD, REJECTED, UNCHANGED, UNDATED
from citysync.domain.snapshot import Certificate, Grade
from citysync.domain.verdict import Axis, Fault, Reason, Standing

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")  # no summer time since 1991


@dataclass(frozen=True, slots=True)
class Seen:
    """When the very rows that came tonight came before.

    ``unchanged_since``: the first day of an unbroken row of good nights with these rows; ``last_on``: the last day they
    came, although other rows came after it: an old directory served again.
    """

    unchanged_since: date | None = None
    last_on: date | None = None


NEVER = Seen()


def complete(certificate: Certificate) -> Reason:
    """Return how far a snapshot is proved complete; grade C is unknown, which alone flags nobody."""
    if certificate.grade in {Grade.A, Grade.B}:
        return Reason("proved", Axis.COMPLETE, Standing.OK, Fault.CITY, certificate.proof)
    text = "；".join(("完整性未证实", certificate.proof, *certificate.problems))
    return Reason("unproved", Axis.COMPLETE, Standing.UNKNOWN, Fault.CITY, text)


def too_many_rejected(city: City, validation: Validation) -> Reason | None:
    """Return why too many rows cannot be compared, None while their share is tolerable."""
    tolerated = city.tolerate.max_rejected_ratio
    share = validation.rejected_rows / max(validation.received, 1)
    if share <= tolerated:
        return None
    told = REJECTED.said(
        received=f"{validation.received:,}",
        rejected=f"{validation.rejected_rows:,}",
        share=f"{share:.2%}",
        most=f"{tolerated:.2%}",
    )
    text = f"{told}，本次未采用{_first_rejected(validation)}；请按拒收清单改正后重新提供"
    return Reason("too_many_rejected", Axis.VALID, Standing.FAILING, Fault.DATA, text)


def _first_rejected(validation: Validation) -> str:
    row = validation.rejected.sort("row_no", "field", "rule").row(0, named=True)
    return f"（例：第 {row['row_no']} 行，{row['hint'] or row['rule']}）"


def fresh(city: City, source_changed_at: datetime | None, business_date: date, seen: Seen = NEVER) -> Reason:
    """Return whether the source last changed recently enough; days are counted in Asia/Shanghai.

    Where it says nowhere when it changed, its own rows do: the same rows for longer than the bound are too old.
    """
    most = city.expect.max_age_days
    if seen.last_on is not None:
        return _served_again(seen.last_on, business_date, most)
    if most is None:
        return Reason("fresh", Axis.FRESH, Standing.OK, Fault.CITY, "")
    if source_changed_at is None and seen.unchanged_since is not None:
        age = (business_date - seen.unchanged_since).days
        if age > most:
            told = UNCHANGED.said(since=seen.unchanged_since, age=age, most=most)
            text = f"数据过期：{told}；请市级恢复更新"
            return Reason("stale", Axis.FRESH, Standing.FAILING, Fault.CITY, text)
    if source_changed_at is None:
        text = f"来源没有更新时间，{UNDATED.said(most=most)}；请来源提供更新时间"
        return Reason("age_unknown", Axis.FRESH, Standing.UNKNOWN, Fault.CITY, text)
    changed_on = source_changed_at.astimezone(SHANGHAI).date()
    age = (business_date - changed_on).days
    if age <= most:
        return Reason("fresh", Axis.FRESH, Standing.OK, Fault.CITY, "")
    same = f"，内容自 {seen.unchanged_since} 起没有变化" if seen.unchanged_since is not None else ""
    told = OLD.said(changed=changed_on, today=business_date, age=age, most=most)
    text = f"数据过期：{told}{same}；请市级恢复更新"
    return Reason("stale", Axis.FRESH, Standing.FAILING, Fault.CITY, text)


def _served_again(last_on: date, business_date: date, most: int | None) -> Reason:
    """Return that an old directory came again: too old if a bound says so, else only marked."""
    age = (business_date - last_on).days
    text = f"旧数据重现：{AGAIN.said(day=last_on)}，此后的改动不见了；请市级核实接口是否指向旧库"
    if most is not None and age > most:
        return Reason("served_again", Axis.FRESH, Standing.FAILING, Fault.CITY, f"{text}（{age} 天，上限 {most} 天）")
    return Reason("served_again", Axis.FRESH, Standing.UNKNOWN, Fault.CITY, text)
