"""Which budget shows beside which percentiles, and the latency answers of a running service."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from scoring import scorecard
from service.genai_spans import spans_of
from service.scorecard_facts import Budgets, budgets
from service.sender import Sender
from tests.service.conftest import Running
from tests.service.shop_traffic import visits


@pytest.fixture(scope="module")
def allowed() -> Budgets:
    return budgets(scorecard.load(None))


def test_whole_turns_have_the_budget_of_their_type_and_first_words_that_of_the_channel(allowed: Budgets) -> None:
    by_type = allowed.of("turn_type")
    assert by_type["tool_call"] == {"duration": 20}
    assert by_type["*"] == {"first_token": 3.0}
    assert allowed.of("turn_type", channel="voice")["*"] == {"first_token": 0.8}
    assert allowed.of("channel") == {"*": {}, "voice": {"first_token": 0.8}, "chat": {"first_token": 3.0}}


def test_other_groups_have_a_budget_only_where_their_turns_share_it(allowed: Budgets) -> None:
    assert allowed.of("agent") == {"*": {}}
    assert allowed.of("agent", channel="voice", turn_type="small_talk")["*"] == {"first_token": 0.8, "duration": 8}
    assert allowed.of("segment", turn_type="small_talk") == {}


def test_a_scorecard_without_latency_has_no_budgets(tmp_path: Path) -> None:
    card = tmp_path / "card.yaml"
    card.write_text("name: none\nscorers:\n  - name: recovery\n")
    assert budgets(scorecard.load(card)).of("turn_type") == {}


def test_every_grouping_answers_with_counts_percentiles_and_intervals_within_every_filter(floorline: Running) -> None:
    sender = Sender(floorline.otlp)
    for visit in visits(10, "1.0", "1.1"):
        sender.send(spans_of(visit))
    sender.close()
    floorline.graded(10)
    filters = {"agent": "shop-assistant", "version": "1.1", "model": "scripted-1", "channel": "chat", "since": "30d"}
    for by in ("turn_type", "agent", "version", "model", "channel", "hour", "segment", "all"):
        rows = floorline.get("/api/v1/latency", by=by)["latency"]
        assert rows, by
        for row in rows:
            for measure in ("duration",) if by == "segment" else ("first_token", "duration"):
                found = row[measure]
                assert found["p50"] <= found["p95"] <= found["p99"]
                for level in ("p50", "p95", "p99"):
                    low, high = found["intervals"][level] or (found[level], found[level])
                    assert low <= found[level] * 1.01, (by, level)
                    assert found[level] <= high * 1.01, (by, level)
        whole = sum(row["turns"] for row in rows)
        narrowed = sum(row["turns"] for row in floorline.get("/api/v1/latency", by=by, **filters)["latency"])
        assert 0 < narrowed < whole
        assert floorline.get("/api/v1/latency", by=by, version="9")["latency"] == []
    channels = floorline.get("/api/v1/latency", by="channel")["latency"]
    assert [(row["channel"], row["first_token"]["budget"]) for row in channels] == [("chat", 3.0)]
    [slow] = floorline.get("/api/v1/latency/slowest", limit=1)["turns"]
    assert sum(part["seconds"] for part in slow["segments"]) == pytest.approx(slow["duration_seconds"], abs=1e-3)
    shown = floorline.get(f"/api/v1/conversations/{slow['conversation_id']}")["turns"][slow["turn"]]
    assert [(part["name"], part["critical"]) for part in shown["segments"]] == [
        (part["name"], part["critical"]) for part in slow["segments"]
    ]
    assert httpx.get(f"{floorline.api}/api/v1/latency", params={"by": "colour"}).status_code == 422
    assert httpx.get(f"{floorline.api}/api/v1/latency/slowest", params={"limit": 0}).status_code == 422
