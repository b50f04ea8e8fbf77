"""Seconds to the first words, to the whole reply and in segments: percentiles of the newest revisions' turns.

Sealed hours come as counts of bins (`rollups`), the others from their rows by the same bins; raw spans are never read.
Every percentile is within 0.5% of a value that was measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from conversation.errors import UsageError
from store.client import Client
from store.hours import SEALED, SEALED_DAYS, hours_of
from store.sketch import LOG_GAMMA, Sketch
from store.sql import equal, framed
from store.times import iso

DIMENSIONS = "type, agent, version, model, channel"
By = Literal["turn_type", "agent", "version", "model", "channel", "hour", "segment", "all"]
Kind = Literal["turn", "segment"]
"""What is measured: whole turns, or the segments in them. Each kind has sums of its own: `KIND_hours`, `KIND_days`."""
_KEYS: dict[str, str] = {
    "turn_type": "type",
    "agent": "agent",
    "version": "version",
    "model": "model",
    "channel": "channel",
    "hour": "hour",
    "segment": "measure",
    "all": "''",
}
_MEASURES = ("first_token", "duration")
_SEGMENT = "segment."
_TURN = "[('first_token', first_token_seconds), ('duration', duration_seconds)]"
_NAMED = f"arrayMap(kind -> concat('{_SEGMENT}', kind), mapKeys(segments))"
_PARTS = f"arrayMap((named, taken) -> (named, toNullable(taken)), {_NAMED}, mapValues(segments))"
_MEASURED: dict[Kind, str] = {"turn": _TURN, "segment": _PARTS}
_LEVELS = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
_FILTERS = ("agent", "version", "model", "type", "channel")


class LatencyStore:
    """Percentiles of turns.

    Args:
        client: A migrated store.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    def percentiles(
        self,
        project: str,
        by: By = "turn_type",
        agent: str | None = None,
        since_ns: int | None = None,
        until_ns: int | None = None,
        *,
        version: str | None = None,
        model: str | None = None,
        turn_type: str | None = None,
        channel: str | None = None,
        budgets: Mapping[str, Mapping[str, float]] | None = None,
    ) -> list[dict[str, Any]]:
        """One row for each group, sorted by its name.

        Args:
            project: Whose.
            by: What to group by; `hour` is the hour the conversation started, as ISO text; `segment` is where the time
                went: a turn counts with all its seconds in segments of that kind, and only where it has one.
            agent: Only this agent.
            since_ns: Conversations started at or after this.
            until_ns: Conversations started before this.
            version: Only this version of the agent.
            model: Only turns answered by this model.
            turn_type: Only turns of this type.
            channel: Only this channel.
            budgets: Seconds allowed by group and measure (`{"tool_call": {"duration": 8.0}}`); `*` is any group.

        Returns:
            `{by, turns, first_token: {...}, duration: {...}}`; a measure has `count, mean, p50, p95, p99`,
            `intervals` of the three (95%), and `budget`, `share_over_budget` where there is a budget. Segments have no
            `first_token`.
        """
        if by not in _KEYS:
            raise UsageError(f"by {by}: choose one of {', '.join(_KEYS)}")
        filters = dict(zip(_FILTERS, (agent, version, model, turn_type, channel), strict=True))
        wanted = {name: value for name, value in filters.items() if value is not None}
        # Sums of days keep only these two; where they are enough, a hundredfold window costs about the same.
        days = _KEYS[by] in {"type", "agent", "measure", "''"} and wanted.keys() <= {"type", "agent"}
        hours = hours_of(self._client, project, since_ns, until_ns, days=days)
        rows = self._client.query(
            _both(by, wanted, days=bool(hours.days)), {**hours.bindings(), "log_gamma": LOG_GAMMA, **wanted}
        )
        groups: dict[Any, dict[str, tuple[dict[int, int], float]]] = {}
        for row in rows:
            key, measure = row["key"], row["measure"]
            if by == "segment":
                key, measure = measure.removeprefix(_SEGMENT), "duration"
            counts, seconds = groups.setdefault(key, {}).setdefault(measure, ({}, 0.0))
            counts[int(row["bin"])] = int(row["turns"])
            groups[key][measure] = (counts, seconds + row["seconds"])
        return [_group(by, key, groups[key], budgets or {}) for key in sorted(groups)]


def bins_sql(kind: Kind, dimensions: str) -> str:
    """Rows of some hours as counts of bins, by dimensions; binds `hours` and the window."""
    return framed("turn_bins", dimensions=dimensions, measured=_MEASURED[kind])


def _both(by: By, wanted: Mapping[str, object], *, days: bool) -> str:
    key = _KEYS[by]
    kind: Kind = "segment" if by == "segment" else "turn"
    conditions = equal(wanted)
    dimensions = f"{DIMENSIONS}, hour"
    raw = bins_sql(kind, dimensions).replace("isNotNull(measured.2)", f"isNotNull(measured.2){conditions}")
    columns = "key, measure, bin, sum(turns) AS turns, sum(seconds) AS seconds"
    tables = [(f"{kind}_hours", SEALED), *([(f"{kind}_days", SEALED_DAYS)] if days else [])]
    sums = "".join(
        f"""
    SELECT {key} AS key, measure, bin, sum({table}.turns) AS turns, sum({table}.seconds) AS seconds
    FROM {table}
    WHERE {sealed}{conditions}
    GROUP BY key, measure, bin
    UNION ALL"""
        for table, sealed in tables
    )
    return f"""
SELECT {columns} FROM
({sums}
    SELECT {key} AS key, measure, bin, turns, seconds FROM ({raw})
)
GROUP BY key, measure, bin"""


def _group(
    by: str, key: Any, measures: Mapping[str, tuple[dict[int, int], float]], budgets: Mapping[str, Mapping[str, float]]
) -> dict[str, Any]:
    name = iso(round(key.timestamp()) * 1_000_000_000) if by == "hour" else key
    row: dict[str, Any] = {by: name}
    for measure in _MEASURES[by == "segment" :]:
        counts, seconds = measures.get(measure, ({}, 0.0))
        budget = {**budgets.get("*", {}), **budgets.get(str(name), {})}.get(measure)
        row[measure] = _measure(Sketch(counts), seconds, budget)
    row["turns"] = row["duration"]["count"]
    return row


def _measure(sketch: Sketch, seconds: float, budget: float | None) -> dict[str, Any]:
    return {
        "count": sketch.count,
        "mean": seconds / sketch.count if sketch.count else None,
        **{name: sketch.quantile(level) for name, level in _LEVELS.items()},
        "intervals": {name: sketch.interval(level) for name, level in _LEVELS.items()},
        "budget": budget,
        "share_over_budget": sketch.share_over(budget) if budget is not None else None,
    }
