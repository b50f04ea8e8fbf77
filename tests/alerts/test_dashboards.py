from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder

from alerts import dashboards, objectives, rules
from alerts.metrics import Metrics

FILES = dashboards.files()
NAME = re.compile(r"\b(?:floorline|gen_ai|process)_[a-z_]+|\bslo:[a-z_]+:[a-z0-9_]+")
LABELS = {"gen_ai_tool_name", "gen_ai_request_model"}


def expressions() -> Iterator[str]:
    for text in FILES.values():
        for panel in json.loads(text)["panels"]:
            for target in panel.get("targets", []):
                yield re.sub(r"\$__(rate_interval|range)", "5m", target["expr"])


def produced() -> set[str]:
    """Names of all series: exported by the service or recorded by the rules."""
    names: set[str] = set()
    for family in Metrics("1").registry.collect():
        names |= {family.name + suffix for suffix in ("", "_total", "_bucket", "_count", "_sum")}
    return names | {
        rule["record"] for group in rules.groups(*objectives.load()) for rule in group["rules"] if "record" in rule
    }


def test_every_metric_a_panel_names_exists() -> None:
    used = {name for expression in expressions() for name in NAME.findall(expression)} - LABELS
    assert used
    assert used - produced() == set()


@pytest.mark.parametrize("name", sorted(FILES))
def test_grafanas_own_schema_reads_a_dashboard_back_unchanged(name: str) -> None:
    # Imported late: the SDK warns on import, and the module under test has silenced that.
    from grafana_foundation_sdk.models.dashboard import Dashboard  # noqa: PLC0415 - see above

    read = Dashboard.from_json(json.loads(FILES[name]))
    assert json.loads(JSONEncoder().encode(read)) == json.loads(FILES[name])


@pytest.mark.parametrize("name", sorted(FILES))
def test_panels_have_a_title_a_description_and_a_query_and_do_not_overlap(name: str) -> None:
    taken: set[tuple[int, int]] = set()
    panels: list[dict[str, Any]] = json.loads(FILES[name])["panels"]
    for panel in panels:
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken
        taken |= cells
        assert panel["title"]
        if panel["type"] != "row":
            assert panel["description"]
            assert panel["targets"]
    assert len({panel["id"] for panel in panels}) == len(panels)


@pytest.mark.prometheus
def test_promtool_accepts_every_expression(program: Callable[[str], str], tmp_path: Path) -> None:
    recorded = [{"record": f"panel:{number}", "expr": text} for number, text in enumerate(sorted(set(expressions())))]
    path = tmp_path / "panels.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": recorded}]}))
    command = [program("promtool"), "check", "rules", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(recorded)} rules found" in done.stdout
