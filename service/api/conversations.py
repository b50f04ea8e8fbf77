"""Conversations: the list, one with its turns and scores, its history, and the word that it has ended."""

from __future__ import annotations

import time
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query

from service.api.access import Parts, Reader, Since, Until

router = APIRouter(prefix="/api/v1/conversations")


@router.get("")
def conversations(
    parts: Parts,
    caller: Reader,
    since: Since,
    until: Until,
    agent: str | None = None,
    version: str | None = None,
    verdict: str | None = None,
    scorer: str | None = None,
    turn_type: str | None = None,
    tool: str | None = None,
    model: str | None = None,
    intent: str | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    cursor: str | None = None,
) -> dict[str, Any]:
    """Newest first. `cursor` is the `next_cursor` of the page before."""
    page = parts.conversations.page(
        caller.project,
        agent=agent,
        version=version,
        verdict=verdict,
        scorer=scorer,
        since_ns=since,
        until_ns=until,
        turn_type=turn_type,
        tool=tool,
        model=model,
        intent=intent,
        limit=limit,
        cursor=cursor,
    )
    return {"conversations": page.items, "next_cursor": page.next_cursor}


@router.get("/{conversation_id}")
def conversation(conversation_id: str, parts: Parts, caller: Reader) -> dict[str, Any]:
    """One conversation as last graded."""
    found = parts.conversations.get(caller.project, conversation_id)
    if found is None:
        raise HTTPException(404, f"no graded conversation {conversation_id!r} in this project")
    return found


@router.get("/{conversation_id}/ledger")
def conversation_ledger(conversation_id: str, parts: Parts, caller: Reader) -> dict[str, Any]:
    """The state of each scorer on each revision, with the cause where it was not scored."""
    return {"states": parts.ledger.rows(caller.project, conversation_id)}


@router.post("/{conversation_id}/end")
def end(conversation_id: str, parts: Parts, caller: Reader) -> dict[str, str]:
    """The conversation is over: it is graded at the next tick."""
    parts.activity.end(caller.project, conversation_id, time.time_ns())
    return {"conversation_id": conversation_id, "status": "ended"}
