"""Incidents as documents by project and id; writing an id again replaces it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from store.client import Client
from store.documents import dumps, loads

_MOST = 10_000


class IncidentStore:
    """Incident documents.

    Args:
        client: A migrated store.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    def write(self, project: str, incidents: Sequence[Mapping[str, Any]]) -> None:
        """Keep the documents; each has at least `id`, `started_ns` and `ended_ns`."""
        rows = [(project, incident["id"], incident["started_ns"], dumps(dict(incident))) for incident in incidents]
        self._client.insert("incidents", ["project", "incident_id", "started_ns", "document"], rows)

    def all(self, project: str) -> list[dict[str, Any]]:
        """The documents of a project, newest first; the oldest fall off after ten thousand."""
        rows = self._client.query(
            "SELECT document FROM incidents FINAL WHERE project = {project:String} "
            "ORDER BY started_ns DESC, incident_id LIMIT {most:UInt32}",
            {"project": project, "most": _MOST},
        )
        return [loads(row["document"]) for row in rows]
