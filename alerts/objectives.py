"""Service level objectives: what is promised, measured by what, in which share of events.

A strict YAML file; `objectives.yaml` beside this module is the shipped default. Every problem is reported at once,
with file and line. `floorline alerts render` turns the objectives into Prometheus rules (`rules`), `backtest` replays
history against them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from alerts import burn_rates
from alerts.burn_rates import Windows
from conversation.errors import UsageError
from scoring import yaml_document

DEFAULT = Path(__file__).with_name("objectives.yaml")
Seconds = Annotated[float, Field(gt=0, le=86400)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TurnLatencySpec(_Strict):
    """A turn is good if it took at most `seconds`; all turn types where none is named."""

    seconds: Seconds
    turn_type: str | None = None


class FirstTokenSpec(_Strict):
    """A turn is good if its first token came within `seconds`."""

    seconds: Seconds
    turn_type: str | None = None


class PassRateSpec(_Strict):
    """A conversation is good if its outcome is pass.

    Attributes:
        scorer: Only what this scorer said; the whole scorecard where none is named.
        inconclusive: `ignored` leaves inconclusive conversations out, `bad` counts them as failures.
    """

    scorer: str | None = None
    inconclusive: Literal["ignored", "bad"] = "ignored"


class ArgumentCorrectnessSpec(_Strict):
    """A checked tool argument is good if it is right; only this tool's, where one is named."""

    tool: str | None = None


class PolicyAdherenceSpec(_Strict):
    """A conversation is good if it broke no policy; only this policy counts, where one is named."""

    policy: str | None = None


class GradingFreshnessSpec(_Strict):
    """A moment is good if no due conversation has waited longer than `seconds` for its grade."""

    seconds: Seconds


class IndicatorSpec(_Strict):
    """How an objective is measured: exactly one of these."""

    turn_latency: TurnLatencySpec | None = None
    first_token: FirstTokenSpec | None = None
    pass_rate: PassRateSpec | None = None
    argument_correctness: ArgumentCorrectnessSpec | None = None
    policy_adherence: PolicyAdherenceSpec | None = None
    grading_freshness: GradingFreshnessSpec | None = None

    @model_validator(mode="after")
    def _one(self) -> IndicatorSpec:
        names = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(names) != 1:
            raise ValueError(f"name exactly one indicator of {', '.join(type(self).model_fields)}")
        return self

    @property
    def kind(self) -> str:
        """The indicator's name, such as `turn_latency`."""
        return next(name for name in type(self).model_fields if getattr(self, name) is not None)


class SloSpec(_Strict):
    """One objective.

    Attributes:
        name: Lower-case words joined by hyphens; unique; becomes the label `slo` and the alert's name.
        objective: Promised share of good events in percent.
        description: One sentence a person on call understands.
        agents: Only these agents; all where empty.
        minimum_events: Fewer events in the long window never alert; the file's where None.
        runbook: Link for this objective's alerts; the file's runbook where None.
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=60)]
    objective: float = Field(gt=0, lt=100)
    description: str = Field(min_length=1)
    indicator: IndicatorSpec
    agents: tuple[str, ...] = ()
    minimum_events: int | None = Field(default=None, ge=0)
    runbook: str | None = None

    @property
    def ratio(self) -> float:
        """The objective in 0-1."""
        return self.objective / 100

    @property
    def alert(self) -> str:
        """The alert's name, such as `FloorlineFirstTokenBudgetBurn`."""
        return "Floorline" + "".join(part.capitalize() for part in self.name.split("-")) + "BudgetBurn"


class ObjectivesSpec(_Strict):
    """The file: objectives and what they share."""

    version: Literal[1]
    windows: str = "30d"
    minimum_events: int = Field(default=30, ge=0)
    runbook: str = "deploy/runbook.md"
    slos: tuple[SloSpec, ...]

    @field_validator("slos")
    @classmethod
    def _unique(cls, slos: tuple[SloSpec, ...]) -> tuple[SloSpec, ...]:
        if not slos:
            raise ValueError("name at least one objective")
        names = [slo.name for slo in slos]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two objectives have the name {', '.join(twice)}")
        return slos

    def events(self, slo: SloSpec) -> int:
        """Fewest events in the long window for an alert of this objective."""
        return self.minimum_events if slo.minimum_events is None else slo.minimum_events

    def runbook_url(self, slo: SloSpec) -> str:
        """Where the alert's runbook section is."""
        return slo.runbook or f"{self.runbook}#{slo.alert.lower()}"

    @property
    def turn_budgets(self) -> tuple[float, ...]:
        """Seconds of turn duration that must be histogram bounds, see `Metrics`."""
        specs = (slo.indicator.turn_latency for slo in self.slos)
        return tuple(sorted({spec.seconds for spec in specs if spec is not None}))

    @property
    def first_token_budgets(self) -> tuple[float, ...]:
        """Seconds to the first token that must be histogram bounds, see `Metrics`."""
        specs = (slo.indicator.first_token for slo in self.slos)
        return tuple(sorted({spec.seconds for spec in specs if spec is not None}))


def load(path: Path | None = None) -> tuple[ObjectivesSpec, Windows]:
    """Read objectives and the burn-rate windows they name; the shipped default where `path` is None.

    Raises:
        UsageError: Problems in the file, each on a line of its own with file, line and place.
    """
    document = yaml_document.read(path or DEFAULT)
    problems = list(document.duplicates)
    try:
        spec = ObjectivesSpec.model_validate(document.data)
    except ValidationError as error:
        raise UsageError("\n".join([*problems, *document.problems(error)])) from error
    if problems:
        raise UsageError("\n".join(problems))
    return spec, burn_rates.load(spec.windows, document.path)
