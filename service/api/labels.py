"""Human verdicts, the review queue, and agreement of scorers with humans."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, ConfigDict

from service.api.access import Parts, Reader

router = APIRouter(prefix="/api/v1")


class NewLabel(BaseModel):
    """A human verdict on a conversation, or on what one scorer says of it."""

    model_config = ConfigDict(extra="forbid")

    verdict: Literal["pass", "fail"]
    scorer: str | None = None
    note: str = ""
    author: str = ""


@router.post("/conversations/{conversation_id}/labels", status_code=201)
def add_label(conversation_id: str, label: NewLabel, parts: Parts, caller: Reader) -> dict[str, Any]:
    """Record a verdict; earlier labels stay in the history."""
    if parts.conversations.get(caller.project, conversation_id) is None:
        raise HTTPException(404, f"no graded conversation {conversation_id!r} in this project")
    return parts.review.label(
        caller.project, conversation_id, label.verdict, scorer=label.scorer, note=label.note, author=label.author
    )


@router.get("/review")
def review(
    parts: Parts,
    caller: Reader,
    by: Literal["risk", "disagreement", "random"] = "risk",
    limit: Annotated[int, Query(ge=1, le=200)] = 20,
) -> dict[str, Any]:
    """Conversations that wait for a human, most useful first."""
    return {"by": by, "conversations": parts.review.queue(caller.project, by, limit)}


@router.get("/agreement")
def agreement(parts: Parts, caller: Reader) -> dict[str, Any]:
    """Cohen's kappa with interval, confusion, precision and recall per scorer and version."""
    return {"agreement": parts.review.agreement(caller.project)}
