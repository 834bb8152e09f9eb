"""The sentence that tells a city what to do about one finding."""

from __future__ import annotations

import re
from datetime import date

import polars as pl

from citysync.domain import codes, items, vocabulary
from citysync.domain.city import EXEMPTION_LABELS, City, Exemption
from citysync.domain.outcome import Validation
from citysync.domain.snapshot import Snapshot
from citysync.reconciliation.match import Match
from citysync.reconciliation.obligations import exempt_in

_SHOWN = 80  # characters of a value inside a sentence; the whole value stands in its own column
PLACEHOLDER = re.compile(r"\{(label|expected|actual|code|name|areacode)\}")
_BESIDE = {"areacode": pl.String(), "catalog_code": pl.String(), "remark": pl.String()}


def names_of(match: Match) -> pl.DataFrame:
    """Return task_code, task_handle_item, catalog_code, name: of rows judged, and of each absent item (no code)."""
    rows = match.judged.select("task_code", "task_handle_item", "catalog_code", name="task_name")
    absent = match.master.items.join(match.unclaimed, on="catalog_code", how="semi")
    return pl.concat([rows, absent.select("catalog_code", name="task_name")], how="diagonal")


def hint(template: str, fields: list[str]) -> pl.Expr:
    """Return a template filled from the columns of findings with ``name``; ``fields``: the fields that occur."""
    labels = {field: items.label(field) for field in fields}
    values = {
        "label": pl.col("field").replace_strict(labels, default=None, return_dtype=pl.String),
        "expected": _shown("expected", fields),
        "actual": _shown("actual", fields),
        "code": pl.col("catalog_code"),
        "name": pl.col("name").fill_null(""),
        "areacode": pl.col("areacode"),
    }
    pieces = PLACEHOLDER.split(template)  # text, placeholder, text, placeholder, …, text
    return pl.concat_str(
        values[piece].fill_null("空") if place % 2 else pl.lit(piece) for place, piece in enumerate(pieces)
    )


def _shown(column: str, fields: list[str]) -> pl.Expr:
    """Return values as people read them: codes with their label, long texts cut."""
    value = pl.col(column)
    cut = pl.when(value.str.len_chars() > _SHOWN).then(value.str.head(_SHOWN) + "…").otherwise(value)
    for field in sorted(set(fields) & set(vocabulary.VALUES)):
        meanings = {code: vocabulary.meaning(field, code) for code in vocabulary.VALUES[field]}
        cut = pl.when(pl.col("field") == field).then(value.replace(meanings)).otherwise(cut)
    return cut


def absence_remarks(validation: Validation, snapshot: Snapshot, city: City) -> pl.DataFrame:
    """Return areacode (null: any region), catalog_code, remark: why an item may be absent although nobody forgot it."""
    return pl.concat([_rejected_remarks(validation, snapshot, city), _withdrawn_remarks(validation)])


def declared_withdrawn(validation: Validation) -> pl.DataFrame:
    """Return areacode, catalog_code of the rows a city marks as withdrawn: declared by it, not vanished."""
    withdrawn = validation.accepted.filter(pl.col("task_state") == vocabulary.WITHDRAWN)
    return withdrawn.select(areacode=pl.col("areacode").str.head(6), catalog_code="catalog_code").unique()


def _withdrawn_remarks(validation: Validation) -> pl.DataFrame:
    remark = pl.lit("（本市目录中该事项状态为“取消”）")
    return declared_withdrawn(validation).with_columns(remark=remark).select(*_BESIDE)


def _rejected_remarks(validation: Validation, snapshot: Snapshot, city: City) -> pl.DataFrame:
    """Return the first rejected row of each code and region it named; the row would have met the obligation."""
    first = validation.rejected.sort("row_no", "field", "rule").unique("row_no", keep="first", maintain_order=True)
    labels = {field: items.label(field) for field in first.get_column("field").drop_nulls().unique()}
    label = pl.col("field").replace_strict(labels, default=None, return_dtype=pl.String).fill_null("编码")
    remark = pl.format(
        "（第 {} 行因“{}”为“{}”被拒收，改正后即可认领）", "row_no", label, pl.col("value").fill_null("空")
    )
    named = _claims(snapshot.rows.join(first, on="row_no", how="semi"), city)
    return (
        first.join(named, on="row_no", how="inner")
        .filter(pl.col("catalog_code").is_not_null())
        .with_columns(remark=remark)
        .unique(("areacode", "catalog_code"), keep="first", maintain_order=True)
        .select(**{name: pl.col(name) for name in _BESIDE})
    )


def _claims(rows: pl.DataFrame, city: City) -> pl.DataFrame:
    """Return row_no with the areacode and catalog_code rows as sent spoke of, null where they spoke of none."""
    sent = {name: pl.col(name) if name in rows.columns else pl.lit(None, dtype=pl.String) for name in items.NAMES}
    catalog_code = codes.folded(sent["catalog_code"])
    if city.codes.scheme != "local":
        catalog_code = pl.coalesce(catalog_code, codes.catalog_part(codes.folded(sent["task_code"])))
    return rows.select("row_no", areacode=codes.folded(sent["areacode"]).str.head(6), catalog_code=catalog_code)


def with_expired(found: pl.DataFrame, city: City, on: date) -> pl.DataFrame:
    """Return findings with ``exempt_reason``: the last exemption of that item and region, run out."""
    rows = [
        {
            "region": region,
            "catalog_code": each.catalog_code,
            "until": each.until,
            "exempt_reason": _ran_out(each),
        }
        for each in city.exempt
        if each.until < on
        for region in exempt_in(each, on)
    ]
    if not rows:
        return found.with_columns(exempt_reason=pl.lit(None, dtype=pl.String))
    schema = {"region": pl.String(), "catalog_code": pl.String(), "until": pl.Date(), "exempt_reason": pl.String()}
    expired = pl.DataFrame(rows, schema=schema)
    here = pl.col("region").is_null() | (pl.col("region") == pl.col("areacode"))
    place = ("areacode", "catalog_code")
    last = found.select(place).unique().join(expired, on="catalog_code").filter(here)
    last = last.sort("until", "exempt_reason", descending=True).unique(place, keep="first", maintain_order=True)
    return found.join(last.select(*place, "exempt_reason"), on=place, how="left")


def _ran_out(exemption: Exemption) -> str:
    label = EXEMPTION_LABELS[exemption.reason]
    return f"豁免已于 {exemption.until.isoformat()} 到期（{label}，{exemption.document}）"


def with_remarks(unclaimed: pl.DataFrame, remarks: pl.DataFrame, regions: list[str]) -> pl.DataFrame:
    """Return absences with every remark about their code that does not name another region of the city."""
    elsewhere = pl.col("areacode_right").is_in(regions) & (pl.col("areacode_right") != pl.col("areacode"))
    said = (
        unclaimed.select("areacode", "catalog_code")
        .join(remarks, on="catalog_code")
        .filter(~elsewhere.fill_null(value=False))
        .group_by("areacode", "catalog_code")
        .agg(pl.col("remark").unique().sort().first())
    )
    return unclaimed.join(said, on=["areacode", "catalog_code"], how="left").with_columns(
        hint=pl.col("hint") + pl.col("remark").fill_null("")
    )
