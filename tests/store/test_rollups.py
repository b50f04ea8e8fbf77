"""Sums of hours and days answer as the rows do."""

from __future__ import annotations

import numpy as np
import pytest

from conversation.verdict import Verdict
from store.client import Client
from store.grades import GradeStore
from store.hours import hours_of
from store.latency import LatencyStore
from store.rollups import RollupStore
from store.scorecards import SCORE_DIMENSIONS, ScorecardStore
from tests.store.revisions import HOUR, SECOND, START, revision


def _rows(client: Client) -> list[list[dict[str, object]]]:
    latency = LatencyStore(client).percentiles("default", "turn_type", budgets={"*": {"duration": 2.0}})
    dimensions = [ScorecardStore(client).rates("default", key) for key in SCORE_DIMENSIONS]  # type: ignore[arg-type] # its names
    return [latency, *dimensions]


def _rounded(value: object) -> object:
    """Sums of floats differ in the last place by the order they were added in."""
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    return round(value, 9) if isinstance(value, float) else value


def test_sums_of_sealed_hours_answer_as_the_rows_do_also_after_a_new_revision(engine: Client) -> None:
    numbers = np.random.default_rng(3)
    made = [
        revision(f"c{place}", start_ns=START + place * 600 * SECOND, seconds=(float(numbers.lognormal()),) * 2)
        for place in range(30)
    ]
    GradeStore(engine).write(made)
    before = _rows(engine)
    assert RollupStore(engine).seal(quiet_seconds=0) == 5
    hours = hours_of(engine, "default", None, None)
    assert (len(hours.sealed), len(hours.raw)) == (5, 0)
    for rows, sums in zip(before, _rows(engine), strict=True):
        assert [_rounded(row) for row in sums] == [_rounded(row) for row in rows]
    GradeStore(engine).write([revision("c0", number=2, seconds=(100.0,), verdict=Verdict.FAIL)])
    after = {row["turn_type"]: row for row in LatencyStore(engine).percentiles("default")}
    assert after["tool_call"]["duration"]["p99"] > 50
    assert after["small_talk"]["turns"] == 29
    [rate] = [row for row in ScorecardStore(engine).rates("default") if row["name"] == "tool_arguments"]
    assert (rate["passed"], rate["failed"]) == (29, 1)


def test_sums_of_whole_days_answer_as_the_rows_do_also_while_a_day_is_written_to(engine: Client) -> None:
    store, latency, rollups = GradeStore(engine), LatencyStore(engine), RollupStore(engine)
    made = [revision(f"c{place}", start_ns=START + place * 5 * HOUR, seconds=(1.0 + place, 2.0)) for place in range(20)]
    store.write(made)
    windows = [
        (None, None),
        (START + 24 * HOUR, START + 70 * HOUR),
        (START + 30 * HOUR, None),
        (None, START + 26 * HOUR),
    ]

    def answers() -> list[object]:
        return [
            _rounded(row)
            for since, until in windows
            for by in ("turn_type", "agent", "all", "version")
            for row in latency.percentiles("default", by, None, since, until)
        ]

    before = answers()
    rollups.seal(quiet_seconds=0)
    hours = hours_of(engine, "default", None, None, days=True)
    assert (len(hours.days) > 3, hours.sealed, hours.raw) == (True, [], [])
    assert answers() == before
    store.write([revision("c7", number=2, seconds=(100.0, 90.0), start_ns=START + 35 * HOUR)])
    after = answers()
    assert after != before
    rollups.seal(quiet_seconds=0)
    assert answers() == after
    assert not hours_of(engine, "default", None, None, days=True).sealed


def test_percentiles_are_within_one_percent_of_exact(embedded_engine: Client) -> None:
    numbers = np.random.default_rng(1)
    values = numbers.lognormal(0.5, 1.2, 4000)
    made = [
        revision(f"c{place}", seconds=tuple(map(float, values[place * 40 : place * 40 + 40]))) for place in range(100)
    ]
    GradeStore(embedded_engine).write(made)
    [row] = LatencyStore(embedded_engine).percentiles("default", "all")
    for name, level in (("p50", 50), ("p95", 95), ("p99", 99)):
        assert row["duration"][name] == pytest.approx(np.percentile(values, level), rel=0.01)
        low, high = row["duration"]["intervals"][name]
        assert low <= row["duration"][name] <= high
    assert row["duration"]["mean"] == pytest.approx(values.mean())
