"""A grade counted out: the one verdict of each turn and scorer, the policies broken, the label of each argument."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from conversation.model import Conversation
from conversation.verdict import ArgumentLabel, Grade, Score, Verdict, overall

ARGUMENT_LABELS = frozenset(label.value for label in ArgumentLabel)
_BADNESS = {Verdict.PASS: 0, Verdict.INCONCLUSIVE: 1, Verdict.ERROR: 2, Verdict.FAIL: 3}
POLICY = "policy"
"""Scorer whose rules are policies: a score `policy.NAME` speaks of the policy NAME."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What one grade says, by what the metrics count.

    Attributes:
        verdict: Of the conversation.
        scorers: The overall verdict of each scorer; one that only said "not applicable" has that verdict.
        broken: Names of the policies broken.
    """

    verdict: Verdict
    scorers: dict[str, Verdict]
    broken: set[str]
    _scores: tuple[Score, ...]
    _turns: dict[int, list[Verdict]] = field(default_factory=dict)
    _arguments: dict[str, dict[str, Score]] = field(default_factory=dict)

    @classmethod
    def of(cls, conversation: Conversation, grade: Grade) -> Tally:
        """Count out a grade. Labels of people are left out: they come later and are counted elsewhere."""
        scores = tuple(score for score in grade.scores if not score.human)
        turn_of_call = {call.id: turn.index for turn in conversation.turns for call in turn.tool_calls}
        by_scorer: dict[str, list[Verdict]] = defaultdict(list)
        turns: dict[int, list[Verdict]] = defaultdict(list)
        arguments: dict[str, dict[str, Score]] = defaultdict(dict)
        for score in scores:
            by_scorer[scorer_of(score)].append(score.verdict)
            turn = score.turn if score.turn is not None else turn_of_call.get(score.tool_call_id or "")
            if turn is not None:
                turns[turn].append(score.verdict)
            if score.argument_path is not None and score.verdict in _BADNESS:
                known = arguments[score.tool_call_id or ""]
                other = known.get(score.argument_path)
                if other is None or _BADNESS[score.verdict] > _BADNESS[other.verdict]:
                    known[score.argument_path] = score
        return cls(
            verdict=grade.verdict,
            scorers={name: _overall(verdicts) for name, verdicts in by_scorer.items()},
            broken={_policy(score) for score in scores if _is_broken(score)},
            _scores=scores,
            _turns=turns,
            _arguments=arguments,
        )

    def turn(self, index: int) -> Verdict:
        """The verdict of a turn: what the scores that name it add up to."""
        return _overall(self._turns.get(index, []))

    def arguments(self, tool_call_id: str) -> list[str]:
        """The label of each argument of a call that was checked; the worst one where two scorers checked it."""
        return [_argument_label(score) for score in self._arguments.get(tool_call_id, {}).values()]

    def single_scores(self, first_turn: int) -> Iterator[tuple[str, Verdict]]:
        """Scorer and verdict of the scores not counted yet: those of turns from `first_turn`; all, where that is 0."""
        for score in self._scores:
            if first_turn == 0 or (score.turn is not None and score.turn >= first_turn):
                yield scorer_of(score), score.verdict


def scorer_of(score: Score) -> str:
    """The scorer's name: what stands before the first dot."""
    return score.name.partition(".")[0]


def _overall(verdicts: list[Verdict]) -> Verdict:
    """The verdicts' sum; NOT_APPLICABLE where none applies."""
    applying = [verdict for verdict in verdicts if verdict is not Verdict.NOT_APPLICABLE]
    return overall(applying) if applying else Verdict.NOT_APPLICABLE


def _is_broken(score: Score) -> bool:
    return score.verdict is Verdict.FAIL and scorer_of(score) == POLICY


def _policy(score: Score) -> str:
    return score.name.partition(".")[2] or score.name


def _argument_label(score: Score) -> str:
    """The fault's word where it failed, `ok` where it passed, else the verdict."""
    if score.verdict is Verdict.PASS:
        return ArgumentLabel.OK
    if score.verdict is not Verdict.FAIL:
        return score.verdict
    return score.label if score.label in ARGUMENT_LABELS - {ArgumentLabel.OK.value} else ArgumentLabel.MISMATCH
