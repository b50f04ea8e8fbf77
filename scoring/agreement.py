"""How far a scorer or judge agrees with people, by version: shown before its verdicts may page anybody.

FAIL is the positive class: precision is the share of its failures that people call failures, recall the share of
people's failures it finds. Unsure and broken verdicts are counted apart, never as agreement.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from conversation.verdict import Verdict
from scoring.labels import Pair
from scoring.statistics import Interval, Kappa, confusion, kappa, wilson

WORDS = (Verdict.FAIL.value, Verdict.PASS.value)


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement of one scorer version with human labels.

    Attributes:
        scorer: The scorer.
        version: Its version.
        compared: Labels it gave pass or fail on.
        unsure: Labels it was inconclusive on or did not apply to.
        errors: Labels it broke on.
        table: Counts, machine in rows and human in columns, in the order fail, pass.
        kappa: None where it is undefined (one word used by both, or nothing compared).
        precision: None where the machine called nothing a failure.
        recall: None where people called nothing a failure.
    """

    scorer: str
    version: str
    compared: int
    unsure: int
    errors: int
    table: tuple[tuple[int, ...], ...]
    kappa: Kappa | None
    precision: Interval | None
    recall: Interval | None


@dataclass(frozen=True, slots=True)
class PagingRule:
    """What a judge or rule must show before it may page.

    Attributes:
        least_labels: Labels it must have been compared on.
        least_kappa: Lower limit of the kappa interval; 0.4 is where Landis and Koch (Biometrics 33 (1977) 159-174,
            https://doi.org/10.2307/2529310) begin "moderate".
        least_precision: Lower limit of the precision interval: how many pages may be for nothing.
    """

    least_labels: int = 50
    least_kappa: float = 0.4
    least_precision: float = 0.5

    def refusal(self, measured: Agreement) -> str:
        """Why it may not page yet, empty if it may."""
        if measured.compared < self.least_labels:
            return f"compared with {measured.compared} labels of at least {self.least_labels}"
        if measured.kappa is None or measured.kappa.low < self.least_kappa:
            low = "undefined" if measured.kappa is None else f"{measured.kappa.low:.2f}"
            return f"lower limit of kappa {low}, needs {self.least_kappa:g}"
        if measured.precision is None or measured.precision.low < self.least_precision:
            low = "undefined" if measured.precision is None else f"{measured.precision.low:.2f}"
            return f"lower limit of precision {low}, needs {self.least_precision:g}"
        return ""


def agreements(pairs: Iterable[Pair]) -> list[Agreement]:
    """Agreement for each scorer and version, sorted by both."""
    groups: dict[tuple[str, str], list[Pair]] = defaultdict(list)
    for pair in pairs:
        groups[pair.scorer, pair.version].append(pair)
    return [measure(scorer, version, groups[scorer, version]) for scorer, version in sorted(groups)]


def measure(scorer: str, version: str, pairs: Sequence[Pair]) -> Agreement:
    """Agreement of one scorer version over these pairs."""
    decided = [
        (pair.machine.value, pair.human.value)
        for pair in pairs
        if pair.machine in {Verdict.PASS, Verdict.FAIL} and pair.human in {Verdict.PASS, Verdict.FAIL}
    ]
    errors = sum(pair.machine is Verdict.ERROR for pair in pairs)
    table = confusion(decided, WORDS)
    (both, false_alarm), (missed, _) = table
    try:
        found: Kappa | None = kappa(table)
    except ValueError:  # nothing compared, or one word for all: there is no kappa to show
        found = None
    return Agreement(
        scorer=scorer,
        version=version,
        compared=len(decided),
        unsure=len(pairs) - len(decided) - errors,
        errors=errors,
        table=tuple(map(tuple, table)),
        kappa=found,
        precision=wilson(both, both + false_alarm) if both + false_alarm else None,
        recall=wilson(both, both + missed) if both + missed else None,
    )
