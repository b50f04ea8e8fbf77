"""Decides whether a replay is good enough: an expression over its figures, such as `pass^8 >= 0.9 and errors == 0`.

    expression := term ("or" term)*         term := factor ("and" factor)*
    factor := "not" factor | "(" expression ")" | figure ("<" | "<=" | "==" | "!=" | ">=" | ">") number

A number may be written as a percentage. Figures:

| figure | meaning |
|---|---|
| `pass^K` | mean of C(c,K)/C(n,K) over the scenarios, K up to the number of trials |
| `pass_rate`, `fail_rate`, `inconclusive_rate`, `miss_rate`, `loose_rate` | shares of the counted trials, 0-1 |
| `trials`, `passes`, `failures`, `inconclusive`, `misses`, `loose` | numbers of counted trials |
| `errors` | trials that say nothing of the agent: simulator and infrastructure |
| `scenarios`, `green`, `red` | scenarios: all, those whose trials all passed, the others |
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from conversation.errors import UsageError
from conversation.verdict import Verdict
from scenarios.suite import SuiteResult
from scenarios.trial import Outcome

EXIT_MET, EXIT_MISSED, EXIT_USAGE, EXIT_COULD_NOT_RUN = 0, 1, 2, 3
DEFAULT = "pass^1 >= 1 and errors == 0"
_RATES = {
    "pass_rate": "passes",
    "fail_rate": "failures",
    "inconclusive_rate": "inconclusive",
    "miss_rate": "misses",
    "loose_rate": "loose",
}
FIGURES = (*_RATES, *_RATES.values(), "trials", "errors", "scenarios", "green", "red")
_TOKEN = re.compile(r"\s*(?:(pass\^\d+|[A-Za-z_]\w*)|(\d+(?:\.\d*)?|\.\d+)(%?)|(<=|>=|==|!=|<|>|\(|\)))")
_OPERATORS: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    ">": operator.gt,
}
_ALMOST = 1e-9


@dataclass(frozen=True, slots=True)
class Comparison:
    """One `figure operator number`."""

    figure: str
    sign: str
    number: float

    def holds(self, figures: Mapping[str, float]) -> bool:
        """Whether it is so; equal within 1e-9, as pass^k is a quotient."""
        value = figures[self.figure]
        if abs(value - self.number) <= _ALMOST:
            value = self.number
        return _OPERATORS[self.sign](value, self.number)


@dataclass(frozen=True, slots=True)
class GateResult:
    """What a gate said: met or missed, with the figures it looked at."""

    expression: str
    met: bool
    figures: Mapping[str, float]


class Gate:
    """A parsed gate expression.

    Args:
        expression: As the module says.

    Raises:
        UsageError: It cannot be read; the text names the place and what is accepted.
    """

    def __init__(self, expression: str) -> None:
        self.expression = expression
        self.comparisons: list[Comparison] = []
        self._tokens = _tokens(expression)
        self._next = 0
        self._holds = self._either()
        if self._next < len(self._tokens):
            raise self._wrong("`and`, `or` or the end")
        self.ks = sorted({int(item.figure[5:]) for item in self.comparisons if item.figure.startswith("pass^")})

    def check(self, trials: int) -> None:
        """Refuse a gate that this number of trials can never decide.

        Raises:
            UsageError: It asks for pass^k with k above the number of trials.
        """
        if self.ks and self.ks[-1] > trials:
            raise UsageError(f"the gate asks for pass^{self.ks[-1]}, which needs --trials {self.ks[-1]} or more")

    def decide(self, suite: SuiteResult) -> GateResult | None:
        """Whether the suite meets the gate; None where a figure it needs is undefined (trials that do not count)."""
        figures = figures_of(suite, self.ks)
        used = {item.figure: figures.get(item.figure) for item in self.comparisons}
        known = {name: value for name, value in used.items() if value is not None}
        if len(known) < len(used):
            return None
        return GateResult(self.expression, self._holds(known), known)

    def _either(self) -> Callable[[Mapping[str, float]], bool]:
        parts = [self._both()]
        while self._take("or"):
            parts.append(self._both())
        return lambda figures: any(part(figures) for part in parts)

    def _both(self) -> Callable[[Mapping[str, float]], bool]:
        parts = [self._factor()]
        while self._take("and"):
            parts.append(self._factor())
        return lambda figures: all(part(figures) for part in parts)

    def _factor(self) -> Callable[[Mapping[str, float]], bool]:
        if self._take("not"):
            inner = self._factor()
            return lambda figures: not inner(figures)
        if self._take("("):
            inside = self._either()
            if not self._take(")"):
                raise self._wrong("`)`")
            return inside
        figure = self._token()
        if figure not in FIGURES and not re.fullmatch(r"pass\^[1-9]\d*", figure):
            raise self._wrong(f"one of pass^K, {', '.join(FIGURES)}")
        self._next += 1
        sign = self._token()
        if sign not in _OPERATORS:
            raise self._wrong(f"one of {' '.join(_OPERATORS)}")
        self._next += 1
        comparison = Comparison(figure, sign, self._number())
        self.comparisons.append(comparison)
        return comparison.holds

    def _number(self) -> float:
        text = self._token()
        share = text.endswith("%")
        try:
            number = float(text.rstrip("%"))
        except ValueError:
            raise self._wrong("a number") from None
        self._next += 1
        return number / 100 if share else number

    def _token(self) -> str:
        return self._tokens[self._next] if self._next < len(self._tokens) else ""

    def _take(self, token: str) -> bool:
        if self._token() != token:
            return False
        self._next += 1
        return True

    def _wrong(self, wanted: str) -> UsageError:
        found = f"{self._token()!r}" if self._token() else "its end"
        return UsageError(f"cannot read the gate {self.expression!r}: at {found} expected {wanted}")


def _tokens(expression: str) -> list[str]:
    tokens, place = [], 0
    text = expression.rstrip()
    while place < len(text):
        found = _TOKEN.match(text, place)
        if not found:
            raise UsageError(f"cannot read the gate {expression!r}: {text[place:].strip()[:20]!r} is no part of a gate")
        word, number, percent, sign = found.groups()
        tokens.append(word or (number + percent if number else sign))
        place = found.end()
    return tokens


def figures_of(suite: SuiteResult, ks: Sequence[int] = ()) -> dict[str, float | None]:
    """All figures a gate may name; None where one is undefined."""
    counted = [trial for trial in suite.graded if trial.counted]
    total = len(counted)
    numbers = {
        "passes": sum(trial.passed for trial in counted),
        "failures": sum(trial.verdict is Verdict.FAIL for trial in counted),
        "inconclusive": sum(trial.verdict is Verdict.INCONCLUSIVE for trial in counted),
        "misses": sum(trial.trial.outcome is Outcome.CASSETTE_MISS for trial in counted),
        "loose": sum(trial.trial.loose for trial in counted),
    }
    green = sum(result.counts.trials > 0 and result.counts.passes == result.counts.trials for result in suite.results)
    found: dict[str, float | None] = {**numbers, "trials": total, "errors": len(suite.graded) - total}
    found |= {rate: numbers[number] / total if total else None for rate, number in _RATES.items()}
    found |= {"scenarios": len(suite.results), "green": green, "red": len(suite.results) - green}
    found |= {f"pass^{estimate.k}": estimate.value for estimate in suite.estimates(list(ks))}
    return found


def exit_code(suite: SuiteResult, result: GateResult | None) -> int:
    """The exit code of a replay: 0 gate met, 1 missed, 3 where nothing that counts could run or decide."""
    if not suite.could_run or result is None:
        return EXIT_COULD_NOT_RUN
    return EXIT_MET if result.met else EXIT_MISSED
