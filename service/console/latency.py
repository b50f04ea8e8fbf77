"""The page of what customers waited for: percentiles, where the time went, the slowest turns, and thinking."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response

from service.api.access import Parts, Reader, moment
from service.console import charts
from service.console.rendering import filters_of, kept, link, page_of

FILTERS = ("agent", "version", "model", "turn_type", "since")
GROUPS = ("turn_type", "agent", "version", "model", "channel")
SLOWEST = 12

router = APIRouter(include_in_schema=False)


@router.get("/latency")
def latency(request: Request, parts: Parts, caller: Reader, by: str = "turn_type") -> Response:
    """Percentiles with intervals, segments, and the slowest turns drawn to one scale."""
    if by not in GROUPS:
        raise HTTPException(422, f"by: choose one of {', '.join(GROUPS)}")
    filters = filters_of(request, FILTERS)
    narrowed: dict[str, Any] = {name: filters[name] for name in FILTERS if name != "since"}
    since = moment(filters["since"], "since")
    budgets = parts.budgets.of(by, turn_type=filters["turn_type"])
    percentiles = parts.latency.percentiles
    groups = percentiles(caller.project, by, since_ns=since, budgets=budgets, **narrowed)  # type: ignore[arg-type]  # checked above
    slowest = parts.waiting.slowest(caller.project, since, limit=SLOWEST, **narrowed)
    narrowed.pop("turn_type")
    thinking = parts.waiting.thinking(caller.project, since, **narrowed)
    shown = kept(filters, *FILTERS)
    chart = charts.thinking_against_seconds(thinking)
    return page_of(
        "latency.html",
        caller,
        "/latency",
        by=by,
        groups=[{"name": name, "href": link("/latency", **{**shown, "by": name})} for name in GROUPS],
        filters=filters,
        turn_types=parts.turn_types,
        rows=[{**row, "name": row[by] or "(none)", "href": _href(by, row[by], shown)} for row in groups],
        segments=_segments(
            percentiles(caller.project, "segment", since_ns=since, **{**narrowed, "turn_type": filters["turn_type"]})
        ),
        slowest=[{**row, "href": _turn(row)} for row in slowest],
        scale=max((row["duration_seconds"] for row in slowest), default=0.0),
        thinking=thinking,
        chart=chart,
        chart_head=charts.SCRIPT if chart else "",
    )


def _href(by: str, key: str, shown: dict[str, str]) -> str | None:
    return link("/conversations", **{**shown, by: key}) if key and by != "channel" else None


def _turn(row: dict[str, Any]) -> str:
    return f"/conversations/{quote(row['conversation_id'], safe='')}#turn-{row['turn']}"


def _segments(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Segments by kind with their share of all the time waited, the largest first."""
    seconds = {row["segment"]: row["duration"]["mean"] * row["duration"]["count"] for row in rows}
    whole = sum(seconds.values())
    made = [{**row, "share": seconds[row["segment"]] / whole if whole else 0.0} for row in rows]
    return sorted(made, key=lambda row: -row["share"])
