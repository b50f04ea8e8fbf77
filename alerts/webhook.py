"""Alertmanager's webhook, version 4: the body of a delivery, checked, as alerts.

Fields Floorline does not use are let through: Alertmanager adds some with time. `endsAt` of a firing alert is the year
1; here it is None. Deliveries repeat, so what takes them must be idempotent by `Alert.id`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from conversation.errors import UsageError

MOST_ALERTS = 10_000
"""Alerts of one delivery; more are refused."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Alert(BaseModel):
    """One alert of a delivery.

    Attributes:
        fingerprint: Alertmanager's hash of the labels.
        status: `firing` or `resolved`.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    fingerprint: str = Field(min_length=1, max_length=200)
    status: Literal["firing", "resolved"]
    labels: Mapping[str, str]
    annotations: Mapping[str, str] = {}
    starts_at: AwareDatetime = Field(alias="startsAt")
    ends_at: AwareDatetime | None = Field(default=None, alias="endsAt")
    generator_url: str = Field(default="", alias="generatorURL")

    @property
    def started_ns(self) -> int:
        """When it began to fire, Unix nanoseconds."""
        return _ns(self.starts_at)

    @property
    def ended_ns(self) -> int | None:
        """When it resolved, Unix nanoseconds; None while it fires."""
        if self.status == "firing":
            return None
        return self.started_ns if self.ends_at is None else max(self.started_ns, _ns(self.ends_at))

    @property
    def id(self) -> str:
        """Fingerprint and start: the same for every delivery of one firing, another for the next firing."""
        return f"{self.fingerprint}-{self.started_ns // 1_000_000}"


class _Delivery(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    version: Literal["4"]
    alerts: tuple[Alert, ...] = Field(max_length=MOST_ALERTS)


def read(body: bytes) -> list[Alert]:
    """The alerts of a delivery.

    Args:
        body: The JSON that Alertmanager posts.

    Raises:
        UsageError: It is not a webhook body of version 4; the text names the field.
    """
    try:
        return list(_Delivery.model_validate_json(body).alerts)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "body"
        raise UsageError(f"not an Alertmanager webhook body of version 4: {where}: {first['msg']}") from error


def _ns(at: datetime) -> int:
    delta = at - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000_000 + delta.microseconds * 1000
