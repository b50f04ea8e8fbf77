"""A machine drives ends, idling, resumption, late and repeated spans, outages and restarts against a simple model."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from conversation.errors import RetryableError
from conversation.verdict import LedgerState
from scoring import ledger
from scoring.due import Grader, Settle, Shard
from scoring.scorecard import Scorecard, load
from store.grades import GradedRevision
from tests.scoring.memory_store import SECOND, Key, MemoryStore, span

IDLE = 30
NAMES = st.sampled_from(["a", "b", "c"])
CARD = "name: small\nscorers:\n  - name: latency\n  - {name: other, use: latency, sample: 0.5}\n"


def _card(folder: Path) -> Scorecard:
    path = folder / "card.yaml"
    path.write_text(CARD)
    return load(path)


class Completion(RuleBasedStateMachine):
    """The truth is kept as sets of span numbers: what came in, and what the newest revision was made from."""

    card: Scorecard

    @initialize()
    def start(self) -> None:
        self.store = MemoryStore()
        self.now = 1000 * SECOND
        self.number = 0
        self.arrived: dict[Key, set[int]] = {}
        self.graded: dict[Key, list[frozenset[int]]] = {}
        self.touched_at: dict[Key, int] = {}
        self.ended: set[Key] = set()
        self.frozen: dict[tuple[Key, int], GradedRevision] = {}
        self.restart()

    @rule()
    def restart(self) -> None:
        self.grader = Grader(self.store, self.store, self.store, self.card, settle=Settle(idle_seconds=IDLE))

    @rule(name=NAMES)
    def new_span(self, name: str) -> None:
        key = ("p", name)
        self.number += 1
        self.arrived.setdefault(key, set()).add(self.number)
        self.touched_at[key] = self.now
        self.store.receive(key, [span(name, self.number, self.now)], self.now)

    @precondition(lambda self: self.arrived)
    @rule(data=st.data())
    def span_again(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.arrived)))
        known = [item for item in self.store.seen_[key].spans if item.span_id]
        self.touched_at[key] = self.now
        self.store.receive(key, [known[0]], self.now)

    @precondition(lambda self: self.arrived)
    @rule(data=st.data())
    def say_the_end(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.arrived)))
        self.ended.add(key)
        self.store.end(key)

    @rule(seconds=st.sampled_from([1, 10, 29, 31, 120]))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds * SECOND

    @precondition(lambda self: self.number % 4 == 1)
    @rule()
    def outage_begins(self) -> None:
        self.store.away = True

    @rule()
    def rest_and_tick(self) -> None:
        self.now += (IDLE + 1) * SECOND
        self.tick()

    @rule()
    def tick(self) -> None:
        if self.store.away:
            with pytest.raises(RetryableError):
                self.grader.tick(self.now)
            self.store.away = False
            return
        self.grader.tick(self.now)
        for key, numbers in self.arrived.items():
            complete = key in self.ended or self.now - self.touched_at[key] >= IDLE * SECOND
            history = self.graded.setdefault(key, [])
            if complete and (not history or history[-1] != numbers):
                history.append(frozenset(numbers))

    @invariant()
    def each_change_of_content_is_one_revision_and_earlier_ones_stay(self) -> None:
        for key, history in self.graded.items():
            written = self.store.history[key]
            assert sorted(written) == list(range(1, len(history) + 1))
            for number, revision in written.items():
                assert self.frozen.setdefault((key, number), revision) == revision
                assert len(revision.conversation.turns) == len(history[number - 1])

    @invariant()
    def every_revision_has_one_state_for_each_scorer(self) -> None:
        names = sorted(bound.name for bound in self.card.scorers)
        for made in self.frozen.values():
            assert sorted(entry.scorer for entry in made.grade.ledger) == names


def test_completion_follows_the_model_through_ends_idling_resumption_and_outages(tmp_path: Path) -> None:
    Completion.card = _card(tmp_path)
    run_state_machine_as_test(Completion, settings=settings(max_examples=100, stateful_step_count=40, deadline=None))


def test_the_ledger_balances_at_every_check_of_a_day_with_outages(tmp_path: Path) -> None:
    card = _card(tmp_path)
    store = MemoryStore()
    chance = random.Random(11)  # noqa: S311 - traffic made up for a test
    graders = [Grader(store, store, store, card, settle=Settle(idle_seconds=IDLE), shard=Shard(i, 2)) for i in range(2)]
    away_until, scorers, checks = 0, [bound.name for bound in card.scorers], 0
    for minute in range(24 * 60):
        now = minute * 60 * SECOND
        for _ in range(chance.choice((0, 1, 2))):
            name = f"c{chance.randrange(minute // 3 + 1)}"
            store.receive(("p", name), [span(name, minute, now)], now)
        if now >= away_until and chance.random() < 0.01:
            away_until = now + chance.choice((5, 20, 180)) * 60 * SECOND
        store.away = now < away_until
        for grader in graders:
            if store.away:
                with pytest.raises(RetryableError):
                    grader.tick(now)
            else:
                grader.tick(now)
        # What was never graded is pending; the rest has exactly one entry for each scorer.
        entries = [entry for key in store.seen_ for entry in (store.ledger(key) or ledger.pending(scorers))]
        counted = ledger.counts(entries)
        assert ledger.difference(counted, len(store.seen_), len(scorers)) == 0
        if not store.away:
            fresh = sum(now - seen.last_received_ns < IDLE * SECOND for seen in store.seen_.values())
            assert counted[LedgerState.PENDING] <= fresh * len(scorers)
        checks += 1
    assert checks == 1440
    for grader in graders:
        store.away = False
        grader.tick(25 * 3600 * SECOND)
    assert set(store.current) == set(store.seen_)
    assert all(len(store.seen_[key].spans) == len(made.conversation.turns) for key, made in store.current.items())
