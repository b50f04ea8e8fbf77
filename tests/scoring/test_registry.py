from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from conversation.errors import UsageError
from scoring import registry
from scoring.scorers.latency import LatencyScorer


def _entry(name: str, value: str) -> EntryPoint:
    return EntryPoint(name, value, registry.GROUP)


def test_built_in_scorers_come_by_entry_points() -> None:
    assert registry.installed().resolve("latency") is LatencyScorer


def test_a_name_that_two_distributions_claim_is_refused_with_both_named() -> None:
    with pytest.raises(UsageError, match=r"'latency'.*one\.mod:A.*two\.mod:B"):
        registry.of([_entry("latency", "one.mod:A"), _entry("latency", "two.mod:B")])


def test_nothing_is_imported_before_it_is_asked_for() -> None:
    found = registry.of([_entry("broken", "no.such.module:A")])
    assert found.names == ("broken",)
    with pytest.raises(UsageError, match="does not import"):
        found.resolve("broken")


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"no scorer named 'nothing'.*latency"):
        registry.of([_entry("latency", "scoring.scorers.latency:LatencyScorer")]).resolve("nothing")


@pytest.mark.parametrize(
    ("text", "reference", "told"),
    [
        ("", "scorer.py", "should read"),
        ("", "absent.py:A", "does not exist"),
        ("", "scorer.py:A", "has no class A"),
        ("1 / 0", "scorer.py:A", "ZeroDivisionError"),
        ("A = 3", "scorer.py:A", "no scorer class"),
        ("class A:\n name = version = ''\n parameters_type = int\n score = None", "scorer.py:A", "parameters_type"),
    ],
    ids=["no class given", "no file", "no such class", "does not import", "not a class", "untyped parameters"],
)
def test_a_file_that_holds_no_scorer_is_refused_with_the_reason(
    tmp_path: Path, text: str, reference: str, told: str
) -> None:
    (tmp_path / "scorer.py").write_text(text)
    with pytest.raises(UsageError, match=told):
        registry.from_file(reference, tmp_path)
