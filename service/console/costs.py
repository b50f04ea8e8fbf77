"""The page of what conversations cost."""

from __future__ import annotations

from typing import Any, get_args

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response

from service.api.access import Parts, Reader, moment
from service.console.rendering import filters_of, kept, link, page_of
from store.costs import REPLY, By

FILTERS = ("agent", "version", "model", "turn_type", "intent", "since")
GROUPS = tuple(name for name in get_args(By) if name != "all")

router = APIRouter(include_in_schema=False)


@router.get("/costs")
def costs(request: Request, parts: Parts, caller: Reader, by: str = "model") -> Response:
    """Tokens and money by one dimension; every row leads to its conversations."""
    if by not in GROUPS:
        raise HTTPException(422, f"by: choose one of {', '.join(GROUPS)}")
    filters = filters_of(request, FILTERS)
    narrowed: dict[str, Any] = {name: filters[name] for name in FILTERS if name != "since"}
    since = moment(filters["since"], "since")
    rows = parts.costs.spent(caller.project, by, since, **narrowed)  # type: ignore[arg-type]  # checked above
    total = parts.costs.spent(caller.project, "all", since, **narrowed)
    shown = kept(filters, *FILTERS)
    dearest = max((row["cost_usd"] or 0.0 for row in rows), default=0.0)
    return page_of(
        "costs.html",
        caller,
        "/costs",
        by=by,
        groups=[{"name": name, "href": link("/costs", **{**shown, "by": name})} for name in GROUPS],
        filters=filters,
        turn_types=parts.turn_types,
        rows=[_row(row, by, shown, dearest) for row in rows],
        total=total[0] if total else None,
        everything=link("/conversations", **shown),
        passed=link("/conversations", **{**shown, "verdict": "pass"}),
        prices=parts.reading.prices.version if parts.reading.prices else "none",
    )


def _row(row: dict[str, Any], by: str, shown: dict[str, str], dearest: float) -> dict[str, Any]:
    key = row[by]
    # An empty name cannot be asked for: an empty filter filters nothing.
    href = link("/conversations", **{**shown, by: key}) if key and key != REPLY else None
    passed = link("/conversations", **{**shown, by: key, "verdict": "pass"}) if href else None
    width = 100 * (row["cost_usd"] or 0.0) / dearest if dearest else 0.0
    return {**row, "name": key or "(none)", "href": href, "passed": passed, "width": width}
