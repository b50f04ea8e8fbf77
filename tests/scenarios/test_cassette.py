"""The matching ladder, rung by rung."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.cassette import Cassette, CassetteMissError, Rung
from scenarios.spec import Matching, Recording, Scenario, Tool, User, World, WorldTool
from scenarios.values import canonical, difference, normalized

READ, WRITE = "get_order", "cancel_order"


def _read(order: str, result: Any, **more: Any) -> Recording:
    return Recording(tool=READ, arguments={"order_id": order, **more}, result=result)


def _write(order: str, result: Any = "ok", error: str | None = None) -> Recording:
    return Recording(tool=WRITE, arguments={"order_id": order}, result=result, error=error)


def _cassette(*recordings: Recording, loose: bool = True, live: Any = None, **parts: Any) -> Cassette:
    scenario = Scenario(
        format=1,
        id="s",
        user=User(goal="x"),
        tools=[Tool(name=READ, kind="read"), Tool(name=WRITE, kind="write")],
        recordings=list(recordings),
        **parts,
    )
    return Cassette(scenario, live, loose=loose)


def _play(cassette: Cassette, *calls: tuple[str, dict[str, Any]]) -> list[tuple[str, Any]]:
    answers = [cassette.play(tool, arguments) for tool, arguments in calls]
    return [(answer.rung.value, answer.error or answer.result) for answer in answers]


def test_calls_in_recorded_order_are_strict_and_others_any_order() -> None:
    recordings = (_read("N-1", 1), _read("N-2", 2), _read("N-3", 3))
    calls = [(READ, {"order_id": order}) for order in ("N-2", "N-1", "N-3")]
    assert _play(_cassette(*recordings), *calls) == [("strict_any_order", 2), ("strict", 1), ("strict", 3)]


def test_equal_numbers_are_equal_whatever_their_type() -> None:
    cassette = _cassette(_read("N-1", "a", limit=2))
    assert _play(cassette, (READ, {"limit": 2.0, "order_id": "N-1"})) == [("strict", "a")]


def test_a_repeated_read_gives_the_last_value_until_a_write_to_it() -> None:
    cassette = _cassette(_read("N-1", "open"), _write("N-1"), _read("N-1", "cancelled"))
    one = (READ, {"order_id": "N-1"})
    played = _play(cassette, one, one, (WRITE, {"order_id": "N-1"}), one, one)
    assert [result for _, result in played] == ["open", "open", "ok", "cancelled", "cancelled"]


def test_a_read_after_a_write_that_was_never_recorded_is_a_miss() -> None:
    cassette = _cassette(_read("N-1", "open"), world=World(tools=[WorldTool(tool=WRITE, result="ok")]))
    assert _play(cassette, (WRITE, {"order_id": "N-1"})) == [("stateful", "ok")]
    with pytest.raises(CassetteMissError, match="not after these writes"):
        cassette.play(READ, {"order_id": "N-1"})


def test_a_write_to_something_else_does_not_disturb_a_read() -> None:
    cassette = _cassette(_read("N-1", "open"), _write("N-2"))
    played = _play(cassette, (WRITE, {"order_id": "N-2"}), (READ, {"order_id": "N-1"}))
    assert [result for _, result in played] == ["ok", "open"]


def test_a_recorded_error_is_played_and_then_what_followed() -> None:
    cassette = _cassette(_write("N-1", error="try again"), _write("N-1", "ok"))
    one = (WRITE, {"order_id": "N-1"})
    assert _play(cassette, one, one) == [("strict", "try again"), ("strict", "ok")]


def test_a_write_repeated_more_often_than_recorded_is_a_miss() -> None:
    cassette = _cassette(_write("N-1"))
    cassette.play(WRITE, {"order_id": "N-1"})
    with pytest.raises(CassetteMissError, match="not this often"):
        cassette.play(WRITE, {"order_id": "N-1"})


def test_listed_keys_are_enough_for_a_read() -> None:
    cassette = _cassette(_read("N-1", "a", page=1), matching=Matching(keys={READ: ["order_id"]}))
    assert _play(cassette, (READ, {"order_id": "N-1", "page": 2})) == [("subset", "a")]


@pytest.mark.parametrize(
    "spelling",
    [
        {"order_id": "#n-1", "day": "2024-05-07", "sum": "1,200.50"},
        {"order_id": " N-1 ", "day": "2024/5/7", "sum": 1200.5},
    ],
)
def test_another_spelling_is_normalized_for_a_read(spelling: dict[str, Any]) -> None:
    cassette = _cassette(_read("N-1", "a", day="2024-05-07", sum=1200.50))
    assert _play(cassette, (READ, spelling)) == [("normalized", "a")]


def test_the_nearest_read_is_used_only_when_asked_for() -> None:
    recordings = (_read("N-1", "far", page=9, size=9), _read("N-1", "near", page=1, size=5))
    call = (READ, {"order_id": "N-1", "page": 1, "size": 6})
    with pytest.raises(CassetteMissError):
        _play(_cassette(*recordings), call)
    assert _play(_cassette(*recordings, matching=Matching(nearest=True)), call) == [("nearest", "near")]


def test_writes_never_match_loosely() -> None:
    everything = Matching(keys={WRITE: []}, normalized=True, nearest=True)
    with pytest.raises(CassetteMissError):
        _cassette(_write("N-1"), matching=everything).play(WRITE, {"order_id": "n-1"})


def test_a_tool_nobody_declared_counts_as_a_write() -> None:
    recording = Recording(tool="unknown", arguments={"a": "X-1"}, result=1)
    with pytest.raises(CassetteMissError):
        _cassette(recording).play("unknown", {"a": "x-1"})


def test_strict_mode_turns_loose_reads_off() -> None:
    with pytest.raises(CassetteMissError):
        _cassette(_read("N-1", 1), loose=False).play(READ, {"order_id": "n-1"})


def test_a_miss_names_the_closest_recording_and_every_difference() -> None:
    with pytest.raises(CassetteMissError) as caught:
        _cassette(_read("N-1", 1, page=1), _read("N-2", 2, page=2)).play(READ, {"order_id": "N-2", "size": 5})
    assert caught.value.miss.closest is not None
    assert caught.value.miss.closest.arguments["order_id"] == "N-2"
    assert caught.value.miss.differences == ("/page: 2 recorded, (absent) now", "/size: (absent) recorded, 5 now")


def test_live_tools_answer_what_nothing_else_does() -> None:
    cassette = _cassette(_read("N-1", 1), live=lambda name, arguments: f"{name} {arguments['order_id']}")
    assert _play(cassette, (READ, {"order_id": "N-1"}), (READ, {"order_id": "N-7"})) == [
        ("strict", 1),
        ("live", "get_order N-7"),
    ]


def test_the_world_keeps_state_between_writes_and_reads() -> None:
    world = World(
        state={"orders": {"N-1": {"status": "open"}}},
        tools=[
            WorldTool(tool=READ, read="orders/$order_id", missing="no such order"),
            WorldTool(
                tool=WRITE,
                requires=["orders/$order_id"],
                write={"orders/$order_id/status": "cancelled", "log/$order_id": "by ${who}"},
                result={"order_id": "$order_id", "say": "bye ${who}"},
            ),
        ],
    )
    cassette = _cassette(world=world)
    one = {"order_id": "N-1"}
    assert _play(cassette, (READ, one), (WRITE, {**one, "who": "Ann"}), (READ, one), (READ, {"order_id": "N-2"})) == [
        ("stateful", {"status": "open"}),
        ("stateful", {"order_id": "N-1", "say": "bye Ann"}),
        ("stateful", {"status": "cancelled"}),
        ("stateful", "no such order"),
    ]
    assert cassette.store.state["log"] == {"N-1": "by Ann"}


def test_a_recorded_write_changes_the_world_too() -> None:
    world = World(tools=[WorldTool(tool=WRITE, write={"done/$order_id": True})])
    cassette = _cassette(_write("N-1"), world=world)
    assert _play(cassette, (WRITE, {"order_id": "N-1"})) == [("strict", "ok")]
    assert cassette.store.state == {"done": {"N-1": True}}


_ARGUMENTS = st.dictionaries(
    st.text(max_size=4), st.text(max_size=6) | st.integers() | st.booleans() | st.none(), max_size=4
)


@settings(deadline=None)  # other work on the machine must not fail a test
@given(_ARGUMENTS, _ARGUMENTS)
def test_no_difference_is_told_exactly_when_arguments_are_equal(left: dict[str, Any], right: dict[str, Any]) -> None:
    assert (difference(left, right) == []) == (canonical(left) == canonical(right))
    assert canonical(normalized(normalized(left))) == canonical(normalized(left))


@settings(deadline=None)  # other work on the machine must not fail a test
@given(st.permutations([0, 1, 2, 3]))
def test_reads_give_their_own_value_in_any_order(order: list[int]) -> None:
    cassette = _cassette(*(_read(f"N-{number}", number) for number in range(4)))
    for number in order:
        answer = cassette.play(READ, {"order_id": f"N-{number}"})
        assert answer.result == number
        assert answer.rung in {Rung.STRICT, Rung.STRICT_ANY_ORDER}
