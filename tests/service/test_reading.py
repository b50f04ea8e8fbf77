"""The operator's own idle times and turn types, from the settings file to the graded conversation."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from conversation.errors import UsageError
from service import settings
from service.cli.main import EXIT_USAGE, run
from service.genai_spans import Timed, Transcript, spans_of
from service.sender import Sender
from service.settings import Settings
from tests.service.conftest import start
from tests.service.shop_traffic import visits

HOUR_NS = 3600 * 10**9
PORTS = ("--port", "0", "--otlp-http-port", "0", "--otlp-grpc-port", "0")
CONFIG = """
grading:
  idle_seconds_by_agent: {patient: 3600}
  max_age_seconds: 10800
  turn_types: %s
"""
TYPES = """
rules:
  - {type: money, tools: [issue_refund, refund, refund_order]}
  - {type: looked_up, tool_executed: true}
  - {type: words}
"""


def _of(visit: Transcript, name: str, hours_ago: int = 0) -> Transcript:
    shift = hours_ago * HOUR_NS
    timed = [
        Timed(t.message, t.start_ns - shift, t.end_ns - shift, t.first_token_ns and t.first_token_ns - shift)
        for t in visit.messages
    ]
    return replace(visit, agent=("patient", "1"), conversation_id=name, messages=timed, ended=False)


def test_an_agent_has_its_own_idle_time_old_age_ends_any_wait_and_own_types_name_the_turns(tmp_path: Path) -> None:
    types = tmp_path / "types.yaml"
    types.write_text(TYPES)
    config = tmp_path / "floorline.yaml"
    config.write_text(CONFIG % types)
    running = start(tmp_path / "data", "--config", str(config), *PORTS)
    try:
        made = visits(4, "1.0")
        sender = Sender(running.otlp)
        for visit in (*made, _of(made[0], "waits"), _of(made[1], "old", hours_ago=4)):
            sender.send(spans_of(visit))
        sender.close()
        running.until(lambda ledger: ledger["conversations"]["graded"] == 5)
        time.sleep(1.5)
        assert running.get("/api/v1/ledger")["conversations"] == {
            "ingested": 6,
            "graded": 5,
            "pending": 1,
            "revisions": 5,
        }
        listed = running.get("/api/v1/conversations")["conversations"]
        assert "old" in {item["conversation_id"] for item in listed}
        assert "waits" not in {item["conversation_id"] for item in listed}
        found = {name for item in listed for name in item["turn_types"]}
        assert found <= {"money", "looked_up", "words"}
        assert {"looked_up", "words"} <= found
        shown = running.get(f"/api/v1/conversations/{listed[0]['conversation_id']}")
        assert len(shown["turn_rules"]) == 12
        rows = running.get("/api/v1/latency", by="turn_type")["latency"]
        assert {row["turn_type"] for row in rows} == found
    finally:
        running.stop()
        assert running.process.stdout is not None
        running.process.stdout.close()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("rules:\n  - type: a\n    replies: [x]\n", "types.yaml:3: rules.0.replies"),
        ("rules:\n  - {type: a}\n  - type: b\n    user:\n      - fine\n      - '('\n", "types.yaml:6: rules.1.user.1"),
        ("rules:\n  - {type: a\n", "types.yaml:3: not YAML"),
        (None, "cannot read the turn types"),
    ],
)
def test_a_wrong_turn_type_file_is_named_with_its_line_at_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | None, words: str
) -> None:
    types = tmp_path / "types.yaml"
    if text is not None:
        types.write_text(text)
    config = tmp_path / "floorline.yaml"
    config.write_text(f"grading: {{turn_types: {types}}}\n")
    assert run(["up", "--config", str(config), "--data", str(tmp_path / "data")]) == EXIT_USAGE
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1


def test_a_wrong_idle_time_is_named_with_its_line(tmp_path: Path) -> None:
    config = tmp_path / "floorline.yaml"
    config.write_text("grading:\n  max_age_seconds: 0\n  idle_seconds_by_agent:\n    shop: -1\n    desk: soon\n")
    with pytest.raises(UsageError) as caught:
        settings.load(config)
    for place in (":2: grading.max_age_seconds", ":4: grading.idle_seconds_by_agent.shop", ":5: grading.idle_seconds"):
        assert f"{config}{place}" in str(caught.value)


def test_the_settings_page_shows_every_setting_with_its_default(tmp_path: Path) -> None:
    page = (Path(settings.__file__).parent.parent / "deploy" / "docs" / "settings.md").read_text(encoding="utf-8")
    shown = tmp_path / "shown.yaml"
    shown.write_text(page.split("```yaml\n")[1].split("```")[0])
    assert settings.load(shown) == Settings()
    text = shown.read_text()
    for name, field in Settings.model_fields.items():
        inner = getattr(field.annotation, "model_fields", {})
        assert f"{name}:" in text
        assert all(f"  {below}:" in text for below in inner), name
