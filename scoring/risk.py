"""Risk: how likely a conversation failed, from the deterministic scores, as a sum that explains itself.

A logistic model over a dozen signals, each 0 to 1, none with a negative weight: a finding never makes a conversation
look better. Left out on purpose are proxies of the task (number of writes, length, hand-overs): they rank tasks, not
failures. Weights and their version are data (`risk.yaml`); `tests/bench/train_risk.py` fits them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import lru_cache
from importlib.resources import files

import yaml
from pydantic import BaseModel, ConfigDict

from conversation.model import Conversation
from conversation.verdict import Score, Verdict
from scoring.arguments.effects import effect_of

_RULES_AT_MOST = 3
_SAY_NOTHING = frozenset({"latency", "dimension", "tool_economics"})
"""Scorers and sums of scorers that say nothing of right and wrong."""
_CONDUCT = frozenset({"refusals", "recovery", "degradation"})
"""Scorers of conduct: each is a signal of its own. Any scorer not named here or below is `other_failed`."""
_COUNTED = frozenset({"tool_arguments", "writes", "claims"})


class RiskWeights(BaseModel):
    """The shipped weights: log-odds where no signal speaks, and what each signal adds when fully met."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str
    bias: float
    weights: dict[str, float]


@lru_cache(maxsize=1)
def risk_weights() -> RiskWeights:
    """The shipped weights."""
    text = files("scoring").joinpath("risk.yaml").read_text(encoding="utf-8")
    return RiskWeights.model_validate(yaml.safe_load(text))


def signals(conversation: Conversation, scores: Iterable[Score]) -> dict[str, float]:
    """The model's inputs, each 0 to 1; signals that do not speak are left out.

    Scores of human reviewers are ignored: risk predicts them.
    """
    found: dict[str, float] = {}
    rules: set[str] = set()
    outcomes: set[str] = set()
    for score in scores:
        if score.human:
            continue
        head, _, rule = score.name.partition(".")
        if score.argument_path is not None:
            _raise(found, "argument_suspicion", score.value or 0.0)
            _raise(found, "argument_flagged", float(score.verdict is Verdict.FAIL))
        elif head == "policy":
            if score.verdict is Verdict.FAIL and score.label != "shadow":
                rules.add(score.name)
        elif head == "requests":
            outcomes.add(rule)
            _raise(found, "loose_end", float(score.verdict is Verdict.FAIL and rule != "open"))
        elif head in _CONDUCT:
            _raise(found, f"{head}_failed", float(score.verdict is Verdict.FAIL))
        elif head not in _SAY_NOTHING | _COUNTED:
            _raise(found, "other_failed", float(score.verdict is Verdict.FAIL))
        elif head in {"writes", "claims"} and score.verdict in {Verdict.FAIL, Verdict.INCONCLUSIVE}:
            _raise(found, f"{head}_{rule}", 1.0)
    _raise(found, "policy_broken", float(bool(rules)))
    _raise(found, "policies_broken", max(0, min(len(rules), _RULES_AT_MOST) - 1) / (_RULES_AT_MOST - 1))
    _raise(found, "partly_done", float("done" in outcomes and bool(outcomes & {"open", "refused"})))
    failed_reads = any(call.error and effect_of(call.name) == "read" for call in conversation.tool_calls)
    _raise(found, "read_failed", float(failed_reads))
    return found


def _raise(found: dict[str, float], name: str, value: float) -> None:
    if value > found.get(name, 0.0):
        found[name] = min(1.0, value)


def risk(conversation: Conversation, scores: Iterable[Score]) -> tuple[float, tuple[tuple[str, float], ...]]:
    """The risk of a conversation and what it adds up from.

    Args:
        conversation: The conversation.
        scores: Everything a scorecard said of it.

    Returns:
        The risk in 0-1, and the contributions in log-odds, greatest first; `base` is the model's constant.
    """
    model = risk_weights()
    added = {name: model.weights.get(name, 0.0) * value for name, value in signals(conversation, scores).items()}
    contributions = sorted(((name, part) for name, part in added.items() if part), key=lambda item: (-item[1], item[0]))
    log_odds = model.bias + sum(part for _, part in contributions)
    return 1.0 / (1.0 + math.exp(-log_odds)), (*contributions, ("base", model.bias))
