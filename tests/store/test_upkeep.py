"""Argument counts, erasure and retention."""

from __future__ import annotations

from conversation.verdict import Score, Verdict
from store.arguments import ArgumentStore
from store.client import Client
from store.conversations import ConversationStore
from store.erase import EraseStore
from store.grades import GradeStore
from store.labels import LabelStore
from store.retention import _BY_HOUR, _GRADES, _TRACES, Retention, RetentionStore
from store.traces import TraceStore
from tests.store.revisions import HOUR, START, revision
from tests.store.test_traces import NOW, body


def test_argument_counts_tell_presence_types_values_numbers_and_shapes(engine: Client) -> None:
    GradeStore(engine).write([revision("a", arguments={"n": 3}), revision("b", arguments={"n": "x"}), revision("c")])
    counts = ArgumentStore(engine).counts("default", "shop")
    tool = counts["tools"]["get_order"]
    assert counts["conversations"] == tool["conversations"] == tool["calls"] == 3
    assert tool["before"] == {"START": 3}
    assert tool["arguments"]["/n"] == {
        "present": 2,
        "types": {"integer": 1, "string": 1},
        "values": {"3": 1, "x": 1},
        "unlisted": 0,
        "numbers": {3.0: 1},
        "shapes": {"a": 1},
    }
    assert tool["arguments"]["/order_id"]["shapes"] == {"#A9+": 3}
    assert tool["arguments"]["/lines/*"]["types"] == {"integer": 3, "number": 3, "null": 3}


def test_erasing_a_person_leaves_nothing_of_them_and_everything_of_others(engine: Client) -> None:
    traces, grades = TraceStore(engine), GradeStore(engine)
    traces.load(
        [
            body({"session.id": "hers", "user.id": "ann"}, trace="1" * 32),
            body({"tool": "no ids"}, trace="1" * 32, span="c" * 16),
            body({"user.id": "ann"}, trace="3" * 32),
            body({"session.id": "his", "user.id": "bob"}, trace="2" * 32),
        ],
        "a",
    )
    grades.write([revision("hers", project="p", user="ann"), revision("his", project="p", user="bob")])
    grades.write([revision("hers", project="p", user="ann", number=2)])
    erased = {item.where: item for item in EraseStore(engine).erase("p", "ann")}
    assert erased["spans"].removed == 3
    assert erased["conversations"].removed == 2
    assert all(item.left == 0 for item in erased.values())
    assert ConversationStore(engine).get("p", "hers") is None
    assert ConversationStore(engine).get("p", "his") is not None
    assert traces.count("p") == 1
    assert EraseStore(engine).conversations("p", "ann") == []
    assert len(EraseStore(engine).conversations("p", "bob")) == 1


def test_retention_forgets_what_is_too_old_and_keeps_labels(engine: Client) -> None:
    day = 24 * HOUR
    TraceStore(engine).load([body({}, received_ns=NOW), body({}, span="d" * 16, received_ns=NOW - 40 * day)], "a")
    GradeStore(engine).write([revision("old", start_ns=START - 400 * day), revision("new")])
    given = Score("conversation", Verdict.PASS, scorer_version="ann", scored_at_ns=1, human=True)
    LabelStore(engine).add("default", "old", given)
    deleted = RetentionStore(engine).apply(Retention(), NOW)
    assert deleted["spans"] == 1
    assert deleted["conversations"] == 1
    assert [item["conversation_id"] for item in ConversationStore(engine).page("default").items] == ["new"]
    assert len(LabelStore(engine).all("default")) == 1
    assert RetentionStore(engine).apply(Retention(traces_days=None, grades_days=None), NOW) == {}


def test_every_table_with_what_people_said_is_erased_and_every_table_grows_old(engine: Client) -> None:
    rows = engine.query(
        "SELECT table, groupArray(name) AS columns FROM system.columns WHERE database = currentDatabase() "
        "AND table IN (SELECT name FROM system.tables WHERE engine LIKE '%MergeTree') GROUP BY table"
    )
    columns = {row["table"]: set(row["columns"]) for row in rows}
    erased = {item.where for item in EraseStore(engine).erase("default", "nobody")}
    of_people = {name for name, own in columns.items() if own & {"conversation_id", "trace_id", "attempt", "bin"}}
    # Ids of attempts alone say nothing of anyone.
    assert of_people - erased <= {"superseded"}
    kept = {"labels", "incidents", "baselines", "schema_migrations", "activity_tails", "trace_log"}
    assert set(columns) - {*_TRACES, *_GRADES, *_BY_HOUR} <= kept
