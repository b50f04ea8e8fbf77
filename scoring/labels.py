"""Human verdicts: how one becomes a score, and which machine score each is compared with.

A label belongs to a conversation as a whole (`scorer` empty) or to one scorer. Where one person labelled twice the
later one holds; where several people differ, the majority holds and a tie is no reference at all.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from conversation.errors import UsageError
from conversation.verdict import Score, Verdict, overall

CONVERSATION = "conversation"


@dataclass(frozen=True, slots=True)
class Label:
    """What one person said of one conversation. `scorer` is empty where it is about the whole of it."""

    conversation_id: str
    verdict: Verdict
    scorer: str = ""
    author: str = ""
    note: str = ""
    at_ns: int = 0


@dataclass(frozen=True, slots=True)
class Pair:
    """A machine's verdict and the human one on the same thing."""

    conversation_id: str
    scorer: str
    version: str
    machine: Verdict
    human: Verdict


def label(word: str) -> Verdict:
    """The verdict of a word a person gave.

    Raises:
        UsageError: It is neither `pass` nor `fail`.
    """
    if word not in {Verdict.PASS.value, Verdict.FAIL.value}:
        raise UsageError(f"a label is pass or fail, not {word!r}")
    return Verdict(word)


def as_score(given: Label) -> Score:
    """The label as a score; `human` is set, so that no scorer's version can claim it."""
    return Score(
        name=given.scorer or CONVERSATION,
        verdict=given.verdict,
        value=1.0 if given.verdict is Verdict.PASS else 0.0,
        label=given.verdict.value,
        explanation=given.note,
        scorer_version=given.author or "human",
        scored_at_ns=given.at_ns,
        human=True,
    )


def of_score(conversation_id: str, score: Score) -> Label:
    """The label in a human score as the store keeps it."""
    scorer = "" if score.name == CONVERSATION else score.name
    return Label(conversation_id, score.verdict, scorer, score.scorer_version, score.explanation, score.scored_at_ns)


def reference(labels: Iterable[Label]) -> dict[tuple[str, str], Verdict]:
    """The human verdict by (conversation id, scorer); ties are left out."""
    last: dict[tuple[str, str], dict[str, Label]] = defaultdict(dict)
    for item in sorted(labels, key=lambda each: each.at_ns):
        last[item.conversation_id, item.scorer][item.author] = item
    found: dict[tuple[str, str], Verdict] = {}
    for key, by_author in last.items():
        votes = Counter(item.verdict for item in by_author.values()).most_common()
        if len(votes) == 1 or votes[0][1] > votes[1][1]:
            found[key] = votes[0][0]
    return found


def pairs(labels: Iterable[Label], scores: Mapping[str, Iterable[Score]]) -> list[Pair]:
    """Each label with the machine's verdict on the same conversation and scorer.

    A label on `policy` is compared with the verdict all `policy.*` scores add up to; one on `policy.some_rule` with
    that rule's; one on the conversation with the verdict of all scores of each scorer, so that every scorer is
    measured against it, and with all of them together under the name `conversation`.

    Args:
        labels: Human labels.
        scores: Machine scores of the newest revision by conversation id.
    """
    found: list[Pair] = []
    for (conversation_id, scorer), human in reference(labels).items():
        machine = [score for score in scores.get(conversation_id, ()) if not score.human]
        groups: dict[str, list[Score]] = defaultdict(list)
        for score in machine:
            if scorer and (score.name == scorer or score.name.startswith(f"{scorer}.")):
                groups[scorer].append(score)
            elif not scorer:
                groups[score.name.partition(".")[0]].append(score)
                groups[CONVERSATION].append(score)
        for name, members in groups.items():
            versions = {score.scorer_version for score in members}
            if name == CONVERSATION:
                versions = {score.scorecard_version for score in members}
            verdict = overall(score.verdict for score in members)
            found.append(Pair(conversation_id, name, "+".join(sorted(versions)), verdict, human))
    return found
