"""Money as a user sees it: from the settings file to API, metrics and command line."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from service.cli.main import run
from service.genai_spans import spans_of
from service.sender import Sender
from tests.service.conftest import start
from tests.service.shop_traffic import visits

CONFIG = "prices: {defaults: none, models: {planner: {input: 1000, output: 2000}}}\n"
PORTS = ("--port", "0", "--otlp-http-port", "0", "--otlp-grpc-port", "0")


def test_prices_of_the_settings_file_show_in_api_metrics_and_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "floorline.yaml"
    config.write_text(CONFIG)
    running = start(tmp_path / "data", "--config", str(config), *PORTS)
    try:
        made = [replace(visit, model=("planner", "homemade")[n % 2]) for n, visit in enumerate(visits(6, "1.0", "1.1"))]
        sender = Sender(running.otlp)
        for visit in made:
            sender.send(spans_of(visit))
        sender.close()
        running.graded(6)
        found = running.get("/api/v1/costs", by="model")
        rows = {row["model"]: row for row in found["costs"]}
        tokens = rows["planner"]["tokens"]
        assert rows["planner"]["cost_usd"] == pytest.approx(tokens["input"] * 1e-3 + tokens["output"] * 2e-3)
        assert rows["homemade"]["cost_usd"] is None
        assert rows["homemade"]["unpriced_calls"] == rows["homemade"]["calls"] > 0
        assert found["total"]["conversations"] == 6
        assert found["prices"].startswith("own-")
        listed = running.get("/api/v1/conversations", model="planner")["conversations"]
        assert sum(item["cost_usd"] for item in listed) == pytest.approx(rows["planner"]["cost_usd"])
        shown = running.get(f"/api/v1/conversations/{listed[0]['conversation_id']}")
        assert shown["cost"]["prices"] == found["prices"]
        assert sum(turn["cost_usd"] for turn in shown["turns"]) == pytest.approx(shown["cost_usd"])
        for by in ("agent", "version", "tool", "turn_type", "intent"):
            parts = running.get("/api/v1/costs", by=by)["costs"]
            assert sum(row["cost_usd"] or 0 for row in parts) == pytest.approx(found["total"]["cost_usd"]), by
        metrics = httpx.get(f"{running.api}/metrics").text
        assert 'floorline_cost_usd_total{agent="shop-assistant",model="planner"}' in metrics
        assert (
            'floorline_unpriced_model_calls_total{agent="shop-assistant",model="homemade",reason="no_price"}' in metrics
        )
        assert run(["costs", "--by", "tool", "--url", running.api, "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["by"] == "tool"
        assert run(["costs", "--by", "version", "--url", running.api]) == 0
        table = capsys.readouterr().out
        assert "1.1" in table
        assert "≥ $" in table
    finally:
        running.stop()
        assert running.process.stdout is not None
        running.process.stdout.close()
