"""What a reading remembers changes nothing but its cost."""

from __future__ import annotations

from functools import partial
from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from conversation.message_json import messages_in
from conversation.model import JSON, Role
from conversation.parsing import indexed, parse_json
from conversation.recall import Recall, current, remembering
from conversation.said import Said
from conversation.tool_json import definitions

TEXTS = st.text(st.characters(codec="utf-8"), max_size=12)
MESSAGES: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "assistant", "tool", "system", "Human", "x"])},
    optional={
        "content": TEXTS | st.none() | st.lists(st.fixed_dictionaries({"type": st.just("text"), "text": TEXTS})),
        "parts": st.lists(st.fixed_dictionaries({"type": st.just("text"), "content": TEXTS}), max_size=2),
        "tool_calls": st.lists(st.fixed_dictionaries({"id": TEXTS, "name": TEXTS, "arguments": TEXTS}), max_size=2),
        "finish_reason": st.sampled_from(["stop", "tool_call"]),
        "data": st.fixed_dictionaries({"content": TEXTS}),
        "lc": st.sampled_from([0, 1]),
    },
)
SPACES = st.sampled_from(["", " ", "\n  ", "\u00a0"])


@st.composite
def histories(draw: st.DrawFn) -> list[str]:
    """JSON texts of lists that mostly go on with one another, some of them broken off."""
    items = draw(st.lists(MESSAGES, min_size=1, max_size=6))
    texts = []
    for _ in range(draw(st.integers(1, 6))):
        chosen = items[: draw(st.integers(0, len(items)))] + draw(st.lists(MESSAGES, max_size=1))
        between = draw(SPACES)
        text = "[" + ",".join(f"{between}{orjson.dumps(item).decode()}{between}" for item in chosen) + between + "]"
        texts.append(text[: draw(st.integers(0, len(text)))] if draw(st.booleans()) else text)
    return texts


@given(histories())
@example(['[{"role": "user", "content": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}]' * 2])
@example(
    [
        '[{"role": "user", "content": "a text long enough to be remembered by this reading"}]',
        '[{"role": "user", "content": "a text long enough to be remembered by this reading"}',
        '[{"role": "user", "content": "a text long enough to be remembered by this reading"},]',
    ]
)
def test_values_and_messages_are_those_of_each_text_alone(texts: list[str]) -> None:
    values = [parse_json(text) for text in texts]
    said = [[messages_in(text, bare) for bare in (None, Role.USER, Role.ASSISTANT)] for text in texts]
    offered = [definitions(text) for text in texts]
    with remembering():
        assert [parse_json(text) for text in texts] == values
        assert [[messages_in(text, bare) for bare in (None, Role.USER, Role.ASSISTANT)] for text in texts] == said
        assert [definitions(text) for text in texts] == offered


def test_a_message_told_again_is_the_same_object() -> None:
    hello = {"role": "user", "parts": [{"type": "text", "content": "hello, I would like to know where my order is"}]}
    answer = {"role": "assistant", "parts": [{"type": "text", "content": "Let me look."}]}
    with remembering():
        (first,) = messages_in(orjson.dumps([hello]).decode())
        (made,) = messages_in(orjson.dumps([{**answer, "finish_reason": "stop"}]).decode(), Role.ASSISTANT)
        again = messages_in(orjson.dumps([hello, answer]).decode())
    assert again == (first, made)
    assert again[0] is first
    assert again[1] is made


def test_objects_that_differ_only_in_the_type_of_a_number_are_not_confused() -> None:
    recall = Recall()
    values: list[object] = [[1], [1.0], [True], [None]]
    made = [recall.once("kind", value, partial(repr, value)) for value in values]
    assert made == ["[1]", "[1.0]", "[True]", "[None]"]


def test_what_was_remembered_is_gone_after_the_reading() -> None:
    with remembering() as outer:
        with remembering() as inner:
            assert inner is outer
        assert current() is outer
    assert current() is None


def test_a_broken_text_raises_inside_a_reading_too() -> None:
    with remembering() as recall, pytest.raises(ValueError, match=r"\w"):
        recall.parsed('[{"role": "user"')
    assert messages_in("no JSON", Role.USER) == (Said(Role.USER, "no JSON"),)


@given(
    st.dictionaries(
        st.sampled_from(
            ["p.0", "p.0.", "p.0.a", "p.0.a.b", "p.1.a", "p.10.a", "p.2.c.0.d", "p.2.c.1", "p.x.a", "q.0.a", "p."]
        ),
        TEXTS | st.integers() | st.floats(allow_nan=False) | st.none() | st.booleans() | st.lists(TEXTS, max_size=2),
    )
)
def test_flattened_attributes_are_read_the_same(attributes: dict[str, Any]) -> None:
    expected = indexed(attributes, "p")
    with remembering():
        assert indexed(attributes, "p") == expected
        assert indexed(dict(attributes), "p") == expected


def test_flattened_attributes_become_items_in_the_order_of_their_numbers() -> None:
    attributes: dict[str, JSON | bytes] = {"p.10.a": 3, "p.2.a.1": "y", "p.2.a.0": "x", "p.0": "bare", "other.0": 1}
    attributes["p.0.a"] = "ignored"
    assert indexed(attributes, "p") == ["bare", {"a": ["x", "y"]}, {"a": 3}]
    assert indexed({"p.": 1, "p.0": 2}, "p") == indexed({"p.a": 1}, "p") == indexed({}, "p") == []
