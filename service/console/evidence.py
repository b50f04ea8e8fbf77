"""How a conversation's scores are shown: what went wrong first, each argument with the words it came from."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

FINE = {"ok", "pass", "not_applicable"}
NOTHING = {"text": "", "message": None, "tool_call_id": None, "path": None}


def decorated(found: dict[str, Any]) -> dict[str, Any]:
    """The API's conversation with marks for the page: calls with a faulty argument."""
    turns = [
        {
            **turn,
            "tool_calls": [
                {**call, "bad": any(a["verdict"] not in FINE for a in call.get("arguments_checked") or [])}
                for call in turn["tool_calls"]
            ],
        }
        for turn in found["turns"]
    ]
    return {**found, "turns": turns}


def problems(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Scores that failed, broke or stayed open, worst first, with the name of the tool they are about."""
    tools = names(found)
    order = {"fail": 0, "error": 1, "inconclusive": 2}
    bad = [score for score in found["scores"] if score.get("verdict", score["label"]) in order]
    bad.sort(key=lambda score: order[score.get("verdict", score["label"])])
    return [
        {
            **score,
            "tool_name": tools.get(score["tool_call_id"]),
            "evidence": [{**NOTHING, **item} for item in score["evidence"]],
        }
        for score in bad
    ]


def source(value: dict[str, Any] | None, names: dict[str, str]) -> Markup | str:
    """Where an argument came from, linked to the message or call.

    Args:
        value: The argument's source as the API gives it.
        names: Tool names by call id.
    """
    if not value:
        return "nothing in the conversation supports it"
    kind = str(value.get("kind", "")).replace("_", " ")
    words = str(value.get("text") or "")
    quoted = Markup(" “{}”").format(words) if words else ""
    if value.get("tool_call_id"):
        path = Markup(" <code>{}</code>").format(value["path"]) if value.get("path") else ""
        name = names.get(value["tool_call_id"], "tool")
        return Markup('<a href="#call-{}">{} of {}</a>{}{}').format(value["tool_call_id"], kind, name, path, quoted)
    if value.get("message") is not None:
        return Markup('<a href="#m{}">{}</a>{}').format(value["message"], kind, quoted)
    return Markup("{}{}").format(kind, quoted)


def names(found: dict[str, Any]) -> dict[str, str]:
    """Tool names by call id."""
    return {call["id"]: call["name"] for turn in found["turns"] for call in turn["tool_calls"]}
