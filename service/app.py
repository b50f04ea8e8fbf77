"""The web application on the API port: health, metrics, API and console over one set of wired parts."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from fastapi.staticfiles import StaticFiles

from conversation.errors import FloorlineError, RetryableError
from service.api import (
    conversations,
    costs,
    drift,
    health,
    incidents,
    insights,
    labels,
    latency,
    operations,
    policies,
    scenarios,
    scorecards,
)
from service.console import costs as costs_page
from service.console import latency as latency_page
from service.console import pages, static_directories
from service.wiring import Services


def _error(request: Request, error: Exception) -> Response:
    del request
    if isinstance(error, RetryableError):
        seconds = max(1, round(error.retry_after_seconds or 1))
        return JSONResponse({"detail": str(error)}, 503, headers={"retry-after": str(seconds)})
    return JSONResponse({"detail": str(error)}, 400)


def build_app(services: Services) -> FastAPI:
    """The application for parts that are already built; starting and stopping them is the caller's."""
    app = FastAPI(title="Floorline", docs_url=None, redoc_url=None, openapi_url="/api/v1/openapi.json")
    app.state.services = services
    app.add_exception_handler(FloorlineError, _error)
    for module in (
        health,
        conversations,
        scorecards,
        latency,
        costs,
        drift,
        labels,
        scenarios,
        incidents,
        insights,
        policies,
        operations,
    ):
        app.include_router(module.router)
    for page in (latency_page, costs_page, pages):
        app.include_router(page.router)
    for name, directory in static_directories.STATIC.items():
        app.mount(f"/static/{name}", StaticFiles(directory=directory), name=f"static-{name}")
    return app
