"""What only the whole night shows: one incident of ours behind many failures, or whose one city's silence is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from citysync.domain.city import City
from citysync.domain.errors import Unreachable
from citysync.domain.verdict import Verdict
from citysync.reconciliation.blame import answered, any_answered, common_cause
from citysync.reconciliation.reach import Link, Seen, attributed, silent
from citysync.storage import reading
from citysync.storage.engine import Store
from flows.probe import address_of, answers, look

_WITNESSES = 2  # other cities whose hosts are looked at when the run itself has nobody who answered
_AT_ONCE = 8


Cities = Mapping[str, City]


def settle(
    verdicts: Sequence[Verdict], cities: Cities, everyone: Callable[[], Cities], probe_url: str | None, store: Store
) -> list[Verdict]:
    """Return the verdicts the whole night changes; all others stand as they are.

    ``cities``: those of the run; ``everyone``: every city there is a file for, asked only where nobody in the run
    answered and no probe is set: two others are then looked at.
    """
    probe_ok = answers(probe_url) if probe_url else any_answered(verdicts)
    zones = {code: city.zone for code, city in cities.items()}
    shared = common_cause(verdicts, zones, probe_ok=probe_ok)
    quiet = [verdict for verdict in shared if silent(verdict)]
    own = _own(verdicts, everyone, probe_url, probe_ok=probe_ok) if quiet else None
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="look") as pool:
        looked = pool.map(lambda verdict: look(address_of(cities[verdict.city_code])), quiet)
        links = dict(zip((verdict.city_code for verdict in quiet), looked, strict=True))
    told = [_attributed(verdict, links, own, store) for verdict in shared]
    return [after for before, after in zip(verdicts, told, strict=True) if after != before]


def _attributed(verdict: Verdict, links: Mapping[str, Link], own: str | None, store: Store) -> Verdict:
    if verdict.city_code not in links:
        return verdict
    before = reading.previous_verdict(store, verdict.city_code, verdict.run_id)
    failed_before = before is not None and any(reason["code"] == Unreachable.reason for reason in before["reasons"])
    return attributed(verdict, Seen(links[verdict.city_code], own, failed_before))


def _own(
    verdicts: Sequence[Verdict], everyone: Callable[[], Cities], probe_url: str | None, *, probe_ok: bool
) -> str | None:
    """Return in words why our own way out is known to be well, None if it is not."""
    if probe_url:
        return "省平台出口自检正常" if probe_ok else None
    heard = sum(map(answered, verdicts))
    if heard:
        return f"同一次运行中 {heard}/{len(verdicts)} 个城市有应答"
    asked = {verdict.city_code for verdict in verdicts}
    witnesses = [city for code, city in everyone().items() if code not in asked and address_of(city) is not None]
    open_ones = [city.name for city in witnesses[:_WITNESSES] if look(address_of(city)) is Link.OPEN]
    return f"{'、'.join(open_ones)} 可以连通" if open_ones else None
