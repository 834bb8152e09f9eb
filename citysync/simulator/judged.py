"""Differences within one row: codes that disagree, visits, depth, days, phones, fees; and rows that are rejected."""

from __future__ import annotations

from citysync.simulator import names
from citysync.simulator.columns import PLACE
from citysync.simulator.differences import visits_on_site
from citysync.simulator.draft import Draft, Slot

_BODY_WITHOUT_USCC = "TE440000GD030003VV"
_ELSEWHERE = "450102"


def _wrong(
    draft: Draft, slot: Slot | None, check: str, field: str, expected: str | None, **changes: str | None
) -> bool:
    """Change a row so that one finding follows, whose actual value is what the row then says."""
    if slot is None:
        return False
    row = draft.change(slot, **changes)
    draft.found(check, row, field, expected, row[PLACE[field]])
    return True


def codes_dept(draft: Draft) -> bool:
    """Send another body's code than the one inside task_code."""
    slot = draft.take()
    body = slot.rows[0][PLACE["dept_code"]] if slot else None
    return _wrong(draft, slot, "codes_disagree", "dept_code", body, dept_code=names.body_code("440000", 730000000))


def codes_level(draft: Draft) -> bool:
    """Send another level than the one inside task_code, on an item both levels may have."""
    slot = draft.take(lambda slot: slot.item.plain and {"3", "4"} <= set(slot.item.levels))
    level = slot.region.level if slot else None
    return _wrong(draft, slot, "codes_disagree", "use_level", level, use_level="4" if level == "3" else "3")


def codes_catalog(draft: Draft) -> bool:
    """Send the right catalogue code beside a task_code that holds another: the obligation is met all the same."""
    slot = draft.take()
    if slot is None:
        return False
    other = draft.unknown_code()
    task_code = f"{(slot.rows[0][0] or '')[:19]}{other}"
    return _wrong(draft, slot, "codes_disagree", "catalog_code", other, task_code=task_code)


def codes_handle(draft: Draft) -> bool:
    """Send a 业务办理项编码 that belongs to another item."""
    slot = draft.take()
    if slot is None:
        return False
    code = slot.rows[0][0] or ""
    handle = f"{code[:19]}{draft.unknown_code()}01"
    return _wrong(draft, slot, "codes_disagree", "task_handle_item", code, task_handle_item=handle)


def visits_over_cap(draft: Draft) -> bool:
    """Ask for one visit more than the master's cap."""
    slot = draft.take(lambda slot: slot.item.cap is not None)
    cap = (slot.item.cap if slot else None) or 0
    return _wrong(draft, slot, "visits_over_cap", "limit_scene_num", f"≤ {cap}", **visits_on_site(str(cap + 1)))


def visits_over_three(draft: Draft) -> bool:
    """Ask for more visits than the rule of 2013 allows anybody."""
    visits = str(draft.rng.randrange(4, 10))
    return _wrong(draft, draft.take(), "visits_over_cap", "limit_scene_num", "≤ 3", **visits_on_site(visits))


def _depth(draft: Draft, depth: str, allowed: int) -> bool:
    changes = visits_on_site(str(allowed + 1)) | {"online_handle_depth": depth}
    return _wrong(draft, draft.take(), "depth_and_visits", "limit_scene_num", f"≤ {allowed}", **changes)


def depth_second(draft: Draft) -> bool:
    """Claim depth 二级 and ask for three visits."""
    return _depth(draft, "二级", 2)


def depth_third(draft: Draft) -> bool:
    """Claim depth 三级 and ask for two visits."""
    return _depth(draft, "三级", 1)


def depth_online(draft: Draft) -> bool:
    """Claim 全程网办 and ask for a visit."""
    return _depth(draft, draft.rng.choice(("全程网办", "Ⅳ级", "全程网办（Ⅳ级）")), 0)


def depth_below_target(draft: Draft) -> bool:
    """Stay below the depth the master aims at, within its scale."""
    below = {"三级": "二级", "二级": "一级", "Ⅲ级": "Ⅱ级", "1,2,3,4": "2,1,3"}
    slot = draft.take(lambda slot: slot.item.target is not None)
    target = (slot.item.target if slot else None) or "三级"
    changes = visits_on_site("1") | {"online_handle_depth": below[target]}
    return _wrong(draft, slot, "depth_below_target", "online_handle_depth", target, **changes)


def promise_over_legal(draft: Draft) -> bool:
    """Promise more days than the law allows."""
    days = {"anticipate_day": "20", "anticipate_type": "1", "promise_day": "25", "promise_type": "1"}
    return _wrong(draft, draft.take(), "promise_over_legal", "promise_day", "≤ 20", **days)


def _other_body(draft: Draft, body: str, slot: Slot | None) -> bool:
    if slot is None:
        return False
    row = draft.change(slot, task_code=body + (slot.rows[0][0] or "")[18:], dept_code=body)
    draft.found("uscc_invalid", row, "dept_code", None, body)
    return True


def uscc_wrong(draft: Draft) -> bool:
    """Send a body's code with a wrong check character."""
    slot = draft.take()
    body = (slot.rows[0][PLACE["dept_code"]] if slot else None) or ""
    return _other_body(draft, body[:17] + ("A" if body[17:] != "A" else "B"), slot)


def uscc_none(draft: Draft) -> bool:
    """Send a body that has no 统一社会信用代码 at all; there are such bodies."""
    return _other_body(draft, _BODY_WITHOUT_USCC, draft.take())


def phones_equal(draft: Draft) -> bool:
    """Give the same telephone for questions and for complaints."""
    phone = draft.rng.choice(("020-12345", "无"))
    changes = {"link_way": phone, "supervise_way": phone}
    return _wrong(draft, draft.take(), "phones_equal", "supervise_way", None, **changes)


def phone_missing(draft: Draft) -> bool:
    """Leave one of the telephones empty."""
    field = draft.rng.choice(("link_way", "supervise_way"))
    return _wrong(draft, draft.take(), "phone_missing", field, None, **{field: None})


def visits_unexplained(draft: Draft) -> bool:
    """Ask for a visit without saying why."""
    changes = visits_on_site("1") | {"limit_scene_explain": None}
    return _wrong(draft, draft.take(), "visits_unexplained", "limit_scene_explain", None, **changes)


def zero_visits_explained(draft: Draft) -> bool:
    """Ask for no visit, yet explain why one must come."""
    changes = {"limit_scene_num": "0", "limit_scene_explain": "需到现场核验原件", "is_online": "1"}
    return _wrong(draft, draft.take(), "zero_visits_explained", "limit_scene_explain", None, **changes)


def zero_visits_need_post(draft: Draft) -> bool:
    """Ask for no visit, offer neither the net nor the post."""
    changes = {"limit_scene_num": "0", "limit_scene_explain": None, "is_online": "0", "handle_type": "1"}
    return _wrong(draft, draft.take(), "zero_visits_need_post", "handle_type", "3", **changes)


def fee_without_basis(draft: Draft) -> bool:
    """Charge a fee without a basis."""
    return _wrong(draft, draft.take(), "fee_without_basis", "fee_basis", None, is_fee="1", fee_basis=None)


def pay_without_fee(draft: Draft) -> bool:
    """Offer payment for what costs nothing."""
    changes = {"is_fee": "0", "fee_basis": None, "is_pay_online": "1"}
    return _wrong(draft, draft.take(), "pay_without_fee", "is_pay_online", "0", **changes)


def value_unreadable(draft: Draft) -> bool:
    """Write a number in words nobody can read."""
    changes = {"limit_scene_num": "若干次", "limit_scene_explain": None}
    return _wrong(draft, draft.take(), "value_unreadable", "limit_scene_num", "整数", **changes)


def code_cleaned(draft: Draft) -> bool:
    """Write a code with a full-width digit or an invisible character inside."""
    slot = draft.take()
    if slot is None:
        return False
    row = slot.rows[0]
    code = row[0] or ""
    wide = f"{code[:5]}{chr(ord(code[5]) + 0xFEE0)}{code[6:]}"
    sent = draft.rng.choice((wide, f"{code[:9]}\u200b{code[9:]}", f"{code[:18]} {code[18:]}"))
    draft.found("code_cleaned", row, "task_code", code, sent)
    draft.change(slot, task_code=sent)
    return True


def _reject(draft: Draft, changes: dict[str, str | None], **rules: str) -> bool:
    slot = draft.take()
    if slot is None:
        return False
    draft.rejected(draft.change(slot, **changes), **rules)
    draft.unmet(slot)
    return True


def task_code_missing(draft: Draft) -> bool:
    """Send a row without its code."""
    return _reject(draft, {"task_code": None}, task_code="task_code_missing")


def task_code_malformed(draft: Draft) -> bool:
    """Send a code that was cut short."""
    slot = draft.take()
    if slot is None:
        return False
    draft.rejected(draft.change(slot, task_code=(slot.rows[0][0] or "")[:24]), task_code="task_code_malformed")
    draft.unmet(slot)
    return True


def task_name_missing(draft: Draft) -> bool:
    """Send a row without a name."""
    return _reject(draft, {"task_name": None}, task_name="task_name_missing")


def task_type_missing(draft: Draft) -> bool:
    """Send a row without a type."""
    return _reject(draft, {"task_type": None}, task_type="task_type_missing")


def type_unlisted(draft: Draft) -> bool:
    """Send a type nobody listed."""
    return _reject(draft, {"task_type": "77"}, task_type="value_unlisted")


def fee_unlisted(draft: Draft) -> bool:
    """Send a yes-or-no that is neither."""
    return _reject(draft, {"is_fee": "不详"}, is_fee="value_unlisted")


def areacode_foreign(draft: Draft) -> bool:
    """Send an item of another province's division."""
    return _reject(draft, {"areacode": _ELSEWHERE}, areacode="areacode_foreign")


def two_rules_broken(draft: Draft) -> bool:
    """Break two rules with one row: two rejections, one rejected row."""
    changes: dict[str, str | None] = {"task_name": None, "project_type": "5"}
    return _reject(draft, changes, task_name="task_name_missing", project_type="value_unlisted")


def catalog_code_missing(draft: Draft) -> bool:
    """Leave out the catalogue code where nothing else holds it (local codes)."""
    return _reject(draft, {"catalog_code": None}, catalog_code="catalog_code_missing")
