"""Incidents: something is wrong with an agent, since when, how we know, and which conversations show it.

Two ways in. `record` takes Alertmanager's alerts; one firing is one incident however often it is delivered. `report`
takes what Floorline found by itself (a release that fails more than the one before, drift): a finding opens an
incident, and the incident closes when the finding is gone. Both write only what changed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from threading import Lock
from typing import Any, Protocol, TypeAlias
from urllib.parse import urlencode

from alerts.webhook import Alert

OWN = "floorline_incident"
"""Label of alerts Floorline pushes to Alertmanager itself; when they come back they open no second incident."""
LOOK_BACK_NS = 3_600_000_000_000
"""An alert's cause is older than the alert: conversations of the hour before it count as behind it."""


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident.

    Attributes:
        id: Stable: the same for every delivery of one firing, and for one finding while it lasts.
        source: `alertmanager` or `floorline`.
        kind: The alert's name, or the kind of the finding.
        started_ns: Unix nanoseconds.
        ended_ns: None while it is open.
        conversations: Ids of conversations that show it, newest first.
        link: Path of the console page that lists them.
        runbook: Where to read what to do.
    """

    id: str
    source: str
    kind: str
    title: str
    severity: str
    started_ns: int
    ended_ns: int | None = None
    summary: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    conversations: tuple[str, ...] = ()
    link: str = ""
    runbook: str = ""

    @property
    def open(self) -> bool:
        """Whether it still lasts."""
        return self.ended_ns is None


@dataclass(frozen=True, slots=True)
class Finding:
    """Something Floorline found by itself and finds again while it lasts; `key` tells it from others of its kind.

    `failing` says whether the conversations behind it are those that failed, or all that fit its labels.
    """

    kind: str
    key: str
    title: str
    severity: str
    summary: str
    labels: Mapping[str, str]
    since_ns: int
    failing: bool = True


class IncidentStore(Protocol):
    """Where incidents are kept: documents by project and id; writing an id again replaces it."""

    def write(self, project: str, incidents: Sequence[Mapping[str, Any]]) -> None:
        """Keep the documents; each has at least `id`, `started_ns` and `ended_ns`."""
        ...

    def all(self, project: str) -> list[dict[str, Any]]:
        """The documents of a project."""
        ...


class Culprits(Protocol):
    """Finds the conversations behind an incident."""

    def behind(
        self, project: str, labels: Mapping[str, str], since_ns: int, until_ns: int, *, failing: bool = True
    ) -> Sequence[str]:
        """Ids of (failing) conversations that fit an alert's labels, newest first, a few."""
        ...


Found: TypeAlias = "list[Incident]"


class Incidents:
    """Opens, updates and closes incidents. Idempotent; safe to use from several threads of one process.

    Args:
        store: Keeps them.
        culprits: Finds the conversations behind them; without it incidents only link to the list.
    """

    def __init__(self, store: IncidentStore, culprits: Culprits | None = None) -> None:
        self._store = store
        self._culprits = culprits
        self._lock = Lock()

    def list(self, project: str) -> Found:
        """All incidents of a project, newest first."""
        found = [_incident(document) for document in self._store.all(project)]
        return sorted(found, key=lambda incident: (-incident.started_ns, incident.id))

    def open_counts(self, project: str) -> Counter[tuple[str, str, str]]:
        """Open incidents by agent, severity and source, as the gauge `floorline_incidents_open` wants them."""
        return Counter(
            (incident.labels.get("agent", ""), incident.severity, incident.source)
            for incident in self.list(project)
            if incident.open
        )

    def record(self, project: str, alerts: Iterable[Alert], now_ns: int) -> Found:
        """Take a delivery of Alertmanager.

        Args:
            project: Whose incidents.
            alerts: As `webhook.read` gives them; alerts that Floorline pushed itself are left out.
            now_ns: Unix nanoseconds.

        Returns:
            The incidents that are new or changed; empty for a repeated delivery.
        """
        with self._lock:
            known = {incident.id: incident for incident in self.list(project)}
            changed: dict[str, Incident] = {}
            for alert in alerts:
                if OWN in alert.labels:
                    continue
                before = changed.get(alert.id) or known.get(alert.id)
                after = self._after(project, alert, before, now_ns)
                if after != before:
                    changed[alert.id] = after
            return self._written(project, list(changed.values()))

    def report(self, project: str, kind: str, findings: Iterable[Finding], now_ns: int) -> Found:
        """Open an incident for each new finding of a kind and close those whose finding is gone.

        Args:
            project: Whose incidents.
            kind: The kind all `findings` have.
            findings: Everything of that kind that is wrong now.
            now_ns: Unix nanoseconds.

        Returns:
            The incidents opened, changed or closed.
        """
        with self._lock:
            lasting = {i.labels[OWN]: i for i in self.list(project) if i.open and i.kind == kind and OWN in i.labels}
            changed = []
            for finding in findings:
                key = f"{kind}/{finding.key}"
                before = lasting.pop(key, None)
                if before is None:
                    changed.append(self._opened(project, finding, key, now_ns))
                elif (before.title, before.severity) != (finding.title, finding.severity):
                    changed.append(replace(before, title=finding.title, severity=finding.severity))
            changed += [replace(incident, ended_ns=now_ns) for incident in lasting.values()]
            return self._written(project, changed)

    def _written(self, project: str, changed: Found) -> Found:
        if changed:
            self._store.write(project, [document(incident) for incident in changed])
        return changed

    def _after(self, project: str, alert: Alert, before: Incident | None, now_ns: int) -> Incident:
        """What an alert makes of its incident. A firing that comes late does not open a closed one again."""
        if before is not None:
            return replace(before, ended_ns=alert.ended_ns) if before.open else before
        labels = dict(alert.labels)
        name = labels.get("alertname", "alert")
        return Incident(
            id=alert.id,
            source="alertmanager",
            kind=name,
            title=alert.annotations.get("summary") or name,
            severity=labels.get("severity", "unknown"),
            started_ns=alert.started_ns,
            ended_ns=alert.ended_ns,
            summary=alert.annotations.get("description", ""),
            labels=labels,
            conversations=self._behind(project, labels, alert.started_ns - LOOK_BACK_NS, now_ns),
            link=link(labels, alert.started_ns - LOOK_BACK_NS),
            runbook=alert.annotations.get("runbook_url", ""),
        )

    def _opened(self, project: str, finding: Finding, key: str, now_ns: int) -> Incident:
        labels = {"severity": finding.severity, **finding.labels, OWN: key}
        return Incident(
            id=f"{key}-{now_ns // 1_000_000}",
            source="floorline",
            kind=finding.kind,
            title=finding.title,
            severity=finding.severity,
            started_ns=now_ns,
            summary=finding.summary,
            labels=labels,
            conversations=self._behind(project, labels, finding.since_ns, now_ns, failing=finding.failing),
            link=link(labels, finding.since_ns, failing=finding.failing),
            runbook=f"deploy/runbook.md#{labels.get('alertname', finding.kind).lower()}",
        )

    def _behind(
        self, project: str, labels: Mapping[str, str], since_ns: int, until_ns: int, *, failing: bool = True
    ) -> tuple[str, ...]:
        if self._culprits is None:
            return ()
        return tuple(self._culprits.behind(project, labels, since_ns, until_ns, failing=failing))


def link(labels: Mapping[str, str], since_ns: int, *, failing: bool = True) -> str:
    """The console's list of the conversations that fit an incident's labels, by default of those that failed."""
    names = ("agent", "version", "scorer") if failing else ("agent", "version", "tool")
    wanted = {name: labels[name] for name in names if labels.get(name)}
    since = datetime.fromtimestamp(since_ns // 1_000_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return "/conversations?" + urlencode({**wanted, **({"verdict": "fail"} if failing else {}), "since": since})


def document(incident: Incident) -> dict[str, Any]:
    """The incident as plain JSON values."""
    return asdict(incident)


def _incident(found: Mapping[str, Any]) -> Incident:
    """The incident of a document; what a later version added is left out."""
    names = {item.name for item in fields(Incident)}
    given = {name: value for name, value in found.items() if name in names}
    return Incident(**{**given, "conversations": tuple(given.get("conversations") or ())})
