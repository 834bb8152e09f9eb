"""The ways in which an item is handled: days, fees, visits, depth. Each agrees with every rule of the field."""

from __future__ import annotations

from random import Random

from citysync.simulator.catalogue import CatalogueItem

# anticipate_day … is_pay_online, in the order of columns.COLUMNS
Manner = tuple[str | None, ...]
_EXPLAIN = "需核验申请材料原件"
_DEPTHS: dict[int, tuple[str | None, ...]] = {
    0: ("三级", "二级", "Ⅳ级", "全程网办（Ⅳ级）", "1,2,3,4,5,6"),
    1: ("三级", "二级", "一级", "Ⅲ级", "1,2,3"),
    2: ("二级", "一级", None),
    3: ("一级", None, "1"),
}
_AT_LEAST: dict[str, tuple[tuple[str, int], ...]] = {  # target: depths that reach it, with the visits they allow
    "三级": (("三级", 1),),
    "二级": (("二级", 2), ("三级", 0)),
    "Ⅲ级": (("III级", 1), ("Ⅳ级", 0)),
    "1,2,3,4": (("4,1,2,3", 1), ("1,2,3,4,5,6", 0)),
}
_HOW_MANY = 48


def manners(rng: Random) -> tuple[Manner, ...]:
    """Return the manners of plain items."""
    return tuple(_manner(rng, n % 4 if n % 3 == 0 else n % 2) for n in range(_HOW_MANY))


def manners_for(item: CatalogueItem, rng: Random) -> tuple[Manner, ...]:
    """Return the manners of an item whose visits or depth the master bounds."""
    if item.cap is not None:
        return tuple(_manner(rng, rng.randrange(item.cap + 1)) for _ in range(4))
    if item.target is not None:
        return tuple(_manner(rng, visits, depth) for depth, visits in _AT_LEAST[item.target])
    return manners(rng)


def _manner(rng: Random, visits: int, depth: str | None = None) -> Manner:
    by_post = visits == 0 and rng.random() < 0.3  # noqa: PLR2004 - a share
    fee = rng.random() < 0.1  # noqa: PLR2004 - a share
    return (
        *_days(rng),
        "1" if fee else "0",
        "按省发展改革委核定的收费标准执行" if fee else None,
        rng.choice(("1", "2", "1,2", "1,2,3,4,9")),
        rng.choice(("1", "2")),
        rng.choice(("1,3", "3")) if by_post else rng.choice(("1,2", "1", "1,2,3")),
        str(visits),
        None if visits == 0 else _EXPLAIN,
        "0" if by_post else "1",
        rng.choice(_DEPTHS[visits]) if depth is None else depth,
        "1" if fee and rng.random() < 0.5 else "0",  # noqa: PLR2004 - a share
    )


def _days(rng: Random) -> tuple[str | None, ...]:
    """Return legal and promised days with units; now and then there are none, or units that do not compare."""
    legal = rng.choice((20, 30, 45, 60))
    match rng.randrange(12):
        case 0:
            return None, None, None, None
        case 1:
            return str(legal), "2", str(legal + 5), "1"
        case _:
            return str(legal), "1", str(rng.randrange(1, legal + 1)), "1"
