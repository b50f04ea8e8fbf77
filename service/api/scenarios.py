"""Scenarios promoted from failing conversations."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict

from service.api.access import Parts, Reader

router = APIRouter(prefix="/api/v1/scenarios")


class Promotion(BaseModel):
    """The conversation to promote."""

    model_config = ConfigDict(extra="forbid")

    conversation_id: str
    minimise: bool = False


@router.post("", status_code=201)
def promote(promotion: Promotion, parts: Parts, caller: Reader) -> dict[str, Any]:
    """Write a scenario with recorded tool results and prove that it reproduces the failure."""
    made = parts.scenarios.promote(caller.project, promotion.conversation_id, minimise=promotion.minimise)
    if made is None:
        raise HTTPException(404, f"no graded conversation {promotion.conversation_id!r} in this project")
    return made


@router.get("")
def scenarios(parts: Parts, caller: Reader) -> dict[str, Any]:
    """All promoted scenarios, newest first."""
    return {"scenarios": parts.scenarios.all(caller.project)}


@router.get("/{scenario_id}")
def scenario(scenario_id: str, parts: Parts, caller: Reader) -> dict[str, Any]:
    """One scenario with its YAML."""
    found = parts.scenarios.get(caller.project, scenario_id)
    if found is None:
        raise HTTPException(404, f"no scenario {scenario_id!r} in this project")
    return found
