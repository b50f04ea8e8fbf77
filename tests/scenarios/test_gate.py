"""Gate expressions, exit codes and the reports."""

# ruff: noqa: ARG001 - agents take messages whether they need them or not

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from io import StringIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from conversation.errors import RetryableError, UsageError
from scenarios.agents.python_callable import PythonAgent
from scenarios.gate import DEFAULT, FIGURES, Gate, exit_code, figures_of
from scenarios.report import passk_json, passk_table, state, table, to_junit, to_markdown, write_json
from scenarios.results_file import passk_file
from scenarios.spec import CallExpectation, Expectations, Scenario, User, UserTurn
from scenarios.suite import SuiteResult, run_suite
from scoring.scorecard import Scorecard


def _suite(agent: Callable[..., Any], scorecard: Scorecard, *ids: str, trials: int = 4) -> SuiteResult:
    scenarios = [
        Scenario(
            format=1,
            id=name,
            user=User(turns=[UserTurn(say="Hi | there")]),
            expectations=Expectations(forbidden_calls=[CallExpectation(tool="put")]),
        )
        for name in ids or ("one",)
    ]
    return run_suite(scenarios, PythonAgent(agent, "agent", "1"), scorecard=scorecard, trials=trials, ks=(1, 2, 4, 8))


def _good(messages: list[Any]) -> str:
    return "ok"


def _away(messages: list[Any]) -> str:
    raise RetryableError("away")


def _odd(messages: list[Any], seed: int) -> str:
    if seed % 2:
        raise ValueError("odd <&>\x00")
    return "ok"


@pytest.mark.parametrize(
    ("expression", "met"),
    [
        ("pass^1 == 0.5", True),
        ("pass^2 >= 0.1666666666", True),
        ("pass^4 > 0", False),
        ("pass_rate >= 50% and errors == 0", True),
        ("passes == 2 and failures == 2 and trials == 4", True),
        ("pass^1 >= 0.9 or (red == 1 and not green > 0)", True),
        ("not not misses != 0", False),
        ("errors > 0 or pass_rate > .5 and trials > 0", False),
        (DEFAULT, False),
    ],
)
def test_a_gate_is_decided_as_it_reads(expression: str, met: bool, scorecard: Scorecard) -> None:
    suite = _suite(_odd, scorecard)
    decided = Gate(expression).decide(suite)
    assert decided is not None
    assert decided.met is met
    assert exit_code(suite, decided) == (0 if met else 1)


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("", "at its end expected one of pass"),
        ("pass^0 > 1", "expected one of pass"),
        ("pass^8 => 1", "'=> 1' is no part"),
        ("pass^8 >= high", "expected a number"),
        ("pass^8 >= 1 or", "at its end"),
        ("(errors == 0", "expected `\\)`"),
        ("errors == 0 errors", "expected `and`, `or` or the end"),
        ("__import__('os')", "is no part of a gate"),
        ("system > 1", "at 'system' expected one of pass"),
        ("quality > 1", "at 'quality' expected one of pass"),
        ("errors 0", "expected one of <"),
    ],
)
def test_a_gate_that_cannot_be_read_is_told_with_its_place(expression: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        Gate(expression)


@settings(deadline=None)  # other work on the machine must not fail a test
@given(st.text(max_size=30) | st.text("pas^12<>=() ndort", max_size=30))
def test_any_text_is_a_gate_or_a_usage_error(text: str) -> None:
    with suppress(UsageError):
        assert Gate(text).comparisons


def test_a_gate_that_needs_more_trials_is_refused_before_the_run() -> None:
    with pytest.raises(UsageError, match="pass\\^8, which needs --trials 8"):
        Gate("pass^2 > 0 and pass^8 > 0").check(4)


def test_nothing_that_counts_cannot_decide_and_exits_3(scorecard: Scorecard) -> None:
    suite = _suite(_away, scorecard)
    assert Gate(DEFAULT).decide(suite) is None
    assert exit_code(suite, None) == 3
    assert figures_of(suite)["errors"] == 4
    assert state(suite.results[0]) == "error"


def test_every_figure_can_be_asked_for(scorecard: Scorecard) -> None:
    figures = figures_of(_suite(_good, scorecard, "a", "b"), (1, 8))
    assert set(FIGURES) <= figures.keys()
    assert figures["green"] == 2
    assert figures["pass^8"] is None


def test_the_table_has_a_row_a_scenario_and_one_for_all(scorecard: Scorecard) -> None:
    made = table(_suite(_good, scorecard, "first", "second"))
    assert made.row_count == 3
    assert [str(column.header) for column in made.columns][3:7] == ["pass^1", "pass^2", "pass^4", "pass^8"]
    console = Console(width=200, file=StringIO())
    console.print(made)


def test_junit_holds_failures_and_pass_k(scorecard: Scorecard) -> None:
    root = ET.fromstring(to_junit(_suite(_odd, scorecard, "a", "b")))  # noqa: S314 - our own text
    [suite] = root
    assert suite.attrib["failures"] == "2"
    properties = {item.attrib["name"]: item.attrib["value"] for item in suite.iter("property")}
    assert properties["pass^1"] == "0.5000"
    assert properties["pass^8"] == "-"
    assert "odd <&>" in (suite[0].find("failure").text or "")  # type: ignore[union-attr]  # the assertion would tell


def test_markdown_escapes_what_would_break_its_table(scorecard: Scorecard) -> None:
    def agent(messages: list[Any]) -> str:
        raise ValueError("a | b\nc")

    suite = _suite(agent, scorecard)
    text = to_markdown(suite, Gate(DEFAULT).decide(suite))
    row = next(line for line in text.splitlines() if line.startswith("| one"))
    assert row.replace(r"\|", "").count("|") == 9
    assert "**missed**" in text


def test_our_json_is_read_again_with_the_same_figures(scorecard: Scorecard, tmp_path: Path) -> None:
    suite = _suite(_odd, scorecard, "a", "b")
    path = tmp_path / "run.json"
    path.write_text(write_json(suite, Gate(DEFAULT).decide(suite)))
    data = json.loads(path.read_text())
    assert data["gate"]["met"] is False
    passes = passk_file(path, suite.ks)
    assert [item.value for item in passes.rows[0].estimates] == [item.value for item in suite.estimates()]
    assert passk_json(passes)["rows"][0]["pass_k"][0]["value"] == 0.5
    assert passk_table(passes).row_count == 1
