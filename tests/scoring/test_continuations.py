from __future__ import annotations

import pytest

from conversation.model import Span
from scoring.due import Grader, Settle
from scoring.scorecard import Scorecard, load
from tests.scoring.memory_store import SECOND, MemoryStore

MINUTE = 60 * SECOND


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> Scorecard:
    path = tmp_path_factory.mktemp("card") / "card.yaml"
    path.write_text("name: small\nscorers:\n  - name: latency\n")
    return load(path)


def _said(role: str, text: str) -> dict[str, object]:
    return {"role": role, "parts": [{"type": "text", "content": text}]}


def _turn(trace: int, words: list[str], at_ns: int) -> Span:
    """A trace that holds one model call, whose input is the whole history; it names no conversation."""
    history = [_said(("user", "assistant")[place % 2], text) for place, text in enumerate(words)]
    return Span(
        f"{trace:032x}",
        f"{trace:016x}",
        "",
        "chat model",
        at_ns,
        at_ns + SECOND,
        attributes={
            "gen_ai.operation.name": "chat",
            "gen_ai.input.messages": history[:-1],  # type: ignore[dict-item] # nested JSON literals are invariant
            "gen_ai.output.messages": history[-1:],  # type: ignore[dict-item] # as above
        },
    )


WORDS = ["where is my order", "which one", "number 7", "it left today", "thanks", "bye"]


def _receive(store: MemoryStore, span: Span, at_ns: int) -> None:
    store.receive(("p", span.trace_id), [span], at_ns)


def test_a_trace_for_each_turn_becomes_one_conversation_whether_seen_together_or_apart(card: Scorecard) -> None:
    for pause in (SECOND, 10 * MINUTE):
        store = MemoryStore()
        grader = Grader(store, store, store, card, settle=Settle(idle_seconds=30))
        for number in range(1, 4):
            at = number * pause
            _receive(store, _turn(number, WORDS[: 2 * number], at), at)
            grader.tick(at + 40 * SECOND if pause > MINUTE else at)
        grader.tick(10 * pause + MINUTE)
        assert list(store.seen_) == [("p", f"{1:032x}")]
        turns = store.current["p", f"{1:032x}"].conversation.turns
        assert [turn.user for turn in turns] == WORDS[::2]


def test_two_customers_with_different_words_stay_apart(card: Scorecard) -> None:
    store = MemoryStore()
    grader = Grader(store, store, store, card, settle=Settle(idle_seconds=30))
    _receive(store, _turn(1, ["where is my order", "which one"], SECOND), SECOND)
    _receive(store, _turn(2, ["cancel it", "which one", "number 7", "done"], 2 * SECOND), 2 * SECOND)
    grader.tick(MINUTE)
    assert len(store.current) == 2


def test_a_trace_that_cannot_be_read_does_not_keep_the_others_from_being_joined(card: Scorecard) -> None:
    store = MemoryStore()
    grader = Grader(store, store, store, card, settle=Settle(idle_seconds=30))
    for number in range(1, 4):
        _receive(store, _turn(number, WORDS[: 2 * number], number * SECOND), number * SECOND)
    for number in range(7, 12):
        _receive(store, _turn(number, ["other", "words"], number * SECOND), number * SECOND)
    store.poison.add(f"{8:032x}")
    grader.tick(MINUTE)
    assert len(store.seen_["p", f"{1:032x}"].spans) == 3
