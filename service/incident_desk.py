"""Incidents of one store: Alertmanager's deliveries and what Floorline noticed itself."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from alerts.incidents import Incident, Incidents

from alerts import webhook


class IncidentDesk:
    """Takes webhook deliveries and lists incidents.

    Args:
        incidents: Opens, updates and closes them; idempotent by fingerprint and start.
    """

    def __init__(self, incidents: Incidents) -> None:
        self._incidents = incidents

    def receive(self, project: str, body: bytes) -> dict[str, Any]:
        """Record an Alertmanager delivery (webhook version 4)."""
        changed = self._incidents.record(project, webhook.read(body), time.time_ns())
        return {"incidents": [incident.id for incident in changed]}

    def all(self, project: str) -> list[dict[str, Any]]:
        """Open ones first, then newest first."""
        found = self._incidents.list(project)
        found.sort(key=lambda incident: (incident.ended_ns is not None, -incident.started_ns))
        return [_shown(incident) for incident in found]


def _shown(incident: Incident) -> dict[str, Any]:
    return {
        "id": incident.id,
        "title": incident.title,
        "status": "resolved" if incident.ended_ns is not None else "open",
        "severity": incident.severity,
        "source": incident.source,
        "started_at": _iso(incident.started_ns),
        "ended_at": _iso(incident.ended_ns),
        "summary": incident.summary,
        "labels": dict(incident.labels),
        "link": incident.link,
    }


def _iso(at_ns: int | None) -> str | None:
    return None if at_ns is None else datetime.fromtimestamp(at_ns / 1e9, UTC).isoformat()
