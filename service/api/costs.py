"""What conversations cost."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter

from service.api.access import Parts, Reader, Since, Until

router = APIRouter(prefix="/api/v1")


@router.get("/costs")
def costs(
    parts: Parts,
    caller: Reader,
    since: Since,
    until: Until,
    by: Literal["agent", "version", "model", "tool", "turn_type", "intent"] = "agent",
    agent: str | None = None,
    version: str | None = None,
    model: str | None = None,
    turn_type: str | None = None,
    intent: str | None = None,
) -> dict[str, Any]:
    """Tokens and US dollars of model calls: of all, by call, turn, conversation and resolved (passed) conversation.

    With `by=tool` a call counts for the tools it asked for, in equal shares, or for `(reply)`. Calls whose cost is not
    known are counted in `unpriced_calls`; `stated_calls` are those whose trace stated the cost itself.
    """
    chosen = {"agent": agent, "version": version, "model": model, "turn_type": turn_type, "intent": intent}
    rows = parts.costs.spent(caller.project, by, since, until, **chosen)
    total = parts.costs.spent(caller.project, "all", since, until, **chosen)
    return {
        "by": by,
        "prices": parts.reading.prices.version if parts.reading.prices else "",
        "total": {name: value for name, value in total[0].items() if name != "all"} if total else None,
        "costs": rows,
    }
