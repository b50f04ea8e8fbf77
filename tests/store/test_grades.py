from __future__ import annotations

import itertools

import numpy as np
import pytest

from conversation.errors import UsageError
from conversation.verdict import LedgerState, Score, Verdict
from store.activity import ActivityStore
from store.arguments import ArgumentStore
from store.client import Client
from store.conversations import ConversationStore
from store.erase import EraseStore
from store.grades import GradeStore, Latest
from store.hours import hours_of
from store.labels import LabelStore
from store.latency import LatencyStore
from store.ledger import LedgerStore
from store.retention import Retention, RetentionStore
from store.rollups import RollupStore
from store.scorecards import SCORE_DIMENSIONS, ScorecardStore
from store.traces import TraceStore
from tests.store.revisions import HOUR, SECOND, START, revision
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


def test_a_conversation_is_due_when_it_idles_ends_or_grows_old_and_not_before(engine: Client) -> None:
    TraceStore(engine).load([body({"session.id": "c"}, received_ns=NOW)], "a")
    activity = ActivityStore(engine)

    def due(after: float, idle: float, age: float) -> list[str]:
        now = NOW + int(after * SECOND)
        return [item.conversation_id for item in activity.due(now, idle_seconds=idle, max_age_seconds=age)]

    assert due(29, 30, 1000) == []
    assert due(30, 30, 1000) == ["c"]
    assert due(29, 30, 20) == ["c"]
    activity.end("p", "c", NOW)
    assert due(1, 30, 1000) == ["c"]


def test_a_graded_conversation_is_due_again_only_after_something_new(engine: Client) -> None:
    traces, activity, grades = TraceStore(engine), ActivityStore(engine), GradeStore(engine)
    traces.load([body({"session.id": "c"})], "a")
    [found] = activity.due(NOW * 2, idle_seconds=1, max_age_seconds=1e9)
    grades.write([revision("c", project="p", watermark=found.watermark)])
    assert activity.due(NOW * 2, idle_seconds=1, max_age_seconds=1e9) == []
    assert activity.backlog(NOW)["pending"] == 0
    # Received long before what was graded, stored later: it must not be lost.
    traces.load([body({}, span="e" * 16, received_ns=NOW - HOUR)], "late")
    [again] = activity.due(NOW * 2, idle_seconds=1, max_age_seconds=1e9)
    assert again.watermark > found.watermark
    grades.seen("p", "c", again.watermark)
    assert activity.due(NOW * 2, idle_seconds=1, max_age_seconds=1e9) == []
    assert grades.latest("p", "c") == Latest(1, "d1", again.watermark)


def test_a_resting_search_wakes_at_the_time_something_is_complete_or_when_something_comes(engine: Client) -> None:
    traces, activity = TraceStore(engine), ActivityStore(engine, monotonic=lambda: 0.0)

    def due(seconds: float) -> list[str]:
        found = activity.due(NOW + int(seconds * SECOND), idle_seconds=30, max_age_seconds=1e6)
        return [item.conversation_id for item in found]

    assert due(0) == due(1e5) == []
    traces.load([body({"session.id": "c"})], "a")
    assert [due(seconds) for seconds in (1, 29, 30)] == [[], [], ["c"]]
    traces.load([body({}, span="e" * 16, received_ns=NOW + 20 * SECOND)], "b")
    assert [due(seconds) for seconds in (30, 49, 50)] == [[], [], ["c"]]
    assert due(31) == []
    activity.end("p", "c", NOW)
    assert due(31) == ["c"]
    assert activity.backlog(NOW)["pending"] == 1
    GradeStore(engine).write([revision("c", project="p", watermark=2)])
    assert due(32) == due(1e5) == []
    assert activity.backlog(NOW)["pending"] == 0


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


def test_a_restarted_grader_goes_on_at_its_tail_and_misses_nothing(engine: Client) -> None:
    traces, clock = TraceStore(engine), iter(range(0, 10_000, 100))
    traces.load([body({"session.id": "a"}, trace="1" * 32)], "a")
    first = ActivityStore(engine, monotonic=lambda: next(clock))
    assert [item.conversation_id for item in first.due(NOW * 2, idle_seconds=1, max_age_seconds=1e9)] == ["a"]
    traces.load([body({"session.id": "b"}, trace="2" * 32)], "b")
    restarted = ActivityStore(engine).due(NOW * 2, idle_seconds=1, max_age_seconds=1e9)
    assert {item.conversation_id for item in restarted} == {"a", "b"}
    assert engine.query("SELECT count() > 0 AS kept FROM activity_tails") == [{"kept": 1}]


def test_shards_share_the_work_without_overlap_and_the_oldest_come_first(engine: Client) -> None:
    bodies = [
        body({"session.id": f"c{place}"}, trace=f"{place + 1:032x}", received_ns=NOW - place * SECOND)
        for place in range(40)
    ]
    TraceStore(engine).load(bodies, "a")
    activity = ActivityStore(engine)
    shares = [
        [
            item.conversation_id
            for item in activity.due(NOW * 2, idle_seconds=1, max_age_seconds=1e9, shard=shard, shards=3)
        ]
        for shard in range(3)
    ]
    assert sorted(itertools.chain(*shares)) == sorted(f"c{place}" for place in range(40))
    assert all(shares)
    first = activity.due(NOW * 2, idle_seconds=1, max_age_seconds=1e9, limit=3)
    assert [item.conversation_id for item in first] == ["c39", "c38", "c37"]


def test_pages_walk_the_whole_list_newest_first_without_gap_or_repeat(engine: Client) -> None:
    made = [revision(f"c{place:03}", start_ns=START + (place // 3) * 700 * SECOND) for place in range(50)]
    GradeStore(engine).write(made[::2] + made[1::2])
    store, seen, cursor = ConversationStore(engine), [], None
    while True:
        page = store.page("default", limit=7, cursor=cursor)
        seen += [(item["started_at"], item["conversation_id"]) for item in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert len(seen) == 50
    assert seen == sorted(seen, reverse=True)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"version": "1.1"}, {"bad"}),
        ({"verdict": "fail"}, {"bad"}),
        ({"verdict": "fail", "scorer": "tool_arguments"}, {"bad"}),
        ({"verdict": "fail", "scorer": "policy"}, set()),
        ({"scorer": "policy"}, {"bad", "good"}),
        ({"scorer": "policy.polite"}, {"bad", "good"}),
        ({"tool": "get_order", "turn_type": "tool_call"}, {"bad", "good"}),
        ({"agent": "other"}, set()),
        ({"since_ns": START + 1}, {"bad"}),
        ({"until_ns": START + 1}, {"good"}),
    ],
)
def test_lists_are_filtered(engine: Client, filters: dict[str, object], expected: set[str]) -> None:
    bad = revision("bad", version="1.1", verdict=Verdict.FAIL, start_ns=START + HOUR)
    GradeStore(engine).write([revision("good"), bad])
    page = ConversationStore(engine).page("default", **filters)  # type: ignore[arg-type] # cases of many types
    assert {item["conversation_id"] for item in page.items} == expected


@pytest.mark.parametrize(("cursor", "limit"), [("nonsense", 10), ("W10", 10), (None, 0), (None, 10_000)])
def test_a_cursor_or_limit_that_cannot_be_used_is_a_usage_error(engine: Client, cursor: str | None, limit: int) -> None:
    with pytest.raises(UsageError):
        ConversationStore(engine).page("default", cursor=cursor, limit=limit)


def test_an_opened_conversation_shows_checked_arguments_and_human_labels(engine: Client) -> None:
    GradeStore(engine).write([revision(verdict=Verdict.FAIL)])
    given = Score(
        "conversation", Verdict.PASS, 1.0, "pass", "fine by me", scorer_version="ann", scored_at_ns=5, human=True
    )
    LabelStore(engine).add("default", "conv", given)
    GradeStore(engine).write([revision(number=2)])
    shown = ConversationStore(engine).get("default", "conv")
    assert shown is not None
    assert shown["turns"][0]["tool_calls"][0]["arguments_checked"] == [
        {"path": "/order_id", "value": "#W123", "verdict": "ok", "source": {"kind": "user", "message": 0}}
    ]
    assert [score["name"] for score in shown["scores"]] == ["tool_arguments", "policy.polite", "conversation"]
    assert LabelStore(engine).all("default") == [("conv", given)]
    assert ConversationStore(engine).get("default", "never") is None
    assert ConversationStore(engine).get("other project", "conv") is None


def _rows(client: Client) -> list[list[dict[str, object]]]:
    latency = LatencyStore(client).percentiles("default", "turn_type", budgets={"*": {"duration": 2.0}})
    dimensions = [ScorecardStore(client).rates("default", key) for key in SCORE_DIMENSIONS]  # type: ignore[arg-type] # its names
    return [latency, *dimensions]


def _rounded(value: object) -> object:
    """Sums of floats differ in the last place by the order they were added in."""
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    return round(value, 9) if isinstance(value, float) else value


def test_sums_of_sealed_hours_answer_as_the_rows_do_also_after_a_new_revision(engine: Client) -> None:
    numbers = np.random.default_rng(3)
    made = [
        revision(f"c{place}", start_ns=START + place * 600 * SECOND, seconds=(float(numbers.lognormal()),) * 2)
        for place in range(30)
    ]
    GradeStore(engine).write(made)
    before = _rows(engine)
    assert RollupStore(engine).seal(quiet_seconds=0) == 5
    hours = hours_of(engine, "default", None, None)
    assert (len(hours.sealed), len(hours.raw)) == (5, 0)
    for rows, sums in zip(before, _rows(engine), strict=True):
        assert [_rounded(row) for row in sums] == [_rounded(row) for row in rows]
    GradeStore(engine).write([revision("c0", number=2, seconds=(100.0,), verdict=Verdict.FAIL)])
    after = {row["turn_type"]: row for row in LatencyStore(engine).percentiles("default")}
    assert after["tool_call"]["duration"]["p99"] > 50
    assert after["small_talk"]["turns"] == 29
    [rate] = [row for row in ScorecardStore(engine).rates("default") if row["name"] == "tool_arguments"]
    assert (rate["passed"], rate["failed"]) == (29, 1)


def test_sums_of_whole_days_answer_as_the_rows_do_also_while_a_day_is_written_to(engine: Client) -> None:
    store, latency, rollups = GradeStore(engine), LatencyStore(engine), RollupStore(engine)
    made = [revision(f"c{place}", start_ns=START + place * 5 * HOUR, seconds=(1.0 + place, 2.0)) for place in range(20)]
    store.write(made)
    windows = [
        (None, None),
        (START + 24 * HOUR, START + 70 * HOUR),
        (START + 30 * HOUR, None),
        (None, START + 26 * HOUR),
    ]

    def answers() -> list[object]:
        return [
            _rounded(row)
            for since, until in windows
            for by in ("turn_type", "agent", "all", "version")
            for row in latency.percentiles("default", by, None, since, until)
        ]

    before = answers()
    rollups.seal(quiet_seconds=0)
    hours = hours_of(engine, "default", None, None, days=True)
    assert (len(hours.days) > 3, hours.sealed, hours.raw) == (True, [], [])
    assert answers() == before
    store.write([revision("c7", number=2, seconds=(100.0, 90.0), start_ns=START + 35 * HOUR)])
    after = answers()
    assert after != before
    rollups.seal(quiet_seconds=0)
    assert answers() == after
    assert not hours_of(engine, "default", None, None, days=True).sealed


def test_percentiles_are_within_one_percent_of_exact(embedded_engine: Client) -> None:
    numbers = np.random.default_rng(1)
    values = numbers.lognormal(0.5, 1.2, 4000)
    made = [
        revision(f"c{place}", seconds=tuple(map(float, values[place * 40 : place * 40 + 40]))) for place in range(100)
    ]
    GradeStore(embedded_engine).write(made)
    [row] = LatencyStore(embedded_engine).percentiles("default", "all")
    for name, level in (("p50", 50), ("p95", 95), ("p99", 99)):
        assert row["duration"][name] == pytest.approx(np.percentile(values, level), rel=0.01)
        low, high = row["duration"]["intervals"][name]
        assert low <= row["duration"][name] <= high
    assert row["duration"]["mean"] == pytest.approx(values.mean())


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
