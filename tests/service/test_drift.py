"""Drift from one end to the other: traffic in, a pinned baseline, gauges, an incident, and its end."""

from __future__ import annotations

import time
from collections.abc import Callable

import httpx
import pytest

from scoring.drift.blocks import FIRST
from service.cli.main import run
from service.genai_spans import Timed, Transcript, spans_of
from service.sender import Sender
from tests.service.conftest import PATIENCE_SECONDS, Running

SERIES = 'floorline_drift_psi_ratio{agent="desk",argument="/reason",tool="refund"}'


def visit(number: int, version: str, reason: str) -> Transcript:
    """A customer asks for a refund; the agent calls `refund` with a reason."""
    now = time.time_ns()
    call = {"id": f"call-{version}-{number}", "name": "refund", "arguments": {"reason": reason, "days": number % 30}}
    told: list[dict[str, object]] = [
        {"role": "user", "content": "I want a refund."},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": call["id"], "name": "refund", "content": "{}"},
        {"role": "assistant", "content": "Done."},
    ]
    timed = [Timed(message, now + at * 1000, now + at * 1000 + 500) for at, message in enumerate(told)]  # type: ignore[arg-type]  # messages are JSON
    return Transcript(f"{version}-{number}", timed, ("desk", version))


def send(running: Running, version: str, reasons: list[str]) -> None:
    """FIRST visits of a release, with the reasons in turn."""
    sender = Sender(running.otlp)
    for number in range(FIRST):
        sender.send(spans_of(visit(number, version, reasons[number % len(reasons)])))
    sender.close()


def metrics(running: Running) -> str:
    return httpx.get(f"{running.api}/metrics", timeout=30).text


def eventually(holds: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        if holds():
            return
        time.sleep(0.3)
    pytest.fail(f"not in {PATIENCE_SECONDS} s: {what}")


@pytest.mark.slow
def test_a_release_that_calls_a_tool_otherwise_opens_an_incident_that_the_next_one_closes(
    floorline: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    usual, odd = ["broken", "late", "wrong size"], ["broken", "OTHER", "OTHER", "OTHER"]
    send(floorline, "1.0", usual)
    floorline.graded(FIRST)
    assert run(["baseline", "pin", "--agent", "desk", "--version", "1.0", "--url", floorline.api]) == 0
    assert f"Baseline desk@1.0 pinned: 2 arguments of {FIRST} calls." in capsys.readouterr().out

    send(floorline, "1.1", odd)
    floorline.graded(2 * FIRST)

    def incidents(status: str) -> list[dict[str, object]]:
        found = floorline.get("/api/v1/incidents")["incidents"]
        return [one for one in found if one["kind"] == "drift" and one["status"] == status]

    eventually(lambda: bool(incidents("open")), "an open incident")
    made = incidents("open")[0]
    assert made["title"] == "desk 1.1 calls tools otherwise than 1.0: refund /reason"
    assert "OTHER" in str(made["summary"])
    assert made["conversations"]
    listed = floorline.get(f"/api/v1{made['link']}")["conversations"]
    assert {one["agent"]["version"] for one in listed} == {"1.1"}
    assert SERIES in metrics(floorline)
    report = floorline.get("/api/v1/drift", agent="desk")
    assert [look["state"] for look in report["watch"]] == ["drift"]
    assert {row["argument"] for row in report["drift"] if row["verdict"] == "drift"} == {"/reason"}
    page = httpx.get(f"{floorline.api}/drift", timeout=30).text
    assert "OTHER" in page
    assert run(["baseline", "show", "--agent", "desk", "--url", floorline.api]) == 0
    shown = capsys.readouterr().out
    assert "Drift of desk 1.1 from desk@1.0" in shown
    assert "/reason" in shown
    assert f"Watch of desk 1.1, {FIRST} conversations so far; conversations 1 to {FIRST}: drift." in shown

    send(floorline, "1.2", usual)
    floorline.graded(3 * FIRST)
    eventually(lambda: not incidents("open") and bool(incidents("resolved")), "the incident's end")
    value = next(line for line in metrics(floorline).splitlines() if line.startswith(SERIES)).rsplit(" ", 1)[1]
    assert float(value) <= 0.2
