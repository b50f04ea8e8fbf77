"""The pytest plugin in a pytest of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

SCENARIOS = """\
format: 1
id: first
tags: [promoted, refunds]
user: {turns: [{say: Hi}]}
expectations: {forbidden_statements: [{text: never}]}
---
format: 1
id: second
tags: [address]
user: {turns: [{say: Hello}]}
expectations: {forbidden_statements: [{text: never}]}
"""
AGENT = "def agent(messages):\n    return 'never' if messages[-1]['content'] == 'Hello' else 'fine'\n"
ON = ("--floorline", "--floorline-agent", "agent.py:agent", "--floorline-trials", "2")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with two scenarios, of which the agent fails the second."""
    (tmp_path / "shop.scenario.yaml").write_text(SCENARIOS)
    (tmp_path / "agent.py").write_text(AGENT)
    (tmp_path / "test_own.py").write_text("def test_own(): pass\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\n")
    return tmp_path


def _pytest(project: Path, *options: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:floorline"]
    command += ["-p", "scenarios.pytest_plugin", "-q", *options]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False, timeout=120)
    return done.returncode, done.stdout + done.stderr


def test_it_is_off_unless_it_is_switched_on(project: Path) -> None:
    code, told = _pytest(project)
    assert code == 0, told
    assert "1 passed" in told


def test_each_document_is_an_item_and_a_failure_is_a_short_text(project: Path) -> None:
    code, told = _pytest(project, *ON, "--junitxml=out.xml")
    assert code == 1
    assert "1 failed, 2 passed" in told
    assert "0 of 2 trials passed" in told
    assert "scenario.forbidden_statements" in told
    assert "Traceback" not in told
    properties = [item.attrib for item in ET.parse(project / "out.xml").iter("property")]  # noqa: S314 - pytest's file
    assert {"name": "pass^2", "value": "1.0000"} in properties


def test_tags_are_markers(project: Path) -> None:
    assert "2 deselected" in _pytest(project, *ON, "-m", "refunds")[1]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--floorline",), "no agent under test"),
        ((*ON, "--floorline-gate", "pass^8 >= 1"), "needs --trials 8"),
    ],
)
def test_a_wrong_set_up_is_one_line(options: tuple[str, ...], reason: str, project: Path) -> None:
    code, told = _pytest(project, *options, "shop.scenario.yaml")
    assert code == 1
    assert reason in told
    assert "Traceback" not in told


def test_a_file_with_mistakes_is_an_error_with_its_line(project: Path) -> None:
    (project / "bad.scenario.yaml").write_text("format: 1\nid: x\nusr: 1\n")
    code, told = _pytest(project, *ON)
    assert code == 2
    assert "bad.scenario.yaml:3: usr" in told


def test_importing_the_plugin_imports_nothing_heavy() -> None:
    code = "import sys, scenarios.pytest_plugin; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"pydantic", "scenarios.spec", "httpx", "litellm", "chdb", "fastapi", "rich"} & set(done.stdout.split())
