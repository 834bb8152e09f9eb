"""Who gets a step: the province's digest, the duty phone, whoever an alert was escalated to, the city itself. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from citysync.domain.alert import URGENT, Change, Step
from citysync.domain.channel import Channel

ESCALATED_TO = {1: "supervisor", 2: "leaders"}


def audience(step: Step, channels: Iterable[Channel]) -> Iterator[Channel]:
    """Yield the channels a step is told on, each once; a city's own channel gets only that city."""
    roles = set(_roles(step))
    for channel in channels:
        if roles & set(channel.roles) or step.alert.key.city_code in channel.cities:
            yield channel


def _roles(step: Step) -> Iterator[str]:
    yield "digest"
    if step.alert.key.kind in URGENT:
        yield "duty"
    if step.change is Change.ESCALATED:
        yield ESCALATED_TO[step.alert.level]
