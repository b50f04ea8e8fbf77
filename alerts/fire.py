"""A synthetic failure, to see before the night that a page reaches somebody."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace

from alerts.channels import AlertmanagerChannel, Channel
from alerts.incidents import OWN, Incident, document
from conversation.errors import FloorlineError

LASTS_NS = 60_000_000_000
"""How long the synthetic failure fires in Alertmanager; longer than a usual `group_wait`."""


@dataclass(frozen=True, slots=True)
class Fired:
    """Whether a receiver took the synthetic failure, and why not."""

    receiver: str
    delivered: bool
    result: str


def test_fire(channels: Sequence[Channel], now_ns: int) -> list[Fired]:
    """Send an incident that opens, and closes, to every channel, past the outbox: the answer says what happened now.

    Args:
        channels: Where to; empty answers an empty list.
        now_ns: Unix nanoseconds.
    """
    key = f"test/{uuid.uuid4().hex[:8]}"
    incident = Incident(
        id=key,
        source="floorline",
        kind="test",
        title="Floorline test: this is not a failure",
        severity="ticket",
        started_ns=now_ns,
        summary="Somebody ran `floorline alerts test`. Nothing is wrong.",
        labels={"alertname": "FloorlineTest", "severity": "ticket", OWN: key},
        link="/incidents",
        runbook="deploy/runbook.md#floorlinetest",
    )
    return [_sent(channel, incident) for channel in channels]


def _sent(channel: Channel, incident: Incident) -> Fired:
    try:
        if channel.name == AlertmanagerChannel.name:
            # It tells nobody of an alert that ended before its first notification: the end lies ahead.
            channel.send(document(replace(incident, ended_ns=incident.started_ns + LASTS_NS)))
        else:
            channel.send(document(incident))
            channel.send(document(replace(incident, ended_ns=incident.started_ns + 1_000_000_000)))
    except FloorlineError as error:
        return Fired(channel.name, delivered=False, result=str(error))
    return Fired(channel.name, delivered=True, result="delivered")


test_fire.__test__ = False  # type: ignore[attr-defined]  # the name is the command's; pytest must not collect it
