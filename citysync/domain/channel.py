"""A channel as ``_channels.toml`` describes it: what kind, who owns it, what it gets."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from citysync.domain.strict import Strict

SecretName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]
Role = Literal["digest", "duty", "supervisor", "leaders"]


class Channel(Strict):
    """One way to people.

    ``kind``: the file in ``citysync/alerts/channels``. ``roles``: ``digest`` (every city, one digest a run), ``duty``
    (our own failures, at any hour), ``supervisor`` and ``leaders`` (what was escalated). ``cities``: it gets these
    cities and no others. ``owner``: who looks at it. ``secret``: key or token of the robot, password of the mail
    account. ``sign_secret``: what messages are signed with. ``fallback``: the channel that takes over when this fails.
    """

    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]*$")]
    kind: str
    owner: Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
    roles: Annotated[tuple[Role, ...], Field(strict=False)] = ()
    cities: Annotated[tuple[str, ...], Field(strict=False)] = ()
    url: str | None = None
    secret: SecretName | None = None
    sign_secret: SecretName | None = None
    fallback: str | None = None
    mentions: Annotated[tuple[str, ...], Field(strict=False)] = ()
    sender: str | None = None
    to: Annotated[tuple[str, ...], Field(strict=False)] = ()
    user: str | None = None

    @model_validator(mode="after")
    def _gets_something(self) -> Channel:
        if bool(self.roles) == bool(self.cities):
            raise ValueError("roles（全省的角色）与 cities（市自己的渠道）必须写且只写一个")
        return self


class Channels(Strict):
    """All channels. ``contact``: who answers the phone, in every text; ``base_url``: where the pages are."""

    contact: str = "省平台值班"
    base_url: str | None = None
    channel: Annotated[tuple[Channel, ...], Field(strict=False)] = ()

    @model_validator(mode="after")
    def _names_resolve(self) -> Channels:
        names = [each.name for each in self.channel]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"渠道名重复：{'、'.join(twice)}")
        lost = sorted({each.fallback for each in self.channel if each.fallback is not None} - set(names))
        if lost:
            raise ValueError(f"fallback 指向没有的渠道：{'、'.join(lost)}")
        strays = [each.name for each in self.channel if each.fallback and self._tells_others(each)]
        if strays:
            raise ValueError(f"fallback 会把别市的告警发到市自己的渠道：{'、'.join(strays)}")
        return self

    def _tells_others(self, channel: Channel) -> bool:
        """Return whether a channel's fallback is a city's own that would get what is not its city's."""
        there = next(each for each in self.channel if each.name == channel.fallback)
        return bool(there.cities) and (bool(channel.roles) or not set(channel.cities) <= set(there.cities))
