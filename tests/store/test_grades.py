"""Graded revisions and the ledger."""

from __future__ import annotations

import itertools

from conversation.verdict import LedgerState, Verdict
from store.activity import ActivityStore
from store.client import Client
from store.conversations import ConversationStore
from store.grades import GradeStore, Latest
from store.latency import LatencyStore
from store.ledger import LedgerStore
from store.scorecards import ScorecardStore
from store.traces import TraceStore
from tests.store.revisions import HOUR, START, revision
from tests.store.test_traces import NOW, body


def test_a_conversation_comes_back_as_it_was_graded(engine: Client) -> None:
    made = revision()
    GradeStore(engine).write([made])
    assert ConversationStore(engine).conversation("default", "conv") == made.conversation
    assert GradeStore(engine).scores("default", "conv") == list(made.grade.scores)
    assert GradeStore(engine).latest("default", "conv") == Latest(1, "d1", 1)


def test_writing_the_same_revision_again_changes_nothing(engine: Client) -> None:
    store = GradeStore(engine)
    for _ in range(3):
        store.write([revision()])
    assert len(ConversationStore(engine).page("default").items) == 1
    assert len(store.scores("default", "conv")) == 2
    assert LedgerStore(engine).counts("default")["ingested"] == 2
    assert LatencyStore(engine).percentiles("default", "all")[0]["turns"] == 2


def test_the_newest_revision_counts_and_every_earlier_verdict_stays(engine: Client) -> None:
    store, shown = GradeStore(engine), ConversationStore(engine)
    store.write([revision(verdict=Verdict.FAIL, seconds=(1.0, 2.0, 3.0))])
    store.write([revision(number=2, seconds=(4.0,), start_ns=START - 2 * HOUR)])
    assert [item["revision"] for item in shown.page("default").items] == [2]
    assert [(row["revision"], row["verdict"]) for row in shown.revisions("default", "conv")] == [
        (1, "fail"),
        (2, "pass"),
    ]
    assert shown.revisions("default", "conv")[0]["scores"][0]["label"] == "ungrounded"
    assert LatencyStore(engine).percentiles("default", "all")[0]["turns"] == 1
    rates = {row["name"]: row for row in ScorecardStore(engine).rates("default")}
    assert (rates["tool_arguments"]["passed"], rates["tool_arguments"]["failed"]) == (1, 0)


def test_two_processes_that_grade_at_once_agree_on_one_revision(engine: Client) -> None:
    for order in itertools.permutations([revision(digest="a"), revision(digest="b"), revision(digest="c", number=2)]):
        project = "".join(made.digest for made in order)
        for made in order:
            object.__setattr__(made.conversation, "project", project)
            GradeStore(engine).write([made])
        items = ConversationStore(engine).page(project).items
        assert [(item["conversation_id"], item["revision"]) for item in items] == [("conv", 2)]


def test_a_failed_attempt_gives_its_number_back_and_leaves_one_state(engine: Client) -> None:
    store = GradeStore(engine)
    store.write([revision(state=LedgerState.FAILED, digest="", seconds=())])
    assert LedgerStore(engine).counts("default")["failed"] == 1
    store.write([revision(digest="now")])
    counts = LedgerStore(engine).counts("default")
    assert (counts["failed"], counts["scored"], counts["ingested"]) == (0, 2, 2)
    assert {row["state"] for row in LedgerStore(engine).rows("default", "conv")} == {"scored"}


def test_the_ledger_adds_up_with_graded_pending_and_resumed_conversations(engine: Client) -> None:
    traces, store, ledger = TraceStore(engine), GradeStore(engine), LedgerStore(engine)
    names = ("one", "two", "three")
    traces.load([body({"session.id": name}, trace=f"{place:032x}") for place, name in enumerate(names, 1)], "a")
    assert ledger.counts("p", scorers=["x", "y"])["pending"] == 6
    due = {
        item.conversation_id: item for item in ActivityStore(engine).due(NOW * 2, idle_seconds=1, max_age_seconds=1e9)
    }
    store.write([revision(name, project="p", start_ns=NOW, watermark=due[name].watermark) for name in names[:2]])
    counts = ledger.counts("p")
    assert (counts["ingested"], counts["scored"], counts["pending"]) == (6, 4, 2)
    assert counts["conversations"] == {"ingested": 3, "graded": 2, "pending": 1, "revisions": 2}
    traces.load([body({"session.id": "one"}, trace=f"{1:032x}", span="f" * 16)], "late")
    counts = ledger.counts("p")
    assert (counts["ingested"], counts["scored"], counts["pending"]) == (8, 4, 4)
    assert counts["conversations"] == {"ingested": 3, "graded": 1, "pending": 2, "revisions": 2}
    assert sum(ledger.totals().values()) == 8


def test_ledger_totals_over_all_projects_follow_every_writing(engine: Client) -> None:
    grades, ledger = GradeStore(engine), LedgerStore(engine)
    assert sum(ledger.totals().values()) == 0
    for place, project in enumerate(("p", "q")):
        grades.write([revision(project=project)])
        assert ledger.totals()["scored"] == 2 * (place + 1) == ledger.totals()["scored"]
    assert ledger.totals(pending=3)["pending"] == 6
    assert ledger.totals(["a"], pending=3)["pending"] == 3


def test_watermarks_of_several_conversations_move_at_once(engine: Client) -> None:
    store = GradeStore(engine)
    store.write([revision("a"), revision("b"), revision("a", project="p"), revision("c")])
    keys = [("default", "a"), ("default", "b"), ("p", "a")]
    store.seen_many({("default", "absent"): 9, **{key: 5 + place for place, key in enumerate(keys)}})
    latest = store.latest_many([*keys, ("default", "c"), ("default", "absent")])
    assert latest == {
        key: Latest(1, "d1", mark) for key, mark in zip([*keys, ("default", "c")], (5, 6, 7, 1), strict=True)
    }


def test_a_trace_that_turns_out_to_be_part_of_a_conversation_no_longer_counts_alone(engine: Client) -> None:
    grades, trace = GradeStore(engine), "1" * 32
    grades.write([revision(trace), revision(trace, number=2, digest="d2"), revision("whole"), revision("2" * 32)])
    for _ in range(2):
        grades.absorb({("default", trace), ("default", "3" * 32)})
    listed = {item["conversation_id"] for item in ConversationStore(engine).page("default").items}
    assert listed == {"whole", "2" * 32}
    counted = LedgerStore(engine).counts("default")
    assert counted["conversations"]["graded"] == 2
    assert sum(int(counted[state]) for state in LedgerState) == counted["ingested"]
    grades.absorb(set())
