"""Whatever an agent sends, the checks answer: odd arguments, odd results, calls without messages or ids."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from conversation.model import Conversation, Message, Role, ToolCall, ToolDefinition, Turn
from scoring.arguments.check import check
from scoring.arguments.suspicion import weights
from scoring.protocol import Context
from scoring.scorers.claims import ClaimsParameters, ClaimsScorer
from scoring.scorers.requests import RequestsParameters, RequestsScorer
from scoring.scorers.writes import WritesParameters, WritesScorer

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=30)
    | st.sampled_from(
        ["2024-05-20", "99:99", "13/13/2024", "$1,200.50", "AB-1234", "²", "İstanbul 5 pm", "1e999", "-", ""]
    )
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)
NAMES = st.sampled_from(
    ["user_id", "start_date", "end_date", "amount", "total_items", "extra_items", "origin", "destination"]
)
TEXTS = st.text(max_size=60) | st.sampled_from(
    [
        "half past 11 on the 31st of February",
        "cheapest, from Oslo to Rome, $5",
        "I have cancelled it",
        "yes next tuesday",
    ]
)


@st.composite
def conversations(draw: st.DrawFn) -> Conversation:
    calls = tuple(
        ToolCall(
            id=draw(st.sampled_from(["", "a", "b"])),
            name=draw(st.sampled_from(["get_thing", "cancel_thing", ""])),
            arguments=draw(st.dictionaries(NAMES, VALUES, max_size=4)),
            result=draw(VALUES),
            error=draw(st.none() | st.text(max_size=10)),
            message=draw(st.none() | st.integers(0, 4)),
            result_message=draw(st.none() | st.integers(0, 5)),
        )
        for _ in range(draw(st.integers(0, 4)))
    )
    roles = [Role.USER, Role.ASSISTANT, Role.TOOL]
    messages = tuple(Message(at, draw(st.sampled_from(roles)), draw(TEXTS)) for at in range(draw(st.integers(0, 5))))
    schema = draw(
        st.sampled_from([None, {"type": "object", "properties": {"amount": {"type": "number"}}}, {"type": 5}])
    )
    parameters: Any = schema
    tools = (ToolDefinition("cancel_thing", "Cancel it.", parameters),)
    turn = Turn(0, "tool_call", "hi", None, 0, 5, tool_calls=calls)
    day = draw(st.sampled_from([None, "2024-05-15", "2024-99-99", "soon"]))
    return Conversation("c", messages=messages, turns=(turn,), tools=tools, reference_time=day)


@settings(max_examples=150, deadline=None)
@given(conversation=conversations())
def test_any_conversation_can_be_checked(conversation: Conversation) -> None:
    for checked in check(conversation, Context(policy_text="A rule.")):
        assert 0.0 <= checked.suspicion <= 1.0
    for scorer in (
        WritesScorer(WritesParameters()),
        ClaimsScorer(ClaimsParameters()),
        RequestsScorer(RequestsParameters()),
    ):
        assert all(score.value is not None for score in scorer.score(conversation, Context()))


def test_every_signal_that_a_check_can_give_has_a_weight() -> None:
    kinds = ("id", "text", "enum", "number", "date", "time")
    families = ("rival_asked", "rival_listed", "rival_replied", "not_listed", "replaced_later", "corrected", "unpaired")
    asked = {f"{family}_{kind}" for family in families for kind in kinds}
    asked |= {f"{family}_{kind}" for family in ("ungrounded", "loose") for kind in (*kinds, "bool")}
    assert asked <= set(weights().weights)
