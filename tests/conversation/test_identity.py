from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversation import identity
from conversation.assemble import assemble, group
from conversation.model import LogRecord, Span

CHAT = {"gen_ai.operation.name": "chat"}


def _span(number: int, attributes: dict[str, Any], *, parent: int = 0, **fields: Any) -> Span:
    parent_id = f"{parent:016x}" if parent else ""
    return Span("t" * 32, f"{number:016x}", parent_id, "s", number, number + 1, attributes=attributes, **fields)


def test_a_value_on_a_model_span_beats_one_on_its_ancestors_and_the_root() -> None:
    spans = [
        _span(1, {"session.id": "root"}),
        _span(2, {"session.id": "inner"}, parent=1),
        _span(3, {**CHAT, "session.id": "model"}, parent=2),
    ]
    assert identity.conversation_id(spans) == identity.Found("model", "session.id on a model or agent span")
    assert identity.conversation_id(spans[:2]) == identity.Found("inner", "session.id on a inner span")
    assert identity.conversation_id(spans[:1]) == identity.Found("root", "session.id on a root span")


def test_the_nearest_of_several_inner_spans_counts() -> None:
    spans = [_span(2, {"session.id": "far"}, parent=1), _span(5, {"session.id": "near"}, parent=2)]
    found = identity.conversation_id(spans)
    assert found is not None
    assert found.value == "near"


def test_log_records_come_after_spans_and_resources_last() -> None:
    resource = {"session.id": "resource"}
    log = LogRecord("t" * 32, "", 1, "e", attributes={"session.id": "log"})
    span = _span(1, {}, resource=resource)
    assert identity.conversation_id([span], [log]) == identity.Found("log", "session.id on a log record")
    assert identity.conversation_id([span]) == identity.Found("resource", "session.id on a resource")


@pytest.mark.parametrize(
    "value",
    ["", "None", "null", "[Scrubbed due to 'session']", "Scrubbed due to 'session'", '""', True, ["a"], b"x", None],
)
def test_values_that_say_nothing_are_absent(value: Any) -> None:
    assert identity.conversation_id([_span(1, {"session.id": value, "conversation_id": "real"})]) == identity.Found(
        "real", "conversation_id on a root span"
    )


@pytest.mark.parametrize(("value", "expected"), [('"conv-1"', "conv-1"), (42, "42"), (" conv ", "conv")])
def test_values_are_unquoted(value: Any, expected: str) -> None:
    found = identity.conversation_id([_span(1, {"mlflow.trace.session": value})])
    assert found is not None
    assert found.value == expected


@pytest.mark.parametrize("key", identity.CONVERSATION_KEYS)
def test_every_listed_key_names_the_conversation(key: str) -> None:
    assert assemble([_span(1, {key: "c-1"})]).id == "c-1"


@pytest.mark.parametrize("key", identity.USER_KEYS)
def test_every_listed_key_names_the_user(key: str) -> None:
    assert identity.user_id([_span(1, {key: "u-1"})]) == "u-1"


def test_metadata_objects_are_looked_into_after_plain_keys() -> None:
    metadata = '{"thread_id": "m-1", "user_id": "u-1"}'
    assert identity.conversation_id([_span(1, {"metadata": metadata})]) == identity.Found(
        "m-1", "metadata.thread_id on a root span"
    )
    assert identity.user_id([_span(1, {"metadata": metadata, "enduser.id": "u-2"})]) == "u-2"


def test_the_id_of_an_operating_system_thread_is_no_conversation() -> None:
    assert identity.conversation_id([_span(1, {"thread.id": 140})]) is None


def test_no_key_is_listed_twice() -> None:
    for keys in (identity.CONVERSATION_KEYS, identity.USER_KEYS):
        assert len(set(keys)) == len(keys)


@given(st.permutations(range(6)))
def test_the_order_of_arrival_decides_nothing(order: list[int]) -> None:
    spans = [
        _span(n + 1, {"session.id": f"s{n % 2}"} if n % 3 else {**CHAT, "conversation_id": f"c{n}"}) for n in range(6)
    ]
    assert identity.conversation_id([spans[n] for n in order]) == identity.conversation_id(spans)


def test_a_trace_belongs_to_the_conversation_that_any_of_its_spans_or_logs_names() -> None:
    spans = [_span(1, {}), _span(2, CHAT, parent=1)]
    log = LogRecord("t" * 32, "", 1, "e", attributes={"session.id": "c-9"})
    assert set(group(spans, [log])) == {"c-9"}
    assert set(group(spans)) == {"t" * 32}
    assert group([], [log]) == {}
