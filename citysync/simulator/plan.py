"""Which city answers how, and what is wrong with it in the demo: fixed, so that every demo teaches the same.

The grid is that of the province's shape: row and column from 1.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    """One city's part: its dialect, what the demo does to it, its place on the grid, its network zone.

    ``fault``: what its server does wrong (``login_page``, ``wrong_total``, ``zero``), or None;
    ``demo``: kinds of difference with how often; ``unknown`` fields and ``absent`` columns in the demo.
    """

    code: str
    dialect: str
    tile: tuple[int, int]
    zone: str
    demo: tuple[tuple[str, int], ...] = ()
    fault: str | None = None
    local: bool = False
    unknown: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    max_rejected_ratio: float | None = None


_PHONES = (("phones_equal", 3), ("phone_missing", 2))
_GUIDES = (("visits_unexplained", 2), ("zero_visits_explained", 2), ("zero_visits_need_post", 1))
_FEES = (("fee_without_basis", 2), ("pay_without_fee", 1))
_WRITING = (("text_cosmetic_name", 3), ("text_cosmetic_law", 1), ("code_cleaned", 2))
_CODES = (("uscc_wrong", 1), ("uscc_none", 1), ("value_unreadable", 1), ("outdated", 2))
_VISITS = (
    ("visits_over_cap", 2),
    ("visits_over_three", 2),
    ("depth_second", 1),
    ("depth_third", 2),
    ("depth_online", 1),
    ("depth_below_target", 1),
    ("promise_over_legal", 2),
    ("level_mismatch", 1),
)
_CLAIMS = (
    ("unclaimed", 3),
    ("overclaimed_extra", 2),
    ("overclaimed_instead", 1),
    ("claimed_parent", 1),
    ("withdrawn", 1),
    ("withdrawn_without_state", 1),
    ("task_code_missing", 1),
    ("task_code_malformed", 1),
    ("task_name_missing", 1),
    ("task_type_missing", 1),
    ("type_unlisted", 1),
    ("fee_unlisted", 1),
    ("areacode_foreign", 1),
    ("two_rules_broken", 1),
)
_DRIFTS = (
    ("drift_name", 2),
    ("drift_type", 1),
    ("drift_law", 1),
    ("drift_twice", 1),
    ("older_version", 2),
    ("same_version", 1),
    ("codes_dept", 1),
    ("codes_level", 1),
    ("codes_catalog", 1),
    ("codes_handle", 1),
    ("twin", 2),
)

PLANS: tuple[Plan, ...] = (
    Plan("440100", "pages_form", (2, 4), "zhusanjiao", (*_PHONES, ("twin", 2))),
    Plan("440200", "pages_get", (1, 4), "yuebei", fault="zero"),
    Plan("440300", "pages_json", (3, 5), "zhusanjiao", _VISITS),
    Plan("440400", "links_next", (4, 3), "zhusanjiao"),
    Plan("440500", "cursor", (2, 7), "yuedong", fault="login_page"),
    Plan("440600", "pages_form", (2, 3), "zhusanjiao", _GUIDES),
    Plan("440700", "pages_get", (3, 2), "zhusanjiao"),
    Plan("440800", "csv_unproved", (5, 1), "yuexi", (("unclaimed", 2),)),
    Plan("440900", "xlsx", (4, 1), "yuexi", _CLAIMS, max_rejected_ratio=0.2),
    Plan("441200", "cursor", (2, 2), "zhusanjiao", _FEES),
    Plan("441300", "pages_json", (2, 5), "zhusanjiao", _CODES, unknown=("recordOrder",)),
    Plan("441400", "json", (1, 6), "yuebei", _WRITING, local=True),
    Plan("441500", "links_next", (3, 6), "yuedong", fault="wrong_total"),
    Plan("441600", "jsonl", (1, 5), "yuebei", (("twin", 1), ("retired_version", 2))),
    Plan("441700", "sql", (4, 2), "yuexi"),
    Plan("441800", "csv_gb18030", (1, 3), "yuebei", (*_PHONES, ("text_cosmetic_name", 1))),
    Plan("441900", "sql", (3, 4), "zhusanjiao", (*_FEES, *_GUIDES)),
    Plan("442000", "links_header", (3, 3), "zhusanjiao", absent=("online_handle_depth", "supervise_way")),
    Plan("445100", "csv_bom", (1, 7), "yuedong"),
    Plan("445200", "pages_get", (2, 6), "yuedong", _DRIFTS, unknown=("SORT_NO",)),
    Plan("445300", "sql", (3, 1), "yuexi"),
)
BY_CODE = {plan.code: plan for plan in PLANS}
CITY_CODES = tuple(BY_CODE)
