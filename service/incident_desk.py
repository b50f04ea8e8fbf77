"""Incidents of one store: Alertmanager's deliveries, what Floorline noticed itself, and telling people."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from alerts import backtest, fire, objectives, releases, webhook
from alerts.channels import AlertmanagerChannel, Channel, WebhookChannel
from alerts.history import StoredHistory
from alerts.incidents import Finding, Incident, Incidents
from alerts.notify import Notifier
from alerts.outbox import Outbox
from service.settings import Settings
from store.client import Client
from store.conversations import ConversationStore
from store.incidents import IncidentStore
from store.times import iso
from store.verdicts import VerdictStore

MOST_BEHIND = 20


class _Culprits:
    """Conversations that fit an alert's labels."""

    def __init__(self, conversations: ConversationStore) -> None:
        self._conversations = conversations

    def behind(
        self, project: str, labels: Mapping[str, str], since_ns: int, until_ns: int, *, failing: bool = True
    ) -> Sequence[str]:
        """Their ids, newest first."""
        names = ("agent", "version", "scorer") if failing else ("agent", "version", "tool")
        wanted = {name: labels[name] for name in names if labels.get(name)}
        page = self._conversations.page(
            project,
            verdict="fail" if failing else None,
            since_ns=since_ns,
            until_ns=until_ns,
            limit=MOST_BEHIND,
            **wanted,
        )
        return [item["conversation_id"] for item in page.items]


def channels(settings: Settings) -> list[Channel]:
    """Where incidents are sent, as configured."""
    made: list[Channel] = []
    if settings.alerts.webhook:
        made.append(WebhookChannel(str(settings.alerts.webhook), settings.alerts.webhook_secret, time.time_ns))
    if settings.alerts.alertmanager:
        made.append(AlertmanagerChannel(str(settings.alerts.alertmanager), settings.public_url))
    return made


class IncidentDesk:
    """Takes webhook deliveries, compares releases, lists incidents and notifies.

    Args:
        settings: Channels and the data directory.
        client: The store.
        conversations: For the conversations behind an incident.
        verdicts: Pass rates of releases.
        on_notified: Told the channel and result of every notification.
    """

    def __init__(
        self,
        settings: Settings,
        client: Client,
        conversations: ConversationStore,
        verdicts: VerdictStore,
        on_notified: Callable[[str, str], None],
    ) -> None:
        self._objectives = settings.alerts.objectives
        self._history = StoredHistory(client)
        self._incidents = Incidents(IncidentStore(client), _Culprits(conversations))
        self._verdicts = verdicts
        self._channels = channels(settings)
        self._notifier = Notifier(self._channels, Outbox(Path(settings.data) / "outbox"), time.time_ns, on_notified)

    def receive(self, project: str, body: bytes) -> dict[str, Any]:
        """Record an Alertmanager delivery (webhook version 4); the ids of incidents that changed."""
        changed = self._incidents.record(project, webhook.read(body), time.time_ns())
        self._notifier.notify(changed)
        return {"incidents": [incident.id for incident in changed]}

    def compare_releases(self) -> None:
        """Open an incident for a release that fails more often than the last good one; close it when that ends."""
        now_ns = time.time_ns()
        for project, found in self._verdicts.releases().items():
            seen = [releases.Release(**release) for release in found]
            self._notifier.notify(self._incidents.report(project, releases.KIND, releases.findings(seen), now_ns))

    def report(self, project: str, kind: str, found: Sequence[Finding]) -> None:
        """Open an incident for each new finding of a kind, close those whose finding is gone, and tell people."""
        self._notifier.notify(self._incidents.report(project, kind, found, time.time_ns()))

    def deliver(self) -> None:
        """Send the notifications that wait."""
        self._notifier.deliver()

    def test(self) -> list[dict[str, Any]]:
        """Fire a synthetic failure at every channel."""
        return [asdict(fired) for fired in fire.test_fire(self._channels, time.time_ns())]

    def backtest(self, project: str, since_ns: int) -> list[dict[str, Any]]:
        """When each objective would have paged since then."""
        spec, windows = objectives.load(self._objectives)
        replays = backtest.backtest(spec, windows, self._history, project, since_ns=since_ns, until_ns=time.time_ns())
        return [
            {**{k: v for k, v in row.items() if not k.endswith("_ns")}, "first": iso(_whole(row["first_ns"]))}
            for row in backtest.rows(replays)
        ]

    def open_counts(self, project: str) -> dict[tuple[str, str, str], int]:
        """Open incidents by agent, severity and source."""
        return dict(self._incidents.open_counts(project))

    def all(self, project: str) -> list[dict[str, Any]]:
        """Open ones first, then newest first."""
        found = self._incidents.list(project)
        found.sort(key=lambda incident: (not incident.open, -incident.started_ns))
        return [_shown(incident) for incident in found]


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _shown(incident: Incident) -> dict[str, Any]:
    shown = asdict(incident)
    return {
        **{name: value for name, value in shown.items() if not name.endswith("_ns")},
        "status": "open" if incident.open else "resolved",
        "started_at": iso(incident.started_ns),
        "ended_at": iso(incident.ended_ns),
        "conversations": list(incident.conversations),
    }
