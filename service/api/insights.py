"""Aggregates over conversations: degradation by turn, production pass^k by intent, tool-use economics."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from service.api.access import Parts, Reader, Since

router = APIRouter(prefix="/api/v1")


@router.get("/insights")
def insights(parts: Parts, caller: Reader, since: Since, agent: str | None = None) -> dict[str, Any]:
    """Over the newest thousand conversations of the window."""
    return parts.insights.report(caller.project, agent, since)
