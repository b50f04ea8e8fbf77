"""The console's pages. Each shows what the API shows; every number leads to the conversations behind it."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from ingest.auth import Grant
from service.api.access import Parts, Reader, moment
from service.console import charts, evidence, tables
from service.console.rendering import filters_of, page_of
from service.wiring import Services

FILTERS = ("agent", "version", "verdict", "scorer", "turn_type", "tool", "model", "intent", "since")

router = APIRouter(include_in_schema=False)


@router.get("/")
def overview(parts: Parts, caller: Reader) -> Response:
    """Rates per release, latency by turn type, and what failed last."""
    project = caller.project
    latency = parts.latency.percentiles(project, by="turn_type", budgets=parts.budgets.of("turn_type"))
    failing = parts.conversations.page(project, verdict="fail", limit=10)
    chart = charts.rates_over_time(parts.verdicts.over_time(project))
    versions = parts.verdicts.rates(project, by="version")
    known = [row["cost_usd"] for row in versions if row["cost_usd"] is not None]
    resolved = sum(row["passed"] for row in versions)
    spent = {
        "usd": sum(known) / resolved if known and resolved else None,
        "unpriced": sum(row["unpriced_calls"] for row in versions),
    }
    return page_of(
        "overview.html",
        caller,
        "/",
        versions=versions,
        scorers=parts.scorecards.rates(project, group_by="agent"),
        failing=sum(row["failed"] for row in versions),
        latency=latency,
        spent=spent,
        ledger=parts.ledger.counts(project)["conversations"],
        incidents=[row for row in parts.incidents.all(project) if row["status"] == "open"],
        conversations=failing.items,
        chart=chart,
        chart_head=charts.SCRIPT if chart else "",
        otlp_port=parts.settings.otlp_http_port,
    )


@router.get("/conversations")
def conversations(request: Request, parts: Parts, caller: Reader, cursor: str | None = None) -> Response:
    """The list with its filters."""
    filters = filters_of(request, FILTERS)
    page = parts.conversations.page(
        caller.project,
        agent=filters["agent"],
        version=filters["version"],
        verdict=filters["verdict"],
        scorer=filters["scorer"],
        turn_type=filters["turn_type"],
        tool=filters["tool"],
        model=filters["model"],
        intent=filters["intent"],
        since_ns=moment(filters["since"], "since"),
        limit=50,
        cursor=cursor,
    )
    next_page = ""
    if page.next_cursor:
        query = {name: value for name, value in filters.items() if value} | {"cursor": page.next_cursor}
        next_page = f"/conversations?{urlencode(query)}"
    return page_of(
        "conversations.html",
        caller,
        "/conversations",
        conversations=page.items,
        filters=filters,
        turn_types=parts.turn_types,
        next_page=next_page,
    )


@router.get("/conversations/{conversation_id:path}")
def conversation(request: Request, conversation_id: str, parts: Parts, caller: Reader) -> Response:
    """One conversation: what was said, what was called, where each argument came from."""
    found = parts.conversations.get(caller.project, conversation_id)
    if found is None:
        raise HTTPException(404, f"no graded conversation {conversation_id!r} in this project")
    return page_of(
        "conversation.html",
        caller,
        "/conversations",
        c=evidence.decorated(found),
        problems=evidence.problems(found),
        source=evidence.source,
        names=evidence.names(found),
        states=parts.ledger.rows(caller.project, conversation_id),
        notice=request.query_params.get("notice", ""),
        next_url=_next_to_review(parts, caller, conversation_id) if "review" in request.query_params else "",
    )


def _next_to_review(parts: Services, caller: Grant, conversation_id: str) -> str:
    waiting = [row["conversation_id"] for row in parts.review.queue(caller.project, "risk", 20)]
    following = [other for other in waiting if other != conversation_id]
    return f"/conversations/{quote(following[0], safe='')}?review=1" if following else "/review"


@router.post("/conversations/{conversation_id:path}/label")
def label(
    request: Request,
    conversation_id: str,
    verdict: Annotated[Literal["pass", "fail"], Form()],
    parts: Parts,
    caller: Reader,
) -> Response:
    """Record the verdict and come back, or go on to the next in the queue."""
    parts.review.label(caller.project, conversation_id, verdict, scorer=None, note="", author="console")
    if "review=1" in request.headers.get("referer", ""):
        return RedirectResponse(_next_to_review(parts, caller, conversation_id), 303)
    notice = urlencode({"notice": f"Labelled {verdict}."})
    return RedirectResponse(f"/conversations/{quote(conversation_id, safe='')}?{notice}", 303)


@router.post("/conversations/{conversation_id:path}/promote")
def promote(conversation_id: str, parts: Parts, caller: Reader) -> Response:
    """Promote to a scenario and show it."""
    made = parts.scenarios.promote(caller.project, conversation_id, minimise=False)
    if made is None:
        raise HTTPException(404, f"no graded conversation {conversation_id!r} in this project")
    return RedirectResponse(f"/scenarios/{quote(made['id'], safe='')}", 303)


def _table(parts: Services, caller: Grant, here: str) -> Response:
    return page_of("table.html", caller, here, notice="", **tables.TABLES[here](parts, caller.project))


@router.get("/review")
def review(parts: Parts, caller: Reader) -> Response:
    """What waits for a human."""
    return _table(parts, caller, "/review")


@router.get("/drift")
def drift(parts: Parts, caller: Reader) -> Response:
    """Tool arguments against the pinned baseline."""
    return _table(parts, caller, "/drift")


@router.get("/incidents")
def incidents(parts: Parts, caller: Reader) -> Response:
    """What paged."""
    return _table(parts, caller, "/incidents")


@router.get("/scenarios")
def scenarios(parts: Parts, caller: Reader) -> Response:
    """Promoted failures."""
    return _table(parts, caller, "/scenarios")


@router.get("/ledger")
def ledger(parts: Parts, caller: Reader) -> Response:
    """What was graded and what was not, and why."""
    return _table(parts, caller, "/ledger")


@router.get("/scenarios/{scenario_id:path}")
def scenario(scenario_id: str, parts: Parts, caller: Reader) -> Response:
    """One scenario's YAML."""
    found = parts.scenarios.get(caller.project, scenario_id)
    if found is None:
        raise HTTPException(404, f"no scenario {scenario_id!r} in this project")
    return page_of("scenario.html", caller, "/scenarios", scenario=found)
