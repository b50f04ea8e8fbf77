from __future__ import annotations

import hashlib
import hmac
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from alerts.channels import SIGNATURE, AlertmanagerChannel, AppriseChannel, WebhookChannel, mask
from alerts.fire import test_fire as fire
from alerts.incidents import Incident, document
from alerts.notify import Notifier
from alerts.outbox import LONGEST_DELAY_NS, OLDEST_NS, Outbox
from conversation.errors import PermanentError, RetryableError, UsageError
from tests.alerts.conftest import SECOND_NS

NOW_NS = 1_800_000_000 * SECOND_NS
Answer = Callable[[httpx.Request], httpx.Response]


class Clock:
    def __init__(self) -> None:
        self.now_ns = NOW_NS

    def __call__(self) -> int:
        return self.now_ns


class Recorder:
    """A channel that fails as told, then keeps what it gets."""

    name = "recorder"

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.sent: list[Mapping[str, Any]] = []

    def send(self, document: Mapping[str, Any]) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append(document)


def incident(name: str = "i1", **changes: Any) -> Incident:
    given: dict[str, Any] = {
        "id": name,
        "source": "floorline",
        "kind": "k",
        "title": "t",
        "severity": "page",
        "started_ns": NOW_NS,
        "summary": "s",
        "labels": {"alertname": "A", "empty": ""},
        "link": "/conversations?agent=shop",
        "runbook": "r",
    }
    return Incident(**{**given, **changes})


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def http() -> Iterator[Callable[[Answer], httpx.Client]]:
    """Clients whose requests a function answers."""
    made: list[httpx.Client] = []

    def client(answer: Answer) -> httpx.Client:
        made.append(httpx.Client(transport=httpx.MockTransport(answer)))
        return made[-1]

    yield client
    for one in made:
        one.close()


def test_what_is_sent_is_gone_from_the_outbox(tmp_path: Path, clock: Clock) -> None:
    channel, outbox = Recorder(), Outbox(tmp_path)
    notifier = Notifier([channel], outbox, clock)
    notifier.notify([incident()])
    assert [delivery.result for delivery in notifier.deliver()] == ["sent"]
    assert (len(channel.sent), len(outbox), notifier.deliver()) == (1, 0, [])


def test_a_receiver_that_is_away_gets_it_later_and_after_a_restart(tmp_path: Path, clock: Clock) -> None:
    results: list[tuple[str, str]] = []
    first = Notifier([Recorder(RetryableError("away"))], Outbox(tmp_path), clock, lambda *r: results.append(r))
    first.notify([incident()])
    assert first.deliver()[0].reason == "away"
    channel = Recorder()
    again = Notifier([channel], Outbox(tmp_path), clock, lambda *r: results.append(r))
    assert again.deliver() == []
    clock.now_ns += 5 * SECOND_NS
    assert [delivery.result for delivery in again.deliver()] == ["sent"]
    assert results == [("recorder", "postponed"), ("recorder", "sent")]


def test_the_receivers_own_delay_is_kept(tmp_path: Path, clock: Clock) -> None:
    notifier = Notifier([Recorder(RetryableError("busy", 60))], Outbox(tmp_path), clock)
    notifier.notify([incident()])
    notifier.deliver()
    clock.now_ns += 59 * SECOND_NS
    assert notifier.deliver() == []
    clock.now_ns += SECOND_NS
    assert len(notifier.deliver()) == 1


def test_a_refused_notification_is_given_up_at_once(tmp_path: Path, clock: Clock) -> None:
    outbox = Outbox(tmp_path)
    notifier = Notifier([Recorder(PermanentError("no"))], outbox, clock)
    notifier.notify([incident()])
    assert [delivery.result for delivery in notifier.deliver()] == ["dropped"]
    assert len(outbox) == 0


def test_after_a_day_of_retries_it_is_given_up_and_delays_stay_bounded(tmp_path: Path, clock: Clock) -> None:
    notifier = Notifier([Recorder(*[RetryableError("away")] * 1000)], Outbox(tmp_path), clock)
    notifier.notify([incident()])
    attempts = 0
    while (done := notifier.deliver()) == [] or done[0].result != "dropped":
        attempts += bool(done)
        clock.now_ns += LONGEST_DELAY_NS // 60
        assert clock.now_ns < NOW_NS + 2 * OLDEST_NS
    assert 24 <= attempts <= 40


def test_the_end_of_an_incident_never_overtakes_its_beginning(tmp_path: Path, clock: Clock) -> None:
    channel = Recorder(RetryableError("away"))
    notifier = Notifier([channel], Outbox(tmp_path), clock)
    notifier.notify([incident()])
    notifier.deliver()
    notifier.notify([incident(ended_ns=NOW_NS), incident("other")])
    notifier.deliver()
    assert [sent["id"] for sent in channel.sent] == ["other"]
    clock.now_ns += 10 * SECOND_NS
    notifier.deliver()
    assert [(sent["id"], sent["ended_ns"]) for sent in channel.sent[1:]] == [("i1", None), ("i1", NOW_NS)]


def test_a_full_outbox_lets_the_oldest_go_and_counts_it(tmp_path: Path, clock: Clock) -> None:
    results: list[tuple[str, str]] = []
    notifier = Notifier([Recorder()], Outbox(tmp_path, limit=2), clock, lambda *r: results.append(r))
    for number in range(3):
        clock.now_ns += 1
        notifier.notify([incident(f"i{number}")])
    assert results == [("recorder", "dropped")]
    assert [delivery.incident for delivery in notifier.deliver()] == ["i1", "i2"]


def test_a_channel_that_is_configured_no_more_holds_up_nothing(tmp_path: Path, clock: Clock) -> None:
    Notifier([Recorder()], Outbox(tmp_path), clock).notify([incident()])
    assert [delivery.result for delivery in Notifier([], Outbox(tmp_path), clock).deliver()] == ["dropped"]


def test_half_written_and_foreign_files_in_the_folder_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "1.json").write_text("{")
    (tmp_path / "2.json").write_text("[]")
    (tmp_path / "3.part").write_text("x")
    assert Outbox(tmp_path).waiting() == []


def test_a_webhook_is_signed_so_that_the_receiver_can_check_it(
    clock: Clock, http: Callable[[Answer], httpx.Client]
) -> None:
    got: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        got.append(request)
        return httpx.Response(204)

    WebhookChannel("https://hook.example/secret", "key", clock, http(answer)).send(document(incident()))
    (request,) = got
    digest = hmac.new(b"key", b"1800000000." + request.content, hashlib.sha256).hexdigest()
    assert request.headers[SIGNATURE] == f"t=1800000000,v1={digest}"
    assert json.loads(request.content)["incident"]["id"] == "i1"


@pytest.mark.parametrize(
    ("status", "error"),
    [(500, RetryableError), (503, RetryableError), (429, RetryableError), (400, PermanentError), (404, PermanentError)],
)
def test_a_refusal_is_permanent_and_trouble_is_not(
    status: int, error: type[Exception], clock: Clock, http: Callable[[Answer], httpx.Client]
) -> None:
    client = http(lambda _request: httpx.Response(status, headers={"Retry-After": "7"}))
    with pytest.raises(error) as caught:
        WebhookChannel("https://hook.example/T0/secret?key=x", "", clock, client).send(document(incident()))
    assert "secret" not in str(caught.value)
    assert "hook.example" in str(caught.value)
    if isinstance(caught.value, RetryableError):
        assert caught.value.retry_after_seconds == 7


def test_a_receiver_that_is_not_there_is_retryable(clock: Clock) -> None:
    with pytest.raises(RetryableError, match="ConnectError"), httpx.Client() as client:
        WebhookChannel("http://127.0.0.1:1/secret", "", clock, client).send(document(incident()))


def test_alertmanager_gets_floorlines_own_incidents_with_their_end(http: Callable[[Answer], httpx.Client]) -> None:
    got: list[Any] = []

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/api/v2/alerts"
        got.extend(json.loads(request.content))
        return httpx.Response(200)

    channel = AlertmanagerChannel("http://am:9093/", "https://floorline.example/", http(answer))
    channel.send(document(incident()))
    channel.send(document(incident(ended_ns=NOW_NS + SECOND_NS)))
    channel.send(document(incident(source="alertmanager")))
    first, last = got
    assert first["labels"] == {"alertname": "A"}
    assert first["generatorURL"] == "https://floorline.example/conversations?agent=shop"
    assert first["endsAt"] == "2027-01-22T08:00:00Z", "an open one is held until its end is pushed"
    assert (last["startsAt"], last["endsAt"]) == ("2027-01-15T08:00:00Z", "2027-01-15T08:00:01Z")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://user:pw@hook.example:8443/T0/secret?key=x", "https://hook.example:8443/***"),
        ("slack://token-a/token-b/token-c", "slack://***/***"),
        ("mailto://user:pw@example.com", "mailto://***/***"),
    ],
)
def test_a_masked_url_keeps_no_secret(url: str, shown: str) -> None:
    assert mask(url) == shown


def test_a_missing_extra_is_told_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(UsageError, match=r"floorline\[notify\]"):
        AppriseChannel(["json://localhost"])


def test_a_synthetic_failure_says_for_each_channel_whether_it_arrived() -> None:
    good = Recorder()
    fired = fire([good, Recorder(RetryableError("away"))], NOW_NS)
    assert [(row.delivered, row.result) for row in fired] == [(True, "delivered"), (False, "away")]
    assert [sent["ended_ns"] is None for sent in good.sent] == [True, False]
