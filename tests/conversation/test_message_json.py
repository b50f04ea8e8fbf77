from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversation.message_json import messages_in
from conversation.model import Role
from conversation.parsing import canonical, indexed, parse_structure

ARGUMENTS = {"id": "A-1"}


def _plain(value: Any) -> list[tuple[Any, ...]]:
    """Messages as role, text, requested calls and answered id."""
    return [
        (said.role.value, said.text, [(r.id, r.name, r.arguments) for r in said.requests], said.answers)
        for said in messages_in(value)
    ]


EXCHANGE = [
    ("user", "find A-1", [], ""),
    ("assistant", "", [("c1", "find", ARGUMENTS)], ""),
    ("tool", "found", [], "c1"),
]
_LC = {"lc": 1, "type": "constructor"}
_FUNCTION = {"name": "find", "arguments": json.dumps(ARGUMENTS)}
SHAPES: dict[str, Any] = {
    "otel parts": [
        {"role": "user", "parts": [{"type": "text", "content": "find A-1"}]},
        {
            "role": "assistant",
            "parts": [{"type": "reasoning", "content": "hm"}, {"type": "tool_call", "id": "c1", **_FUNCTION}],
        },
        {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c1", "response": "found"}]},
    ],
    "openai chat": [
        {"role": "user", "content": "find A-1"},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "c1", "type": "function", "function": _FUNCTION}]},
        {"role": "tool", "content": "found", "tool_call_id": "c1"},
    ],
    "openai responses": {
        "input": [
            {"role": "user", "content": [{"type": "input_text", "text": "find A-1"}]},
            {"type": "reasoning", "summary": []},
            {"type": "function_call", "call_id": "c1", **_FUNCTION},
            {"type": "function_call_output", "call_id": "c1", "output": "found"},
        ]
    },
    "anthropic": {
        "messages": [
            {"role": "user", "content": "find A-1"},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "c1", "name": "find", "input": ARGUMENTS}]},
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "c1", "content": [{"type": "text", "text": "found"}]}
                ],
            },
        ]
    },
    "bedrock": [
        {"role": "user", "content": [{"text": "find A-1"}]},
        {"role": "assistant", "content": [{"toolUse": {"toolUseId": "c1", "name": "find", "input": ARGUMENTS}}]},
        {"role": "user", "content": [{"toolResult": {"toolUseId": "c1", "content": [{"text": "found"}]}}]},
    ],
    "gemini": {
        "contents": [
            {"role": "user", "parts": [{"text": "find A-1"}]},
            {"role": "model", "parts": [{"functionCall": {"id": "c1", "name": "find", "args": ARGUMENTS}}]},
            {"role": "user", "parts": [{"functionResponse": {"id": "c1", "name": "find", "response": "found"}}]},
        ]
    },
    "vercel": [
        {"role": "user", "content": [{"type": "text", "text": "find A-1"}]},
        {
            "role": "assistant",
            "content": [{"type": "tool-call", "toolCallId": "c1", "toolName": "find", "args": ARGUMENTS}],
        },
        {"role": "tool", "content": [{"type": "tool-result", "toolCallId": "c1", "result": "found"}]},
    ],
    "langchain constructors": {
        "messages": [
            [
                {**_LC, "id": ["langchain", "HumanMessage"], "kwargs": {"content": "find A-1"}},
                {
                    **_LC,
                    "id": ["langchain", "AIMessage"],
                    "kwargs": {"content": "", "tool_calls": [{"id": "c1", "name": "find", "args": ARGUMENTS}]},
                },
                {**_LC, "id": ["langchain", "ToolMessage"], "kwargs": {"content": "found", "tool_call_id": "c1"}},
            ]
        ]
    },
    "langchain data": [
        {"type": "human", "data": {"content": "find A-1"}},
        {"type": "ai", "data": {"content": "", "tool_calls": [{"id": "c1", "name": "find", "args": ARGUMENTS}]}},
        {"type": "tool", "data": {"content": "found", "tool_call_id": "c1"}},
    ],
    "livekit items": {
        "items": [
            {"type": "message", "role": "user", "content": ["find A-1", {"type": "cache_breakpoint"}]},
            {"type": "function_call", "call_id": "c1", **_FUNCTION},
            {"type": "function_call_output", "call_id": "c1", "output": "found", "is_error": False},
        ]
    },
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_tells_the_same_exchange(shape: str) -> None:
    assert _plain(SHAPES[shape]) == EXCHANGE
    assert _plain(json.dumps(SHAPES[shape])) == EXCHANGE


def test_a_failed_result_keeps_its_mark() -> None:
    for value in (
        [{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c", "content": "no", "is_error": True}]}],
        [
            {
                "role": "user",
                "content": [{"toolResult": {"toolUseId": "c", "status": "error", "content": [{"text": "no"}]}}],
            }
        ],
        [
            {
                "role": "tool",
                "content": [
                    {"type": "tool-result", "toolCallId": "c", "output": {"type": "error-text", "value": "no"}}
                ],
            }
        ],
        {"items": [{"type": "function_call_output", "call_id": "c", "output": "no", "is_error": True}]},
    ):
        assert [said.error for said in messages_in(value)] == ["no"]


def test_text_beside_a_tool_result_is_the_customers() -> None:
    value = [
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "c", "content": "ok"},
                {"type": "text", "text": "and now?"},
            ],
        }
    ]
    assert [(said.role, said.text) for said in messages_in(value)] == [(Role.TOOL, "ok"), (Role.USER, "and now?")]


def test_a_picture_is_not_an_empty_message() -> None:
    value = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]
    assert [said.text for said in messages_in(value)] == ["[image]"]


def test_flattened_keys_are_ordered_by_number() -> None:
    keys = {f"gen_ai.prompt.{number}.content": str(number) for number in (10, 2, 0)}
    assert indexed(keys, "gen_ai.prompt") == [{"content": "0"}, {"content": "2"}, {"content": "10"}]


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "role",
                    "content",
                    "parts",
                    "type",
                    "tool_calls",
                    "message",
                    "data",
                    "lc",
                    "kwargs",
                    "id",
                    "text",
                    "output",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)


@given(JSONS)
def test_no_shape_of_json_raises(value: Any) -> None:
    for said in messages_in(value, bare=Role.USER):
        assert isinstance(said.key, tuple)
    parse_structure(json.dumps(value))


@given(st.text(max_size=60))
def test_no_text_raises(text: str) -> None:
    parse_structure(text)
    messages_in(text)


@given(st.integers(-(2**53), 2**53))
def test_a_whole_number_equals_its_float_form(number: int) -> None:
    assert canonical({"n": number}) == canonical({"n": float(number)})
