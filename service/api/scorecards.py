"""Rates and the ledger."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter

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


@router.get("/ledger")
def ledger(parts: Parts, caller: Reader, since: Since) -> dict[str, Any]:
    """Counts by state; they add up to `ingested`."""
    return parts.ledger.counts(caller.project, since, scorers=parts.scorer_names)
