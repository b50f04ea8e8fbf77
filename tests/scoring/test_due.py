from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from conversation.errors import RetryableError
from conversation.model import LogRecord, Span
from conversation.verdict import LedgerState
from scoring.due import Grader, Settle, Shard
from scoring.scorecard import Scorecard, load
from store.grades import GradedRevision
from tests.scoring.memory_store import SECOND, MemoryStore, span

KEY = ("default", "c1")
IDLE = 30
MINUTE = 60 * SECOND


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> Scorecard:
    path = tmp_path_factory.mktemp("card") / "card.yaml"
    path.write_text("name: small\nscorers:\n  - name: latency\n  - {name: other, use: latency, sample: 0.5}\n")
    return load(path)


def _grader(store: MemoryStore, card: Scorecard, max_age_seconds: float = 86_400) -> Grader:
    return Grader(store, store, store, card, settle=Settle(idle_seconds=IDLE, max_age_seconds=max_age_seconds))


def _flaky_card(folder: Path) -> Scorecard:
    (folder / "flaky.py").write_text(
        "from conversation.errors import RetryableError\n"
        "from conversation.verdict import Score, Verdict\n"
        "from scoring.protocol import Parameters\n"
        "class Flaky:\n name = 'flaky'\n version = '1'\n parameters_type = Parameters\n calls = 0\n"
        " def __init__(self, parameters): pass\n"
        " def score(self, conversation, context):\n"
        "  Flaky.calls += 1\n"
        "  if Flaky.calls < 3: raise RetryableError('endpoint away')\n"
        "  return [Score('flaky', Verdict.PASS)]\n"
    )
    path = folder / "card.yaml"
    path.write_text("name: f\nscorers:\n  - {name: flaky, python: 'flaky.py:Flaky', isolation: thread}\n")
    return load(path)


def test_a_conversation_is_graded_once_when_idle_and_not_before(card: Scorecard) -> None:
    store = MemoryStore()
    grader = _grader(store, card)
    store.receive(KEY, [span("c1", 1, 0)], 0)
    assert grader.tick((IDLE - 1) * SECOND) == 0
    assert grader.tick(IDLE * SECOND) == 1
    assert grader.tick(10 * MINUTE) == 0
    assert list(store.history[KEY]) == [1]
    assert {entry.scorer for entry in store.ledger(KEY)} == {"latency", "other"}


def test_the_end_signal_needs_no_waiting(card: Scorecard) -> None:
    store = MemoryStore()
    store.receive(KEY, [span("c1", 1, 0)], 0)
    store.end(KEY)
    assert _grader(store, card).tick(1) == 1
    assert store.current[KEY].conversation.ended


def test_a_conversation_that_never_rests_is_graded_at_its_maximum_age(card: Scorecard) -> None:
    store = MemoryStore()
    grader = _grader(store, card, max_age_seconds=100)
    graded = 0
    for second in range(0, 120, 10):
        store.receive(KEY, [span("c1", second, second * SECOND)], second * SECOND)
        graded += grader.tick(second * SECOND)
    assert graded == 1


def test_a_late_span_makes_the_next_revision_and_the_earlier_one_stays(card: Scorecard) -> None:
    store = MemoryStore()
    grader = _grader(store, card)
    store.receive(KEY, [span("c1", 1, 0)], 0)
    grader.tick(MINUTE)
    before = store.history[KEY][1]
    store.receive(KEY, [span("c1", 2, 2 * MINUTE)], 2 * MINUTE)
    grader.tick(3 * MINUTE)
    assert list(store.history[KEY]) == [1, 2]
    assert store.history[KEY][1] == before
    assert len(store.history[KEY][2].conversation.turns) > len(before.conversation.turns)


def test_a_span_sent_again_moves_only_the_watermark(card: Scorecard) -> None:
    store = MemoryStore()
    grader = _grader(store, card)
    for minute in range(3):
        store.receive(KEY, [span("c1", 1, 0)], minute * MINUTE)
        grader.tick(minute * MINUTE + IDLE * SECOND)
    assert list(store.history[KEY]) == [1]
    assert store.watermarks[KEY] == 3


def test_one_bad_conversation_does_not_hold_up_the_rest_and_is_tried_again_later(card: Scorecard) -> None:
    store = MemoryStore()
    grader = _grader(store, card)
    store.poison.add("c1")
    for name in ("c1", "c2", "c3"):
        store.receive(("default", name), [span(name, 1, 0)], 0)
    assert grader.tick(MINUTE) == 3
    assert {entry.state for entry in store.ledger(KEY)} == {LedgerState.FAILED}
    assert {entry.cause for entry in store.ledger(KEY)} == {"PermanentError: spans are garbled"}
    assert grader.tick(MINUTE + SECOND) == 0, "it must wait before the next try"
    store.poison.clear()
    assert grader.tick(10 * MINUTE) == 1
    assert [made.digest != "" for made in store.history[KEY].values()] == [True]


def test_many_bad_conversations_at_the_head_do_not_hide_the_good_ones_behind(card: Scorecard) -> None:
    store = MemoryStore()
    grader = Grader(store, store, store, card, settle=Settle(idle_seconds=IDLE), batch=5)
    for number in range(60):
        name = f"c{number}"
        store.receive(("default", name), [span(name, 1, number)], number)
        if number < 50:
            store.poison.add(name)
    grader.tick(MINUTE)
    good = [store.current["default", f"c{number}"] for number in range(50, 60)]
    assert all(made.digest for made in good)
    store.receive(("default", "new"), [span("new", 1, MINUTE)], MINUTE)
    assert grader.tick(MINUTE + IDLE * SECOND - 1) == 0
    assert grader.tick(MINUTE + IDLE * SECOND) >= 1
    assert ("default", "new") in store.current


def test_a_revision_the_store_refuses_fails_alone(card: Scorecard) -> None:
    store = MemoryStore()
    store.refused.add("c2")
    for name in ("c1", "c2", "c3"):
        store.receive(("default", name), [span(name, 1, 0)], 0)
    _grader(store, card).tick(MINUTE)
    assert {key[1]: store.ledger(key)[0].state for key in store.seen_} == {
        "c1": LedgerState.SCORED,
        "c2": LedgerState.FAILED,
        "c3": LedgerState.SCORED,
    }


def test_an_outage_of_days_is_caught_up_in_one_tick(card: Scorecard) -> None:
    store = MemoryStore()
    grader = _grader(store, card)
    store.away = True
    for number in range(1000):
        store.receive(("default", f"c{number}"), [span(f"c{number}", 1, number * MINUTE)], number * MINUTE)
    with pytest.raises(RetryableError):
        grader.tick(999 * MINUTE)
    store.away = False
    assert grader.tick(2000 * MINUTE) == 1000
    assert Counter(made.conversation.revision for made in store.current.values()) == {1: 1000}


def test_our_own_traces_are_noted_and_never_graded(card: Scorecard) -> None:
    store = MemoryStore()
    store.receive(KEY, [span("c1", 1, 0, **{"service.name": "floorline"})], 0)
    _grader(store, card).tick(MINUTE)
    assert {entry.state for entry in store.ledger(KEY)} == {LedgerState.NOT_APPLICABLE}
    assert store.current[KEY].grade.scores == ()


def test_a_scorer_that_failed_for_a_passing_reason_is_asked_again_in_the_next_revision(tmp_path: Path) -> None:
    store = MemoryStore()
    grader = _grader(store, _flaky_card(tmp_path))
    store.receive(KEY, [span("c1", 1, 0)], 0)
    for minute in range(1, 10):
        grader.tick(minute * MINUTE)
    states = [made.grade.ledger[0].state for made in store.history[KEY].values()]
    assert states == [LedgerState.FAILED, LedgerState.FAILED, LedgerState.SCORED]
    assert grader.tick(1000 * MINUTE) == 0


def test_shards_share_the_work_and_nothing_is_done_twice(card: Scorecard) -> None:
    store = MemoryStore()
    for number in range(200):
        store.receive(("default", f"c{number}"), [span(f"c{number}", 1, 0)], 0)
    done = [Grader(store, store, store, card, shard=Shard(index, 4)).tick(MINUTE) for index in range(4)]
    assert sum(done) == 200
    assert min(done) > 20


def test_observers_hear_of_every_revision_after_it_is_written(card: Scorecard) -> None:
    store = MemoryStore()
    heard: list[GradedRevision] = []
    grader = Grader(store, store, store, card, observers=[heard.append])
    store.receive(KEY, [span("c1", 1, 0)], 0)
    grader.tick(MINUTE)
    assert heard == [store.current[KEY]]


def test_the_idle_time_goes_by_the_agents_name_as_shown_and_a_waiting_conversation_is_read_once(
    card: Scorecard, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = MemoryStore()
    reads: list[tuple[str, str]] = []
    plain = store.read_many

    def counted(keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], tuple[list[Span], list[LogRecord]]]:
        reads.extend(keys)
        return plain(keys)

    monkeypatch.setattr(store, "read_many", counted)
    grader = Grader(store, store, store, card, settle=Settle(idle_seconds=IDLE, by_agent={"desk": 600}))
    made = replace(span("c1", 1, 0), resource={"service.name": "desk"})
    made = replace(made, attributes={k: v for k, v in made.attributes.items() if "agent" not in k})
    store.receive(KEY, [made], 0)
    assert [grader.tick(minute * MINUTE) for minute in range(1, 10)] == [0] * 9
    assert reads == [KEY]
    assert grader.tick(10 * MINUTE) == 1
    assert store.current[KEY].conversation.agent.name == "desk"


def test_an_agent_may_have_an_idle_time_of_its_own(card: Scorecard) -> None:
    store = MemoryStore()
    grader = _grader(store, card)
    slow = Grader(store, store, store, card, settle=Settle(idle_seconds=IDLE, by_agent={"shop": 300}))
    store.receive(KEY, [span("c1", 1, 0)], 0)
    assert slow.tick(MINUTE) == 0
    assert slow.tick(5 * MINUTE) == 1
    assert grader.tick(5 * MINUTE) == 0


def test_a_tick_that_is_told_to_stop_leaves_the_rest_due(card: Scorecard) -> None:
    store = MemoryStore()
    for number in range(6):
        store.receive(("p", f"c{number}"), [span(f"c{number}", 1, SECOND)], SECOND)
    first = Grader(store, store, store, card, settle=Settle(idle_seconds=1), batch=2)
    stopped = Grader(
        store, store, store, card, settle=Settle(idle_seconds=1), batch=2, observers=(lambda _: stopped.stop(),)
    )
    assert stopped.tick(60 * SECOND) == 2
    assert stopped.tick(60 * SECOND) == 0
    assert first.tick(60 * SECOND) == 4
