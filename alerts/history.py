"""Stored conversations, turns and scores as events of an objective, for `backtest`.

Reads the newest revisions. A turn happened when it ended, a conversation and its scores when the conversation ended.
"""

from __future__ import annotations

from collections.abc import Iterator

from alerts.backtest import Happened
from alerts.objectives import IndicatorSpec, SloSpec
from conversation.errors import UsageError
from store.client import Client
from store.window import CURRENT, bound

MOST = 5_000_000
"""Events of one objective that are read; more is refused rather than cut."""
DAY_NS = 86_400_000_000_000

_TURNS = f"""SELECT started_ns + toUInt64(ifNull(duration_seconds, 0) * 1e9) AS at_ns, toString(agent) AS who,
    assumeNotNull({{column}}) > {{limit:Float64}} AS is_bad
FROM turns FINAL
WHERE {CURRENT} AND isNotNull({{column}}) AND ({{kind:String}} = '' OR type = {{kind:String}})"""
_CONVERSATIONS = f"""SELECT ifNull(ended_ns, started_ns) AS at_ns, toString(agent) AS who, verdict != 'pass' AS is_bad
FROM conversations FINAL
WHERE {CURRENT} AND verdict IN {{verdicts:Array(String)}}"""
_ENDED = f"""SELECT attempt, any(ifNull(ended_ns, started_ns)) AS at_ns, any(toString(agent)) AS who
FROM conversations FINAL WHERE {CURRENT} GROUP BY attempt"""
_SCORES = f"""SELECT at_ns, who, worst != 'pass' AS is_bad
FROM
(
    SELECT attempt, multiIf(countIf(verdict = 'fail' AND ({{rule:String}} = '' OR name = {{rule:String}})) > 0, 'fail',
        {{rule:String}} = '' AND countIf(verdict IN ('inconclusive', 'error')) > 0, 'inconclusive', 'pass') AS worst
    FROM scores FINAL
    WHERE project = {{project:String}} AND splitByChar('.', toString(name))[1] = {{scorer:String}}
        AND verdict != 'not_applicable'
    GROUP BY attempt
) AS verdicts
INNER JOIN ({_ENDED}) AS ended USING (attempt)
WHERE worst IN {{verdicts:Array(String)}}"""
_ARGUMENTS = f"""SELECT at_ns, who, failed AS is_bad
FROM
(
    SELECT attempt, tool_call_id, argument_path, max(verdict = 'fail') AS failed
    FROM scores FINAL
    WHERE project = {{project:String}} AND isNotNull(argument_path) AND verdict IN ('pass', 'fail')
        AND ({{tool:String}} = '' OR tool = {{tool:String}})
    GROUP BY attempt, tool_call_id, argument_path
) AS arguments
INNER JOIN ({_ENDED}) AS ended USING (attempt)"""


class StoredHistory:
    """Events of objectives from the store.

    Args:
        client: A migrated store.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    def events(self, project: str, slo: SloSpec, since_ns: int, until_ns: int) -> Iterator[Happened]:
        """The events of a window of time, in any order.

        Raises:
            UsageError: There are more than `MOST`.
        """
        sql, values = _query(slo.indicator)
        # Tables are cut by when a conversation began; one that ended in the window may have begun a day before it.
        bounds = {**bound(project, since_ns - DAY_NS, until_ns), **values}
        rows = self._client.query(f"{sql}\nLIMIT {MOST + 1}", bounds, role="jobs")
        if len(rows) > MOST:
            raise UsageError(f"{slo.name}: more than {MOST} events; choose a shorter time with --since")
        for row in rows:
            at_ns = int(row["at_ns"])
            if since_ns <= at_ns < until_ns:
                yield Happened(at_ns, row["who"] or "unknown", bool(row["is_bad"]))


def _query(spec: IndicatorSpec) -> tuple[str, dict[str, object]]:
    """SQL and bound values of an indicator's events."""
    if spec.turn_latency is not None:
        values = {"limit": spec.turn_latency.seconds, "kind": spec.turn_latency.turn_type or ""}
        return _TURNS.replace("{column}", "duration_seconds"), values
    if spec.first_token is not None:
        values = {"limit": spec.first_token.seconds, "kind": spec.first_token.turn_type or ""}
        return _TURNS.replace("{column}", "first_token_seconds"), values
    if spec.pass_rate is not None:
        unsure = ["inconclusive"] if spec.pass_rate.inconclusive == "bad" else []
        verdicts = ["pass", "fail", *unsure]
        if spec.pass_rate.scorer is None:
            return _CONVERSATIONS, {"verdicts": verdicts}
        return _SCORES, {"verdicts": verdicts, "scorer": spec.pass_rate.scorer, "rule": ""}
    if spec.argument_correctness is not None:
        return _ARGUMENTS, {"tool": spec.argument_correctness.tool or ""}
    if spec.policy_adherence is not None:
        rule = f"policy.{spec.policy_adherence.policy}" if spec.policy_adherence.policy else ""
        return _SCORES, {"verdicts": ["pass", "fail"], "scorer": "policy", "rule": rule}
    raise UsageError(f"{spec.kind} has no events in history")
