"""Rates, latency and the ledger."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query

from service.api.access import Parts, Reader, Since, Until
from store.verdicts import By

router = APIRouter(prefix="/api/v1")


@router.get("/scorecard")
def scorecard(
    parts: Parts,
    caller: Reader,
    since: Since,
    until: Until,
    group_by: Literal["agent", "version", "turn_type", "turn_index", "tool"] = "agent",
    agent: str | None = None,
) -> dict[str, Any]:
    """Pass rates with counts and 95 % Wilson intervals: of whole conversations (`verdicts`) and of each score."""
    project = caller.project
    rates = parts.scorecards.rates(project, group_by=group_by, agent=agent, since_ns=since, until_ns=until)
    whole: By = "version" if group_by == "version" else "agent"
    verdicts = parts.verdicts.rates(project, by=whole, agent=agent, since_ns=since, until_ns=until)
    return {
        "group_by": group_by,
        "scorecard_version": parts.scorecard.version,
        "verdicts": verdicts,
        "rates": rates,
    }


@router.get("/latency")
def latency(
    parts: Parts,
    caller: Reader,
    since: Since,
    until: Until,
    by: Annotated[Literal["turn_type", "agent", "version", "model"], Query()] = "turn_type",
    agent: str | None = None,
) -> dict[str, Any]:
    """Count, p50, p95 and p99 of the first words and of the whole turn, in seconds, with budgets."""
    budgets = parts.budgets if by == "turn_type" else None
    rows = parts.latency.percentiles(
        caller.project, by=by, agent=agent, since_ns=since, until_ns=until, budgets=budgets
    )
    return {"by": by, "latency": rows}


@router.get("/ledger")
def ledger(parts: Parts, caller: Reader, since: Since) -> dict[str, Any]:
    """Counts by state; they add up to `ingested`."""
    return parts.ledger.counts(caller.project, since, scorers=parts.scorer_names)
