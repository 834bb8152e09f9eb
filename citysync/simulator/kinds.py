"""Every kind of difference there is, by name, with what a source must have for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from citysync.simulator import differences, judged
from citysync.simulator.draft import Draft


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of difference.

    ``weight``: error, warning, cosmetic, rejection, or none; ``needs``: canonical columns the source must have;
    ``scheme``: national or local where the kind is only of that scheme; ``versions``: it needs two rows of one key,
    which a front-end database folds into one.
    """

    inject: Callable[[Draft], bool]
    weight: str
    needs: frozenset[str] = frozenset()
    scheme: str | None = None
    versions: bool = False

    def fits(self, draft: Draft, *, folds: bool) -> bool:
        """Return whether a city can have this kind; ``folds``: its source keeps one row per key."""
        scheme = "local" if draft.local else "national"
        return not (self.needs & draft.lacks) and self.scheme in {None, scheme} and not (self.versions and folds)


def _kind(inject: Callable[[Draft], bool], weight: str, needs: str = "", **more: bool | str) -> tuple[str, Kind]:
    scheme = str(more["scheme"]) if "scheme" in more else None
    return inject.__name__, Kind(inject, weight, frozenset(needs.split()), scheme, bool(more.get("versions")))


_VISITS = "limit_scene_num limit_scene_explain online_handle_depth"

KINDS: dict[str, Kind] = dict(
    (
        _kind(differences.unclaimed, "error"),
        _kind(differences.overclaimed_extra, "error"),
        _kind(differences.overclaimed_instead, "error"),
        _kind(differences.claimed_parent, "error"),
        _kind(differences.level_mismatch, "error"),
        _kind(differences.withdrawn, "error"),
        _kind(differences.withdrawn_without_state, "error"),
        _kind(differences.drift_name, "error"),
        _kind(differences.drift_type, "error"),
        _kind(differences.drift_law, "error", "by_law"),
        _kind(differences.drift_twice, "error", "by_law"),
        _kind(differences.older_version, "error", versions=True),
        _kind(differences.same_version, "error", versions=True),
        _kind(differences.retired_version, "none", versions=True),
        _kind(differences.twin, "none", versions=True),
        _kind(differences.text_cosmetic_name, "cosmetic"),
        _kind(differences.text_cosmetic_law, "cosmetic", "by_law"),
        _kind(differences.outdated, "warning"),
        _kind(judged.codes_dept, "error", "dept_code", scheme="national"),
        _kind(judged.codes_level, "error", "use_level", scheme="national"),
        _kind(judged.codes_catalog, "error", "catalog_code", scheme="national"),
        _kind(judged.codes_handle, "error", "task_handle_item", scheme="national"),
        _kind(judged.visits_over_cap, "error", _VISITS),
        _kind(judged.visits_over_three, "error", _VISITS),
        _kind(judged.depth_second, "error", _VISITS),
        _kind(judged.depth_third, "error", _VISITS),
        _kind(judged.depth_online, "error", _VISITS),
        _kind(judged.depth_below_target, "error", _VISITS),
        _kind(judged.promise_over_legal, "error", "anticipate_day promise_day"),
        _kind(judged.uscc_wrong, "warning", scheme="national"),
        _kind(judged.uscc_none, "warning", scheme="national"),
        _kind(judged.phones_equal, "warning", "link_way supervise_way"),
        _kind(judged.phone_missing, "warning", "link_way supervise_way"),
        _kind(judged.visits_unexplained, "warning", _VISITS),
        _kind(judged.zero_visits_explained, "warning", "limit_scene_num limit_scene_explain is_online"),
        _kind(judged.zero_visits_need_post, "warning", "limit_scene_num is_online handle_type"),
        _kind(judged.fee_without_basis, "warning", "is_fee fee_basis"),
        _kind(judged.pay_without_fee, "warning", "is_fee is_pay_online"),
        _kind(judged.value_unreadable, "warning", "limit_scene_num"),
        _kind(judged.code_cleaned, "cosmetic"),
        _kind(judged.task_code_missing, "rejection"),
        _kind(judged.task_code_malformed, "rejection"),
        _kind(judged.task_name_missing, "rejection"),
        _kind(judged.task_type_missing, "rejection"),
        _kind(judged.type_unlisted, "rejection"),
        _kind(judged.fee_unlisted, "rejection", "is_fee"),
        _kind(judged.areacode_foreign, "rejection"),
        _kind(judged.two_rules_broken, "rejection"),
        _kind(judged.catalog_code_missing, "rejection", scheme="local"),
    )
)
