"""What customers waited for: the slowest turns with their critical path, and thinking tokens against seconds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from conversation.critical import critical, key_of
from conversation.latency import critical_path
from conversation.model import Turn
from store.conversations import ConversationStore
from store.slow_turns import Measure, SlowTurnStore

# Lower bounds of the bins of reasoning tokens; each is four times the one before.
BINS = (0, 1, 128, 512, 2048, 8192)
LEAST_CALLS = 10
_Z95 = 1.959963984540054


class Waiting:
    """Slow turns and slow thinking.

    Args:
        slow: Turns and calls.
        conversations: Where their segments are.
    """

    def __init__(self, slow: SlowTurnStore, conversations: ConversationStore) -> None:
        self._slow = slow
        self._conversations = conversations

    def slowest(
        self,
        project: str,
        since_ns: int | None = None,
        until_ns: int | None = None,
        *,
        measure: Measure = "duration",
        limit: int = 20,
        **filters: str | None,
    ) -> list[dict[str, Any]]:
        """The slowest turns, each with its segments in order and its critical path, longest first.

        A segment is `critical` where it belongs to the few that make up four fifths of the turn.
        """
        rows = self._slow.slowest(project, since_ns, until_ns, measure=measure, limit=limit, **filters)
        turns = self._turns(project, {row["conversation_id"] for row in rows})
        return [{**row, **_path(turns.get((row["conversation_id"], row["turn"])))} for row in rows]

    def thinking(
        self,
        project: str,
        since_ns: int | None = None,
        until_ns: int | None = None,
        *,
        agent: str | None = None,
        version: str | None = None,
        model: str | None = None,
    ) -> list[dict[str, Any]]:
        """By model: how reasoning tokens go with the seconds of its calls, over the newest few thousand calls.

        `rank_correlation` is Spearman's, `seconds_per_1000` what a thousand reasoning tokens add beside visible ones
        (least squares), both with 95% limits; None of too few calls, or where nothing varies.
        """
        rows = self._slow.thinking(project, since_ns, until_ns, agent=agent, version=version, model=model)
        by_model: dict[str, list[dict[str, Any]]] = {}
        for row in rows:
            by_model.setdefault(str(row["model"]), []).append(row)
        return [{"model": model, **_thinking(calls)} for model, calls in sorted(by_model.items())]

    def _turns(self, project: str, names: set[str]) -> dict[tuple[str, int], Turn]:
        found = (self._conversations.conversation(project, name) for name in sorted(names))
        return {(one.id, turn.index): turn for one in found if one is not None for turn in one.turns}


def _path(turn: Turn | None) -> dict[str, Any]:
    if turn is None or not turn.duration_seconds:
        return {"user": None, "segments": [], "critical_path": []}
    whole = turn.duration_seconds
    marked = critical(turn)
    return {
        "user": turn.user,
        "segments": [
            {
                "kind": str(part.kind),
                "name": part.name,
                "seconds": part.seconds,
                "critical": key_of(part) in marked,
            }
            for part in turn.segments
        ],
        "critical_path": [
            {"kind": str(part.kind), "name": part.name, "seconds": part.seconds, "share": part.seconds / whole}
            for part in critical_path(turn)
        ],
    }


def _thinking(calls: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    reasoning = np.array([float(row["reasoning_tokens"]) for row in calls])
    visible = np.array([float(row["output_tokens"]) for row in calls]) - reasoning
    seconds = np.array([float(row["seconds"]) for row in calls])
    return {
        "calls": len(calls),
        "thinking_calls": int((reasoning > 0).sum()),
        "rank_correlation": _rank_correlation(reasoning, seconds),
        "seconds_per_1000": _slope(reasoning, visible, seconds),
        "bins": _bins(reasoning, seconds),
        "points": [
            {
                "reasoning_tokens": int(row["reasoning_tokens"]),
                "seconds": row["seconds"],
                "conversation_id": row["conversation_id"],
                "turn": int(row["turn"]),
            }
            for row in calls[:500]
        ],
    }


def _bins(reasoning: Any, seconds: Any) -> list[dict[str, Any]]:
    made = []
    for low, high in zip(BINS, [*BINS[1:], math.inf], strict=True):
        inside = seconds[(reasoning >= low) & (reasoning < high)]
        if len(inside):
            p50, p95 = np.percentile(inside, (50, 95))
            last = None if high == math.inf else int(high) - 1
            made.append({"from": low, "to": last, "calls": len(inside), "p50": float(p50), "p95": float(p95)})
    return made


def _rank_correlation(x: Any, y: Any) -> dict[str, float] | None:
    """Spearman's rho with limits by Fisher's transformation.

    Standard error: D. G. Bonett, T. A. Wright, Psychometrika 65 (2000), https://doi.org/10.1007/BF02294183
    """
    if len(x) < LEAST_CALLS or np.ptp(x) == 0 or np.ptp(y) == 0:
        return None
    from scipy.stats import spearmanr  # noqa: PLC0415 - a second to load, for one page

    rho = float(spearmanr(x, y).statistic)
    bounded = min(max(rho, -0.999999), 0.999999)
    half = _Z95 * math.sqrt((1 + bounded * bounded / 2) / (len(x) - 3))
    return {"value": rho, "low": math.tanh(math.atanh(bounded) - half), "high": math.tanh(math.atanh(bounded) + half)}


def _slope(reasoning: Any, visible: Any, seconds: Any) -> dict[str, float] | None:
    """Seconds that a thousand reasoning tokens add, beside a constant and the visible tokens."""
    if len(seconds) < LEAST_CALLS or np.ptp(reasoning) == 0:
        return None
    columns = [np.ones(len(seconds)), reasoning / 1000]
    if np.ptp(visible) > 0:
        columns.append(visible / 1000)
    design = np.column_stack(columns)
    found, _, rank, _ = np.linalg.lstsq(design, seconds, rcond=None)
    if rank < len(columns):
        return None
    left = seconds - design @ found
    variance = float(left @ left) / max(1, len(seconds) - len(columns))
    half = _Z95 * math.sqrt(max(0.0, variance * float(np.linalg.inv(design.T @ design)[1, 1])))
    return {"value": float(found[1]), "low": float(found[1]) - half, "high": float(found[1]) + half}
