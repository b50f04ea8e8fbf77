"""Who is calling: every route below `/api` and the console asks here, and sees only its own project."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, HTTPException, Query, Request

from ingest.auth import Grant
from ingest.errors import TABLE, Refused
from service.wiring import Services

NANOSECONDS = 1_000_000_000
COOKIE = "floorline_key"


def services_of(request: Request) -> Services:
    """The parts wired at start."""
    services = request.app.state.services
    assert isinstance(services, Services)  # noqa: S101 - set once by build_app
    return services


def _key(request: Request) -> str | None:
    header = request.headers.get("authorization", "")
    if header.lower().startswith("bearer "):
        return header[7:].strip()
    return request.headers.get("x-api-key") or request.cookies.get(COOKIE)


def needs(scope: str) -> Callable[[Request], Grant]:
    """A dependency that lets a request through when its key has `scope`.

    Where no key exists at all and only this machine can connect, everything is open for the project `default`.
    """

    def check(request: Request) -> Grant:
        try:
            return services_of(request).access.grant(_key(request), scope)
        except Refused as error:
            raise HTTPException(TABLE[error.cause].http, str(error)) from error

    return check


Parts = Annotated[Services, Depends(services_of)]
Reader = Annotated[Grant, Depends(needs("read"))]
Admin = Annotated[Grant, Depends(needs("admin"))]


def moment(text: str | None, name: str) -> int | None:
    """Nanoseconds of an ISO 8601 time, of seconds since the epoch, or of an age such as `30m`, `24h`, `7d`.

    Raises:
        HTTPException: 422 when it is none of these.
    """
    if not text:
        return None
    units = {"s": 1, "m": 60, "h": 3600, "d": 86400}
    if text[:-1].replace(".", "", 1).isdigit() and text[-1] in units:
        return int((datetime.now(UTC).timestamp() - float(text[:-1]) * units[text[-1]]) * NANOSECONDS)
    if text.replace(".", "", 1).isdigit():
        return int(float(text) * NANOSECONDS)
    try:
        # A plus sign in a query string arrives as a space unless it was escaped.
        when = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
    except ValueError as error:
        raise HTTPException(
            422, f"{name}: {text!r} is neither ISO 8601, epoch seconds nor an age such as 24h"
        ) from error
    return int((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() * NANOSECONDS)


def since(
    since: Annotated[str | None, Query(description="ISO 8601, epoch seconds or an age (24h)")] = None,
) -> int | None:
    """The `since` parameter in nanoseconds."""
    return moment(since, "since")


def until(
    until: Annotated[str | None, Query(description="ISO 8601, epoch seconds or an age (1h)")] = None,
) -> int | None:
    """The `until` parameter in nanoseconds."""
    return moment(until, "until")


Since = Annotated[int | None, Depends(since)]
Until = Annotated[int | None, Depends(until)]
