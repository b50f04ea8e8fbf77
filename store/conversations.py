"""Graded conversations: listed newest first, opened by id, rebuilt, and their history of revisions."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any

import orjson

from conversation.errors import UsageError
from conversation.model import Conversation
from store.client import Client
from store.conversation_json import conversation_json, score_json
from store.documents import conversation_of
from store.grades import score_of
from store.labels import LabelStore
from store.sql import framed, load
from store.times import iso
from store.window import bound

_FAR = 2**63 - 1
_MOST = 1000
_EQUAL = ("agent", "version", "verdict", "user_id", "channel", "intent")
_CONTAINED = {"turn_type": "turn_types", "tool": "tools", "model": "models"}


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list and where the next part begins; `next_cursor` is None at the end."""

    items: list[dict[str, Any]]
    next_cursor: str | None


class ConversationStore:
    """Conversations in their newest revisions.

    Args:
        client: A migrated store.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    def projects(self) -> list[str]:
        """Projects that have conversations, by name."""
        found = self._client.query("SELECT DISTINCT project FROM conversations ORDER BY project", role="jobs")
        return [row["project"] for row in found]

    def page(
        self,
        project: str,
        *,
        agent: str | None = None,
        version: str | None = None,
        verdict: str | None = None,
        scorer: str | None = None,
        since_ns: int | None = None,
        until_ns: int | None = None,
        limit: int = 50,
        cursor: str | None = None,
        turn_type: str | None = None,
        tool: str | None = None,
        user_id: str | None = None,
        channel: str | None = None,
        model: str | None = None,
        intent: str | None = None,
    ) -> Page:
        """Conversations newest first.

        With a `scorer` (or a full score name) the list holds conversations it scored; with `verdict="fail"` too, those
        that failed in it. `cursor` is the `next_cursor` of the page before.

        Raises:
            UsageError: The cursor or the limit cannot be used.
        """
        if not 1 <= limit <= _MOST:
            raise UsageError(f"limit {limit}: choose 1 to {_MOST}")
        before_ns, before_id = _position(cursor) if cursor else (_FAR, "")
        until = min(_FAR if until_ns is None else until_ns, before_ns + 1)
        given = {"agent": agent, "version": version, "user_id": user_id, "channel": channel, "verdict": verdict}
        given |= {"turn_type": turn_type, "tool": tool, "scorer": scorer, "model": model, "intent": intent}
        wanted = {name: value for name, value in given.items() if value is not None}
        sql = framed("conversation_page", filters=_filters(wanted))
        bindings = {**bound(project, since_ns, until), "before_ns": before_ns, "before_id": before_id, **wanted}
        rows = self._client.query(sql, {**bindings, "limit": limit + 1})
        items = [_item(row) for row in rows[:limit]]
        last = rows[limit - 1] if len(rows) > limit else None
        return Page(items, _cursor(int(last["started_ns"]), last["conversation_id"]) if last else None)

    def get(self, project: str, conversation_id: str) -> dict[str, Any] | None:
        """A conversation as the API shows it, human labels among its scores; None if it was never graded."""
        found = self._current(project, conversation_id)
        if found is None:
            return None
        conversation = conversation_of(found["document"])
        bindings = {"project": project, "conversation_id": conversation_id}
        scores = [score_of(row) for row in self._client.query(load("scores_current"), bindings)]
        shown = conversation_json(conversation, found["verdict"], scores)
        labels = LabelStore(self._client).of(project, conversation_id)
        shown["scores"] += [score_json(label) for label in labels]
        return {**shown, "risk": found["risk"], "graded_at": iso(int(found["graded_at_ns"]))}

    def conversation(self, project: str, conversation_id: str) -> Conversation | None:
        """The newest graded revision, rebuilt without loss; None if it was never graded."""
        found = self._current(project, conversation_id)
        return conversation_of(found["document"]) if found else None

    def revisions(self, project: str, conversation_id: str) -> list[dict[str, Any]]:
        """Every revision with its verdict and scores, oldest first."""
        bindings = {"project": project, "conversation_id": conversation_id}
        history = []
        for row in self._client.query(load("conversation_revisions"), bindings):
            place = {"project": project, "hour": row["hour"], "attempt": row["attempt"]}
            scores = [score_of(score) for score in self._client.query(load("scores_of_revision"), place)]
            history.append(
                {
                    "revision": int(row["revision"]),
                    "verdict": row["verdict"],
                    "risk": row["risk"],
                    "turns": int(row["turns"]),
                    "graded_at": iso(int(row["graded_at_ns"])),
                    "scorecard_version": row["scorecard_version"],
                    "scores": [score_json(score) for score in scores],
                }
            )
        return history

    def _current(self, project: str, conversation_id: str) -> dict[str, Any] | None:
        bindings = {"project": project, "conversation_id": conversation_id}
        rows = self._client.query(load("conversation_current"), bindings)
        return rows[0] if rows else None


def _filters(wanted: dict[str, str]) -> str:
    conditions = [f"{name} = {{{name}:String}}" for name in _EQUAL if name in wanted and name != "verdict"]
    conditions += [f"has({column}, {{{name}:String}})" for name, column in _CONTAINED.items() if name in wanted]
    if "scorer" in wanted and wanted.get("verdict") == "fail":
        conditions.append("(has(failed_scorers, {scorer:String}) OR has(failed_scores, {scorer:String}))")
    elif "scorer" in wanted:
        conditions.append(
            "(has(scorers, {scorer:String}) OR has(failed_scores, {scorer:String}) "
            "OR has(passed_scores, {scorer:String}))"
        )
    if "verdict" in wanted:
        conditions.append("verdict = {verdict:String}")
    return "".join(f" AND {condition}" for condition in conditions)


def _item(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "conversation_id": row["conversation_id"],
        "user_id": row["user_id"] or None,
        "agent": {"name": row["agent"], "version": row["version"]},
        "channel": row["channel"],
        "domain": row["domain"] or None,
        "revision": int(row["revision"]),
        "verdict": row["verdict"],
        "risk": row["risk"],
        "started_at": iso(int(row["started_ns"])),
        "ended_at": iso(row["ended_ns"]),
        "duration_seconds": row["duration_seconds"],
        "turns": int(row["turns"]),
        "turn_types": list(row["turn_types"]),
        "tools": list(row["tools"]),
        "failed_scorers": list(row["failed_scorers"]),
        "failed_scores": list(row["failed_scores"]),
        "passed_scores": list(row["passed_scores"]),
        "tokens": {
            "input": int(row["input_tokens"]),
            "output": int(row["output_tokens"]),
            "reasoning": int(row["reasoning_tokens"]),
            "cached": int(row["cached_tokens"]),
        },
        "cost_usd": row["cost_usd"],
        "unpriced_calls": int(row["unpriced_calls"]),
        "models": list(row["models"]),
        "intent": row["intent"] or None,
        "scorecard_version": row["scorecard_version"],
        "graded_at": iso(int(row["graded_at_ns"])),
    }


def _cursor(started_ns: int, conversation_id: str) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([started_ns, conversation_id])).decode().rstrip("=")


def _position(cursor: str) -> tuple[int, str]:
    try:
        started_ns, conversation_id = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return int(started_ns), str(conversation_id)
    except (ValueError, TypeError, binascii.Error) as error:
        raise UsageError("cursor: not one of ours; leave it out to start at the newest") from error
