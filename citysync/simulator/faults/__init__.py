"""A city that misbehaves on request: the catalogue of faults, one file per table, selectable per city and request.

``citysync simulate --fault 440300=T05@37``; from Python ``misbehaving(province, ["440300=T05@37"])``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from citysync.domain.errors import ConfigError
from citysync.simulator.faults.fault import Chosen, chosen

if TYPE_CHECKING:
    from citysync.simulator.province import Province, SimulatedCity


def misbehaving(province: Province, asked: Sequence[str]) -> Province:
    """Return the province with faults put in, each asked for like ``440300=T05@37``.

    Raises ``ConfigError`` for a fault or a city that does not exist, or a fault the city's kind of source cannot have.
    """
    from citysync.simulator.faults.catalogue import FAULTS  # noqa: PLC0415 - the declarations know the province

    cities = dict(province.cities)
    for each in (chosen(text, FAULTS) for text in asked):
        city = cities.get(each.city)
        if city is None:
            raise ConfigError(f"--fault：模拟省份中没有城市 {each.city}；可用 {'、'.join(cities)}")
        if not each.fault.fits(city.plan.dialect):
            kinds = "、".join(each.fault.seams)
            raise ConfigError(
                f"--fault：{each.city} 的来源是 {city.plan.dialect}，不会有故障 {each.fault.id}；它适用于 {kinds}"
            )
        cities[each.city] = with_faults(city, province, [each])
    return replace(province, cities=cities)


def with_faults(city: SimulatedCity, province: Province, faults: Sequence[Chosen]) -> SimulatedCity:
    """Return a city with more faults: what it has is changed now, how it answers when it is asked."""
    for each in faults:
        if each.fault.city is not None:
            city = each.fault.city(city, province)
    return replace(city, faults=(*city.faults, *faults))


__all__ = ["Chosen", "misbehaving", "with_faults"]
