"""Fits `scoring/risk.yaml` on the developers' conversations: `python -m tests.bench.train_risk [--write]`.

Logistic regression with weights held at or above zero and a ridge of 1; real conversations counting 1, injected ones
1/2 and 1/4 (many are alike). Cross-validated in five folds that never split a customer or a set of services; intervals
are bootstrapped by the same groups. Held-out data is never read: only the files beside the checkout are.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray
from scipy.optimize import minimize

from scoring.risk import signals
from tests.bench.labelled import SETS, auroc, interval, labelled

_RIDGE = 1.0
_COUNTS = {"natural": 1.0, "injected-tau": 0.5, "injected-sgd": 0.25}
_FOLDS = 5
_REASONED = {"other_failed": 1.5}  # as much as a broken rule of a policy: no labelled conversation has another scorer
_TARGET = Path(__file__).resolve().parents[2] / "scoring" / "risk.yaml"
_HEADER = (
    "# Log-odds; written by tests/bench/train_risk.py. "
    "`other_failed` (judges, scorers of your own) is reasoned, not fitted.\n"
)
Array = NDArray[np.float64]


def fit(inputs: Array, failed: Array, counts: Array) -> Array:
    """Constant and weights, in this order; weights are at or above zero."""

    def loss(theta: Array) -> tuple[float, Array]:
        log_odds = theta[0] + inputs @ theta[1:]
        chance = 1.0 / (1.0 + np.exp(-log_odds))
        value = float((counts * (np.logaddexp(0.0, log_odds) - failed * log_odds)).sum())
        slope = counts * (chance - failed)
        gradient = np.concatenate([[slope.sum()], inputs.T @ slope + _RIDGE * theta[1:]])
        return value + _RIDGE / 2 * float((theta[1:] ** 2).sum()), gradient

    size = inputs.shape[1]
    found = minimize(loss, np.zeros(size + 1), jac=True, method="L-BFGS-B", bounds=[(None, None), *[(0, None)] * size])
    return np.asarray(found.x, float)


def main() -> None:
    """Prints cross-validated figures and the weights; writes them where asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write scoring/risk.yaml")
    options = parser.parse_args()
    rows = [row for source in SETS for row in labelled(source)]
    told = [signals(row.conversation, row.grade.scores) for row in rows]
    names = sorted({name for one in told for name in one})
    inputs = np.array([[one.get(name, 0.0) for name in names] for one in told])
    failed = np.array([float(row.failed) for row in rows])
    counts = np.array([_COUNTS[row.source] for row in rows])
    groups = np.array([row.group for row in rows])
    order = np.random.default_rng(0).permutation(np.unique(groups))
    fold = {group: at % _FOLDS for at, group in enumerate(order)}
    folds = np.array([fold[group] for group in groups])
    risk = np.zeros(len(rows))
    for held in range(_FOLDS):
        theta = fit(inputs[folds != held], failed[folds != held], counts[folds != held])
        risk[folds == held] = theta[0] + inputs[folds == held] @ theta[1:]
    for source, domain in sorted({(row.source, row.domain) for row in rows}):
        here = np.array([row.source == source and row.domain == domain for row in rows])
        truth = failed[here] > 0
        area = auroc([*risk[here][truth]], [*risk[here][~truth]])
        low, high = interval([*truth], [*risk[here]], [*groups[here]])
        print(f"{source} {domain}: cross-validated AUROC {area:.2f} [{low:.2f}, {high:.2f}], n={here.sum()}")  # noqa: T201 - the figures are the product of this script
    theta = fit(inputs, failed, counts)
    model = {
        "version": "2",
        "bias": round(float(theta[0]), 3),
        "weights": _REASONED | {name: round(float(one), 3) for name, one in zip(names, theta[1:], strict=True)},
    }
    text = _HEADER + yaml.safe_dump(model, sort_keys=False)
    print(text)  # noqa: T201 - as above
    if options.write:
        _TARGET.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
