"""Who is calling: every route below `/api` and the console asks here, and sees only its own project."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, HTTPException, Query, Request

from service.wiring import Services

NANOSECONDS = 1_000_000_000
COOKIE = "floorline_key"


@dataclass(frozen=True, slots=True)
class Caller:
    """A request's project and what its key may do."""

    project: str
    scopes: frozenset[str]


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


def needs(scope: str) -> Callable[[Request], Caller]:
    """A dependency that lets a request through when its key has `scope`.

    Where no key exists at all and only this machine can connect, everything is open for the project `default`.
    """

    def check(request: Request) -> Caller:
        services = services_of(request)
        identity = services.identify(_key(request))
        if identity is None:
            raise HTTPException(401, "an API key is needed: send it as `Authorization: Bearer …`")
        if scope not in identity.scopes:
            raise HTTPException(403, f"this key lacks the scope {scope!r}; make one with `floorline keys create`")
        return identity

    return check


Parts = Annotated[Services, Depends(services_of)]
Reader = Annotated[Caller, Depends(needs("read"))]
Admin = Annotated[Caller, Depends(needs("admin"))]


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
        raise HTTPException(422, f"{name}: {text!r} is neither ISO 8601, epoch seconds nor an age such as 24h") from error
    return int((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() * NANOSECONDS)


def since(since: Annotated[str | None, Query(description="ISO 8601, epoch seconds or an age (24h)")] = None) -> int | None:
    """The `since` parameter in nanoseconds."""
    return moment(since, "since")


def until(until: Annotated[str | None, Query(description="ISO 8601, epoch seconds or an age (1h)")] = None) -> int | None:
    """The `until` parameter in nanoseconds."""
    return moment(until, "until")


Since = Annotated[int | None, Depends(since)]
Until = Annotated[int | None, Depends(until)]
