"""The console's plain tables: one function a page, each giving heading, lead and rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from conversation.verdict import LedgerState
from service.wiring import Services

Page = dict[str, Any]


def _link(conversation_id: str, extra: str = "") -> str:
    return f"/conversations/{quote(conversation_id, safe='')}{extra}"


def _rows(
    items: Sequence[Mapping[str, Any]], columns: Sequence[str], href: Callable[[Mapping[str, Any]], str | None]
) -> list[Page]:
    return [{"cells": [item.get(name) for name in columns], "href": href(item)} for item in items]


def review(parts: Services, project: str) -> Page:
    """Conversations that wait for a human, by risk and by disagreement."""
    columns = ("conversation_id", "verdict", "risk", "started_at")
    shown = []
    for by, title in (("risk", "Most at risk"), ("disagreement", "Scorers disagree"), ("random", "At random")):
        items = parts.review.queue(project, by, 10)
        rows = _rows(items, columns, lambda item: _link(item["conversation_id"], "?review=1"))
        shown.append({"title": title, "columns": columns, "rows": rows, "empty": "Nothing waits here."})
    agreed = parts.review.agreement(project)
    names = ("scorer", "version", "n", "kappa", "low", "high", "precision", "recall")
    shown.append(
        {
            "title": "Agreement with humans",
            "columns": names,
            "rows": _rows(agreed, names, lambda _: None),
            "empty": "No labels yet: open a conversation and press p or f.",
        }
    )
    lead = "Open one, press p for pass or f for fail; the next one follows."
    return {"heading": "Review", "lead": lead, "parts": shown}


def drift(parts: Services, project: str) -> Page:
    """Tool arguments against the pinned baseline: how the watch stands, what drifts, and all comparisons."""
    report = parts.drift.report(project, None, None)
    watched = ("agent", "version", "baseline", "state", "conversations", "tested_since", "tested_until", "next_test_at")
    columns = (
        *("agent", "version", "tool", "argument", "statistic", "value", "threshold", "p_value", "n", "verdict", "told"),
    )
    drifting = [row for row in report["drift"] if row["verdict"] == "drift"]
    others = [row for row in report["drift"] if row["verdict"] != "drift"]
    unpinned = "No baseline is pinned. Pin one with: floorline baseline pin --agent A --version V"
    tables = (
        ("Watch", watched, report["watch"], "Nothing is watched yet." if report["drift"] else unpinned),
        ("Drifting, over the whole release", columns, drifting, "Nothing drifts."),
        ("Everything else", columns, others, "Nothing was compared yet."),
    )
    return {
        "heading": "Drift",
        "lead": "How a release's tool arguments differ from the pinned baseline; thresholds hold under no drift.",
        "parts": [
            {"title": title, "columns": names, "rows": _rows(rows, names, _calls), "empty": empty}
            for title, names, rows, empty in tables
        ],
    }


def _calls(row: Mapping[str, Any]) -> str:
    """The conversations of a release, those with the tool where one is named."""
    wanted = {name: str(row[name]) for name in ("agent", "version", "tool") if row.get(name)}
    return f"/conversations?{urlencode(wanted)}"


def incidents(parts: Services, project: str) -> Page:
    """What paged, open first."""
    columns = ("title", "status", "severity", "started_at", "ended_at", "summary")
    rows = _rows(parts.incidents.all(project), columns, lambda item: item.get("link"))
    part = {"title": "", "columns": columns, "rows": rows, "empty": "No incidents. Quiet is good."}
    lead = "Alerts that Alertmanager delivered and what Floorline noticed by itself."
    return {"heading": "Incidents", "lead": lead, "parts": [part]}


def scenarios(parts: Services, project: str) -> Page:
    """Promoted failures."""
    columns = ("id", "conversation_id", "reproduced", "reason", "created_at")
    found = parts.scenarios.all(project)
    rows = _rows(found, columns, lambda item: f"/scenarios/{quote(item['id'], safe='')}")
    empty = "Nothing promoted yet: open a failing conversation and promote it."
    return {
        "heading": "Scenarios",
        "lead": "Failing conversations that became tests; run them with floorline replay.",
        "parts": [{"title": "", "columns": columns, "rows": rows, "empty": empty}],
    }


def ledger(parts: Services, project: str) -> Page:
    """What was graded and what was not."""
    counts = parts.ledger.counts(project)
    names = [str(state) for state in LedgerState]
    columns = ("scorer", *names)
    by_scorer = [
        {"cells": [scorer or "all scorers", *(states[name] for name in names)], "href": None}
        for scorer, states in sorted(counts["by_scorer"].items())
    ]
    total = {"cells": [f"all: {counts['ingested']}", *(counts[name] for name in names)], "href": None}
    rows = [*by_scorer, total] if by_scorer else []
    lead = "One state for each conversation revision and scorer; the states add up to what was ingested."
    part = {"title": "", "columns": columns, "rows": rows, "empty": "Nothing was ingested yet."}
    return {"heading": "Ledger", "lead": lead, "parts": [part]}


TABLES: dict[str, Callable[[Services, str], Page]] = {
    "/review": review,
    "/drift": drift,
    "/incidents": incidents,
    "/scenarios": scenarios,
    "/ledger": ledger,
}
