"""Incidents: Alertmanager's deliveries in, the list out."""

from __future__ import annotations

import time
from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool

from service.api.access import Admin, Parts, Reader, Since

WEEK_NS = 7 * 86_400_000_000_000

router = APIRouter(prefix="/api/v1/incidents")


@router.post("/alertmanager")
async def alertmanager(request: Request, parts: Parts, caller: Reader) -> dict[str, Any]:
    """Webhook version 4; deliveries may repeat."""
    return await run_in_threadpool(parts.incidents.receive, caller.project, await request.body())


@router.get("")
def incidents(parts: Parts, caller: Reader) -> dict[str, Any]:
    """Open incidents first, then newest first."""
    return {"incidents": parts.incidents.all(caller.project)}


@router.post("/test")
def test(parts: Parts, caller: Admin) -> dict[str, Any]:
    """Fire a synthetic failure at every configured receiver."""
    del caller
    return {"deliveries": parts.incidents.test()}


@router.get("/backtest")
def backtest(parts: Parts, caller: Reader, since: Since) -> dict[str, Any]:
    """When each objective would have paged over stored history; the last week by default."""
    start = since if since is not None else time.time_ns() - WEEK_NS
    return {"objectives": parts.incidents.backtest(caller.project, start)}
