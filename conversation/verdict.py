"""What can be said of a conversation: scores with their evidence, ledger states, and the one verdict they add up to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from conversation.model import JSON


class Verdict(StrEnum):
    """The outcome of one score. Nothing is folded into PASS."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    NOT_APPLICABLE = "not_applicable"
    ERROR = "error"


class ArgumentLabel(StrEnum):
    """What is wrong with one tool argument."""

    OK = "ok"
    SCHEMA = "schema"
    UNGROUNDED = "ungrounded"
    STALE = "stale"
    SWAPPED = "swapped"
    OTHER_ENTITY = "other_entity"
    MISMATCH = "mismatch"
    DRIFT = "drift"


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where a score's reason can be seen.

    Attributes:
        kind: `message`, `tool_call`, `tool_result`, `span`, `policy`, `schema`, `system` or `derived`.
        message: Position of the message, if there is one.
        span_id: The span, if there is one.
        tool_call_id: The tool call, if there is one.
        path: JSON pointer into the call's arguments or result, if there is one.
        text: The words or the value, short enough to print on one line.
    """

    kind: str
    text: str = ""
    message: int | None = None
    span_id: str = ""
    tool_call_id: str | None = None
    path: str | None = None

    def to_json(self) -> dict[str, JSON]:
        """The evidence as the API shows it, empty fields left out."""
        fields: dict[str, JSON] = {
            "kind": self.kind,
            "text": self.text or None,
            "message": self.message,
            "span_id": self.span_id or None,
            "tool_call_id": self.tool_call_id,
            "path": self.path,
        }
        return {key: value for key, value in fields.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Score:
    """One score as OpenTelemetry's `gen_ai.evaluation.result` names it.

    `name` is the scorer's name, or `scorer.rule` where one scorer gives several (`tool_arguments`,
    `policy.identity_before_refund`, `latency.tool_call`). `value` is in 0-1, 1 is best; for argument scores it ranks
    suspicion instead: 0 is fine, 1 is surely wrong. `label` equals the verdict unless the scorer has finer words
    (argument scores: `ArgumentLabel`). `source` is set on argument scores: where the value came from.
    """

    name: str
    verdict: Verdict
    value: float | None = None
    label: str = ""
    explanation: str = ""
    turn: int | None = None
    tool_call_id: str | None = None
    argument_path: str | None = None
    argument_value: JSON = None
    source: dict[str, JSON] | None = None
    evidence: tuple[Evidence, ...] = ()
    scorer_version: str = ""
    scorecard_version: str = ""
    scored_at_ns: int = 0
    human: bool = False


class LedgerState(StrEnum):
    """The one current state of a conversation revision and scorer."""

    SCORED = "scored"
    SAMPLED_OUT = "sampled_out"
    NOT_APPLICABLE = "not_applicable"
    OVER_BUDGET = "over_budget"
    FAILED = "failed"
    PENDING = "pending"


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """The state of one scorer on one conversation revision; `cause` says why where it is not SCORED.

    `retryable` is True where the scorer failed for a reason that may pass, such as an endpoint that is away.
    """

    scorer: str
    state: LedgerState
    cause: str = ""
    scorer_version: str = ""
    retryable: bool = False


def overall(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict of a conversation: FAIL if any failed, PASS if any passed and none is unsure, else INCONCLUSIVE."""
    seen = set(verdicts)
    if Verdict.FAIL in seen:
        return Verdict.FAIL
    if Verdict.PASS in seen and not seen & {Verdict.INCONCLUSIVE, Verdict.ERROR}:
        return Verdict.PASS
    return Verdict.INCONCLUSIVE


@dataclass(frozen=True, slots=True)
class Grade:
    """What a scorecard says of one conversation revision.

    `risk` is in 0-1 and ranks conversations, higher is worse; `risk_factors` are the contributions it adds up from.
    """

    verdict: Verdict
    risk: float
    scores: tuple[Score, ...]
    ledger: tuple[LedgerEntry, ...]
    scorecard_version: str
    risk_factors: tuple[tuple[str, float], ...] = ()
