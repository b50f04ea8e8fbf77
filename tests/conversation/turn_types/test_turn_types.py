from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from conversation import transcript
from conversation.errors import UsageError
from conversation.model import ToolCall
from conversation.turn_types import TurnTypes

LABELLED = Path(__file__).with_name("labelled.jsonl")
Confusion = Counter[tuple[str, str]]


def _name(reply: str | None, *tools: str, user: str = "") -> str:
    calls = [ToolCall(str(number), name, {}) for number, name in enumerate(tools)]
    return TurnTypes.built_in().name(user=user, reply=reply, tool_calls=calls)[0]


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("I'm sorry, but this item can't be returned after 30 days.", "policy_reasoning"),
        ("The restocking comes to $12.50.", "policy_reasoning"),
        ("According to our policy a replacement is possible once.", "policy_reasoning"),
        ("Here is what I will do: cancel order A-1 and refund the card. Is that correct?", "policy_reasoning"),
        ("I'll book a table for 4 tomorrow at 7 pm.", "policy_reasoning"),
        ("Hello! How can I help you today?", "small_talk"),
        ("You're welcome, have a great day!", "small_talk"),
        ("Could you please provide your order number?", "small_talk"),
        ("I'm so sorry to hear that.", "small_talk"),
        ("Which colour do you prefer?", "small_talk"),
        (None, "small_talk"),
    ],
)
def test_a_turn_without_tools_is_named_by_its_reply(reply: str | None, expected: str) -> None:
    assert _name(reply) == expected


def test_an_executed_tool_decides_whatever_was_said() -> None:
    assert _name("Have a great day!", "lookup_order") == "tool_call"


def test_a_tool_that_was_only_asked_for_does_not_make_a_tool_turn() -> None:
    asked = ToolCall("1", "lookup_order", {}, executed=False)
    assert TurnTypes.built_in().name(user="", reply="Hello!", tool_calls=[asked])[0] == "small_talk"


def test_an_operator_can_add_types_of_their_own() -> None:
    types = TurnTypes.parse(
        "rules:\n"
        "  - {type: escalation, tools: [transfer_to_human]}\n"
        "  - {type: complaint, user: ['\\bcomplain']}\n"
        "  - {type: other}\n"
    )
    call = ToolCall("1", "transfer_to_human", {})
    assert types.names == ("escalation", "complaint", "other")
    assert types.name(user="", reply="", tool_calls=[call])[0] == "escalation"
    assert types.name(user="I want to complain!", reply="ok", tool_calls=[])[0] == "complaint"
    assert types.name(user="hi", reply="hi", tool_calls=[]) == ("other", "other")


@pytest.mark.parametrize(
    "text", ["rules: []", "rules: [{type: a, replies: [x]}]", "rules: [{type: a, reply: ['(']}]", "- 1", "rules: [{]"]
)
def test_a_wrong_file_says_what_is_wrong_on_one_line(text: str) -> None:
    with pytest.raises(UsageError, match=r"my\.yaml:1: ") as caught:
        TurnTypes.parse(text, "my.yaml")
    assert "\n" not in str(caught.value)


@pytest.fixture(scope="module")
def confusions(shared_dir: Path) -> dict[str, Confusion]:
    """For each half how often a label was named what."""
    labels = {}
    for line in LABELLED.read_text().splitlines():
        row = json.loads(line)
        labels[row["conversation"], row["turn"]] = row
    found: dict[str, Confusion] = {"tune": Counter(), "check": Counter()}
    for name in ("natural", "injected-sgd"):
        for conversation in transcript.read(shared_dir / "conversations" / f"{name}.jsonl.gz"):
            for turn in conversation.turns:
                row = labels.pop((conversation.id, turn.index), None)
                if row is not None:
                    found[row["half"]][row["label"], turn.type] += 1
    assert not labels
    return found


@pytest.mark.shared
@pytest.mark.parametrize("half", ["tune", "check"])
def test_the_rules_name_at_least_nine_in_ten_labelled_turns_of_each_type(
    confusions: dict[str, Confusion], half: str
) -> None:
    confusion = confusions[half]
    right = sum(count for (label, given), count in confusion.items() if label == given)
    assert right / confusion.total() >= 0.95
    for kind in ("tool_call", "policy_reasoning", "small_talk"):
        labelled = sum(count for (label, _), count in confusion.items() if label == kind)
        assert labelled >= 20
        assert confusion[kind, kind] / labelled >= 0.9


@pytest.mark.shared
def test_the_guide_states_the_measured_accuracy(confusions: dict[str, Confusion]) -> None:
    guide = LABELLED.with_name("GUIDE.md").read_text()
    for half, confusion in confusions.items():
        right = sum(count for (label, given), count in confusion.items() if label == given)
        assert f"`{half}` ({confusion.total()} turns, {right / confusion.total():.1%}".replace("%", " %") in guide
        for kind in ("policy_reasoning", "small_talk"):
            row = [confusion[kind, given] for given in ("tool_call", "policy_reasoning", "small_talk")]
            assert f"| {kind} | {row[0]} | {row[1]} | {row[2]} |" in guide
