"""Fits `scoring/arguments/suspicion.yaml` on injected faults: `python -m tests.bench.fit_suspicion [--write]`.

An argument's suspicion is 1 minus the product of the doubts its signals leave (noisy or). Weights are fitted by maximum
likelihood, each pulled to the reasoned value it has in the file (ridge of 2 on its log-odds), so that a signal which
never fired keeps it. Signals named in `_REASONED` are not moved: no injected fault speaks of them.
"""

from __future__ import annotations

import argparse
import gzip
from pathlib import Path

import numpy as np
import orjson
from numpy.typing import NDArray
from scipy.optimize import minimize

from conversation.transcript import from_record
from scoring.arguments.check import check
from scoring.arguments.suspicion import weights
from scoring.protocol import Context
from tests.bench.labelled import CONVERSATIONS, as_pointer

_RIDGE = 2.0
_REASONED = frozenset({"dearer_option", "slower_option", "learned_schema", "schema"})
_TARGET = Path(__file__).resolve().parents[2] / "scoring" / "arguments" / "suspicion.yaml"
_SETS = ("injected-tau", "injected-sgd")
Array = NDArray[np.float64]


def arguments(source: str, names: list[str]) -> tuple[list[Array], list[bool]]:
    """Signal strengths of every argument that any signal speaks of, and whether it carries the fault."""
    at = {name: place for place, name in enumerate(names)}
    inputs: list[Array] = []
    faulty: list[bool] = []
    with gzip.open(CONVERSATIONS / f"{source}.jsonl.gz", "rb") as lines:
        for line in lines:
            record = orjson.loads(line)
            fault = record.pop("label")["injected"]
            places = {(fault["call_id"], as_pointer(path)) for path in fault["paths"]} if fault else set()
            for one in check(from_record(record), Context()):
                if one.findings:
                    row = np.zeros(len(names))
                    for finding in one.findings:
                        row[at[finding.signal]] = max(row[at[finding.signal]], finding.strength)
                    inputs.append(row)
                    faulty.append((one.call.id, one.pointer) in places)
    return inputs, faulty


def fit(inputs: Array, faulty: NDArray[np.bool_], reasoned: Array) -> Array:
    """The weights, in the order of the columns."""
    start = np.log(reasoned / (1 - reasoned))

    def loss(odds: Array) -> tuple[float, Array]:
        weight = 1 / (1 + np.exp(-odds))
        share = np.minimum(inputs * weight, 0.999)
        doubt = np.exp(np.log1p(-share).sum(axis=1))
        chance = np.clip(1 - doubt, 1e-6, 1 - 1e-6)
        value = -np.where(faulty, np.log(chance), np.log(1 - chance)).sum()
        slope = -np.where(faulty, 1 / chance, -1 / (1 - chance)) * doubt
        gradient = (slope[:, None] * inputs / (1 - share)).sum(axis=0) * weight * (1 - weight)
        apart = odds - start
        return float(value + _RIDGE / 2 * (apart**2).sum()), gradient + _RIDGE * apart

    found = minimize(loss, start, jac=True, method="L-BFGS-B")
    return np.asarray(1 / (1 + np.exp(-found.x)), float)


def main() -> None:
    """Prints the fitted weights beside the reasoned ones; writes them where asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write scoring/arguments/suspicion.yaml")
    options = parser.parse_args()
    shipped = weights().weights
    names = sorted(shipped)
    inputs: list[Array] = []
    faulty: list[bool] = []
    for source in _SETS:
        more, wrong = arguments(source, names)
        inputs += more
        faulty += wrong
    found = fit(np.array(inputs), np.array(faulty), np.array([shipped[name] for name in names]))
    lines = _TARGET.read_text(encoding="utf-8").splitlines()
    header = lines[: lines.index("weights:") + 1]
    fitted = {
        name: shipped[name] if name in _REASONED else max(0.02, float(one))
        for name, one in zip(names, found, strict=True)
    }
    text = "\n".join([*header, *(f"  {name}: {one:.2f}" for name, one in fitted.items())]) + "\n"
    print(text)  # noqa: T201 - the weights are the product of this script
    if options.write:
        _TARGET.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
