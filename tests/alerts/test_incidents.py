from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts import webhook
from alerts.incidents import OWN, Finding, Incidents
from conversation.errors import UsageError
from store.client import Client
from store.incidents import IncidentStore
from tests.alerts.conftest import SECOND_NS, MemoryIncidents

NOW_NS = 1_800_000_000 * SECOND_NS
START = "2027-01-15T08:00:00.5Z"
START_NS = 1_800_000_000 * SECOND_NS + SECOND_NS // 2


def delivery(status: str = "firing", fingerprint: str = "f1", starts: str = START, **labels: str) -> bytes:
    end = "2027-01-15T08:05:00Z" if status == "resolved" else "0001-01-01T00:00:00Z"
    alert = {
        "status": status,
        "labels": {"alertname": "FloorlineX", "agent": "shop", "severity": "page", **labels},
        "annotations": {"summary": "it burns", "runbook_url": "r#x"},
        "startsAt": starts,
        "endsAt": end,
        "generatorURL": "http://prometheus/graph",
        "fingerprint": fingerprint,
    }
    body = {"version": "4", "status": status, "alerts": [alert], "groupKey": "{}", "truncatedAlerts": 0}
    return json.dumps(body).encode()


class Behind:
    """Finds the same conversations for every incident, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int, int]] = []

    def behind(
        self, project: str, labels: Mapping[str, str], since_ns: int, until_ns: int, *, failing: bool = True
    ) -> Sequence[str]:
        assert failing
        self.asked.append((f"{project}/{labels['agent']}", since_ns, until_ns))
        return ["c2", "c1"]


def finding(key: str = "shop/1.1", **changes: Any) -> Finding:
    given: dict[str, Any] = {
        "kind": "failing-release",
        "key": key,
        "title": "worse",
        "severity": "page",
        "summary": "s",
        "labels": {"agent": "shop", "alertname": "FloorlineFailingRelease"},
        "since_ns": 5,
    }
    return Finding(**{**given, **changes})


def test_a_firing_alert_opens_an_incident_with_what_a_person_needs(incident_store: MemoryIncidents) -> None:
    culprits = Behind()
    incidents = Incidents(incident_store, culprits)
    incidents.record("p", webhook.read(delivery()), NOW_NS)
    (found,) = incidents.list("p")
    assert (found.title, found.severity, found.kind, found.source) == ("it burns", "page", "FloorlineX", "alertmanager")
    assert (found.started_ns, found.open, found.conversations) == (START_NS, True, ("c2", "c1"))
    assert found.link == "/conversations?agent=shop&verdict=fail&since=2027-01-15T07%3A00%3A00Z"
    assert culprits.asked == [("p/shop", START_NS - 3600 * SECOND_NS, NOW_NS)]
    assert incidents.list("other") == []


def test_a_repeated_delivery_changes_and_writes_nothing(incident_store: MemoryIncidents) -> None:
    incidents = Incidents(incident_store)
    assert len(incidents.record("p", webhook.read(delivery()), NOW_NS)) == 1
    assert incidents.record("p", webhook.read(delivery()), NOW_NS + SECOND_NS) == []
    assert incident_store.writes == 1


def test_a_resolved_delivery_closes_it_at_the_time_it_names(incident_store: MemoryIncidents) -> None:
    incidents = Incidents(incident_store)
    incidents.record("p", webhook.read(delivery()), NOW_NS)
    incidents.record("p", webhook.read(delivery("resolved")), NOW_NS)
    (found,) = incidents.list("p")
    assert found.ended_ns == (1_800_000_000 + 300) * SECOND_NS


def test_the_next_firing_of_the_same_alert_is_another_incident(incident_store: MemoryIncidents) -> None:
    incidents = Incidents(incident_store)
    incidents.record("p", webhook.read(delivery()), NOW_NS)
    incidents.record("p", webhook.read(delivery(starts="2027-01-15T09:00:00Z")), NOW_NS)
    assert len(incidents.list("p")) == 2


@settings(deadline=None)
@given(st.lists(st.sampled_from(["firing", "resolved"]), min_size=1, max_size=6))
def test_deliveries_in_any_order_end_in_one_incident_closed_if_any_said_resolved(order: list[str]) -> None:
    incidents = Incidents(MemoryIncidents())
    for status in order:
        incidents.record("p", webhook.read(delivery(status)), NOW_NS)
    (found,) = incidents.list("p")
    assert found.open == ("resolved" not in order)


def test_an_alert_that_floorline_pushed_itself_opens_no_second_incident(incident_store: MemoryIncidents) -> None:
    incidents = Incidents(incident_store)
    assert incidents.record("p", webhook.read(delivery(**{OWN: "failing-release/shop"})), NOW_NS) == []


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "body"),
        (b"[]", "body"),
        (b'{"version": "3", "alerts": []}', "version"),
        (b'{"version": "4"}', "alerts"),
        (delivery().replace(b"firing", b"flaming"), "status"),
        (delivery(starts="yesterday"), "startsAt"),
        (delivery(starts="2027-01-15T08:00:00"), "startsAt"),
        (delivery(fingerprint=""), "fingerprint"),
    ],
)
def test_a_body_that_is_no_delivery_is_refused_in_one_line(body: bytes, told: str) -> None:
    with pytest.raises(UsageError, match=told) as caught:
        webhook.read(body)
    assert "\n" not in str(caught.value)


def test_fields_a_later_alertmanager_adds_are_let_through() -> None:
    body = json.loads(delivery())
    body["alerts"][0]["new"] = body["new"] = 1
    assert len(webhook.read(json.dumps(body).encode())) == 1


def test_a_finding_opens_once_lasts_and_closes_when_it_is_gone(incident_store: MemoryIncidents) -> None:
    incidents = Incidents(incident_store)
    (opened,) = incidents.report("p", "failing-release", [finding()], NOW_NS)
    assert (opened.source, opened.labels[OWN], opened.open) == ("floorline", "failing-release/shop/1.1", True)
    assert opened.runbook == "deploy/runbook.md#floorlinefailingrelease"
    assert incidents.report("p", "failing-release", [finding()], NOW_NS + 1) == []
    (closed,) = incidents.report("p", "failing-release", [], NOW_NS + 2)
    assert (closed.id, closed.ended_ns) == (opened.id, NOW_NS + 2)
    (again,) = incidents.report("p", "failing-release", [finding()], NOW_NS + SECOND_NS)
    assert again.id != opened.id


def test_findings_of_another_kind_or_project_stay_open(incident_store: MemoryIncidents) -> None:
    incidents = Incidents(incident_store)
    incidents.report("p", "failing-release", [finding()], NOW_NS)
    assert incidents.report("p", "drift", [], NOW_NS) == []
    assert incidents.report("q", "failing-release", [], NOW_NS) == []


def test_a_finding_that_changes_its_text_updates_its_incident(incident_store: MemoryIncidents) -> None:
    incidents = Incidents(incident_store)
    incidents.report("p", "failing-release", [finding()], NOW_NS)
    (changed,) = incidents.report("p", "failing-release", [finding(severity="ticket")], NOW_NS + 1)
    assert (changed.severity, changed.started_ns, len(incidents.list("p"))) == ("ticket", NOW_NS, 1)


def test_open_incidents_are_counted_by_agent_severity_and_source(incident_store: MemoryIncidents) -> None:
    incidents = Incidents(incident_store)
    incidents.record("p", webhook.read(delivery()), NOW_NS)
    incidents.record("p", webhook.read(delivery("resolved", "f2")), NOW_NS)
    incidents.report("p", "failing-release", [finding()], NOW_NS)
    assert incidents.open_counts("p") == {("shop", "page", "alertmanager"): 1, ("shop", "page", "floorline"): 1}


def test_the_store_keeps_incidents_and_their_last_state(engine: Client) -> None:
    incidents = Incidents(IncidentStore(engine), Behind())
    incidents.record("p", webhook.read(delivery()), NOW_NS)
    incidents.record("p", webhook.read(delivery("resolved")), NOW_NS)
    incidents.report("p", "failing-release", [finding()], NOW_NS)
    closed, opened = sorted(incidents.list("p"), key=lambda incident: incident.open)
    assert (closed.kind, closed.open, closed.conversations) == ("FloorlineX", False, ("c2", "c1"))
    assert (opened.kind, opened.labels["agent"]) == ("failing-release", "shop")
