from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from conversation.model import Conversation
from scoring.policy.examples import conversation_of
from scoring.policy.load import load
from scoring.policy.policy import Policy
from scoring.policy.spec import ExampleSpec

MakePolicy = Callable[..., Policy]
Trace = Callable[..., Conversation]


@pytest.fixture
def make_policy(tmp_path: Path) -> MakePolicy:
    """A policy of rules given as data; a rule without id, says or source gets them."""

    def make(*rules: dict[str, Any], **header: Any) -> Policy:
        full = [
            {"id": f"rule_{index}", "says": "s", "source": {"file": "f"}, **rule} for index, rule in enumerate(rules)
        ]
        path = tmp_path / "made.policy.yaml"
        path.write_text(yaml.safe_dump({"policy": "made", **header, "rules": full}))
        return load(path)

    return make


@pytest.fixture
def trace() -> Trace:
    """A conversation from words: `U text`, `R text`, `tool`, `tool:key`, `tool!` (rejected), one second apart."""

    def make(*words: str, now: str | None = None) -> Conversation:
        return conversation_of(
            ExampleSpec.model_validate(
                {
                    "name": "trace",
                    "now": now,
                    "expect": "pass",
                    "events": [_event(word) for word in words],
                }
            )
        )

    return make


def _event(word: str) -> dict[str, Any]:
    if word.startswith("U "):
        return {"user": word[2:]}
    if word.startswith("R "):
        return {"reply": word[2:]}
    name, _, key = word.removesuffix("!").partition(":")
    event: dict[str, Any] = {"call": name, "args": {"k": key} if key else {}, "result": {"ok": True}}
    return {**event, "error": "refused"} if word.endswith("!") else event
