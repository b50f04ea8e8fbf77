"""Policies over stored history."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from service.api.access import Parts, Reader, moment

router = APIRouter(prefix="/api/v1/policies")


class Backtest(BaseModel):
    """A policy file's text and how far back to look."""

    model_config = ConfigDict(extra="forbid")

    policy: str
    name: str = "policy.yaml"
    since: str | None = None


@router.post("/backtest")
def backtest(body: Backtest, parts: Parts, caller: Reader) -> dict[str, Any]:
    """What each rule would have flagged."""
    return parts.upkeep.backtest(caller.project, body.name, body.policy, moment(body.since, "since"))
