"""Values as the engine keeps them are read as protobuf reads them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.common.v1.common_pb2 import AnyValue

from conversation import otlp
from store.raw_values import any_value

VALUES = (
    st.builds(lambda text: AnyValue(string_value=text), st.text(max_size=200))
    | st.builds(lambda number: AnyValue(int_value=number), st.integers(-(2**63), 2**63 - 1))
    | st.builds(lambda number: AnyValue(double_value=number), st.floats(allow_nan=False))
    | st.builds(lambda value: AnyValue(bool_value=value), st.booleans())
    | st.builds(lambda raw: AnyValue(bytes_value=raw), st.binary(max_size=200))
    | st.just(AnyValue())
)


@given(VALUES)
def test_a_value_is_what_its_message_says(value: AnyValue) -> None:
    assert any_value(value.SerializeToString()) == otlp.any_value(value)


@pytest.mark.parametrize("length", [0, 1, 2, 126, 127, 128, 129, 255, 16_383, 16_384, 16_385, 2_100_000])
def test_texts_of_any_length_are_read(length: int) -> None:
    assert any_value(AnyValue(string_value="x" * length).SerializeToString()) == "x" * length


@pytest.mark.parametrize(
    "raw",
    [
        AnyValue(string_value="first").SerializeToString() + AnyValue(string_value="last").SerializeToString(),
        AnyValue(string_value="first").SerializeToString() + AnyValue(int_value=7).SerializeToString(),
        b"\x0a\x85\x00hello",
    ],
)
def test_of_a_value_given_twice_or_oddly_written_protobuf_decides(raw: bytes) -> None:
    assert any_value(raw) == otlp.any_value(AnyValue.FromString(raw))
