"""Population drift of tool arguments against a pinned baseline."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from service.api.access import Parts, Reader

router = APIRouter(prefix="/api/v1")


class NewBaseline(BaseModel):
    """The release to freeze."""

    model_config = ConfigDict(extra="forbid")

    agent: str
    version: str


@router.get("/drift")
def drift(parts: Parts, caller: Reader, agent: str | None = None, version: str | None = None) -> dict[str, Any]:
    """Per tool and argument: statistic, threshold, verdict, n."""
    return parts.drift.report(caller.project, agent, version)


@router.post("/baselines", status_code=201)
def pin(baseline: NewBaseline, parts: Parts, caller: Reader) -> dict[str, Any]:
    """Pin a release as the reference for its agent."""
    return parts.drift.pin(caller.project, baseline.agent, baseline.version)


@router.get("/baselines")
def baselines(parts: Parts, caller: Reader) -> dict[str, Any]:
    """The pinned references."""
    return {"baselines": parts.drift.baselines(caller.project)}
