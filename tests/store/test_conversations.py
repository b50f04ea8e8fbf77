"""Lists of conversations, and one opened."""

from __future__ import annotations

import pytest

from conversation.errors import UsageError
from conversation.verdict import Score, Verdict
from store.client import Client
from store.conversations import ConversationStore
from store.grades import GradeStore
from store.labels import LabelStore
from tests.store.revisions import HOUR, SECOND, START, revision


def test_pages_walk_the_whole_list_newest_first_without_gap_or_repeat(engine: Client) -> None:
    made = [revision(f"c{place:03}", start_ns=START + (place // 3) * 700 * SECOND) for place in range(50)]
    GradeStore(engine).write(made[::2] + made[1::2])
    store, seen, cursor = ConversationStore(engine), [], None
    while True:
        page = store.page("default", limit=7, cursor=cursor)
        seen += [(item["started_at"], item["conversation_id"]) for item in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert len(seen) == 50
    assert seen == sorted(seen, reverse=True)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"version": "1.1"}, {"bad"}),
        ({"verdict": "fail"}, {"bad"}),
        ({"verdict": "fail", "scorer": "tool_arguments"}, {"bad"}),
        ({"verdict": "fail", "scorer": "policy"}, set()),
        ({"scorer": "policy"}, {"bad", "good"}),
        ({"scorer": "policy.polite"}, {"bad", "good"}),
        ({"tool": "get_order", "turn_type": "tool_call"}, {"bad", "good"}),
        ({"agent": "other"}, set()),
        ({"since_ns": START + 1}, {"bad"}),
        ({"until_ns": START + 1}, {"good"}),
    ],
)
def test_lists_are_filtered(engine: Client, filters: dict[str, object], expected: set[str]) -> None:
    bad = revision("bad", version="1.1", verdict=Verdict.FAIL, start_ns=START + HOUR)
    GradeStore(engine).write([revision("good"), bad])
    page = ConversationStore(engine).page("default", **filters)  # type: ignore[arg-type] # cases of many types
    assert {item["conversation_id"] for item in page.items} == expected


@pytest.mark.parametrize(("cursor", "limit"), [("nonsense", 10), ("W10", 10), (None, 0), (None, 10_000)])
def test_a_cursor_or_limit_that_cannot_be_used_is_a_usage_error(engine: Client, cursor: str | None, limit: int) -> None:
    with pytest.raises(UsageError):
        ConversationStore(engine).page("default", cursor=cursor, limit=limit)


def test_an_opened_conversation_shows_checked_arguments_and_human_labels(engine: Client) -> None:
    GradeStore(engine).write([revision(verdict=Verdict.FAIL)])
    given = Score(
        "conversation", Verdict.PASS, 1.0, "pass", "fine by me", scorer_version="ann", scored_at_ns=5, human=True
    )
    LabelStore(engine).add("default", "conv", given)
    GradeStore(engine).write([revision(number=2)])
    shown = ConversationStore(engine).get("default", "conv")
    assert shown is not None
    assert shown["turns"][0]["tool_calls"][0]["arguments_checked"] == [
        {"path": "/order_id", "value": "#W123", "verdict": "ok", "source": {"kind": "user", "message": 0}}
    ]
    assert [score["name"] for score in shown["scores"]] == ["tool_arguments", "policy.polite", "conversation"]
    assert LabelStore(engine).all("default") == [("conv", given)]
    assert ConversationStore(engine).get("default", "never") is None
    assert ConversationStore(engine).get("other project", "conv") is None
