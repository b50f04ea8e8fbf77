"""Liveness, readiness and metrics."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from service.api.access import Parts

router = APIRouter()


@router.get("/healthz")
def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz")
def readyz(parts: Parts) -> JSONResponse:
    """Whether the store answers and spans are accepted; 503 with the reason otherwise."""
    problems = parts.problems()
    return JSONResponse(
        {"status": "ready" if not problems else "not ready", "problems": problems}, 503 if problems else 200
    )


@router.get("/metrics")
def metrics(request: Request, parts: Parts) -> Response:
    """Prometheus text, or OpenMetrics with exemplars when the scraper asks for it."""
    content_type, body = parts.metrics.render(request.headers.get("accept", ""))
    return Response(body, headers={"content-type": content_type})
