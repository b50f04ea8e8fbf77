"""How a page is made: its template, what all pages share, and the filters in its address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from conversation.verdict import ArgumentLabel, LedgerState, Verdict
from ingest.auth import Grant
from service.cli.output import dollars

NAVIGATION = (
    ("/", "Overview"),
    ("/conversations", "Conversations"),
    ("/latency", "Latency"),
    ("/costs", "Costs"),
    ("/review", "Review"),
    ("/drift", "Drift"),
    ("/incidents", "Incidents"),
    ("/scenarios", "Scenarios"),
    ("/ledger", "Ledger"),
)
WORDS = frozenset({*Verdict, *ArgumentLabel, *LedgerState, "open", "resolved", "firing", "not enough data"})

_environment = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters["dollars"] = dollars


def page_of(template: str, caller: Grant, here: str, **values: Any) -> HTMLResponse:
    """A template rendered for a caller; `here` is the page of the navigation it belongs to."""
    made = _environment.get_template(template)
    common = {"navigation": NAVIGATION, "here": here, "project": caller.project, "words": WORDS}
    return HTMLResponse(made.render(**common, **values))


def filters_of(request: Request, names: Sequence[str]) -> dict[str, str | None]:
    """The filters in the address; an empty one filters nothing."""
    return {name: request.query_params.get(name) or None for name in names}


def link(path: str, **parameters: str | None) -> str:
    """An address with those parameters that say something; an empty text says that a name is empty."""
    given = {name: value for name, value in parameters.items() if value is not None}
    return f"{path}?{urlencode(given)}" if given else path


def kept(filters: Mapping[str, str | None], *names: str) -> dict[str, str]:
    """Some of the filters, those that are set."""
    return {name: value for name in names if (value := filters.get(name))}
