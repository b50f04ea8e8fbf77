"""What customers waited for: percentiles, the slowest turns, and what thinking costs in seconds."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query

from service.api.access import Parts, Reader, Since, Until

router = APIRouter(prefix="/api/v1/latency")

By = Literal["turn_type", "agent", "version", "model", "channel", "hour", "segment", "all"]


@router.get("")
def latency(
    parts: Parts,
    caller: Reader,
    since: Since,
    until: Until,
    by: Annotated[By, Query()] = "turn_type",
    agent: str | None = None,
    version: str | None = None,
    model: str | None = None,
    turn_type: str | None = None,
    channel: str | None = None,
) -> dict[str, Any]:
    """Count, p50, p95 and p99 with 95 % intervals of the first words and of the whole turn, in seconds, with budgets.

    With `by=segment` the time in segments of each kind (model, tool, retrieval, guardrail, own code, gaps).
    """
    rows = parts.latency.percentiles(
        caller.project,
        by=by,
        since_ns=since,
        until_ns=until,
        agent=agent,
        version=version,
        model=model,
        turn_type=turn_type,
        channel=channel,
        budgets=parts.budgets.of(by, channel=channel, turn_type=turn_type),
    )
    return {"by": by, "latency": rows}


@router.get("/slowest")
def slowest(
    parts: Parts,
    caller: Reader,
    since: Since,
    until: Until,
    measure: Literal["duration", "first_token"] = "duration",
    agent: str | None = None,
    version: str | None = None,
    model: str | None = None,
    turn_type: str | None = None,
    channel: str | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> dict[str, Any]:
    """The slowest turns: segments in the order of time, and the critical path, longest first."""
    rows = parts.waiting.slowest(
        caller.project,
        since,
        until,
        measure=measure,
        limit=limit,
        agent=agent,
        version=version,
        model=model,
        turn_type=turn_type,
        channel=channel,
    )
    return {"measure": measure, "turns": rows}


@router.get("/thinking")
def thinking(
    parts: Parts,
    caller: Reader,
    since: Since,
    until: Until,
    agent: str | None = None,
    version: str | None = None,
    model: str | None = None,
) -> dict[str, Any]:
    """Reasoning tokens against the seconds of model calls, by model."""
    rows = parts.waiting.thinking(caller.project, since, until, agent=agent, version=version, model=model)
    return {"thinking": rows}
