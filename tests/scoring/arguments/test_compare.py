from __future__ import annotations

from typing import Any

import pytest

from scoring.arguments.compare import FieldRules, compare

NUMBER = {"type": "object", "properties": {"n": {"type": "number"}}}
INTEGER = {"type": "object", "properties": {"n": {"type": "integer"}}}
DATED = {"type": "object", "properties": {"day": {"type": "string", "format": "date"}}}
SET = {"type": "object", "properties": {"ids": {"type": "array", "uniqueItems": True}}}
DEFAULTED = {"type": "object", "properties": {"sort": {"type": "string", "default": "asc"}}}
NUMERIC = FieldRules(fields={"/n": "number"})


@pytest.mark.parametrize(
    ("expected", "got", "schema", "rules", "kinds"),
    [
        pytest.param({"a": 1}, {"a": 1}, None, None, [], id="the same arguments are equal"),
        pytest.param({"a": 1, "b": 2}, {"a": 1}, None, None, ["omitted"], id="an omitted argument is a difference"),
        pytest.param({"a": 1}, {}, None, None, ["omitted"], id="omitting all arguments is a difference"),
        pytest.param({}, {"a": 1}, None, None, ["extra"], id="an extra argument is a difference"),
        pytest.param({"n": 2}, {"n": 2.0}, None, None, ["type"], id="an integer is not a float where nothing says so"),
        pytest.param({"n": 2}, {"n": 2.0}, NUMBER, None, [], id="a number may be written either way"),
        pytest.param({"n": 2}, {"n": 2.0}, INTEGER, None, ["type"], id="an integer field takes no float"),
        pytest.param(
            {"n": 2}, {"n": "2"}, NUMBER, None, ["type"], id="a string is not a number even in a number field"
        ),
        pytest.param({"n": 2}, {"n": "2.0"}, None, NUMERIC, [], id="a rule makes spellings of a number equal"),
        pytest.param({"n": True}, {"n": 1}, NUMBER, NUMERIC, ["type"], id="true is not one"),
        pytest.param({"n": None}, {}, None, None, ["omitted"], id="null is not the same as leaving out"),
        pytest.param({"sort": "asc"}, {}, DEFAULTED, None, [], id="leaving out means the declared default"),
        pytest.param({}, {"sort": "asc"}, DEFAULTED, None, [], id="spelling out the declared default changes nothing"),
        pytest.param({"sort": "desc"}, {}, DEFAULTED, None, ["omitted"], id="another value than the default is missed"),
        pytest.param(
            {"day": "2024-05-01"}, {"day": "2024-05-01T00:00:00"}, None, None, ["value"], id="dates are text by default"
        ),
        pytest.param({"day": "2024-05-01"}, {"day": "2024-5-1"}, DATED, None, [], id="a date field knows dates"),
        pytest.param({"ids": ["a", "b"]}, {"ids": ["b", "a"]}, None, None, ["value", "value"], id="lists keep order"),
        pytest.param({"ids": ["a", "b"]}, {"ids": ["b", "a"]}, SET, None, [], id="a set has no order"),
        pytest.param({"ids": ["a", "b"]}, {"ids": ["b"]}, SET, None, ["omitted"], id="a set misses an element"),
        pytest.param({"ids": ["a", "a"]}, {"ids": ["a"]}, SET, None, ["omitted"], id="twice is not once"),
        pytest.param({"ids": ["a"]}, {"ids": ["a", "b"]}, None, None, ["length"], id="a longer list is a difference"),
        pytest.param({"x": {"y": 1}}, {"x": {"y": 1, "z": 2}}, None, None, ["extra"], id="extras are seen deep inside"),
        pytest.param({"t": "Blue  Mug"}, {"t": "blue mug"}, None, None, ["value"], id="case counts by default"),
        pytest.param(
            {"t": "Blue  Mug"},
            {"t": "blue mug"},
            None,
            FieldRules(fields={"/t": "text"}),
            [],
            id="a text rule forgives case and spacing",
        ),
        pytest.param(
            {"t": "a"}, {}, None, FieldRules(fields={"/t": "ignore"}), [], id="an ignored field may be missing"
        ),
        pytest.param(
            {"t": "a"}, {}, None, FieldRules(fields={"/t": "present"}), ["omitted"], id="a present field must be there"
        ),
        pytest.param(
            {"f": [{"d": 1}, {"d": 2}]},
            {"f": [{"d": "1"}, {"d": "2.0"}]},
            None,
            FieldRules(fields={"/f/*/d": "number"}),
            [],
            id="a star stands for any element",
        ),
    ],
)
def test_calls_differ_exactly_where_the_table_says(
    expected: dict[str, Any],
    got: dict[str, Any],
    schema: dict[str, Any] | None,
    rules: FieldRules | None,
    kinds: list[str],
) -> None:
    assert [difference.kind for difference in compare(expected, got, schema, rules)] == kinds


def test_a_difference_names_its_place_and_both_values() -> None:
    [difference] = compare({"flights": [{"date": "a"}]}, {"flights": [{"date": "b"}]})
    assert str(difference) == "/flights/0/date expected 'a', got 'b'"
