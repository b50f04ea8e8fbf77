"""Operations over the API: back-fill, erase, retention, dead letters."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from service.api.access import Admin, Parts, moment

router = APIRouter(prefix="/api/v1")


class Backfill(BaseModel):
    """Which stored conversations to grade again."""

    model_config = ConfigDict(extra="forbid")

    since: str | None = None
    conversation_id: str | None = None
    scorer: str | None = None


class Erasure(BaseModel):
    """The person to remove."""

    model_config = ConfigDict(extra="forbid")

    user_id: str


@router.post("/score")
def score(body: Backfill, parts: Parts, caller: Admin) -> dict[str, Any]:
    """Grade history under the current scorecard; earlier verdicts stay."""
    since = moment(body.since, "since")
    graded = parts.upkeep.regrade(caller.project, since, body.conversation_id, body.scorer)
    return {"graded": graded, "scorecard_version": parts.scorecard.version}


@router.post("/erase")
def erase(body: Erasure, parts: Parts, caller: Admin) -> dict[str, Any]:
    """Remove one person everywhere; `left` counts what verification still finds."""
    return {"user_id": body.user_id, "erased": parts.upkeep.erase(caller.project, body.user_id)}


@router.post("/retention")
def retention(parts: Parts, caller: Admin) -> dict[str, int]:
    """Apply the configured retention now."""
    del caller
    return parts.upkeep.apply_retention()


@router.get("/dead-letters")
def dead_letters(parts: Parts, caller: Admin) -> dict[str, Any]:
    """Requests the store refused for good."""
    return {"dead_letters": parts.upkeep.dead_letters(caller.project)}


@router.post("/dead-letters/{letter}/replay")
def replay(letter: str, parts: Parts, caller: Admin) -> dict[str, str]:
    """Queue one again."""
    parts.upkeep.replay_dead_letter(caller.project, letter)
    return {"id": letter, "status": "queued"}


@router.post("/dead-letters/{letter}/drop")
def drop(letter: str, parts: Parts, caller: Admin) -> dict[str, str]:
    """Delete one for good."""
    parts.upkeep.drop_dead_letter(caller.project, letter)
    return {"id": letter, "status": "dropped"}
