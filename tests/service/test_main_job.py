"""The main job as a user runs it: traces in, graded once, the ledger balanced, all of it to be seen."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest
from opentelemetry.sdk.trace import ReadableSpan

from service.genai_spans import Transcript, spans_of
from service.sender import Sender
from tests.service.conftest import Running, start
from tests.service.shop_traffic import visits, write_jsonl

STATES = ("scored", "sampled_out", "not_applicable", "over_budget", "failed", "pending")


def _send(running: Running, path: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "service", "send", str(path), "--endpoint", running.otlp]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def _deliver(running: Running, made: list[Transcript]) -> None:
    sender = Sender(running.otlp)
    for visit in made:
        sender.send(spans_of(visit))
    sender.close()


def _send_all(sender: Sender, batches: list[list[ReadableSpan]]) -> None:
    for batch in batches:
        sender.send(batch)


def test_every_conversation_sent_is_graded_once_and_the_ledger_adds_up(floorline: Running, tmp_path: Path) -> None:
    made = visits(12)
    done = _send(floorline, write_jsonl(tmp_path / "visits.jsonl", made))
    assert done.returncode == 0, done.stderr
    ledger = floorline.graded(len(made))
    assert ledger["conversations"] == {"ingested": 12, "graded": 12, "pending": 0, "revisions": 12}
    assert sum(ledger[state] for state in STATES) == ledger["ingested"]
    listed = floorline.get("/api/v1/conversations", limit=100)["conversations"]
    assert {item["conversation_id"] for item in listed} == {visit.conversation_id for visit in made}
    assert [item["started_at"] for item in listed] == sorted((item["started_at"] for item in listed), reverse=True)
    metrics = httpx.get(f"{floorline.api}/metrics").text
    assert "floorline_conversations_total" in metrics


def test_sending_the_same_file_again_changes_nothing(floorline: Running, tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "visits.jsonl", visits(4))
    for _ in range(3):
        assert _send(floorline, path).returncode == 0
    ledger = floorline.graded(4)
    assert ledger["conversations"]["graded"] == 4
    ids = [item["conversation_id"] for item in floorline.get("/api/v1/conversations")["conversations"]]
    assert len(ids) == len(set(ids)) == 4


def test_the_answer_for_one_conversation_has_the_shape_of_the_contract(floorline: Running) -> None:
    visit = next(found for found in visits(20, "1.1") if any(t.message["role"] == "tool" for t in found.messages))
    _deliver(floorline, [visit])
    floorline.graded(1)
    shown = floorline.get(f"/api/v1/conversations/{visit.conversation_id}")
    assert {"conversation_id", "project", "user_id", "agent", "revision", "verdict", "started_at", "ended_at"} <= set(
        shown
    )
    assert set(shown["tokens"]) == {"input", "output", "reasoning", "cached"}
    assert shown["agent"] == {"name": "shop-assistant", "version": "1.1"}
    turn = next(turn for turn in shown["turns"] if turn["tool_calls"])
    assert turn["type"] == "tool_call"
    assert sum(part["seconds"] for part in turn["segments"]) == pytest.approx(turn["duration_seconds"], abs=1e-3)
    checked = [argument for call in turn["tool_calls"] for argument in call["arguments_checked"]]
    assert checked
    assert all(set(argument) >= {"path", "value", "verdict", "source"} for argument in checked)
    assert all(score["scorer_version"] and score["scorecard_version"] for score in shown["scores"])


def test_nothing_acknowledged_is_lost_or_doubled_when_the_service_is_killed_in_the_middle(tmp_path: Path) -> None:
    made = visits(40)
    first = start(tmp_path / "data")
    ports = [str(address.rsplit(":", 1)[1]) for address in (first.api, first.otlp, first.grpc)]
    sender = Sender(first.otlp, give_up_seconds=60)
    spans = [spans_of(visit) for visit in made]
    worker = threading.Thread(target=_send_all, args=(sender, spans))
    worker.start()
    time.sleep(0.4)
    first.kill()
    options = ("--port", ports[0], "--otlp-http-port", ports[1], "--otlp-grpc-port", ports[2])
    second = start(tmp_path / "data", *options)
    try:
        worker.join(timeout=60)
        assert not worker.is_alive()
        second.graded(len(made))
        assert second.get("/api/v1/ledger")["conversations"]["ingested"] == len(made)
        for visit in (made[0], made[len(made) // 2], made[-1]):
            shown = second.get(f"/api/v1/conversations/{visit.conversation_id}")
            assert len(shown["turns"]) == sum(t.message["role"] == "user" for t in visit.messages)
            calls = [call["id"] for turn in shown["turns"] for call in turn["tool_calls"]]
            assert len(calls) == len(set(calls)) == sum(t.message["role"] == "tool" for t in visit.messages)
    finally:
        sender.close()
        second.stop()
        for running in (first, second):
            assert running.process.stdout is not None
            running.process.stdout.close()


def test_it_stops_cleanly_and_remembers_after_a_restart(tmp_path: Path) -> None:
    running = start(tmp_path / "data")
    _deliver(running, visits(3))
    running.graded(3)
    assert running.stop() == 0
    assert running.process.stdout is not None
    running.process.stdout.close()
    again = start(tmp_path / "data")
    try:
        assert len(again.get("/api/v1/conversations")["conversations"]) == 3
    finally:
        again.stop()
        assert again.process.stdout is not None
        again.process.stdout.close()
