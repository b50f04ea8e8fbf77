from __future__ import annotations

from pathlib import Path

import pytest

from conversation.errors import UsageError
from conversation.model import Conversation
from conversation.verdict import Score, Verdict
from scoring import probes
from scoring.agreement import PagingRule, agreements, measure
from scoring.labels import Label, Pair, as_score, label, pairs, reference
from scoring.review_queue import Candidate, disagreement, queue

PASS, FAIL, UNSURE = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE


def _pairs(machine: Verdict, human: Verdict, count: int) -> list[Pair]:
    return [Pair(f"c{i}", "judge", "1", machine, human) for i in range(count)]


def test_agreement_over_a_hundred_labels_equals_the_hand_computed_one() -> None:
    given = [*_pairs(FAIL, FAIL, 40), *_pairs(FAIL, PASS, 20), *_pairs(PASS, FAIL, 10), *_pairs(PASS, PASS, 30)]
    found = measure("judge", "1", given)
    assert found.table == ((40, 20), (10, 30))
    assert found.kappa is not None
    assert found.kappa.value == pytest.approx(0.40)
    assert found.precision is not None
    assert found.precision.value == pytest.approx(40 / 60)
    assert found.recall is not None
    assert found.recall.value == pytest.approx(40 / 50)


def test_unsure_and_broken_verdicts_are_counted_apart_and_never_as_agreement() -> None:
    found = measure("judge", "1", [*_pairs(UNSURE, PASS, 3), *_pairs(Verdict.ERROR, FAIL, 2), *_pairs(PASS, PASS, 1)])
    assert (found.compared, found.unsure, found.errors) == (1, 3, 2)
    assert found.kappa is None
    assert found.precision is None


def test_versions_are_never_pooled() -> None:
    given = [Pair("c1", "judge", "1", PASS, PASS), Pair("c1", "judge", "2", PASS, FAIL)]
    assert [(item.version, item.compared) for item in agreements(given)] == [("1", 1), ("2", 1)]


def test_a_judge_may_page_only_with_enough_labels_kappa_and_precision() -> None:
    rule = PagingRule()
    assert "labels" in rule.refusal(measure("judge", "1", _pairs(FAIL, FAIL, 3)))
    chance = [*_pairs(FAIL, FAIL, 25), *_pairs(FAIL, PASS, 25), *_pairs(PASS, FAIL, 25), *_pairs(PASS, PASS, 25)]
    assert "kappa" in rule.refusal(measure("judge", "1", chance))
    assert not rule.refusal(measure("judge", "1", [*_pairs(FAIL, FAIL, 50), *_pairs(PASS, PASS, 50)]))


def test_a_label_is_compared_with_the_scores_it_is_about() -> None:
    scores = [
        Score("policy.a", PASS, scorer_version="1"),
        Score("policy.b", FAIL, scorer_version="1"),
        Score("latency.x", PASS, scorer_version="3"),
        Score("policy", PASS, human=True),
    ]
    labels = [Label("c1", PASS, "policy.a"), Label("c1", FAIL, "policy"), Label("c1", FAIL)]
    found = {(pair.scorer, pair.machine, pair.human) for pair in pairs(labels, {"c1": scores})}
    assert found == {
        ("policy.a", PASS, PASS),
        ("policy", FAIL, FAIL),
        ("latency", PASS, FAIL),
        ("conversation", FAIL, FAIL),
    }


def test_the_last_word_of_a_person_and_the_majority_of_people_hold() -> None:
    labels = [
        Label("c1", PASS, author="ann", at_ns=1),
        Label("c1", FAIL, author="ann", at_ns=2),
        Label("c2", PASS, author="ann"),
        Label("c2", FAIL, author="bob"),
    ]
    assert reference(labels) == {("c1", ""): FAIL}


def test_a_label_becomes_a_human_score_and_other_words_are_refused() -> None:
    score = as_score(Label("c1", label("fail"), "policy", "ann", "no id", 5))
    assert (score.name, score.verdict, score.human, score.explanation) == ("policy", FAIL, True, "no id")
    with pytest.raises(UsageError, match="pass or fail"):
        label("maybe")


CANDIDATES = [
    Candidate("safe", 0.1, {"a": PASS, "b": PASS}),
    Candidate("split", 0.2, {"a": PASS, "b": FAIL}),
    Candidate("risky", 0.9, {"a": FAIL, "b": FAIL}),
    Candidate("done", 1.0, {"a": FAIL, "b": PASS}, labelled=True),
]


def test_the_review_queue_goes_by_risk_by_disagreement_or_at_random_and_skips_labelled_ones() -> None:
    assert [each.conversation_id for each in queue(CANDIDATES, "risk", 9)] == ["risky", "split", "safe"]
    assert queue(CANDIDATES, "disagreement", 1)[0].conversation_id == "split"
    assert queue(CANDIDATES, "random", 9, "x") == queue(CANDIDATES, "random", 9, "x")
    assert {each.conversation_id for each in queue(CANDIDATES, "mixed", 2)} == {"risky", "split"}
    assert disagreement([PASS, FAIL]) == 1.0
    assert disagreement([]) == 0.0


def test_a_judge_that_changes_its_mind_on_a_pinned_probe_is_named(tmp_path: Path) -> None:
    known = [Conversation("p1"), Conversation("p2")]
    pinned = probes.pin(known, lambda _: [Score("judge.a", PASS, scorer_version="1")])
    probes.write(tmp_path / "pin.jsonl", pinned)

    def ask(conversation: Conversation) -> list[Score]:
        return [Score("judge.a", FAIL if conversation.id == "p2" else PASS, scorer_version="2")]

    found = probes.changes(probes.read(tmp_path / "pin.jsonl"), known, ask)
    assert [str(item) for item in found] == ["p2: judge.a was pass (version 1), is fail (version 2)"]
    gone = probes.changes(pinned, known, lambda _: [])
    assert [item.now for item in gone] == [None, None]


def test_a_pin_that_cannot_be_read_names_the_line(tmp_path: Path) -> None:
    (tmp_path / "pin.jsonl").write_text("{}\n")
    with pytest.raises(UsageError, match=r"pin\.jsonl:1: not a pinned verdict"):
        probes.read(tmp_path / "pin.jsonl")
