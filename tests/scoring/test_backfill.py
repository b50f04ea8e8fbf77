from __future__ import annotations

from pathlib import Path

import pytest

from conversation.costs import Price, PriceTable
from conversation.model import Conversation
from conversation.turn_types import TurnTypes
from conversation.verdict import Score
from scoring.backfill import Backfill
from scoring.due import Grader, Settle
from scoring.reading import Reading
from scoring.scorecard import Scorecard, load
from store.grades import GradedRevision
from tests.scoring.memory_store import SECOND, MemoryStore, span

KEY = ("default", "c1")


class _Store(MemoryStore):
    """Also reads scores and rebuilds conversations."""

    def scores(self, project: str, conversation_id: str) -> list[Score]:
        graded = self.current.get((project, conversation_id))
        return list(graded.grade.scores) if graded else []

    def conversation(self, project: str, conversation_id: str) -> Conversation | None:
        graded = self.current.get((project, conversation_id))
        return graded.conversation if graded else None


def _card(folder: Path, seconds: float) -> Scorecard:
    path = folder / f"card{seconds:g}.yaml"
    path.write_text(f"name: c\nscorers:\n  - name: latency\n    parameters: {{default_turn_seconds: {seconds}}}\n")
    return load(path)


@pytest.fixture
def store(tmp_path: Path) -> _Store:
    made = _Store()
    made.receive(KEY, [span("c1", 1, 0)], 0)
    assert Grader(made, made, made, _card(tmp_path, 5), settle=Settle(idle_seconds=30)).tick(60 * SECOND) == 1
    return made


def test_a_new_scorecard_gives_the_next_revision_once_and_the_old_verdict_stays(store: _Store, tmp_path: Path) -> None:
    card = _card(tmp_path, 9)
    before = store.history[KEY][1]
    for expected in (True, False):
        (made,) = Backfill(store, store, store, card).run([KEY], lambda: 100 * SECOND)
        assert (made is not None) is expected
    assert store.history[KEY][1] == before
    assert store.history[KEY][2].grade.scorecard_version == card.version
    assert list(store.history[KEY]) == [1, 2]


def test_history_whose_spans_are_gone_is_graded_from_what_was_kept(store: _Store, tmp_path: Path) -> None:
    store.seen_[KEY].spans.clear()
    (made,) = Backfill(store, store, store, _card(tmp_path, 9)).run([KEY], lambda: 100 * SECOND, scorer="latency")
    assert made is not None
    assert made.conversation.turns == store.history[KEY][1].conversation.turns


def test_what_came_since_the_last_grading_is_still_due_after_a_backfill(store: _Store, tmp_path: Path) -> None:
    card = _card(tmp_path, 9)
    store.receive(KEY, [span("c1", 2, 90 * SECOND)], 90 * SECOND)
    list(Backfill(store, store, store, card).run([KEY], lambda: 100 * SECOND))
    Grader(store, store, store, card, settle=Settle(idle_seconds=30)).tick(200 * SECOND)
    assert len(store.current[KEY].conversation.turns) == 2


def test_other_turn_types_and_first_prices_make_one_more_revision_and_later_prices_none(
    store: _Store, tmp_path: Path
) -> None:
    card = _card(tmp_path, 5)
    types = TurnTypes.parse("rules: [{type: any}]")

    def again(price: float, turn_types: TurnTypes = types) -> GradedRevision | None:
        reading = Reading(turn_types, PriceTable({"m": Price(price, price)}, f"v{price:g}"))
        [made] = Backfill(store, store, store, card, reading=reading).run([KEY], lambda: 100 * SECOND)
        return made

    first = again(1)
    assert first is not None
    assert {turn.type for turn in first.conversation.turns} == {"any"}
    assert (first.conversation.turn_rules, first.conversation.prices) == (types.version, "v1")
    assert again(1) is None
    assert again(2) is None, "history keeps the prices of its time"
    renamed = again(2, TurnTypes.parse("rules: [{type: other}]"))
    assert renamed is not None
    assert renamed.conversation.prices == "v1"
    store.seen_[KEY].spans.clear()
    assert again(2) is None, "nothing is left to name turns from"


def test_an_unknown_conversation_is_passed_over(store: _Store, tmp_path: Path) -> None:
    keys = [("default", "nobody"), KEY]
    store.seen_["default", "nobody"] = type(store.seen_[KEY])()
    made = list(Backfill(store, store, store, _card(tmp_path, 9)).run(keys, lambda: 100 * SECOND))
    assert [item is not None for item in made] == [False, True]
