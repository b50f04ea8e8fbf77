"""What the alert tests share: graded conversations, a store in memory, and the programs of Prometheus."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from conversation.model import Agent, Conversation, ModelCall, Tokens, ToolCall, Turn, TurnType
from conversation.verdict import Grade, Score, Verdict, overall

SECOND_NS = 1_000_000_000
Graded = tuple[Conversation, Grade]


class MemoryIncidents:
    """An incident store in memory that counts its writes."""

    def __init__(self) -> None:
        self.documents: dict[tuple[str, str], dict[str, Any]] = {}
        self.writes = 0

    def write(self, project: str, incidents: Sequence[Mapping[str, Any]]) -> None:
        self.writes += 1
        for incident in incidents:
            self.documents[project, incident["id"]] = dict(incident)

    def all(self, project: str) -> list[dict[str, Any]]:
        return [document for (owner, _), document in self.documents.items() if owner == project]


def call(number: int, **changes: Any) -> ToolCall:
    """A refund call."""
    return replace(
        ToolCall(f"call-{number}", "refund", {"order_id": "W1"}, started_ns=0, ended_ns=SECOND_NS), **changes
    )


def turn(index: int, kind: str = TurnType.TOOL_CALL, seconds: float = 2.0, **changes: Any) -> Turn:
    """A turn with one tool call and one model call."""
    request = ModelCall("s", 0, SECOND_NS, "gpt", provider="openai", tokens=Tokens(100, 20), cost_usd=0.5)
    base = Turn(
        index=index,
        type=kind,
        user="hello",
        reply="hi",
        first_message=2 * index,
        last_message=2 * index + 1,
        first_token_seconds=seconds / 2,
        duration_seconds=seconds,
        tool_calls=(call(index),),
        model_calls=(request,),
    )
    return replace(base, **changes)


def graded(name: str = "c1", *, turns: Sequence[Turn] = (), scores: Sequence[Score] = (), **changes: Any) -> Graded:
    """A conversation of the agent `shop` and its grade."""
    conversation = Conversation(name, agent=Agent("shop", "1.0"), turns=tuple(turns) or (turn(0),))
    verdict = overall(score.verdict for score in scores) if scores else Verdict.PASS
    grade = Grade(verdict, 0.0, tuple(scores), (), "card")
    return replace(conversation, **changes), grade


@pytest.fixture
def incident_store() -> MemoryIncidents:
    return MemoryIncidents()


@pytest.fixture(scope="session")
def program() -> Callable[[str], str]:
    """The path of a program of Prometheus; the test skips where it is not installed."""

    def find(name: str) -> str:
        path = shutil.which(name)
        if path is None:
            pytest.skip(f"needs {name}: apt-get install prometheus prometheus-alertmanager")
        return path

    return find
