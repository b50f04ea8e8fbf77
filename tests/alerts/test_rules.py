from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from alerts import health, objectives, render, rules
from alerts.check import check
from alerts.metrics import Metrics
from conversation.errors import UsageError
from tests.alerts.conftest import graded

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
GOLDEN = Path(__file__).with_name("golden")
NAME = re.compile(r"\b(?:floorline|gen_ai)_[a-z0-9_]+")


def exported() -> set[str]:
    """Names of all series families, with the suffixes they are exposed with."""
    metrics = Metrics("1")
    metrics.observe(*graded())
    names = set()
    for family in metrics.registry.collect():
        names |= {family.name, f"{family.name}_total"}
        names |= (
            {f"{family.name}_{part}" for part in ("bucket", "count", "sum")} if family.type == "histogram" else set()
        )
    return names


def alerts_of(text: str) -> list[dict[str, object]]:
    return [rule for group in yaml.safe_load(text)["groups"] for rule in group["rules"] if "alert" in rule]


def test_the_committed_files_are_what_would_be_generated() -> None:
    assert check(DEPLOY) == []


def test_a_changed_or_missing_file_is_told_with_its_difference(tmp_path: Path) -> None:
    render.render(tmp_path)
    path = tmp_path / render.RULES
    path.write_text(path.read_text().replace("severity: page", "severity: none"))
    (tmp_path / render.RULE_TESTS).unlink()
    changed, missing = check(tmp_path)
    assert "-      severity: none" in changed
    assert "missing" in missing


@pytest.mark.parametrize("case", ["one_latency", "one_scorer"])
def test_objectives_make_exactly_these_rules(case: str) -> None:
    spec, windows = objectives.load(GOLDEN / f"{case}.objectives.yaml")
    wanted = (GOLDEN / f"{case}.rules.yml").read_text()
    assert render.to_yaml({"groups": rules.groups(spec, windows)}) == wanted


def test_every_metric_a_rule_names_is_exported() -> None:
    text = (DEPLOY / render.RULES).read_text()
    expressions = re.sub(r"runbook_url: .*", "", text)
    assert set(NAME.findall(expressions)) - exported() == set()


def test_every_alert_has_a_section_in_the_runbook() -> None:
    headings = set(re.findall(r"^## (\S+)$", (DEPLOY / "runbook.md").read_text(), re.MULTILINE))
    names = {str(rule["alert"]) for rule in alerts_of((DEPLOY / render.RULES).read_text())}
    assert names <= headings
    assert {"FloorlineFailingRelease", "FloorlineTest"} <= headings


def test_every_objective_has_a_companion_for_missing_data() -> None:
    spec, _ = objectives.load()
    found = alerts_of((DEPLOY / render.RULES).read_text())
    companions = {rule["labels"]["slo"] for rule in found if rule["alert"] == "FloorlineObjectiveNoData"}  # type: ignore[index]  # YAML
    assert companions == {slo.name for slo in spec.slos}


def test_a_label_with_quotes_stays_inside_its_matcher(tmp_path: Path) -> None:
    path = tmp_path / "o.yaml"
    indicator = r"""{pass_rate: {scorer: 'a"} or vector(1) #'}}"""
    path.write_text(
        f"version: 1\nslos: [{{name: x, objective: 90, description: d, agents: ['a.b\"'], indicator: {indicator}}}]\n"
    )
    text = render.files(path)[render.RULES]
    assert r'scorer="a\"} or vector(1) #"' in text
    assert r'agent=~"a\\.b\""' in text


def test_broken_objectives_write_nothing(tmp_path: Path) -> None:
    path = tmp_path / "o.yaml"
    path.write_text("version: 1\n")
    with pytest.raises(UsageError):
        render.render(tmp_path / "out", path)
    assert not (tmp_path / "out").exists()


def test_health_alerts_have_names_of_their_own() -> None:
    names = [alert.alert for alert in health.alerts()]
    assert len(set(names)) == len(names)


@pytest.mark.prometheus
def test_promtool_accepts_the_rules_and_their_generated_tests_pass(program: Callable[[str], str]) -> None:
    promtool, folder = program("promtool"), DEPLOY / "prometheus"
    for arguments in (
        ["check", "rules", "floorline.rules.yml"],
        ["check", "config", "prometheus.yml"],
        ["test", "rules", "floorline.rules.test.yml"],
    ):
        done = subprocess.run([promtool, *arguments], cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.prometheus
@pytest.mark.parametrize("case", ["one_latency", "one_scorer"])
def test_rules_of_other_objectives_pass_their_generated_tests(
    case: str, program: Callable[[str], str], tmp_path: Path
) -> None:
    shutil.copy(GOLDEN / f"{case}.objectives.yaml", tmp_path)
    render.render(tmp_path, tmp_path / f"{case}.objectives.yaml")
    command = [program("promtool"), "test", "rules", render.RULE_TESTS.name]
    done = subprocess.run(command, cwd=tmp_path / "prometheus", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.prometheus
def test_amtool_accepts_the_alertmanager_configuration(program: Callable[[str], str]) -> None:
    command = [program("amtool"), "check-config", str(DEPLOY / "alertmanager/alertmanager.yml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
